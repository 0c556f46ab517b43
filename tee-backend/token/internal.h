/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a token, for the files of token/ only. What evidence.c needs to know is read by the
 * functions at its end. Inside the enclave.
 */
#ifndef KEYCLAVE_TOKEN_INTERNAL_H
#define KEYCLAVE_TOKEN_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "token/damage.h"
#include "token/objects.h"
#include "token/record.h"
#include "token/token.h"

struct token {
	/* Fixed while it lives. */
	struct token_store *store; /* borrowed: outlives its tokens */
	uint64_t number, slot;
	char serial[TOKEN_SERIAL_SIZE + 1];
	uint8_t salt[TOKEN_SALT_SIZE];
	uint8_t *key; /* SEAL_KEY_SIZE bytes of secret memory: seals its records */
	struct key *identity;
	struct object *derivation; /* what applications' keys are derived from; in no store */
	struct attribute_set *identity_set; /* what .identity was parsed from; has its CKA_PUBLIC_KEY_INFO */

	atomic_size_t references;
	pthread_mutex_t pin_lock; /* held over a whole attempt, scrypt and writes included; before .lock */

	/* Read under .lock; written by the committer alone, which holds it exclusively only to do that. */
	pthread_rwlock_t lock;
	struct record_head head;
	struct record_link link; /* of its RECORD_TOKEN */
	struct objects objects;
	struct record_ended *ended[RECORD_ENDED_PAGES]; /* of head.ended's pages; NULL: it was refused */
	uint64_t ended_lost; /* then: what was in it is not known, and no ticket from before is good. 0: none was */
	struct damage damage;
	bool over; /* its slot was initialised again */
};

struct token_store {
	struct platform *platform; /* borrowed */
	struct blobstore *blobs;   /* borrowed */
	struct hierarchy *hierarchy;
	struct migration_policy *migration; /* the configuration's; NULL: none */
	struct kms *kms; /* NULL: none */
	unsigned pin_tries;
	uint64_t max_objects;
	bool weak_pin;
	struct once_log *once;
	struct commit *commit;
	pthread_mutex_t init_lock; /* one C_InitToken at a time */

	/* Read under .lock; written by the committer alone. */
	pthread_rwlock_t lock;
	struct record_slots slots;
	uint64_t version; /* of RECORD_SLOTS; 0: not yet written */
	uint64_t counted; /* what the platform's counter shows; the committer's */
	struct token *token[RECORD_SLOTS_MAX]; /* of each entry; NULL: its head was refused */
	struct damage damage;		       /* of those */
};

/*
 * A lock for many readers that a writer gets all the same: operations look objects up without end, and the
 * committer must come through. Not to be taken twice by one reader. CKR_DEVICE_MEMORY.
 */
CK_RV token_lock_init(pthread_rwlock_t *lock);

/*
 * A token without objects, of which nothing is stored: SERIAL of TOKEN_SERIAL_SIZE digits, and its keys. One
 * reference for the caller. CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR.
 */
CK_RV token_new(struct token_store *store, const struct record_slot *slot, struct token **token);

/*
 * The token that ENTRY names, with all objects that open; the others are named in its .damage.
 * CKR_TOKEN_NOT_RECOGNIZED: its head was refused (logged).
 */
CK_RV token_load(struct token_store *store, const struct record_slot *entry, struct token **token);

/*
 * One attempt on a PIN, counted before it is compared; the caller has .pin_lock. CKR_OK: it was right; the count
 * stands until the caller's next write takes it back. Otherwise the verdict is written for ONCE.
 */
CK_RV token_pin_attempt(struct token *token, CK_USER_TYPE user, struct span pin, const struct once *once);

struct claims;

/* CLAIMS with what PLATFORM says of them, into OUT: a CMW collection. */
CK_RV token_evidence_sign(struct platform *platform, const struct claims *claims, struct buffer *out);

/* 16 hex digits and a NUL. */
static inline const char *token_serial(const struct token *token)
{
	return token->serial;
}

/* TOKEN_SALT_SIZE random bytes, new at each C_InitToken (which makes another struct token). */
static inline const uint8_t *token_salt(const struct token *token)
{
	return token->salt;
}

/* The token's Ed25519 identity (security rule 6): a private key for operate_sign with CKM_EDDSA, borrowed. */
static inline const struct key *token_identity(const struct token *token)
{
	return token->identity;
}

/* Its SubjectPublicKeyInfo, borrowed. */
static inline struct span token_identity_info(const struct token *token)
{
	return attribute_set_get(token->identity_set, CKA_PUBLIC_KEY_INFO);
}

static inline struct platform *token_platform(const struct token *token)
{
	return token->store->platform;
}

/* NULL: none. */
static inline const struct kms *token_kms(const struct token *token)
{
	return token->store->kms;
}

static inline const struct hierarchy *token_hierarchy(const struct token *token)
{
	return token->store->hierarchy;
}

/* Raised by every write of a PIN, of policy, or that deletes (DESIGN section 7, rule 19). */
static inline uint64_t token_epoch(struct token *token)
{
	uint64_t epoch = 0;

	pthread_rwlock_rdlock(&token->lock);
	epoch = token->head.epoch;
	pthread_rwlock_unlock(&token->lock);
	return epoch;
}

/* PINs shorter than a 128-bit secret are allowed (security rule 8): a claim of its own. */
static inline bool token_weak_pin(const struct token *token)
{
	return token->store->weak_pin;
}

#endif
