/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine-independent part of the blob store: checks what callers give, then asks the engine.
 * Inside the enclave, or on the host of an enclave that has no disk; called by keys/ and token/.
 */
#include "config.h"

#include "blobstore/blobstore.h"

#include <stddef.h>

#include "blobstore/engine.h"

/* SQLite's and PostgreSQL's integers are signed. */
#define NUMBER_MAX ((uint64_t)INT64_MAX)

static bool name_valid(struct blob_name name)
{
	return name.token <= NUMBER_MAX && name.id <= NUMBER_MAX;
}

void blobstore_free(struct blobstore **store)
{
	if (!store || !*store)
		return;
	(*store)->ops->free(*store);
	*store = NULL;
}

CK_RV blobstore_get(struct blobstore *store, struct blob_name name, struct buffer *blob,
		    uint64_t *version)
{
	*version = 0;
	buffer_reset(blob);
	if (!name_valid(name))
		return CKR_ARGUMENTS_BAD;
	return store->ops->get(store, name, blob, version);
}

CK_RV blobstore_is_empty(struct blobstore *store, bool *empty)
{
	*empty = false;
	return store->ops->is_empty(store, empty);
}

CK_RV blobstore_write(struct blobstore *store, const struct blob_write *writes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct blob_write *w = &writes[i];

		if (!name_valid(w->name) || w->version > NUMBER_MAX || w->expected > NUMBER_MAX)
			return CKR_ARGUMENTS_BAD;
		if (w->version == 0 ? w->expected == 0 : w->version <= w->expected)
			return CKR_ARGUMENTS_BAD;
		if (w->blob.size > BLOBSTORE_BLOB_MAX)
			return CKR_DATA_LEN_RANGE;
	}
	return count ? store->ops->write(store, writes, count) : CKR_OK;
}

CK_RV blobstore_list(struct blobstore *store, uint32_t kind, uint64_t token,
		     CK_RV (*each)(struct blob_name name, uint64_t version, struct span blob,
				   void *arg),
		     void *arg)
{
	if (token > NUMBER_MAX)
		return CKR_ARGUMENTS_BAD;
	return store->ops->list(store, kind, token, each, arg);
}
