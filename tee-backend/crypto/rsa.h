/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of the RSA family that no mechanism names. Called by operate.c in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_RSA_H
#define KEYCLAVE_CRYPTO_RSA_H

#include "crypto/key.h"

/* operate_decrypt_tls, for an RSA private KEY. */
CK_RV rsa_decrypt_premaster(const struct key *key, struct span data, unsigned client_version,
			    unsigned negotiated_version, struct buffer *out);

/* operate_decrypt_implicit, for an RSA private KEY. */
CK_RV rsa_decrypt_implicit(const struct key *key, struct span data, struct buffer *out);

#endif
