/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the platform's key to every key of the store, and the store's head, which remembers for whom
 * it was made. A store is made only where there is nothing, and opened only by the platform that
 * made it (security rules 4 and 12). Labels: docs/store.md, section 3.
 */
#include "config.h"

#include "keys/hierarchy.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "common/cbor_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "keys/head.h"
#include "platform/hkdf.h"

#define ROOT_SIZE 32
#define ROOT_PURPOSE "keyclave-root"
#define PROOF_SIZE 32 /* SHA-256 of the head's clear part */
_Static_assert(ROOT_SIZE + SEAL_OVERHEAD == HEAD_WRAPPED_SIZE, "docs/store.md, section 4");

static const struct blob_name head_name = {.kind = RECORD_STORE};

/* Lies in secret memory as a whole. */
struct hierarchy {
	uint8_t root[ROOT_SIZE];
	uint8_t storage_key[SEAL_KEY_SIZE];
	uint8_t ticket_key[SEAL_KEY_SIZE];
	uint8_t uuid[HEAD_UUID_SIZE];
};

/* ---- derivations ---- */

/* KDF(ikm, salt, [ LABEL, items... ]): each item of ITEMS is text (TEXT_ITEMS first of them) or
 * bytes. */
static CK_RV derive(struct span ikm, struct span salt, const char *label, const struct span *items,
		    size_t text_items, size_t count, uint8_t key[SEAL_KEY_SIZE])
{
	struct buffer info = {0};
	struct cbor_writer w;
	CK_RV rv = CKR_DEVICE_MEMORY;

	cbor_writer_init(&w, &info, SIZE_MAX);
	cbor_writer_array(&w, 1 + count);
	cbor_writer_text(&w, label);
	for (size_t i = 0; i < count; i++) {
		if (i < text_items)
			cbor_writer_text_span(&w, items[i]);
		else
			cbor_writer_bytes(&w, items[i]);
	}
	if (!w.failed)
		rv = hkdf_derive(ikm, salt, buffer_span(&info), key, SEAL_KEY_SIZE);
	buffer_free(&info);
	return rv;
}

static struct span root_of(const struct hierarchy *h)
{
	return (struct span){h->root, sizeof(h->root)};
}

static struct span uuid_of(const struct hierarchy *h)
{
	return (struct span){h->uuid, sizeof(h->uuid)};
}

/* What every open store needs: called once root and uuid are known. */
static CK_RV derive_branches(struct hierarchy *h)
{
	CK_RV rv = derive(root_of(h), uuid_of(h), "keyclave/1/storage", NULL, 0, 0, h->storage_key);

	if (rv == CKR_OK)
		rv = derive(root_of(h), uuid_of(h), "keyclave/1/ticket", NULL, 0, 0, h->ticket_key);
	return rv;
}

/* The KEK of a platform's slot. KEY is secret memory. */
static CK_RV derive_kek(struct platform *platform, bool create, struct span uuid, struct span mix,
			uint8_t key[SEAL_KEY_SIZE])
{
	const struct platform_description *d = platform_describe(platform);
	const struct span items[] = {span_text(d->name), span_text(d->protector), mix};
	uint8_t *platform_bytes = memory_secret_new(PLATFORM_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!platform_bytes)
		return rv;
	rv = platform_key(platform, create, platform_bytes);
	if (rv == CKR_OK)
		rv = derive((struct span){platform_bytes, PLATFORM_KEY_SIZE}, uuid,
			    "keyclave/1/kek", items, 2, 3, key);
	memory_secret_free(platform_bytes);
	return rv;
}

/* slot-context: what a wrapped root is bound to beside its key. */
static bool slot_context(const struct head *head, const struct head_slot *slot, struct buffer *out)
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

/* ---- the proof ---- */

static CK_RV digest_clear(struct span clear, uint8_t digest[PROOF_SIZE])
{
	EVP_MD *md = hkdf_library() ? EVP_MD_fetch(hkdf_library(), "SHA256", NULL) : NULL;
	bool done = md && EVP_Digest(clear.data, clear.size, digest, NULL, md, NULL) > 0;

	EVP_MD_free(md);
	if (!done)
		log_error("libcrypto: cannot digest");
	return done ? CKR_OK : CKR_DEVICE_ERROR;
}

/* Nobody without the root can have written CLEAR in this version of the record. */
static CK_RV check_proof(const struct hierarchy *h, struct span clear, struct span proof,
			 uint64_t version)
{
	struct buffer opened = {0};
	uint8_t digest[PROOF_SIZE];
	CK_RV rv = digest_clear(clear, digest);

	if (rv == CKR_OK)
		rv = seal_open(h->storage_key, head_name, version, proof, &opened);
	if (rv == CKR_OK &&
	    (opened.size != PROOF_SIZE || !memory_equal(opened.data, digest, PROOF_SIZE)))
		rv = CKR_DATA_INVALID;
	if (rv == CKR_DATA_INVALID) {
		log_error("the store's head (record 1/0/0, version %llu) was changed by somebody "
			  "else: refused",
			  (unsigned long long)version);
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	}
	buffer_free(&opened);
	return rv;
}

