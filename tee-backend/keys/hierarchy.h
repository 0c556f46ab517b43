/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root -> storage key -> token key, and the other branches of the root (token identity, tickets,
 * derived application keys). The root is 32 random bytes in wrap slots (security rule 4); this opens or
 * makes it. Inside the enclave; called by token/ once at start. docs/store.md gives every label.
 */
#ifndef KEYCLAVE_KEYS_HIERARCHY_H
#define KEYCLAVE_KEYS_HIERARCHY_H

#include "keys/migration.h"
#include "keys/migration_policy.h"
#include "keys/seal.h"
#include "kms/kms.h"
#include "platform/platform.h"

struct hierarchy; /* opaque; its keys lie in secret memory; read-only after open, so thread-safe */

struct hierarchy_options {
	bool create;          /* an empty store is made a new one */
	struct span recovery; /* the operator's recovery secret, or empty */
	bool accept_rollback; /* a counter that is gone may be replaced, where .recovery opens the store */
	struct migration_policy *migration; /* of the configuration, or NULL; must outlive the hierarchy */
	struct kms *kms;      /* protects the root in the place of the platform's key; NULL: none does */
};

/*
 * Opens the store's head, or makes it when STORE is empty and .create. CKR_TOKEN_NOT_PRESENT: it is empty
 * and .create is false. CKR_TOKEN_NOT_RECOGNIZED, with one line logged that says what to do: the store is of
 * another platform or protector (security rule 12), its key is gone or another one, its head was changed,
 * or was removed while other records are there. What is there is never written over.
 *
 * The root opens by a slot of the platform, else by one that another version of the enclave made for this one (migration.h), else
 * by the recovery secret. Afterwards the slots are renewed when the
 * platform's was not current or not good, or the recovery secret is a new one (security rule 4).
 *
 * Where the protector is PLATFORM_NO_KEY, STORE must be an empty one in memory: the root lasts as long as the process.
 */
CK_RV hierarchy_open(struct platform *platform, const struct hierarchy_options *options, struct blobstore *store,
		     struct hierarchy **hierarchy);

void hierarchy_free(struct hierarchy **hierarchy);

/* 16 random bytes made with the store. */
const uint8_t *hierarchy_store_uuid(const struct hierarchy *hierarchy);

/*
 * The platform's counter, made with the store (security rule 7): its id, first value, and the secret that it answers to. .id is
 * empty in a store without one. Borrowed.
 */
struct hierarchy_counter {
	struct span id;
	uint64_t start;
	uint64_t base;	   /* the epoch that .start stands for */
	uint64_t replaced; /* how often a counter was taken for one that was gone */
	bool replaceable;  /* the operator allows it now, and has the recovery secret */
	const uint8_t *auth; /* PLATFORM_KEY_SIZE bytes */
};
struct hierarchy_counter hierarchy_counter(const struct hierarchy *hierarchy);

/*
 * Makes a new counter for a store whose own is gone, at EPOCH as it is, and writes that into the head of STORE. Whether EPOCH is
 * the store's latest nobody can say: the head counts how often it was done. CKR_TOKEN_NOT_RECOGNIZED, logged: not allowed now.
 */
CK_RV hierarchy_replace_counter(struct hierarchy *hierarchy, struct platform *platform, struct blobstore *store, uint64_t epoch);

/* SEAL_KEY_SIZE bytes. Seals what belongs to the store and to no token (RECORD_SLOTS). */
const uint8_t *hierarchy_storage_key(const struct hierarchy *hierarchy);

/* Seals all records of one token: SALT is the token's own random 32 bytes (new at each C_InitToken). */
CK_RV hierarchy_token_key(const struct hierarchy *hierarchy, const uint8_t serial[16],
			  const uint8_t salt[32], uint8_t key[SEAL_KEY_SIZE]);

/* Seals tickets of this token's contexts. */
CK_RV hierarchy_ticket_key(const struct hierarchy *hierarchy, uint8_t key[SEAL_KEY_SIZE]);

/* Seed of the token's Ed25519 identity key (security rule 6). */
CK_RV hierarchy_identity_seed(const struct hierarchy *hierarchy, const uint8_t serial[16],
			      const uint8_t salt[32], uint8_t seed[32]);

/* What keys of applications are derived from (security rule 15). */
CK_RV hierarchy_application_key(const struct hierarchy *hierarchy, const uint8_t serial[16],
				const uint8_t salt[32], uint8_t key[SEAL_KEY_SIZE]);

/* ---- migrations (update.c) ---- */

/* SHA-256 (HEAD_MIGRATION_SIZE bytes) of the policy that the store was made with; NULL: none. */
const uint8_t *hierarchy_migration(const struct hierarchy *hierarchy);

/* That policy; NULL: none, or the configuration's file is another one. */
const struct migration_policy *hierarchy_migration_policy(const struct hierarchy *hierarchy);

/* SHA-256. False, logged: libcrypto failed. */
bool hierarchy_digest(struct span bytes, uint8_t digest[32]);

/*
 * The head as it is in STORE, proven; HEAD borrows from RECORD. *VERSION 0: there is none. CKR_TOKEN_NOT_RECOGNIZED, logged: it is
 * not what this hierarchy's root proves.
 */
CK_RV hierarchy_head_read(const struct hierarchy *hierarchy, struct blobstore *store, struct buffer *record,
			  struct head *head, uint64_t *version);

/* Writes HEAD over the version EXPECTED. As blobstore_write: CKR_KEYCLAVE_CONFLICT: somebody was faster. */
CK_RV hierarchy_head_write(const struct hierarchy *hierarchy, struct blobstore *store, const struct head *head,
			   uint64_t expected);

/* As migration_wrap, of this store's root. */
CK_RV hierarchy_wrap_for(const struct hierarchy *hierarchy, const struct head *head, const struct migration_target *target,
			 struct slot *slot);

/* As slot_wrap_kms, of this store's root. */
CK_RV hierarchy_wrap_kms(const struct hierarchy *hierarchy, struct kms *kms, const struct head *head, struct slot *slot);

#endif
