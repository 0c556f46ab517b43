/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys on Weierstrass curves: attributes, libcrypto's key and PKCS#8. The key side of ec.c's family;
 * enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_EC_KEY_H
#define KEYCLAVE_CRYPTO_EC_KEY_H

#include "crypto/family.h"

#define EC_KEY_FIELD_MAX 66 /* bytes of a coordinate or a scalar, P-521 */
#define EC_KEY_POINT_MAX (1 + 2 * EC_KEY_FIELD_MAX)

/* The members of struct family_ops of the same names. */
CK_RV ec_key_load(const struct attribute_set *object, struct key *key);
CK_RV ec_key_complete(struct attribute_set *object);
CK_RV ec_key_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			   struct attribute_set *private_object);
CK_RV ec_key_encode(const struct key *key, struct buffer *out);
CK_RV ec_key_decode(struct span encoded, struct attribute_set *object);

/*
 * The public key at POINT (uncompressed or compressed, plain) on CURVE. OTHERWISE: not a point of the
 * curve.
 */
CK_RV ec_key_peer(const struct mechanism_curve *curve, struct span point, CK_RV otherwise,
		  EVP_PKEY **pkey);

#endif
