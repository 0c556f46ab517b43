/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of Ed25519 and X25519: attributes, libcrypto's key and PKCS#8 (RFC 8410). Both are 32 bytes in
 * little-endian order and differ in name only. The key side of eddsa.c and xdh.c; enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_CURVE25519_H
#define KEYCLAVE_CRYPTO_CURVE25519_H

#include "crypto/family.h"

#define CURVE25519_SIZE 32 /* of a private and of a public key */

/* The members of struct family_ops of the same names. */
CK_RV curve25519_load(const struct attribute_set *object, struct key *key);
CK_RV curve25519_complete(struct attribute_set *object);
CK_RV curve25519_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			       struct attribute_set *private_object);
CK_RV curve25519_encode(const struct key *key, struct buffer *out);
CK_RV curve25519_decode(struct span encoded, struct attribute_set *object);

#endif
