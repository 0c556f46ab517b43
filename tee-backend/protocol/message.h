/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every request and response carries, as plain structs. The table in request.c says for each of
 * them its fields, limits, rights and whether it may be repeated; codec.c moves structs to and from CBOR
 * by that table. Both sides. docs/protocol.md is the same as CDDL, and a test keeps it so.
 *
 * All spans are borrowed: from the frame after decoding, from the caller when encoding.
 */
#ifndef KEYCLAVE_PROTOCOL_MESSAGE_H
#define KEYCLAVE_PROTOCOL_MESSAGE_H

#include "mechanism/attribute.h"
#include "mechanism/mechanism.h"

#define PROTOCOL_MAJOR 1
#define PROTOCOL_MINOR 0

#define PROTOCOL_FRAME_MAX ((size_t)1024 * 1024) /* bytes of a frame's body */
#define PROTOCOL_CHUNK_MAX ((size_t)256 * 1024)  /* data bytes in one frame; more is streamed */
#define PROTOCOL_DATA_MAX (PROTOCOL_CHUNK_MAX + 64) /* the same with padding, IV or tag */
#define PROTOCOL_HELLO_MAX 1024                  /* frame limit until hello is done */
#define PROTOCOL_CONTEXT_ID_SIZE 16
#define PROTOCOL_CONTEXT_KEY_SIZE 32
#define PROTOCOL_TICKET_MAX 512
#define PROTOCOL_PIN_MAX 255
#define PROTOCOL_PIN_MIN 22     /* characters of base64 that hold 128 bits (security rule 8) */
#define PROTOCOL_PIN_MIN_WEAK 4 /* weak-pin = allow */
#define PROTOCOL_TOKEN_MODEL "keyclaved"
#define PROTOCOL_TOKEN_MANUFACTURER "Keyclave"
#define PROTOCOL_NUMBERS_MAX 256
#define PROTOCOL_GRANT_SIZE 16
#define PROTOCOL_TEXTS_MAX 64
#define PROTOCOL_TEXT_SIZE_MAX 256
#define PROTOCOL_BOOT_ID_SIZE 16
#define PROTOCOL_STORE_UUID_SIZE 16
#define PROTOCOL_SIGNATURE_MAX 8192 /* bytes: RSA of 16384 bits, and more than any other */
#define PROTOCOL_CHALLENGE_SIZE 32 /* of a migration */
#define PROTOCOL_POLICY_SIZE 32    /* SHA-256 of its policy */
#define PROTOCOL_CHANNEL_NONCE_SIZE 32
#define PROTOCOL_NONCE_MAX 64 /* KEYCLAVE_NONCE_MAX of keyclave.h */
#define PROTOCOL_KMS_KEY_MAX 255
#define PROTOCOL_KMS_CIPHERTEXT_MAX 6144 /* KMS_CIPHERTEXT_MAX */
#define PROTOCOL_KMS_SEALED_MAX ((size_t)64 * 1024)
#define PROTOCOL_LABEL_MAX 32 /* of a token: CK_TOKEN_INFO.label */

/* Handles (DESIGN section 7, rule 13). Token objects are 1 to HANDLE_TOKEN_MAX. */
#define HANDLE_TOKEN_MAX ((1UL << 30) - 1)
#define HANDLE_SESSION_BIT (1UL << 30)
#define HANDLE_EVIDENCE_BIT (1UL << 31) /* the evidence data object of the key whose handle is or-ed in; alone: the token's */
#define HANDLE_HW_FEATURE (HANDLE_EVIDENCE_BIT | HANDLE_SESSION_BIT) /* the token's CKO_HW_FEATURE object */
#define HANDLE_MAX 0xffffffffUL
#define HANDLE_ROOT HANDLE_MAX /* the token's root for derivation (KEYCLAVE_ROOT_LABEL); no session object has its other bits */

