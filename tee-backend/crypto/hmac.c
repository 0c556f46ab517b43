/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of HMAC (FIPS 198-1), whole and truncated, in the enclave. Its keys are secret.c's.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "common/memory.h"
#include "crypto/digest.h"
#include "crypto/family.h"
#include "crypto/library.h"

static EVP_MAC *algorithm;

static bool hmac_start(void)
{
	if (!algorithm)
		algorithm = EVP_MAC_fetch(library_context(), "HMAC", LIBRARY_PROPERTIES);
	return algorithm != NULL;
}

static size_t length_of(const struct mechanism *m)
{
	return m->row->parameter == PARAMETER_LENGTH ? m->length : m->row->output;
}

static CK_RV make(const struct key *key, const struct mechanism_row *digest, EVP_MAC_CTX **mac)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 (char *)(uintptr_t)digest->digest_name, 0),
		OSSL_PARAM_construct_end(),
	};

	*mac = EVP_MAC_CTX_new(algorithm);
	if (!*mac)
		return library_failure(CKR_DEVICE_MEMORY);
	if (EVP_MAC_init(*mac, key->value.data, key->value.size, params) != 1)
		return library_failure(CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV hmac_open(const struct key *key, const struct mechanism *m, bool encrypt,
		       struct context **context)
{
	const struct context_class class = {
		.use = CONTEXT_SIGN, .scheme = SCHEME_HMAC, .hash = m->row->digest};
	const struct mechanism_row *digest = digest_row(m->row->digest);
	CK_RV rv = CKR_OK;

	(void)encrypt;
	if (!digest)
		return CKR_MECHANISM_INVALID;
	if (length_of(m) > m->row->output)
		return CKR_MECHANISM_PARAM_INVALID;
	*context = context_take(key->pool, &class);
	if (*context) {
		/* Back to the state after the key. */
		if (EVP_MAC_init((*context)->mac, NULL, 0, NULL) == 1)
			return CKR_OK;
		rv = library_failure(CKR_DEVICE_ERROR);
	} else {
		*context = context_new(&class);
		if (!*context)
			return CKR_DEVICE_MEMORY;
		rv = make(key, digest, &(*context)->mac);
	}
	if (rv != CKR_OK)
		context_free(context);
	return rv;
}

static CK_RV hmac_feed(struct context *context, struct span data, struct buffer *out)
{
	(void)out;
	if (data.size > 0 && EVP_MAC_update(context->mac, data.data, data.size) != 1)
		return library_failure(CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV hmac_close(struct context *context, const struct mechanism *m, struct buffer *out)
{
	size_t size = m->row->output;

	if (!buffer_resize(out, size))
		return CKR_DEVICE_MEMORY;
	if (EVP_MAC_final(context->mac, out->data, &size, size) != 1 || size != m->row->output)
		return library_failure(CKR_DEVICE_ERROR);
	return buffer_resize(out, length_of(m)) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV hmac_sign(const struct key *key, const struct mechanism *m, struct span input,
		       struct buffer *out)
{
	struct context *context = NULL;
	CK_RV rv = hmac_open(key, m, true, &context);

	if (rv == CKR_OK)
		rv = hmac_feed(context, input, out);
	if (rv == CKR_OK)
		rv = hmac_close(context, m, out);
	if (rv == CKR_OK)
		context_give(key->pool, &context);
	context_free(&context);
	return rv;
}

static CK_RV hmac_verify(const struct key *key, const struct mechanism *m, struct span input,
			 struct span signature)
{
	struct buffer mac = {.secret = true};
	CK_RV rv = CKR_OK;

	if (signature.size != length_of(m))
		return CKR_SIGNATURE_LEN_RANGE;
	rv = hmac_sign(key, m, input, &mac);
	if (rv == CKR_OK && !memory_equal(mac.data, signature.data, signature.size))
		rv = CKR_SIGNATURE_INVALID;
	buffer_free(&mac);
	return rv;
}

const struct family_ops hmac_family = {
	.family = FAMILY_HMAC,
	.key_type = CK_UNAVAILABLE_INFORMATION,
	.start = hmac_start,
	.sign = hmac_sign,
	.verify = hmac_verify,
	.open = hmac_open,
	.feed = hmac_feed,
	.close = hmac_close,
};
