/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of Montgomery curves: X25519 (RFC 7748), in the enclave.
 */
#include "config.h"

#include <openssl/evp.h>

#include "crypto/curve25519.h"
#include "crypto/ecdh.h"
#include "crypto/key_format.h"
#include "crypto/library.h"

static EVP_KEYMGMT *keymgmt;
static EVP_KEYEXCH *exchange_algorithm;

static bool xdh_start(void)
{
	if (!keymgmt)
		keymgmt = EVP_KEYMGMT_fetch(library_context(), "X25519", LIBRARY_PROPERTIES);
	if (!exchange_algorithm)
		exchange_algorithm =
			EVP_KEYEXCH_fetch(library_context(), "X25519", LIBRARY_PROPERTIES);
	return keymgmt && exchange_algorithm;
}

static CK_RV xdh_derive(const struct key *key, const struct mechanism *m, size_t size,
			struct buffer *out)
{
	struct span point = {0};
	EVP_PKEY *peer = NULL;
	CK_RV rv = CKR_OK;

	if (!key_format_open_point(m->peer, CURVE25519_SIZE, &point))
		return CKR_PUBLIC_KEY_INVALID;
	peer = EVP_PKEY_new_raw_public_key_ex(library_context(), key->curve->name,
					      LIBRARY_PROPERTIES, point.data, point.size);
	if (!peer)
		return library_failure(CKR_DEVICE_ERROR);
	rv = ecdh_derive(key, m, peer, size, out);
	EVP_PKEY_free(peer);
	return rv;
}

const struct family_ops xdh_family = {
	.family = FAMILY_XDH,
	.key_type = CKK_EC_MONTGOMERY,
	.start = xdh_start,
	.load = curve25519_load,
	.complete = curve25519_complete,
	.generate_pair = curve25519_generate_pair,
	.encode = curve25519_encode,
	.decode = curve25519_decode,
	.derive = xdh_derive,
};
