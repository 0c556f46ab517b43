/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine of the blob store has to offer. Each engine's struct begins with struct blobstore;
 * arguments are checked in blobstore.c before an engine sees them. Private to blobstore/.
 */
#ifndef KEYCLAVE_BLOBSTORE_ENGINE_H
#define KEYCLAVE_BLOBSTORE_ENGINE_H

#include "blobstore/blobstore.h"

struct blobstore_ops {
	CK_RV (*get)
	(struct blobstore *store, struct blob_name name, struct buffer *blob, uint64_t *version);
	CK_RV (*is_empty)(struct blobstore *store, bool *empty);
	CK_RV (*write)(struct blobstore *store, const struct blob_write *writes, size_t count);
	CK_RV (*list)
	(struct blobstore *store, uint32_t kind, uint64_t token,
	 CK_RV (*each)(struct blob_name name, uint64_t version, struct span blob, void *arg),
	 void *arg);
	void (*free)(struct blobstore *store);
};

struct blobstore {
	const struct blobstore_ops *ops;
};

#endif
