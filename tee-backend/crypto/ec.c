/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of Weierstrass curves: ECDSA (FIPS 186-5, r and s one after the other as in PKCS#11) and
 * ECDH, in the enclave.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/der.h"
#include "crypto/ec_key.h"
#include "crypto/ecdh.h"
#include "crypto/key_format.h"
#include "crypto/library.h"
#include "crypto/pkey.h"

static EVP_KEYMGMT *keymgmt;
static EVP_SIGNATURE *signature_algorithm;
static EVP_KEYEXCH *exchange_algorithm;

static bool ec_start(void)
{
	if (!keymgmt)
		keymgmt = EVP_KEYMGMT_fetch(library_context(), "EC", LIBRARY_PROPERTIES);
	if (!signature_algorithm)
		signature_algorithm =
			EVP_SIGNATURE_fetch(library_context(), "ECDSA", LIBRARY_PROPERTIES);
	if (!exchange_algorithm)
		exchange_algorithm =
			EVP_KEYEXCH_fetch(library_context(), "ECDH", LIBRARY_PROPERTIES);
	return keymgmt && signature_algorithm && exchange_algorithm;
}

/* No digest is set in the context: libcrypto cuts INPUT to the order's bits, FIPS 186-5 section 6.4. */
static CK_RV ec_sign(const struct key *key, const struct mechanism *m, struct span input,
		     struct buffer *out)
{
	const struct context_class class = {.use = CONTEXT_SIGN, .scheme = m->row->scheme};
	const size_t size = key->curve->order_size;
	uint8_t der[DER_SIGNATURE_MAX];
	size_t der_size = sizeof(der);
	struct context *context = NULL;
	CK_RV rv = CKR_OK;

	if (!buffer_resize(out, 2 * size))
		return CKR_DEVICE_MEMORY;
	rv = pkey_context(key->pkey, key->pool, &class, NULL, &context);
	if (rv == CKR_OK)
		rv = pkey_run(key->pool, &context, input, der, &der_size, CKR_DEVICE_ERROR);
	if (rv == CKR_OK && !der_to_signature((struct span){der, der_size}, out->data, size))
		rv = CKR_DEVICE_ERROR;
	return rv;
}

static CK_RV ec_verify(const struct key *key, const struct mechanism *m, struct span input,
		       struct span signature)
{
	const struct context_class class = {.use = CONTEXT_VERIFY, .scheme = m->row->scheme};
	const size_t size = key->curve->order_size;
	uint8_t der[DER_SIGNATURE_MAX];
	struct context *context = NULL;
	struct span encoded = {der, 0};
	CK_RV rv = CKR_OK;

	if (signature.size != 2 * size)
		return CKR_SIGNATURE_LEN_RANGE;
	rv = pkey_context(key->pkey, key->pool, &class, NULL, &context);
	if (rv != CKR_OK)
		return rv;
	encoded.size = der_from_signature(signature.data, size, der);
	return pkey_verify(key->pool, &context, input, encoded);
}

/*
 * CK_ECDH1_DERIVE_PARAMS: the point as it is or within an OCTET STRING, compressed or not. What is no point
 * has a code of its own, to be preferred to CKR_MECHANISM_PARAM_INVALID (PKCS#11 v3.0 section 5.1.6).
 */
static CK_RV ec_derive(const struct key *key, const struct mechanism *m, size_t size,
		       struct buffer *out)
{
	const size_t field = key->curve->field_size;
	struct span point = {0};
	EVP_PKEY *peer = NULL;
	CK_RV rv = CKR_OK;

	if (!key_format_open_point(m->peer, 1 + 2 * field, &point) &&
	    !key_format_open_point(m->peer, 1 + field, &point))
		return CKR_PUBLIC_KEY_INVALID;
	rv = ec_key_peer(key->curve, point, CKR_PUBLIC_KEY_INVALID, &peer);
	if (rv == CKR_OK)
		rv = ecdh_derive(key, m, peer, size, out);
	EVP_PKEY_free(peer);
	return rv;
}

const struct family_ops ec_family = {
	.family = FAMILY_EC,
	.key_type = CKK_EC,
	.takes_digest = true,
	.start = ec_start,
	.load = ec_key_load,
	.complete = ec_key_complete,
	.generate_pair = ec_key_generate_pair,
	.encode = ec_key_encode,
	.decode = ec_key_decode,
	.sign = ec_sign,
	.verify = ec_verify,
	.derive = ec_derive,
};