enum request_id {
	REQUEST_HELLO = 1,
	REQUEST_CONTROL = 2,
	REQUEST_STATUS = 3,
	REQUEST_DAMAGE = 4,
	REQUEST_ROTATE_ROOT = 5,
	REQUEST_MIGRATE_STATUS = 6,
	REQUEST_MIGRATE_REQUEST = 7,
	REQUEST_SLOTS = 8,
	REQUEST_TOKEN = 9,
	REQUEST_TOKEN_INIT = 10,
	REQUEST_ATTACH = 11,
	REQUEST_DETACH = 12,
	REQUEST_RELEASE = 13,
	REQUEST_MIGRATE_CANCEL = 14,
	REQUEST_CHANNEL = 15,
	REQUEST_LOGIN = 16,
	REQUEST_LOGOUT = 17,
	REQUEST_RESUME = 18,
	REQUEST_PIN_INIT = 19,
	REQUEST_PIN_SET = 20,
	REQUEST_GRANT = 21,
	REQUEST_MIGRATE_CHALLENGE = 22,
	REQUEST_MIGRATE_GRANT = 23,
	REQUEST_CREATE = 24,
	REQUEST_COPY = 25,
	REQUEST_DESTROY = 26,
	REQUEST_FIND = 27,
	REQUEST_GET = 28,
	REQUEST_SET = 29,
	REQUEST_SIZE = 30,
	REQUEST_DESCRIBE = 31,
	REQUEST_EVIDENCE = 32,
	REQUEST_SIGN = 40,
	REQUEST_VERIFY = 41,
	REQUEST_SIGN_RECOVER = 42,
	REQUEST_VERIFY_RECOVER = 43,
	REQUEST_ENCRYPT = 44,
	REQUEST_DECRYPT = 45,
	REQUEST_DECRYPT_TLS = 46,
	REQUEST_CHAIN = 47,
	REQUEST_AGREE = 48,
	REQUEST_DECRYPT_IMPLICIT = 49,
	REQUEST_STREAM_OPEN = 52,
	REQUEST_STREAM_UPDATE = 53,
	REQUEST_STREAM_KEY = 54,
	REQUEST_STREAM_FINAL = 55,
	REQUEST_STREAM_CLOSE = 56,
	REQUEST_STREAM_READ = 57,
	REQUEST_GENERATE = 60,
	REQUEST_GENERATE_PAIR = 61,
	REQUEST_WRAP = 62,
	REQUEST_UNWRAP = 63,
	REQUEST_DERIVE = 64,
	REQUEST_IMPORT_KMS = 65,
	REQUEST_RANDOM = 68,
	REQUEST_SEED = 69,
};

/* For operations: which use of the key a grant or a descriptor speaks of. CKF_SIGN and so on. */
typedef CK_FLAGS protocol_usage;

struct numbers {
	uint64_t item[PROTOCOL_NUMBERS_MAX];
	size_t count;
};

struct texts {
	struct span item[PROTOCOL_TEXTS_MAX];
	size_t count;
};

/* Requests that carry nothing. */
struct empty {
	char unused;
};

/* ---- context ---- */

enum hello_mode {
	HELLO_NEW = 0,   /* a new context; ticket empty */
	HELLO_JOIN = 1,  /* one more connection of the context that the ticket names */
	HELLO_CLONE = 2, /* a new context that starts as a copy of that one (a forked child) */
};

struct hello_request {
	uint64_t major;
	uint64_t minor;
	uint64_t mode;           /* enum hello_mode */
	struct span context_key; /* PROTOCOL_CONTEXT_KEY_SIZE random bytes of the client's; proves the ticket is its own */
	struct span new_key;     /* CLONE: the key of the new context; else empty */
	struct span ticket;
	struct span program;     /* text, for the log: at most 64 bytes */
};
struct hello_response {
	uint64_t major;
	uint64_t minor;
	struct span context_id;
	struct span ticket;   /* join ticket of this context */
	struct span boot_id;  /* PROTOCOL_BOOT_ID_SIZE, new at each start of the worker */
	/*
	 * Bool. JOIN: the worker had lost the context (a restart) and made it anew with the same id;
	 * CLONE: it had lost the original, so that the copy is empty. Either way: attach and resume
	 * again, session objects are gone.
	 */
	uint64_t new_context;
	struct span software; /* text "keyclaved 0.1.0" */
	struct span platform; /* text "notee" */
	uint64_t tee;         /* bool */
};

/*
 * REQUEST_CONTROL: empty -> empty, and one SOCK_SEQPACKET descriptor rides with the response; over TLS the connection itself
 * becomes the control socket, on which nothing more is sent. A message
 * on it, {join ticket} as one CBOR byte string (codec_write_ticket) plus one descriptor of a stream
 * socket pair, makes that socket a connection that waits for its hello (JOIN or CLONE with a ticket).
 */

struct status_response {
	struct span software;
	struct span platform;
	struct span protector;
	struct span rollback;
	uint64_t tee;
	uint64_t pid;
	uint64_t uptime_s;
	uint64_t threads;
	uint64_t connections;
	uint64_t contexts;
	uint64_t requests;
	uint64_t secret_bytes;
	uint64_t locked_bytes;
	uint64_t unlocked_bytes;
	uint64_t lock_limit;
	uint64_t tokens;
	uint64_t objects;
	uint64_t damaged;
	struct span store_uuid;
	struct span kms_key; /* text: the KMS's key that protects the root; empty: none does */
};

struct damage_response {
	struct texts names; /* "token 1 object 7: record was replaced by an older one" */
};

/* ---- migration to another version of the enclave ---- */

