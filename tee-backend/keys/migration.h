/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrap slots to another version of the enclave (security rules 4 and 17): a key pair whose private half comes from that version's
 * own platform key, so that nothing of it is stored, and the root sealed to its public half. Inside the enclave, on both
 * sides: the version that asks and opens, and the one that wraps. docs/store.md, section 4.
 */
#ifndef KEYCLAVE_KEYS_MIGRATION_H
#define KEYCLAVE_KEYS_MIGRATION_H

#include "keys/hpke.h"
#include "keys/slot.h"

#define MIGRATION_DIGEST_SIZE 32

/* What a version says of itself in evidence of purpose migration. Start with {0}. */
struct migration_offer {
	uint8_t public_key[HPKE_KEY_SIZE];
	struct buffer mix; /* of the platform's key: without it the private half is not found again */
};

/*
 * The offer of the code that runs here: the same platform in the same state opens what is wrapped for it, also after a restart.
 * CKR_FUNCTION_NOT_SUPPORTED, logged: the platform has no sealing key, or binds it to nothing that an update changes (notee);
 * else as platform_key_new.
 */
CK_RV migration_offer_new(struct platform *platform, struct migration_offer *offer);
void migration_offer_free(struct migration_offer *offer);

/* For whom: from a request that was verified, whose bytes it borrows. */
struct migration_target {
	struct span public_key; /* HPKE_KEY_SIZE bytes */
	struct span mix;
	uint8_t digest[MIGRATION_DIGEST_SIZE]; /* SHA-256 of the request */
};

/* The root of HEAD's store for TARGET. As hpke_seal; CKR_DATA_INVALID: not a public key that anybody could have made. */
CK_RV migration_wrap(const struct head *head, const struct migration_target *target, const uint8_t root[SLOT_ROOT_SIZE],
		     struct slot *slot);

/* ROOT (secret memory) from SLOT, which is of kind HEAD_SLOT_MIGRATION. As slot_open. */
CK_RV migration_open(struct platform *platform, const struct head *head, const struct head_slot *slot,
		     uint8_t root[SLOT_ROOT_SIZE]);

/* Takes the mix of such a slot apart: the platform's own mix and the request's digest. False: not of that form. */
bool migration_slot_read(struct span slot_mix, struct span *mix, struct span *digest);

#endif
