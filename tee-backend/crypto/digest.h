/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message digests by the row that names them. Used by the other families and by stream.c, in the
 * enclave.
 */
#ifndef KEYCLAVE_CRYPTO_DIGEST_H
#define KEYCLAVE_CRYPTO_DIGEST_H

#include <openssl/types.h>

#include "mechanism/mechanism.h"

#define DIGEST_MAX 64 /* bytes, SHA-512 */

/* The DIGEST row of TYPE (CKM_SHA256 ...), or NULL when that is not a digest. */
const struct mechanism_row *digest_row(CK_MECHANISM_TYPE type);

/* libcrypto's, fetched once; NULL: not a DIGEST row. */
const EVP_MD *digest_algorithm(const struct mechanism_row *row);

/* The digest of COUNT parts, one after the other, row->output bytes. */
CK_RV digest_compute(const struct mechanism_row *row, const struct span *parts, size_t count,
		     uint8_t out[DIGEST_MAX]);

/* In parts: open, feed, close; EVP_MD_CTX_free after success and failure alike. */
CK_RV digest_open(const struct mechanism_row *row, EVP_MD_CTX **ctx);
CK_RV digest_feed(EVP_MD_CTX *ctx, struct span data);
CK_RV digest_close(EVP_MD_CTX *ctx, uint8_t out[DIGEST_MAX]);

#endif
