/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects sealed records and writes them at once. Called by commit.c and once.c. Inside the
 * enclave.
 */
#include "config.h"

#include "token/batch.h"

#include <stdlib.h>

#include "common/log.h"

void batch_free(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		buffer_free(&batch->blob[i]);
	free(batch->write);
	free(batch->blob);
	*batch = (struct batch){NULL, NULL, 0, 0};
}

static bool grow(struct batch *batch)
{
	size_t capacity = batch->capacity ? 2 * batch->capacity : 16;
	struct blob_write *write = NULL;
	struct buffer *blob = NULL;

	if (batch->count < batch->capacity)
		return true;
	write = reallocarray(batch->write, capacity, sizeof(*write));
	if (!write)
		return false;
	batch->write = write;
	blob = reallocarray(batch->blob, capacity, sizeof(*blob));
	if (!blob)
		return false;
	batch->blob = blob;
	batch->capacity = capacity;
	return true;
}

CK_RV batch_put(struct batch *batch, const uint8_t key[SEAL_KEY_SIZE], struct blob_name name,
		uint64_t expected, uint64_t version, struct span body, struct record_link *link)
{
	struct buffer sealed = {0};
	CK_RV rv = grow(batch) ? CKR_OK : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK)
		rv = seal_close(key, name, version, body, &sealed);
	if (rv != CKR_OK) {
		buffer_free(&sealed);
		return rv;
	}
	if (link) {
		link->version = version;
		record_tag(buffer_span(&sealed), link->tag);
	}
	batch->blob[batch->count] = sealed;
	batch->write[batch->count++] =
	    (struct blob_write){name, expected, version, {sealed.data, sealed.size}};
	return CKR_OK;
}

CK_RV batch_delete(struct batch *batch, struct blob_name name, uint64_t expected)
{
	if (!grow(batch))
		return CKR_DEVICE_MEMORY;
	batch->blob[batch->count] = (struct buffer){0};
	batch->write[batch->count++] = (struct blob_write){name, expected, 0, {NULL, 0}};
	return CKR_OK;
}

bool batch_names(const struct batch *batch, struct blob_name name)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct blob_name n = batch->write[i].name;

		if (n.kind == name.kind && n.token == name.token && n.id == name.id)
			return true;
	}
	return false;
}

CK_RV batch_write(struct batch *batch, struct blobstore *blobs)
{
	CK_RV rv = blobstore_write(blobs, batch->write, batch->count);

	if (rv != CKR_KEYCLAVE_CONFLICT)
		return rv;
	log_error("store: a record was changed by somebody else; nothing was written");
	return CKR_DEVICE_ERROR;
}
