/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of Edwards curves: Ed25519 signatures (RFC 8032 section 5.1, pure), in the enclave.
 */
#include "config.h"

#include <openssl/evp.h>

#include "crypto/curve25519.h"
#include "crypto/library.h"

#define SIGNATURE_SIZE 64

static EVP_KEYMGMT *keymgmt;
static EVP_SIGNATURE *signature_algorithm;

static bool eddsa_start(void)
{
	if (!keymgmt)
		keymgmt = EVP_KEYMGMT_fetch(library_context(), "ED25519", LIBRARY_PROPERTIES);
	if (!signature_algorithm)
		signature_algorithm =
			EVP_SIGNATURE_fetch(library_context(), "ED25519", LIBRARY_PROPERTIES);
	return keymgmt && signature_algorithm;
}

/*
 * A context is initialised before each message, as EVP_DigestSign ends its life from OpenSSL 3.2 on.
 * What the pool saves is its memory and the look-up of the algorithm.
 */
static CK_RV context_for(const struct key *key, enum context_use use, struct context **context)
{
	const struct context_class class = {.use = use, .scheme = SCHEME_EDDSA};
	int ok = 0;

	*context = context_take(key->pool, &class);
	if (!*context)
		*context = context_new(&class);
	if (!*context)
		return CKR_DEVICE_MEMORY;
	if (!(*context)->digest)
		(*context)->digest = EVP_MD_CTX_new();
	if (!(*context)->digest) {
		context_free(context);
		return CKR_DEVICE_MEMORY;
	}
	ok = use == CONTEXT_SIGN
		     ? EVP_DigestSignInit_ex((*context)->digest, NULL, NULL, library_context(),
					     LIBRARY_PROPERTIES, key->pkey, NULL)
		     : EVP_DigestVerifyInit_ex((*context)->digest, NULL, NULL, library_context(),
					       LIBRARY_PROPERTIES, key->pkey, NULL);
	if (ok == 1)
		return CKR_OK;
	context_free(context);
	return library_failure(CKR_DEVICE_ERROR);
}

static CK_RV eddsa_sign(const struct key *key, const struct mechanism *m, struct span input,
			struct buffer *out)
{
	struct context *context = NULL;
	size_t size = SIGNATURE_SIZE;
	CK_RV rv = CKR_OK;

	(void)m;
	if (!buffer_resize(out, size))
		return CKR_DEVICE_MEMORY;
	rv = context_for(key, CONTEXT_SIGN, &context);
	if (rv != CKR_OK)
		return rv;
	if (EVP_DigestSign(context->digest, out->data, &size, input.data, input.size) != 1 ||
	    size != SIGNATURE_SIZE) {
		context_free(&context);
		return library_failure(CKR_DEVICE_ERROR);
	}
	context_give(key->pool, &context);
	return CKR_OK;
}

static CK_RV eddsa_verify(const struct key *key, const struct mechanism *m, struct span input,
			  struct span signature)
{
	struct context *context = NULL;
	CK_RV rv = CKR_OK;

	(void)m;
	if (signature.size != SIGNATURE_SIZE)
		return CKR_SIGNATURE_LEN_RANGE;
	rv = context_for(key, CONTEXT_VERIFY, &context);
	if (rv != CKR_OK)
		return rv;
	if (EVP_DigestVerify(context->digest, signature.data, signature.size, input.data,
			     input.size) != 1) {
		context_free(&context);
		return library_failure(CKR_SIGNATURE_INVALID);
	}
	context_give(key->pool, &context);
	return CKR_OK;
}

const struct family_ops eddsa_family = {
	.family = FAMILY_EDDSA,
	.key_type = CKK_EC_EDWARDS,
	.start = eddsa_start,
	.load = curve25519_load,
	.complete = curve25519_complete,
	.generate_pair = curve25519_generate_pair,
	.encode = curve25519_encode,
	.decode = curve25519_decode,
	.sign = eddsa_sign,
	.verify = eddsa_verify,
};
