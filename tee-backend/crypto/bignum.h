/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Big numbers between attributes (big-endian bytes) and libcrypto (BIGNUM, and OSSL_PARAM's numbers in
 * the machine's order). Secret ones stay in wiped memory on the way. Enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_BIGNUM_H
#define KEYCLAVE_CRYPTO_BIGNUM_H

#include <openssl/types.h>

#include "common/buffer.h"

/* VALUE into SIZE bytes at OUT in the machine's order. False: it has no room there. */
bool bignum_native(struct span value, uint8_t *out, size_t size);

/* A new BIGNUM that takes the constant-time paths; NULL: no memory. Free with BN_clear_free. */
BIGNUM *bignum_from(struct span value);

/*
 * OUT becomes N, big-endian, in SIZE bytes (0: as many as it needs, 1 for zero). False: no memory, or N
 * does not fit.
 */
bool bignum_bytes(const BIGNUM *n, size_t size, struct buffer *out);

/* The same with the number NAME of PKEY. */
bool bignum_of_key(const EVP_PKEY *pkey, const char *name, size_t size, struct buffer *out);

#endif
