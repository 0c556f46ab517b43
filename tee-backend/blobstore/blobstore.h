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

/* Bytes of one blob at most; a longer one is CKR_DATA_LEN_RANGE when written, refused when read. */
#define BLOBSTORE_BLOB_MAX (4U << 20)

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

/*
 * PATH is a folder, made 0700 if CREATE (its parent must be there). One process owns it until
 * blobstore_free. CKR_TOKEN_NOT_PRESENT: none there (nothing is logged), or in use by another process
 * (logged with its id). CKR_DEVICE_ERROR, CKR_TOKEN_WRITE_PROTECTED, CKR_DEVICE_MEMORY: a line is
 * logged that says what is wrong with it and what to do. docs/store.md, section 7.
 */
CK_RV blobstore_open_sqlite(const char *path, bool create, struct blobstore **store);
CK_RV blobstore_open_memory(struct blobstore **store);
void blobstore_free(struct blobstore **store);

/* CKR_OK and *VERSION 0 when there is none. */
CK_RV blobstore_get(struct blobstore *store, struct blob_name name, struct buffer *blob,
		    uint64_t *version);

/* True if there is no record at all: only then may a store's head be made. */
CK_RV blobstore_is_empty(struct blobstore *store, bool *empty);

/*
 * All or nothing, durable when it returns CKR_OK; applied in their order, so a batch may name a record
 * twice. CKR_KEYCLAVE_CONFLICT when a version is not the expected one; CKR_DEVICE_MEMORY (disk, quota or
 * memory is full); CKR_TOKEN_WRITE_PROTECTED; CKR_DATA_LEN_RANGE; CKR_ARGUMENTS_BAD (a number over
 * 2^63 - 1, VERSION not above EXPECTED, both 0); CKR_DEVICE_ERROR. After any failure nothing of it is
 * there; after a failed sync, when nobody can know, every later call is CKR_DEVICE_ERROR.
 */
CK_RV blobstore_write(struct blobstore *store, const struct blob_write *writes, size_t count);

/*
 * Calls EACH for every record of KIND and TOKEN in the order of ids until it returns other than CKR_OK,
 * which is then the result. EACH must not call this store. A damaged part of the file ends the list with
 * CKR_DEVICE_ERROR; blobstore_get still finds what lies elsewhere.
 */
CK_RV blobstore_list(struct blobstore *store, uint32_t kind, uint64_t token,
		     CK_RV (*each)(struct blob_name name, uint64_t version, struct span blob, void *arg),
		     void *arg);

/* Internal status of compare-and-swap; never leaves token/. */
#define CKR_KEYCLAVE_CONFLICT (CKR_VENDOR_DEFINED | 0x4B430001UL)

#endif
