/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key made ready for libcrypto: parsed once from an object's attributes, then shared by every
 * operation on it, from any thread. Only inside the enclave. Called by token/ and by crypto/ itself.
 */
#ifndef KEYCLAVE_CRYPTO_KEY_H
#define KEYCLAVE_CRYPTO_KEY_H

#include "mechanism/attribute_set.h"
#include "mechanism/mechanism.h"

struct key; /* opaque; counted references; never changes after key_new */

/*
 * Parses the key that OBJECT is (CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY of a type that the
 * mechanism table names). CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCOMPLETE, CKR_CURVE_NOT_SUPPORTED,
 * CKR_KEY_SIZE_RANGE, CKR_DEVICE_MEMORY. The caller owns one reference in *KEY.
 */
CK_RV key_new(const struct attribute_set *object, struct key **key);
struct key *key_retain(struct key *key);
void key_free(struct key **key); /* drops one reference; the last one wipes */

CK_OBJECT_CLASS key_class(const struct key *key);
CK_KEY_TYPE key_type(const struct key *key);

/* Modulus bits, curve order bits, or the bits of a secret's value. */
CK_ULONG key_bits(const struct key *key);

/* About how many bytes of secret memory it holds, for the token's bounded cache. */
size_t key_memory(const struct key *key);

/*
 * Completes what a template gave, at C_CreateObject and C_UnwrapKey: checks that the components make a
 * valid key (RSA: two primes and exponents consistent, CRT parts computed when absent; EC: the scalar in
 * range, the point on the curve; a public part that is given belongs to the private one), normalises
 * (EC_POINT as DER OCTET STRING) and adds what is computed: CKA_PUBLIC_KEY_INFO, CKA_MODULUS_BITS,
 * CKA_VALUE_LEN, CKA_CHECK_VALUE (secret keys: first three bytes of the encryption of a zero block for AES,
 * of SHA-1 of the value else), and CKA_EC_POINT and CKA_PUBLIC_EXPONENT on private keys.
 */
CK_RV key_complete(struct attribute_set *object);

/*
 * Generates by M (CKM_*_KEY_GEN): OBJECT (a secret key) has CKA_VALUE_LEN or not as the type wants.
 * Adds the components and everything key_complete computes.
 */
CK_RV key_generate(const struct mechanism *m, struct attribute_set *object);

/*
 * Generates a pair by M: PUBLIC has CKA_MODULUS_BITS and CKA_PUBLIC_EXPONENT (default 65537), or CKA_EC_PARAMS.
 * Adds the components to both, and everything key_complete computes.
 * CKR_CURVE_NOT_SUPPORTED, CKR_ATTRIBUTE_VALUE_INVALID (a size that the token does not have; an exponent
 * even, < 65537 or over 2^256).
 */
CK_RV key_generate_pair(const struct mechanism *m, struct attribute_set *public_object,
			struct attribute_set *private_object);

/* PKCS#8 PrivateKeyInfo (private) or the raw value (secret), for wrapping. OUT must be .secret. */
CK_RV key_encode(const struct key *key, struct buffer *out);

/*
 * The reverse, at unwrapping: adds the components of the PKCS#8 or raw value to OBJECT, which has
 * CKA_CLASS and CKA_KEY_TYPE, as key_complete does. CKR_WRAPPED_KEY_INVALID.
 */
CK_RV key_decode(struct span encoded, struct attribute_set *object);

#endif