/* ---- opening ---- */

/* Security rule 12: no store opens under another platform or protector. */
static CK_RV check_platform(const struct head *head, const struct platform_description *d)
{
	if (span_equal(head->platform, span_text(d->name)) &&
	    span_equal(head->protector, span_text(d->protector)))
		return CKR_OK;
	log_error("the store was made on platform %.*s (root protected by %.*s), but this is "
		  "platform %s (%s): "
		  "refused; set platform = %.*s, or use another state directory",
		  (int)head->platform.size, (const char *)head->platform.data,
		  (int)head->protector.size, (const char *)head->protector.data, d->name,
		  d->protector, (int)head->platform.size, (const char *)head->platform.data);
	return CKR_TOKEN_NOT_RECOGNIZED;
}

/* CKR_DATA_INVALID: not under this platform's key. */
static CK_RV unwrap_slot(struct hierarchy *h, struct platform *platform, const struct head *head,
			 const struct head_slot *slot)
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	struct buffer context = {0};
	struct buffer root = {.secret = true};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (kek && slot_context(head, slot, &context))
		rv = derive_kek(platform, false, head->uuid, slot->mix, kek);
	if (rv == CKR_OK)
		rv = seal_message_open(kek, ROOT_PURPOSE, buffer_span(&context), slot->wrapped,
				       &root);
	if (rv == CKR_OK)
		memcpy(h->root, root.data,
		       ROOT_SIZE); /* the codec fixes the sealed size, so this one too */
	memory_secret_free(kek);
	buffer_free(&context);
	buffer_free(&root);
	return rv;
}

static CK_RV unwrap_root(struct hierarchy *h, struct platform *platform, const struct head *head)
{
	CK_RV rv = CKR_DATA_INVALID;

	for (size_t i = 0; rv == CKR_DATA_INVALID && i < head->slot_count; i++) {
		if (head->slots[i].kind == HEAD_SLOT_PLATFORM)
			rv = unwrap_slot(h, platform, head, &head->slots[i]);
	}
	if (rv != CKR_DATA_INVALID)
		return rv;
	log_error("the store does not open under the key of platform %s (%s): another machine's or "
		  "another "
		  "store's key, or its head was damaged; put back the key, or a copy of both",
		  platform_describe(platform)->name, platform_describe(platform)->protector);
	return CKR_TOKEN_NOT_RECOGNIZED;
}