struct migrate_status_response {
	struct numbers kinds;  /* of the wrap slots: enum head_slot_kind */
	struct texts bindings; /* of each: what its key is bound to, for people; or empty */
	struct span policy;    /* SHA-256 of the policy that the store was made with; empty: none */
	uint64_t may_migrate;  /* bool: and the daemon has that policy */
	uint64_t challenged;   /* bool: a challenge waits for its answer */
};
struct migrate_request_request {
	struct span nonce; /* of the running version's challenge -> evidence_response */
};
struct migrate_challenge_response {
	struct span nonce;
};
struct migrate_grant_request {
	uint64_t slot;
	struct span evidence;     /* of purpose migration */
	struct span endorsements; /* certificates, CRLs; or empty */
};
struct migrate_grant_response {
	uint64_t granted;   /* bool */
	struct span detail; /* text: the check that failed, and why */
};
struct migrate_cancel_response {
	uint64_t count; /* of wrap slots that are gone */
};

/* ---- slots and tokens ---- */

struct slots_response {
	struct numbers slots; /* ids in order; the last one is the empty slot */
};

struct slot_request {
	uint64_t slot;
};

struct token_response {
	struct span label;  /* text, unpadded */
	struct span serial; /* text, 16 hex digits */
	struct span model;
	struct span manufacturer;
	uint64_t flags; /* CKF_TOKEN_INITIALIZED ... */
	uint64_t pin_min;
	uint64_t pin_max;
	uint64_t objects;
	uint64_t epoch;
	struct span identity;  /* SubjectPublicKeyInfo, empty when uninitialised */
	struct span platform;
	struct span protector;
	struct span rollback;
	uint64_t weak_pin; /* bool: shorter PINs than security rule 8 wants are allowed */
};

struct token_init_request {
	uint64_t slot;
	struct span pin;
	struct span label; /* at most 32 bytes, unpadded */
};

struct release_request {
	uint64_t slot;
	uint64_t session; /* session objects made under this client-chosen number are destroyed */
};

struct login_request {
	uint64_t slot;
	uint64_t user; /* CKU_SO or CKU_USER */
	struct span pin;
};
struct login_response { /* of RESUME too: a fresh ticket, bound to the context that asks */
	struct span ticket; /* empty: tickets are off, or user is SO */
};
struct resume_request {
	uint64_t slot;
	struct span ticket;
	struct span context_key; /* that the ticket is bound to: a forked child presents its parent's */
};

struct pin_init_request {
	uint64_t slot;
	struct span pin;
};
struct pin_set_request {
	uint64_t slot;
	struct span old_pin;
	struct span new_pin;
};

struct grant_request {
	uint64_t slot;
	uint64_t key;
	uint64_t usage; /* CKF_SIGN, CKF_DECRYPT, ... one bit */
	struct span pin;
};
struct grant_response {
	struct span grant; /* PROTOCOL_GRANT_SIZE */
};

/* ---- objects ---- */

struct create_request {
	uint64_t slot;
	uint64_t session;
	struct attributes template;
};
struct handle_response {
	uint64_t handle;
};
struct copy_request {
	uint64_t slot;
	uint64_t session;
	uint64_t handle;
	struct attributes template;
};
struct object_request {
	uint64_t slot;
	uint64_t handle;
};
struct find_request {
	uint64_t slot;
	struct attributes template;
	uint64_t after; /* handles above this one; 0: from the start */
};
struct find_response {
	struct span handles; /* 4 bytes big-endian each, ascending */
	uint64_t more;       /* bool: ask again with after = the last one */
};
struct get_request {
	uint64_t slot;
	uint64_t handle;
	struct numbers types; /* at most ATTRIBUTES_MAX */
	struct span nonce;    /* for CKA_KEYCLAVE_EVIDENCE */
};
struct get_response {
	uint64_t verdict;             /* CKR_OK, CKR_ATTRIBUTE_SENSITIVE or CKR_ATTRIBUTE_TYPE_INVALID */
	struct attributes attributes; /* one for each type asked for, in order; data NULL where not available */
};
struct set_request {
	uint64_t slot;
	uint64_t handle;
	struct attributes template;
};
struct size_response {
	uint64_t size;
};
struct describe_response {
	uint64_t class;
	uint64_t key_type;
	uint64_t bits;  /* as key_bits */
	uint64_t usage; /* CKF_SIGN, CKF_VERIFY, CKF_SIGN_RECOVER, ..., CKF_DERIVE, CKF_WRAP */
	uint64_t always_authenticate;
	uint64_t is_token;
	uint64_t is_private;
	uint64_t version;
	struct numbers mechanisms;  /* CKA_ALLOWED_MECHANISMS; empty: all that fit */
	struct span public_info;    /* SubjectPublicKeyInfo; empty for secret keys */
	struct span ec_params;      /* curve of EC, Edwards and Montgomery keys */
	struct span id;
	struct span label;
};
struct evidence_request {
	uint64_t slot;
	uint64_t handle; /* 0: the token */
	struct span nonce;
};
struct evidence_response {
	struct span evidence;
};

