/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile storage: versioned blobs by (kind, token, id), written in atomic batches with
 * compare-and-swap. Whoever reads must unseal. One engine per file behind struct blobstore_ops:
 * SQLite for use, memory for tests of the layers above.
 */
#ifndef KEYCLAVE_BLOBSTORE_BLOBSTORE_H
#define KEYCLAVE_BLOBSTORE_BLOBSTORE_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

struct blobstore; /* opaque; thread-safe */

/* The identity of a record; also the AAD of its seal. Numbers below 2^63. docs/store.md. */
struct blob_name {
	uint32_t kind;  /* enum record_kind of keys/seal.h; opaque here */
	uint64_t token; /* 0: the store itself */
	uint64_t id;
};

struct blob_write {
	struct blob_name name;
	uint64_t expected; /* version that must be there now; 0: none may be there */
	uint64_t version;  /* that it gets, > expected; 0: delete it */
	struct span blob;
};

/* PATH is a folder, made 0700 if CREATE. CKR_TOKEN_NOT_PRESENT (none there), CKR_DEVICE_ERROR. */
CK_RV blobstore_open_sqlite(const char *path, bool create, struct blobstore **store);
CK_RV blobstore_open_memory(struct blobstore **store);
void blobstore_free(struct blobstore **store);

/* CKR_OK and *VERSION 0 when there is none. */
CK_RV blobstore_get(struct blobstore *store, struct blob_name name, struct buffer *blob,
		    uint64_t *version);

/*
 * All or nothing, durable when it returns CKR_OK. CKR_KEYCLAVE_CONFLICT when a version is not the expected
 * one; CKR_DEVICE_MEMORY (disk or memory is full); CKR_DEVICE_ERROR. After any failure nothing of it is there.
 */
CK_RV blobstore_write(struct blobstore *store, const struct blob_write *writes, size_t count);

/* Calls EACH for every record of KIND and TOKEN in the order of ids until it returns other than CKR_OK. */
CK_RV blobstore_list(struct blobstore *store, uint32_t kind, uint64_t token,
		     CK_RV (*each)(struct blob_name name, uint64_t version, struct span blob, void *arg),
		     void *arg);

/* Internal status of compare-and-swap; never leaves token/. */
#define CKR_KEYCLAVE_CONFLICT (CKR_VENDOR_DEFINED | 0x4B430001UL)

#endif
