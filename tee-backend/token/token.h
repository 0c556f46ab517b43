/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PKCS#11 token is: identity, PINs with lockout, and its objects in the sealed store. All tokens of
 * one store are held by struct token_store. Knows nothing of wire formats, connections or sessions. Inside the
 * enclave; called by service/ from many threads. Every function that changes something is durable
 * when it returns CKR_OK, and has changed nothing otherwise.
 */
#ifndef KEYCLAVE_TOKEN_TOKEN_H
#define KEYCLAVE_TOKEN_TOKEN_H

#include "common/settings.h"
#include "keys/hierarchy.h"
#include "keys/update.h"
#include "token/object.h"

struct token_store; /* opaque, thread-safe */
struct token;       /* opaque, thread-safe; counted references: survives C_InitToken of its slot while in use */

/*
 * Identifies a request that must have its effect once (request table: REPLAY_ONCE). Its result is written in
 * the same batch as the effect; token_once_result finds it again. NULL where a function takes one:
 * not remembered.
 */
struct once {
	uint8_t context[16];
	uint64_t sequence;
};

/* Opens the store and reads every token's head. Damaged records are logged and counted, not fatal. */
CK_RV token_store_open(const struct settings *settings, struct platform *platform,
		       struct blobstore *blobs, struct token_store **store);
void token_store_free(struct token_store **store);

const struct hierarchy *token_store_hierarchy(const struct token_store *store);

/* The KMS of the settings, borrowed; NULL: none. */
struct kms *token_store_kms(const struct token_store *store);

/* rotate_root, one at a time. CKR_FUNCTION_NOT_SUPPORTED: the root is not a KMS's. */
CK_RV token_store_rotate(struct token_store *store);

/* Slot ids in order, the last one being the empty slot (DESIGN section 7, rule 13). */
CK_RV token_store_slots(struct token_store *store, uint64_t *slots, size_t max, size_t *count);

/* CKR_SLOT_ID_INVALID; CKR_OK and *TOKEN NULL for the empty slot. One reference for the caller. */
CK_RV token_store_find(struct token_store *store, uint64_t slot, struct token **token);
void token_free(struct token **token);

/*
 * C_InitToken. On the empty slot it makes a token there (and a new empty slot comes into being); on
 * another the SO PIN must be right, all objects are destroyed, the serial stays and the salt is new.
 * CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_PIN_LEN_RANGE. The caller has checked that no session exists.
 */
CK_RV token_store_init(struct token_store *store, uint64_t slot, struct span so_pin, struct span label,
		       const struct once *once);

/*
 * The same in a slot whose token's head was refused, so that nobody's PIN can be asked for: the caller has checked
 * that who asks might as well remove the store. What is left of the old token goes; the new one has another serial.
 */
CK_RV token_store_replace(struct token_store *store, uint64_t slot, struct span so_pin, struct span label,
			  const struct once *once);

/* Records of tokens that were refused as a whole: how many, and a line for each. */
size_t token_store_damaged(struct token_store *store);
void token_store_damage(struct token_store *store, void (*each)(const char *line, void *arg), void *arg);

/* The remembered result, or false. For REQUEST rows with REPLAY_ONCE, asked before their handlers. */
bool token_once_result(struct token_store *store, const struct once *once, CK_RV *rv,
		       uint64_t handles[2]);

struct token_facts {
	char label[33];
	char serial[17];
	CK_FLAGS flags; /* CKF_TOKEN_INITIALIZED, CKF_LOGIN_REQUIRED, CKF_USER_PIN_COUNT_LOW ... */
	unsigned pin_min, pin_max;
	uint64_t objects, damaged, epoch;
	uint64_t pin_version; /* raised when the user PIN changes */
	const uint8_t *identity; /* SubjectPublicKeyInfo of the identity key; lives as long as the token */
	size_t identity_size;
};
void token_facts(struct token *token, struct token_facts *facts);

/* Calls EACH with one line for every record that was refused. */
void token_damage(struct token *token, void (*each)(const char *line, void *arg), void *arg);

/*
 * Checks a PIN: the attempt is committed before the comparison (security rule 8); a success resets the
 * count. USER: CKU_SO or CKU_USER. CKR_PIN_INCORRECT, CKR_PIN_LOCKED, CKR_USER_PIN_NOT_INITIALIZED.
 */
CK_RV token_check_pin(struct token *token, CK_USER_TYPE user, struct span pin, const struct once *once);

/*
 * C_InitPIN (the caller has checked that SO is logged in) and C_SetPIN. CKR_PIN_LEN_RANGE, CKR_PIN_INVALID;
 * CKR_PIN_INCORRECT also when there is no user PIN to replace.
 */
CK_RV token_init_pin(struct token *token, struct span pin, const struct once *once);
CK_RV token_set_pin(struct token *token, CK_USER_TYPE user, struct span old_pin, struct span new_pin,
		    const struct once *once);

/* Part of every ticket: raised by C_InitToken, so that no login outlives the token that it was to. */
uint64_t token_login_generation(struct token *token);

/* Each login has a random name, which its tickets carry; none of these is good for longer than this. */
#define TOKEN_LOGIN_SIZE 16
#define TOKEN_LOGIN_LIFETIME_S (24 * 60 * 60)

