/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrap slots: the store's root under the key of a platform, of a KMS, or under the operator's recovery secret (security rule 4).
 * Inside the enclave; called by hierarchy.c. docs/store.md, section 4.
 */
#ifndef KEYCLAVE_KEYS_SLOT_H
#define KEYCLAVE_KEYS_SLOT_H

#include "keys/head.h"
#include "kms/kms.h"
#include "platform/platform.h"

#define SLOT_ROOT_SIZE 32
#define SLOT_RECOVERY_MIN 32 /* bytes of a recovery secret */

/* A slot that was just made; a head_slot borrows from it. Start with {0}. */
struct slot {
	uint64_t kind; /* enum head_slot_kind */
	struct buffer mix;
	struct buffer wrapped;
};

struct head_slot slot_borrow(const struct slot *slot);
void slot_free(struct slot *slot);

/* What the root in SLOT is bound to beside its key (slot-context): appended to OUT. False: no memory. */
bool slot_context(const struct head *head, const struct head_slot *slot, struct buffer *out);

/* Wrap ROOT for HEAD (its uuid, platform and protector). As platform_key_new, hkdf_derive and seal_message_close. */
CK_RV slot_wrap(struct platform *platform, const struct head *head, const uint8_t root[SLOT_ROOT_SIZE],
		struct slot *slot);
CK_RV slot_wrap_recovery(struct span secret, const struct head *head, const uint8_t root[SLOT_ROOT_SIZE],
			 struct slot *slot);
/* As kms_root_new, which is asked for a key of this slot's own; the slot has been opened once when this returns CKR_OK. */
CK_RV slot_wrap_kms(struct kms *kms, const struct head *head, const uint8_t root[SLOT_ROOT_SIZE], struct slot *slot);

/*
 * ROOT (secret memory) from SLOT, which is of kind HEAD_SLOT_PLATFORM, HEAD_SLOT_RECOVERY, or HEAD_SLOT_KMS.
 * CKR_DATA_INVALID: not under this key; else as platform_key, or kms_root.
 */
CK_RV slot_open_kms(struct kms *kms, const struct head *head, const struct head_slot *slot,
		    uint8_t root[SLOT_ROOT_SIZE]);
CK_RV slot_open(struct platform *platform, const struct head *head, const struct head_slot *slot,
		uint8_t root[SLOT_ROOT_SIZE]);
CK_RV slot_open_recovery(struct span secret, const struct head *head, const struct head_slot *slot,
			 uint8_t root[SLOT_ROOT_SIZE]);

#endif
