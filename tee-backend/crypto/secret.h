/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret keys as runs of bytes. aes.c builds on it; enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_SECRET_H
#define KEYCLAVE_CRYPTO_SECRET_H

#include "crypto/family.h"

#define SECRET_CHECK_SIZE 3 /* PKCS#11 v3.1 section 4.10.2 */

/* The members of struct family_ops of the same names. */
CK_RV secret_load(const struct attribute_set *object, struct key *key);
CK_RV secret_encode(const struct key *key, struct buffer *out);

/* Puts CKA_VALUE: SIZE random bytes of the private DRBG. */
CK_RV secret_put_random(struct attribute_set *object, size_t size);

/*
 * Puts CKA_VALUE from unwrapped bytes. Where OBJECT has a shorter CKA_VALUE_LEN, the rest must be the
 * zeros that wrapping by a block cipher adds, less than a block. CKR_WRAPPED_KEY_INVALID.
 */
CK_RV secret_put_unwrapped(struct attribute_set *object, struct span value);

/*
 * Puts CKA_VALUE_LEN, and CKA_CHECK_VALUE from the first bytes of CHECK. An empty check value in OBJECT
 * stays; another one must be equal, else CKR_ATTRIBUTE_VALUE_INVALID.
 */
CK_RV secret_put_computed(struct attribute_set *object, const uint8_t check[SECRET_CHECK_SIZE]);

#endif
