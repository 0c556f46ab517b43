/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: what evidence says of a key or of a token, as one deterministic CBOR map (docs/evidence.md). The
 * enclave writes them, verifiers read them; both by the one table in claims.c. Untrusted when read.
 */
#ifndef KEYCLAVE_VERIFIER_CLAIMS_H
#define KEYCLAVE_VERIFIER_CLAIMS_H

#include "common/buffer.h"

#define CLAIMS_VERSION 1
#define CLAIMS_SIZE_MAX ((size_t)64 * 1024)
#define CLAIMS_NONCE_MAX 64
#define CLAIMS_MECHANISMS_MAX 128

/* Domain tags: what a piece of evidence may be used for (security rule 1). */
#define CLAIMS_PURPOSE_TOKEN "keyclave/token/1"
#define CLAIMS_PURPOSE_KEY "keyclave/object-key/1"
#define CLAIMS_PURPOSE_CHANNEL "keyclave/channel/1"
#define CLAIMS_PURPOSE_MIGRATION "keyclave/migration/1"

/* Of a channel's claims: tokens in the store. */
#define CLAIMS_IDENTITIES_MAX 256
#define CLAIMS_EXPORTER_SIZE 32

#define CLAIMS_DIGEST_SIZE 32
#define CLAIMS_WRAP_KEY_SIZE 32
#define CLAIMS_MIX_MAX 3840

/* Bits of .policy: the CKA_ flags of a key, in the order of docs/evidence.md. */
enum claims_policy {
	CLAIMS_TOKEN = 1 << 0,
	CLAIMS_PRIVATE = 1 << 1,
	CLAIMS_MODIFIABLE = 1 << 2,
	CLAIMS_COPYABLE = 1 << 3,
	CLAIMS_DESTROYABLE = 1 << 4,
	CLAIMS_SENSITIVE = 1 << 5,
	CLAIMS_ALWAYS_SENSITIVE = 1 << 6,
	CLAIMS_EXTRACTABLE = 1 << 7,
	CLAIMS_NEVER_EXTRACTABLE = 1 << 8,
	CLAIMS_LOCAL = 1 << 9,
	CLAIMS_ALWAYS_AUTHENTICATE = 1 << 10,
	CLAIMS_WRAP_WITH_TRUSTED = 1 << 11,
	CLAIMS_TRUSTED = 1 << 12,
};

/* Spans are borrowed. A token's members are there unless .is_channel or .is_migration, a key's besides when .is_key. */
struct claims {
	struct span purpose; /* text */
	struct span nonce;
	struct span platform;
	struct span protector;
	struct span rollback;

	struct span serial;
	struct span token_label;
	uint64_t epoch;
	struct span identity; /* SubjectPublicKeyInfo of the token's identity key */
	bool weak_pin;
	uint64_t counter_replaced; /* how often the counter of .rollback was replaced on a recovery; 0: no claim */
	struct span migration; /* SHA-256 of the policy by which the store may move (CLAIMS_DIGEST_SIZE); empty: it may not */
	struct span kms_key;    /* text: the KMS's key under which the root is; empty: it is not a KMS's */
	struct span kms_region; /* text */

	bool is_key;
	struct span public_key; /* SubjectPublicKeyInfo; empty: a secret key */
	uint64_t class;         /* CKO_ */
	uint64_t key_type;      /* CKK_ */
	uint64_t bits;
	uint64_t origin; /* CKV_KEYCLAVE_ORIGIN_ */
	uint64_t policy; /* enum claims_policy set */
	uint64_t usage;  /* CKF_ bits: CKF_SIGN ... */
	uint64_t mechanisms[CLAIMS_MECHANISMS_MAX]; /* CKA_ALLOWED_MECHANISMS; none: all that fit */
	size_t mechanism_count;
	struct span id;
	struct span label;
	struct span unique_id; /* text */
	uint64_t version;

	/* A daemon that answers at the end of a TLS connection (protocol/attested.h). */
	bool is_channel;
	struct span channel_key; /* SubjectPublicKeyInfo of the daemon's TLS key */
	struct span exporter;    /* CLAIMS_EXPORTER_SIZE bytes of this connection; empty in the TLS certificate */
	struct span identities[CLAIMS_IDENTITIES_MAX]; /* SHA-256 of the identities of its tokens */
	size_t identity_count;

	/* A version of the enclave that asks for a store (keys/migration.h). */
	bool is_migration;
	struct span wrap_key; /* X25519, CLAIMS_WRAP_KEY_SIZE bytes: the store's root is to be sealed to it */
	struct span mix;      /* of the platform's key that its private half is derived from; at most CLAIMS_MIX_MAX bytes */
};

/* Appends the map to OUT. False: no memory, or a value beyond its limit. */
bool claims_write(const struct claims *claims, struct buffer *out);

/*
 * Reads the whole of INPUT. False, and WHY (static text), for anything but the exact form: unknown,
 * duplicate, missing or unordered claims, values beyond their limits, trailing bytes (security rule 11).
 */
bool claims_read(struct span input, struct claims *claims, const char **why);

#endif