/* Over TLS only, before hello: evidence of purpose channel for this connection (security rule 2). -> evidence_response */
struct channel_request {
	struct span nonce; /* PROTOCOL_CHANNEL_NONCE_SIZE */
};

/* ---- operations; .version of a response is the object's: a change makes the client forget its descriptor ---- */

struct operate_request { /* SIGN, SIGN_RECOVER, VERIFY_RECOVER, ENCRYPT, DECRYPT, DECRYPT_IMPLICIT */
	uint64_t slot;
	uint64_t key;
	struct mechanism mechanism;
	struct span data;
	struct span grant; /* empty, or PROTOCOL_GRANT_SIZE */
};
struct operate_response {
	struct span data;
	uint64_t version;
};
struct verify_request {
	uint64_t slot;
	uint64_t key;
	struct mechanism mechanism;
	struct span data;
	struct span signature;
};
struct verify_response {
	uint64_t version;
};
struct decrypt_tls_request {
	uint64_t slot;
	uint64_t key;
	struct span data;
	uint64_t client_version;
	uint64_t negotiated_version;
	struct span grant;
};
struct chain_request {
	uint64_t slot;
	uint64_t key;
	struct mechanism mechanism; /* .iv is the chaining value */
	uint64_t encrypt;
	uint64_t last;
	struct span data;
	struct span grant; /* spent by the first part; that part gets a new one back if there are more */
};
struct chain_response {
	struct span data;
	struct span next_iv;
	struct span grant;
	uint64_t version;
};
struct agree_request { /* ECDH whose result the caller may see: only where a derived key may be extractable */
	uint64_t slot;
	uint64_t key;
	struct mechanism mechanism;
	uint64_t size; /* 0: natural */
	struct span grant;
};

struct stream_open_request {
	uint64_t slot;
	uint64_t kind; /* enum stream_kind of crypto/stream.h */
	uint64_t key;  /* 0: a digest */
	struct mechanism mechanism;
	struct span state; /* digest: chaining value || byte count (8, big-endian) || bytes of the unfinished block; else empty */
	struct span grant;
};
struct stream_open_response {
	uint64_t stream;
	uint64_t version;
};
struct stream_update_request {
	uint64_t stream;
	struct span data;
};
struct stream_response {
	struct span data;
	uint64_t more; /* bool, FINAL and READ: ask STREAM_READ (a GCM plaintext comes all at once, after its tag) */
};
struct stream_key_request {
	uint64_t stream;
	uint64_t slot;
	uint64_t key;
};
struct stream_final_request {
	uint64_t stream;
	struct span signature; /* STREAM_VERIFY; else empty */
};
struct stream_close_request { /* CLOSE, READ */
	uint64_t stream;
};

/* ---- key management ---- */

struct generate_request {
	uint64_t slot;
	uint64_t session;
	struct mechanism mechanism;
	struct attributes template;
};
struct generate_pair_request {
	uint64_t slot;
	uint64_t session;
	struct mechanism mechanism;
	struct attributes public_template;
	struct attributes private_template;
};
struct generate_pair_response {
	uint64_t public_key;
	uint64_t private_key;
};
struct wrap_request {
	uint64_t slot;
	uint64_t wrapping_key;
	struct mechanism mechanism;
	uint64_t key;
	uint64_t length_only; /* bool: data is empty, size says how long it would be */
	struct span grant;
};
struct wrap_response {
	struct span data;
	uint64_t size;
};
struct unwrap_request {
	uint64_t slot;
	uint64_t session;
	uint64_t unwrapping_key;
	struct mechanism mechanism;
	struct span wrapped;
	struct attributes template;
	struct span grant;
};
/* A key that a KMS unwraps inside the enclave; its response is a handle_response. docs/kms.md */
struct import_kms_request {
	uint64_t slot;
	uint64_t session;
	struct attributes template; /* CKA_LABEL; a secret key's CKA_CLASS and CKA_KEY_TYPE, a private one's are found */
	struct span kms_key;        /* text; empty: the first of kms-user-keys */
	struct span ciphertext;     /* of the key itself, or of the key of its envelope */
	struct span iv;             /* of the envelope; empty: there is none */
	struct span sealed;         /* likewise: ciphertext and tag */
	uint64_t version;
	uint64_t unbound;           /* bool: encrypted without an encryption context */
};
struct derive_request {
	uint64_t slot;
	uint64_t session;
	uint64_t base_key;
	struct mechanism mechanism;
	struct attributes template;
	struct span grant;
};
struct random_request {
	uint64_t size; /* at most PROTOCOL_CHUNK_MAX */
};
struct random_response {
	struct span data;
};
struct seed_request {
	struct span seed;
};

#endif
