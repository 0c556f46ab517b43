/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One new version of the head, with a new slot of the KMS in the place of its old ones; all other slots stay.
 */
#include "config.h"

#include "keys/rotate.h"

#include "common/log.h"
#include "keys/slot.h"

static CK_RV write_slots(const struct hierarchy *hierarchy, struct blobstore *store, const struct head *old,
			 const struct slot *made, uint64_t version)
{
	struct head head = *old;
	CK_RV rv = CKR_OK;

	head.slot_count = 0;
	head.slots[head.slot_count++] = slot_borrow(made);
	for (size_t i = 0; rv == CKR_OK && i < old->slot_count; i++)
		if (old->slots[i].kind != HEAD_SLOT_KMS)
			rv = head_add_slot(&head, &old->slots[i]);
	return rv == CKR_OK ? hierarchy_head_write(hierarchy, store, &head, version) : rv;
}

CK_RV rotate_root(const struct hierarchy *hierarchy, struct kms *kms, struct blobstore *store)
{
	struct buffer record = {0};
	struct slot made = {0};
	struct head head;
	uint64_t version = 0;
	CK_RV rv = hierarchy_head_read(hierarchy, store, &record, &head, &version);

	if (rv == CKR_OK && !version)
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	if (rv == CKR_OK)
		rv = hierarchy_wrap_kms(hierarchy, kms, &head, &made);
	if (rv == CKR_OK)
		rv = write_slots(hierarchy, store, &head, &made, version);
	if (rv == CKR_OK)
		log_notice("the root was wrapped anew under %s", kms_describe(kms)->key);
	else
		log_error("the root was not wrapped anew (CKR 0x%lx): everything is as before", rv);
	slot_free(&made);
	buffer_free(&record);
	return rv;
}
