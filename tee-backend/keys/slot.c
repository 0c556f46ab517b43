/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slot's key encryption key and the sealed message that is the wrapped root. What a slot is bound to beside its key
 * is in the message's context: no slot moves to another store, platform or protector.
 */
#include "config.h"

#include "keys/slot.h"

#include <string.h>

#include "common/cbor_writer.h"
#include "common/memory.h"
#include "keys/derive.h"

#define ROOT_PURPOSE "keyclave-root"

_Static_assert(SLOT_ROOT_SIZE + SEAL_OVERHEAD == HEAD_WRAPPED_SIZE, "docs/store.md, section 4");

struct head_slot slot_borrow(const struct slot *slot)
{
	return (struct head_slot){
		.kind = slot->kind, .mix = buffer_span(&slot->mix), .wrapped = buffer_span(&slot->wrapped)};
}

void slot_free(struct slot *slot)
{
	buffer_free(&slot->mix);
	buffer_free(&slot->wrapped);
}

bool slot_context(const struct head *head, const struct head_slot *slot, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, 5);
	cbor_writer_bytes(&w, head->uuid);
	cbor_writer_text_span(&w, head->platform);
	cbor_writer_text_span(&w, head->protector);
	cbor_writer_uint(&w, slot->kind);
	cbor_writer_bytes(&w, slot->mix);
	return !w.failed;
}

/* KEK of a platform's slot, from the platform's key. Both are secret memory. */
static CK_RV platform_kek(const struct head *head, struct span mix, const uint8_t *platform_bytes,
			  uint8_t kek[SEAL_KEY_SIZE])
{
	const struct span items[] = {head->platform, head->protector, mix};

	return derive_key((struct span){platform_bytes, PLATFORM_KEY_SIZE}, head->uuid, "keyclave/1/kek", items, 2,
			  3, kek);
}

static CK_RV recovery_kek(struct span secret, const struct head *head, uint8_t kek[SEAL_KEY_SIZE])
{
	return derive_key(secret, head->uuid, "keyclave/1/recovery", NULL, 0, 0, kek);
}

static CK_RV kms_kek(const struct head *head, struct span reference, const uint8_t *kms_bytes, uint8_t kek[SEAL_KEY_SIZE])
{
	const struct span items[] = {head->platform, head->protector, reference};

	return derive_key((struct span){kms_bytes, KMS_ROOT_KEY_SIZE}, head->uuid, "keyclave/1/kms", items, 2, 3, kek);
}

static CK_RV wrap(const struct head *head, const uint8_t kek[SEAL_KEY_SIZE], const uint8_t root[SLOT_ROOT_SIZE],
		  struct slot *slot)
{
	struct head_slot borrowed = slot_borrow(slot);
	struct buffer context = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (slot_context(head, &borrowed, &context))
		rv = seal_message_close(kek, ROOT_PURPOSE, buffer_span(&context),
					(struct span){root, SLOT_ROOT_SIZE}, &slot->wrapped);
	buffer_free(&context);
	return rv;
}

static CK_RV unwrap(const struct head *head, const uint8_t kek[SEAL_KEY_SIZE], const struct head_slot *slot,
		    uint8_t root[SLOT_ROOT_SIZE])
{
	struct buffer context = {0};
	struct buffer opened = {.secret = true};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (slot_context(head, slot, &context))
		rv = seal_message_open(kek, ROOT_PURPOSE, buffer_span(&context), slot->wrapped, &opened);
	if (rv == CKR_OK && opened.size != SLOT_ROOT_SIZE)
		rv = CKR_DATA_INVALID;
	if (rv == CKR_OK)
		memcpy(root, opened.data, SLOT_ROOT_SIZE);
	buffer_free(&context);
	buffer_free(&opened);
	return rv;
}

