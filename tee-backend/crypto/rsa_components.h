/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The eight numbers of an RSA private key: those that an import left out are computed, those that it
 * gave are checked (RFC 8017 section 3.2; the factors from d as in NIST SP 800-56B rev. 2 appendix C).
 * Used by rsa_key.c in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_RSA_COMPONENTS_H
#define KEYCLAVE_CRYPTO_RSA_COMPONENTS_H

#include <openssl/types.h>

#include "mechanism/attribute_set.h"

enum rsa_component { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI, RSA_COMPONENTS };

struct rsa_part {
	CK_ATTRIBUTE_TYPE type;
	const char *param; /* OSSL_PKEY_PARAM_RSA_* */
};

/* By enum rsa_component: the order of RSAPrivateKey, too. The first two are the public key. */
extern const struct rsa_part rsa_parts[RSA_COMPONENTS];

/* Bits of a big-endian number, leading zeros not counted. */
CK_ULONG rsa_components_bits(struct span n);

/* Limits that libcrypto and the mechanism table set. CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV rsa_components_check_public(struct span n, struct span e);

/*
 * Completes the components of a private key in OBJECT. CKR_TEMPLATE_INCOMPLETE: no modulus or private
 * exponent, or too little to find the factors; CKR_ATTRIBUTE_VALUE_INVALID: they contradict each other.
 */
CK_RV rsa_components_complete(struct attribute_set *object);

#endif
