/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA keys: attributes, libcrypto's key and PKCS#8. The key side of rsa.c's family; enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_RSA_KEY_H
#define KEYCLAVE_CRYPTO_RSA_KEY_H

#include "crypto/family.h"

/* The members of struct family_ops of the same names. */
CK_RV rsa_key_load(const struct attribute_set *object, struct key *key);
CK_RV rsa_key_complete(struct attribute_set *object);
CK_RV rsa_key_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			    struct attribute_set *private_object);
CK_RV rsa_key_encode(const struct key *key, struct buffer *out);
CK_RV rsa_key_decode(struct span encoded, struct attribute_set *object);

#endif
