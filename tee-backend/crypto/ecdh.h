/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CKM_ECDH1_DERIVE after the curve has done its part: key derivation function, length, truncation. The
 * same for Weierstrass and Montgomery curves. Used by ec.c and xdh.c in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_ECDH_H
#define KEYCLAVE_CRYPTO_ECDH_H

#include "crypto/family.h"

/*
 * The result of SIZE bytes (0: as many as the shared secret has) from KEY and PEER's public key, into
 * OUT (.secret). CKR_MECHANISM_PARAM_INVALID: the peer's point gives no secret, or an unknown KDF.
 * CKR_KEY_SIZE_RANGE: more bytes than there are.
 */
CK_RV ecdh_derive(const struct key *key, const struct mechanism *m, EVP_PKEY *peer, size_t size,
		  struct buffer *out);

#endif