static CK_RV open_head(struct hierarchy *h, struct platform *platform, struct span record,
		       uint64_t version)
{
	struct span clear = {0};
	struct span proof = {0};
	struct head head;
	const char *why = NULL;
	CK_RV rv = CKR_OK;

	if (!head_record_decode(record, &clear, &proof, &why) || !head_decode(clear, &head, &why)) {
		log_error(
		    "the store's head (record 1/0/0) is damaged (%s): put back a copy of the store",
		    why);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (head.schema != HEAD_SCHEMA) {
		log_error("the store's head was made by another Keyclave (schema %llu; this one "
			  "knows %d): use "
			  "that one",
			  (unsigned long long)head.schema, HEAD_SCHEMA);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	rv = check_platform(&head, platform_describe(platform));
	if (rv == CKR_OK)
		rv = unwrap_root(h, platform, &head);
	if (rv != CKR_OK)
		return rv;
	memcpy(h->uuid, head.uuid.data, HEAD_UUID_SIZE);
	rv = derive_branches(h);
	return rv == CKR_OK ? check_proof(h, clear, proof, version) : rv;
}

/* ---- making ---- */

/* The one slot of a new store. WRAPPED keeps the bytes that SLOT borrows. */
static CK_RV wrap_slot(const struct hierarchy *h, struct platform *platform,
		       const struct head *head, struct head_slot *slot, struct buffer *wrapped)
{
	uint8_t *kek = memory_secret_new(SEAL_KEY_SIZE);
	struct buffer context = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	slot->kind = HEAD_SLOT_PLATFORM;
	if (kek && slot_context(head, slot, &context))
		rv = derive_kek(platform, true, head->uuid, slot->mix, kek);
	if (rv == CKR_OK)
		rv = seal_message_close(kek, ROOT_PURPOSE, buffer_span(&context), root_of(h),
					wrapped);
	slot->wrapped = buffer_span(wrapped);
	memory_secret_free(kek);
	buffer_free(&context);
	return rv;
}

/* The record of a new head, version 1. */
static CK_RV make_record(struct hierarchy *h, struct platform *platform, struct buffer *record)
{
	const struct platform_description *d = platform_describe(platform);
	struct head head = {.schema = HEAD_SCHEMA,
			    .uuid = uuid_of(h),
			    .platform = span_text(d->name),
			    .protector = span_text(d->protector),
			    .slot_count = 1};
	struct buffer wrapped = {0};
	struct buffer clear = {0};
	struct buffer proof = {0};
	uint8_t digest[PROOF_SIZE];
	CK_RV rv = wrap_slot(h, platform, &head, &head.slots[0], &wrapped);

	if (rv == CKR_OK && !head_encode(&head, &clear))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = digest_clear(buffer_span(&clear), digest);
	if (rv == CKR_OK)
		rv = seal_close(h->storage_key, head_name, 1, (struct span){digest, sizeof(digest)},
				&proof);
	if (rv == CKR_OK && !head_record_encode(buffer_span(&clear), buffer_span(&proof), record))
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&wrapped);
	buffer_free(&clear);
	buffer_free(&proof);
	return rv;
}

/* A store that has lost its head must not be taken for a new one. */
static CK_RV check_empty(struct blobstore *store)
{
	bool empty = false;
	CK_RV rv = blobstore_is_empty(store, &empty);

	if (rv == CKR_OK && !empty) {
		log_error("the store's head (record 1/0/0) was removed, but other records are "
			  "there: put back a "
			  "copy of the store, or move it away to begin anew");
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	}
	return rv;
}

static CK_RV make_head(struct hierarchy *h, struct platform *platform, struct blobstore *store)
{
	struct buffer record = {0};
	struct blob_write write = {.name = head_name, .expected = 0, .version = 1};
	CK_RV rv = CKR_OK;

	if (!hkdf_library() || RAND_priv_bytes_ex(hkdf_library(), h->root, ROOT_SIZE, 0) <= 0 ||
	    RAND_bytes_ex(hkdf_library(), h->uuid, HEAD_UUID_SIZE, 0) <= 0) {
		log_error("libcrypto: no random bytes");
		return CKR_DEVICE_ERROR;
	}
	rv = derive_branches(h);
	if (rv == CKR_OK)
		rv = make_record(h, platform, &record);
	write.blob = buffer_span(&record);
	if (rv == CKR_OK)
		rv = blobstore_write(store, &write, 1);
	if (rv == CKR_OK)
		log_notice("a store was made, on platform %s, its root protected by %s",
			   platform_describe(platform)->name,
			   platform_describe(platform)->protector);
	buffer_free(&record);
	return rv;
}

/* One try. CKR_KEYCLAVE_CONFLICT: another node of a shared store has just made the head. */
static CK_RV open_or_make(struct hierarchy *h, struct platform *platform, struct blobstore *store,
			  bool create)
{
	struct buffer record = {0};
	uint64_t version = 0;
	CK_RV rv = blobstore_get(store, head_name, &record, &version);

	if (rv == CKR_OK && version) {
		rv = open_head(h, platform, buffer_span(&record), version);
	} else if (rv == CKR_OK) {
		rv = check_empty(store);
		if (rv == CKR_OK)
			rv = create ? make_head(h, platform, store) : CKR_TOKEN_NOT_PRESENT;
	}
	buffer_free(&record);
	return rv;
}

CK_RV hierarchy_open(struct platform *platform, struct blobstore *store, bool create,
		     struct hierarchy **hierarchy)
{
	struct hierarchy *h = memory_secret_new(sizeof(*h));
	CK_RV rv = CKR_DEVICE_MEMORY;

	*hierarchy = NULL;
	if (!h)
		return rv;
	rv = open_or_make(h, platform, store, create);
	if (rv == CKR_KEYCLAVE_CONFLICT)
		rv = open_or_make(h, platform, store, create);
	if (rv == CKR_OK)
		*hierarchy = h;
	else
		memory_secret_free(h);
	return rv;
}

void hierarchy_free(struct hierarchy **hierarchy)
{
	if (!hierarchy)
		return;
	memory_secret_free(*hierarchy);
	*hierarchy = NULL;
}

const uint8_t *hierarchy_store_uuid(const struct hierarchy *hierarchy)
{
	return hierarchy->uuid;
}

const uint8_t *hierarchy_storage_key(const struct hierarchy *hierarchy)
{
	return hierarchy->storage_key;
}

CK_RV hierarchy_token_key(const struct hierarchy *hierarchy, const uint8_t serial[16],
			  const uint8_t salt[32], uint8_t key[SEAL_KEY_SIZE])
{
	const struct span item = {serial, 16};

	return derive((struct span){hierarchy->storage_key, SEAL_KEY_SIZE}, (struct span){salt, 32},
		      "keyclave/1/token", &item, 0, 1, key);
}

CK_RV hierarchy_ticket_key(const struct hierarchy *hierarchy, uint8_t key[SEAL_KEY_SIZE])
{
	memcpy(key, hierarchy->ticket_key, SEAL_KEY_SIZE);
	return CKR_OK;
}

CK_RV hierarchy_identity_seed(const struct hierarchy *hierarchy, const uint8_t serial[16],
			      const uint8_t salt[32], uint8_t seed[32])
{
	const struct span item = {serial, 16};

	return derive(root_of(hierarchy), (struct span){salt, 32}, "keyclave/1/identity", &item, 0,
		      1, seed);
}
