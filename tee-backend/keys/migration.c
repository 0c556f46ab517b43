/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key pair, and the sealed root. What it is sealed for beside the key (store, platform, protector, request, mix) is in HPKE's
 * info and AAD: no slot moves to another store, nor is one request's answer that of another.
 */
#include "config.h"

#include "keys/migration.h"

#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "keys/derive.h"

#define LAYOUT 1
#define LABEL "keyclave/1/migration"

_Static_assert(1 + SLOT_ROOT_SIZE + HPKE_OVERHEAD == HEAD_WRAPPED_SIZE, "docs/store.md, section 4");

/* ---- the key pair ---- */

/* From the platform's key, on a branch disjoint from that of the wrap slots by its label. All but the mix is secret memory. */
static CK_RV private_half(const struct platform *platform, struct span mix, const uint8_t *platform_bytes,
			  uint8_t private_key[HPKE_KEY_SIZE])
{
	const struct platform_description *d = platform_describe(platform);
	const struct span items[] = {span_text(d->name), span_text(d->protector), mix};

	return derive_key((struct span){platform_bytes, PLATFORM_KEY_SIZE}, (struct span){0}, LABEL, items, 2, 3, private_key);
}

static CK_RV refuse_offer(const struct platform_description *d, const char *why)
{
	log_error("platform %s: no store moves here: %s", d->name, why);
	return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV migration_offer_new(struct platform *platform, struct migration_offer *offer)
{
	const struct platform_description *d = platform_describe(platform);
	uint8_t *platform_bytes = NULL, *private_key = NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (strcmp(d->protector, PLATFORM_NO_KEY) == 0)
		return refuse_offer(d, "it has no sealing key of its own");
	platform_bytes = memory_secret_new(PLATFORM_KEY_SIZE);
	private_key = memory_secret_new(HPKE_KEY_SIZE);
	if (platform_bytes && private_key)
		rv = platform_key_new(platform, &offer->mix, platform_bytes);
	if (rv == CKR_OK && !offer->mix.size)
		rv = refuse_offer(d, "its key is bound to nothing that an update changes");
	if (rv == CKR_OK)
		rv = private_half(platform, buffer_span(&offer->mix), platform_bytes, private_key);
	if (rv == CKR_OK)
		rv = hpke_public(private_key, offer->public_key);
	memory_secret_free(platform_bytes);
	memory_secret_free(private_key);
	return rv;
}

void migration_offer_free(struct migration_offer *offer)
{
	buffer_free(&offer->mix);
}

/* ---- the slot ---- */

/* migration-slot */
static bool write_slot_mix(const struct migration_target *target, struct buffer *out)
{
	struct cbor_writer w;

	buffer_reset(out);
	cbor_writer_init(&w, out, HEAD_MIX_MAX);
	cbor_writer_array(&w, 3);
	cbor_writer_uint(&w, LAYOUT);
	cbor_writer_bytes(&w, target->mix);
	cbor_writer_bytes(&w, (struct span){target->digest, sizeof(target->digest)});
	return !w.failed;
}

bool migration_slot_read(struct span slot_mix, struct span *mix, struct span *digest)
{
	struct cbor_reader r;
	uint64_t layout = 0;
	size_t count = 0;

	cbor_reader_init(&r, slot_mix);
	return cbor_reader_array(&r, 3, &count) && count == 3 && cbor_reader_uint(&r, LAYOUT, &layout) && layout == LAYOUT &&
	       cbor_reader_bytes(&r, PLATFORM_MIX_MAX, mix) && cbor_reader_bytes(&r, MIGRATION_DIGEST_SIZE, digest) &&
	       digest->size == MIGRATION_DIGEST_SIZE && cbor_reader_end(&r);
}

/* migration-info */
static bool write_info(const struct head *head, struct span digest, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, 5);
	cbor_writer_text(&w, LABEL);
	cbor_writer_bytes(&w, head->uuid);
	cbor_writer_text_span(&w, head->platform);
	cbor_writer_text_span(&w, head->protector);
	cbor_writer_bytes(&w, digest);
	return !w.failed;
}

CK_RV migration_wrap(const struct head *head, const struct migration_target *target, const uint8_t root[SLOT_ROOT_SIZE],
		     struct slot *slot)
{
	static const uint8_t layout[] = {LAYOUT};
	struct buffer info = {0}, aad = {0}, sealed = {0};
	struct head_slot borrowed;
	CK_RV rv = CKR_DEVICE_MEMORY;

	slot->kind = HEAD_SLOT_MIGRATION;
	if (!write_slot_mix(target, &slot->mix))
		return rv;
	borrowed = slot_borrow(slot);
	if (write_info(head, (struct span){target->digest, sizeof(target->digest)}, &info) &&
	    slot_context(head, &borrowed, &aad))
		rv = hpke_seal(HPKE_AES_256_GCM, target->public_key.data, buffer_span(&info), buffer_span(&aad),
			       (struct span){root, SLOT_ROOT_SIZE}, &sealed);
	if (rv == CKR_OK && (!buffer_set(&slot->wrapped, layout, sizeof(layout)) ||
			     !buffer_append(&slot->wrapped, sealed.data, sealed.size)))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&info);
	buffer_free(&aad);
	buffer_free(&sealed);
	return rv;
}

static CK_RV unwrap(const struct head *head, const struct head_slot *slot, struct span digest,
		    const uint8_t private_key[HPKE_KEY_SIZE], uint8_t root[SLOT_ROOT_SIZE])
{
	struct buffer info = {0}, aad = {0}, opened = {.secret = true};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (write_info(head, digest, &info) && slot_context(head, slot, &aad))
		rv = hpke_open(HPKE_AES_256_GCM, private_key, buffer_span(&info), buffer_span(&aad),
			       (struct span){slot->wrapped.data + 1, slot->wrapped.size - 1}, &opened);
	if (rv == CKR_OK && opened.size != SLOT_ROOT_SIZE)
		rv = CKR_DATA_INVALID;
	if (rv == CKR_OK)
		memcpy(root, opened.data, SLOT_ROOT_SIZE);
	buffer_free(&info);
	buffer_free(&aad);
	buffer_free(&opened);
	return rv;
}

CK_RV migration_open(struct platform *platform, const struct head *head, const struct head_slot *slot,
		     uint8_t root[SLOT_ROOT_SIZE])
{
	uint8_t *platform_bytes = NULL, *private_key = NULL;
	struct span mix = {0}, digest = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!migration_slot_read(slot->mix, &mix, &digest) || slot->wrapped.size != HEAD_WRAPPED_SIZE ||
	    slot->wrapped.data[0] != LAYOUT)
		return CKR_DATA_INVALID;
	platform_bytes = memory_secret_new(PLATFORM_KEY_SIZE);
	private_key = memory_secret_new(HPKE_KEY_SIZE);
	if (platform_bytes && private_key)
		rv = platform_key(platform, mix, platform_bytes);
	if (rv == CKR_OK)
		rv = private_half(platform, mix, platform_bytes, private_key);
	if (rv == CKR_OK)
		rv = unwrap(head, slot, digest, private_key, root);
	memory_secret_free(platform_bytes);
	memory_secret_free(private_key);
	return rv;
}