CK_RV slot_wrap(struct platform *platform, const struct head *head, const uint8_t root[SLOT_ROOT_SIZE],
		struct slot *slot)
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	uint8_t *platform_bytes = memory_secret_new(PLATFORM_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	slot->kind = HEAD_SLOT_PLATFORM;
	if (kek && platform_bytes)
		rv = platform_key_new(platform, &slot->mix, platform_bytes);
	if (rv == CKR_OK)
		rv = platform_kek(head, buffer_span(&slot->mix), platform_bytes, kek);
	if (rv == CKR_OK)
		rv = wrap(head, kek, root, slot);
	memory_secret_free(kek);
	memory_secret_free(platform_bytes);
	return rv;
}

CK_RV slot_wrap_recovery(struct span secret, const struct head *head, const uint8_t root[SLOT_ROOT_SIZE],
			 struct slot *slot)
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	slot->kind = HEAD_SLOT_RECOVERY;
	buffer_reset(&slot->mix);
	if (kek)
		rv = recovery_kek(secret, head, kek);
	if (rv == CKR_OK)
		rv = wrap(head, kek, root, slot);
	memory_secret_free(kek);
	return rv;
}

CK_RV slot_open(struct platform *platform, const struct head *head, const struct head_slot *slot,
		uint8_t root[SLOT_ROOT_SIZE])
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	uint8_t *platform_bytes = memory_secret_new(PLATFORM_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (kek && platform_bytes)
		rv = platform_key(platform, slot->mix, platform_bytes);
	if (rv == CKR_OK)
		rv = platform_kek(head, slot->mix, platform_bytes, kek);
	if (rv == CKR_OK)
		rv = unwrap(head, kek, slot, root);
	memory_secret_free(kek);
	memory_secret_free(platform_bytes);
	return rv;
}

CK_RV slot_open_recovery(struct span secret, const struct head *head, const struct head_slot *slot,
			 uint8_t root[SLOT_ROOT_SIZE])
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (kek)
		rv = recovery_kek(secret, head, kek);
	if (rv == CKR_OK)
		rv = unwrap(head, kek, slot, root);
	memory_secret_free(kek);
	return rv;
}

CK_RV slot_open_kms(struct kms *kms, const struct head *head, const struct head_slot *slot,
		    uint8_t root[SLOT_ROOT_SIZE])
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	uint8_t *kms_bytes = memory_secret_new(KMS_ROOT_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (kek && kms_bytes)
		rv = kms_root(kms, head->uuid.data, slot->mix, kms_bytes);
	if (rv == CKR_OK)
		rv = kms_kek(head, slot->mix, kms_bytes, kek);
	if (rv == CKR_OK)
		rv = unwrap(head, kek, slot, root);
	memory_secret_free(kek);
	memory_secret_free(kms_bytes);
	return rv;
}

/* What would not open at the next start is noticed now. */
static CK_RV try_kms(struct kms *kms, const struct head *head, const struct slot *slot, const uint8_t root[SLOT_ROOT_SIZE])
{
	struct head_slot made = slot_borrow(slot);
	uint8_t *opened = memory_secret_new(SLOT_ROOT_SIZE);
	CK_RV rv = opened ? slot_open_kms(kms, head, &made, opened) : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK && !memory_equal(opened, root, SLOT_ROOT_SIZE))
		rv = CKR_DEVICE_ERROR;
	memory_secret_free(opened);
	return rv;
}

CK_RV slot_wrap_kms(struct kms *kms, const struct head *head, const uint8_t root[SLOT_ROOT_SIZE], struct slot *slot)
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	uint8_t *kms_bytes = memory_secret_new(KMS_ROOT_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	slot->kind = HEAD_SLOT_KMS;
	if (kek && kms_bytes)
		rv = kms_root_new(kms, head->uuid.data, &slot->mix, kms_bytes);
	if (rv == CKR_OK)
		rv = kms_kek(head, buffer_span(&slot->mix), kms_bytes, kek);
	if (rv == CKR_OK)
		rv = wrap(head, kek, root, slot);
	if (rv == CKR_OK)
		rv = try_kms(kms, head, slot, root);
	memory_secret_free(kek);
	memory_secret_free(kms_bytes);
	return rv;
}
