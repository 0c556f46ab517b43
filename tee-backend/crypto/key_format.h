/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outer forms of keys: SubjectPublicKeyInfo (RFC 5280 section 4.1) and PrivateKeyInfo (PKCS#8, RFC
 * 5208 section 5 and RFC 5958 section 2). What is inside belongs to the families. Enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_KEY_FORMAT_H
#define KEYCLAVE_CRYPTO_KEY_FORMAT_H

#include "mechanism/attribute_set.h"

/* ALGORITHM is the content of the AlgorithmIdentifier: an OID and its parameters, in DER. */
bool key_format_private(struct buffer *out, struct span algorithm, struct span key);

/*
 * The reverse: ALGORITHM and KEY are borrowed from ENCODED. False: not a PrivateKeyInfo, or bytes after
 * it (a semiblock's filling of zeros excepted). Attributes and the public key of version 2 are skipped: the private key has the last word.
 */
bool key_format_open_private(struct span encoded, struct span *algorithm, struct span *key);

/*
 * Puts CKA_PUBLIC_KEY_INFO, made of ALGORITHM and the public key's bits. CKR_ATTRIBUTE_VALUE_INVALID
 * when OBJECT came with a different one.
 */
CK_RV key_format_put_public(struct attribute_set *object, struct span algorithm, struct span bits);

/*
 * The public point of a key on a curve: within a DER OCTET STRING, or as it is. Plain points of SIZE
 * bytes are told from wrapped ones by their size alone. False: neither.
 */
bool key_format_open_point(struct span point, size_t size, struct span *plain);

/* Puts CKA_EC_POINT as a DER OCTET STRING. */
CK_RV key_format_put_point(struct attribute_set *object, struct span plain);

#endif
