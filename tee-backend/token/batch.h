/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of sealed records on their way into the store in one piece. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_BATCH_H
#define KEYCLAVE_TOKEN_BATCH_H

#include "token/record.h"

struct batch {
	struct blob_write *write;
	struct buffer *blob; /* the bytes of each */
	size_t count, capacity;
};

void batch_free(struct batch *batch);

/* Seals BODY as NAME; LINK (may be NULL) gets what the record above keeps of it. */
CK_RV batch_put(struct batch *batch, const uint8_t key[SEAL_KEY_SIZE], struct blob_name name,
		uint64_t expected, uint64_t version, struct span body, struct record_link *link);

CK_RV batch_delete(struct batch *batch, struct blob_name name, uint64_t expected);

/* True if a write of NAME is in it. */
bool batch_names(const struct batch *batch, struct blob_name name);

/* CKR_KEYCLAVE_CONFLICT is logged and CKR_DEVICE_ERROR: nobody else may write to our store. */
CK_RV batch_write(struct batch *batch, struct blobstore *blobs);

#endif