/*
 * The login NAME ended at NOW, in seconds since 1970: its tickets are over, and stay so over restarts. Some
 * 8,000 such names are kept at least until their last ticket has expired by itself; when there are more within that
 * time, the oldest go and all tickets that were made before them are over too.
 */
CK_RV token_end_login(struct token *token, const uint8_t name[TOKEN_LOGIN_SIZE], uint64_t now);

/* True if a ticket that was made at MADE for the login NAME is over. Its age is the caller's business. */
bool token_login_is_over(struct token *token, const uint8_t name[TOKEN_LOGIN_SIZE], uint64_t made);

/* ---- objects ---- */

/* One reference to the token object HANDLE; CKR_OBJECT_HANDLE_INVALID; CKR_DEVICE_ERROR: its record was refused. */
CK_RV token_object(struct token *token, CK_OBJECT_HANDLE handle, struct object **object);

/*
 * Stores COUNT (1 or 2) new objects in one batch and gives their handles, ascending.
 * CKR_DEVICE_MEMORY: the limit of objects, memory or disk.
 */
CK_RV token_insert(struct token *token, struct object *const objects[], size_t count,
		   const struct once *once, uint64_t handles[]);

/* Replaces the snapshot FROM by TO. CKR_KEYCLAVE_CONFLICT: somebody was faster; read it again. */
CK_RV token_replace(struct token *token, CK_OBJECT_HANDLE handle, const struct object *from,
		    struct object *to, const struct once *once);

/*
 * Takes a refused object out of the store for good, so that it is no damage any more; of a refused page the last
 * object takes the page along. CKR_OBJECT_HANDLE_INVALID: none; CKR_ACTION_PROHIBITED: nothing is wrong with it.
 */
CK_RV token_discard(struct token *token, CK_OBJECT_HANDLE handle, const struct once *once);

/*
 * As token_find: handles of refused objects. A refused page of which the store has no object at all is named by its
 * first handle.
 */
CK_RV token_find_damaged(struct token *token, uint64_t after, uint64_t *handles, size_t max, size_t *count,
			 bool *more);

/* CKR_ACTION_PROHIBITED when not CKA_DESTROYABLE. */
CK_RV token_remove(struct token *token, CK_OBJECT_HANDLE handle, const struct once *once);

/*
 * Handles above AFTER of objects that match, ascending, at most MAX. PRIVATE_TOO: include private objects.
 * Equality on CKA_LABEL, CKA_ID, CKA_CLASS and CKA_KEY_TYPE goes through an index.
 */
CK_RV token_find(struct token *token, const struct attributes *template, bool private_too, uint64_t after,
		 uint64_t *handles, size_t max, size_t *count, bool *more);

/* ---- derived keys of applications (security rule 15) ---- */

/*
 * The object with label KEYCLAVE_ROOT_LABEL, borrowed: it lives as long as the token, is in no store, and its value
 * stays here.
 */
struct object *token_derivation(struct token *token);

/*
 * SIZE bytes (0: as many as the hash has) derived from it by M into OUT, which is .secret: always the same for the same
 * token, M, SIZE and, if BIND, measurement; after another C_InitToken others. CKR_MECHANISM_INVALID,
 * CKR_MECHANISM_PARAM_INVALID (HKDF without expansion), CKR_KEY_SIZE_RANGE, CKR_FUNCTION_NOT_SUPPORTED (BIND, and the
 * platform measures nothing; logged).
 */
CK_RV token_derive(struct token *token, const struct mechanism *m, size_t size, bool bind, struct buffer *out);

/* ---- evidence (claims of docs/evidence.md, signed by the platform) ---- */

/*
 * Evidence of OBJECT (a key; NULL: of the token itself) over NONCE, into OUT: a CMW collection in CBOR.
 * CKR_ATTRIBUTE_TYPE_INVALID when OBJECT is no key.
 */
CK_RV token_evidence(struct token *token, const struct object *object, struct span nonce,
		     struct buffer *out);

/*
 * Evidence that whoever has the TLS key of KEY (SubjectPublicKeyInfo) is the daemon that holds this store's tokens; EXPORTER
 * (CLAIMS_EXPORTER_SIZE bytes) that it is at the end of that connection, empty for a certificate. Security rule 2: KEY is
 * made at each start, and is no object.
 */
CK_RV token_store_channel_evidence(struct token_store *store, struct span key, struct span exporter, struct span nonce,
				   struct buffer *out);

/* ---- moving the store to another version of the enclave (migration.c; security rules 4 and 17) ---- */

/*
 * Evidence of purpose migration of the code that runs here over NONCE, with a key to which another version may wrap its root.
 * Needs no store. CKR_ATTRIBUTE_VALUE_INVALID: the nonce; else as migration_offer_new and platform_evidence_get.
 */
CK_RV token_migration_request(struct platform *platform, struct span nonce, struct buffer *out);

/* As update_challenge, update_grant, update_cancel and update_status. */
CK_RV token_migration_challenge(struct token_store *store, uint8_t nonce[UPDATE_CHALLENGE_SIZE]);
CK_RV token_migration_grant(struct token_store *store, struct span request, struct span endorsements,
			    struct migration_verdict *verdict);
CK_RV token_migration_cancel(struct token_store *store, uint64_t *count);
CK_RV token_migration_status(struct token_store *store, struct update_status *status);

#endif
