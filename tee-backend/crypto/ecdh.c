/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key agreement: the shared secret and the ANSI X9.63 derivation from it. Enclave only.
 */
#include "config.h"

#include "crypto/ecdh.h"

#include <string.h>

#include <openssl/evp.h>

#include "common/memory.h"
#include "crypto/digest.h"
#include "crypto/library.h"
#include "crypto/pkey.h"

/* More than any key is long; far under the function's own limit of 2^32 - 1 digests. */
#define DERIVED_MAX ((size_t)64 * 1024)

static CK_RV shared_secret(const struct key *key, EVP_PKEY *peer, struct buffer *secret)
{
	const struct context_class class = {.use = CONTEXT_DERIVE, .scheme = SCHEME_ECDH};
	struct context *context = NULL;
	size_t size = key->curve->field_size;
	CK_RV rv = CKR_OK;

	if (!buffer_resize(secret, size))
		return CKR_DEVICE_MEMORY;
	rv = pkey_context(key->pkey, key->pool, &class, NULL, &context);
	if (rv != CKR_OK)
		return rv;
	/* The import of the peer has checked its point; the check here would multiply by the order. */
	if (EVP_PKEY_derive_set_peer_ex(context->pkey, peer, 0) != 1) {
		context_free(&context);
		return library_failure(CKR_PUBLIC_KEY_INVALID);
	}
	/* X25519 fails on the points of small order, RFC 7748 section 6.1. */
	rv = pkey_run(key->pool, &context, (struct span){0}, secret->data, &size,
		      CKR_PUBLIC_KEY_INVALID);
	if (rv == CKR_OK && size != secret->size)
		rv = CKR_DEVICE_ERROR;
	return rv;
}

/* SEC 1 section 3.6.1: K = H(Z || 1 || SharedInfo) || H(Z || 2 || SharedInfo) ... */
static CK_RV x963(const struct mechanism_row *digest, struct span z, struct span info, size_t size,
		  struct buffer *out)
{
	uint8_t block[DIGEST_MAX];
	uint8_t counter[4] = {0};
	const struct span parts[] = {z, {counter, sizeof(counter)}, info};
	size_t at = 0;
	uint32_t i = 0;
	CK_RV rv = CKR_OK;

	if (!buffer_resize(out, size))
		return CKR_DEVICE_MEMORY;
	for (i = 1; rv == CKR_OK && at < size; i++) {
		const size_t n = size - at < digest->output ? size - at : digest->output;

		counter[0] = (uint8_t)(i >> 24);
		counter[1] = (uint8_t)(i >> 16);
		counter[2] = (uint8_t)(i >> 8);
		counter[3] = (uint8_t)i;
		rv = digest_compute(digest, parts, 3, block);
		if (rv == CKR_OK)
			memcpy(out->data + at, block, n);
		at += n;
	}
	memory_wipe(block, sizeof(block));
	return rv;
}

CK_RV ecdh_derive(const struct key *key, const struct mechanism *m, EVP_PKEY *peer, size_t size,
		  struct buffer *out)
{
	const struct mechanism_row *kdf = mechanism_find_kdf(m->kdf);
	struct buffer secret = {.secret = true};
	CK_RV rv = CKR_OK;

	if (m->kdf != CKD_NULL && !kdf)
		return CKR_MECHANISM_PARAM_INVALID;
	if (size == 0)
		size = key->curve->field_size;
	if (size > (m->kdf == CKD_NULL ? key->curve->field_size : DERIVED_MAX))
		return CKR_KEY_SIZE_RANGE;
	rv = shared_secret(key, peer, &secret);
	if (rv == CKR_OK && kdf) {
		rv = x963(kdf, buffer_span(&secret), m->shared, size, out);
	} else if (rv == CKR_OK) {
		/* PKCS#11 v3.1 section 6.3.17: truncation removes bytes from the leading end. */
		if (!buffer_set(out, secret.data + secret.size - size, size))
			rv = CKR_DEVICE_MEMORY;
	}
	buffer_free(&secret);
	return rv;
}
