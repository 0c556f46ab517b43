/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of derivation from a secret: HKDF (RFC 5869) and SP 800-108 in counter mode with HMAC. Its keys are
 * secret.c's. Enclave only.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/digest.h"
#include "crypto/family.h"
#include "crypto/library.h"

#define HKDF_BLOCKS_MAX 255 /* RFC 5869 section 2.3 */
#define KBKDF_MAX ((size_t)64 * 1024)
#define PARAMS_MAX 10

static EVP_KDF *hkdf;
static EVP_KDF *kbkdf;

static bool kdf_start(void)
{
	if (!hkdf)
		hkdf = EVP_KDF_fetch(library_context(), "HKDF", LIBRARY_PROPERTIES);
	if (!kbkdf)
		kbkdf = EVP_KDF_fetch(library_context(), "KBKDF", LIBRARY_PROPERTIES);
	return hkdf && kbkdf;
}

/* libcrypto's parameters are not const, but it only reads these. */
static OSSL_PARAM octets(const char *name, struct span value)
{
	return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)value.data, value.size);
}

static OSSL_PARAM text(const char *name, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(name, (char *)(uintptr_t)value, 0);
}

static CK_RV compute(EVP_KDF *kdf, const OSSL_PARAM *params, size_t size, struct buffer *out)
{
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	CK_RV rv = CKR_OK;

	if (!context)
		return library_failure(CKR_DEVICE_MEMORY);
	if (!buffer_resize(out, size))
		rv = CKR_DEVICE_MEMORY;
	else if (EVP_KDF_derive(context, out->data, size, params) != 1)
		rv = library_failure(CKR_DEVICE_ERROR);
	EVP_KDF_CTX_free(context);
	return rv;
}

static CK_RV derive_hkdf(const struct key *key, const struct mechanism *m, const struct mechanism_row *digest,
			 size_t size, struct buffer *out)
{
	int mode = EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND;
	OSSL_PARAM params[PARAMS_MAX];
	size_t count = 0;

	if (size > (m->expand ? HKDF_BLOCKS_MAX : 1) * digest->output)
		return CKR_KEY_SIZE_RANGE;
	if (!m->expand)
		mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
	else if (!m->extract)
		mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	params[count++] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	params[count++] = text(OSSL_KDF_PARAM_DIGEST, digest->digest_name);
	params[count++] = octets(OSSL_KDF_PARAM_KEY, buffer_span(&key->value));
	if (m->salt.size)
		params[count++] = octets(OSSL_KDF_PARAM_SALT, m->salt);
	if (m->info.size)
		params[count++] = octets(OSSL_KDF_PARAM_INFO, m->info);
	params[count] = OSSL_PARAM_construct_end();
	if (m->expand)
		return compute(hkdf, params, size, out);
	/* libcrypto extracts the whole of it only. */
	if (compute(hkdf, params, digest->output, out) != CKR_OK)
		return CKR_DEVICE_ERROR;
	return buffer_resize(out, size) ? CKR_OK : CKR_DEVICE_MEMORY;
}

/* NIST SP 800-108 section 4.1; what stands between label and context there is the caller's own. */
static CK_RV derive_counter(const struct key *key, const struct mechanism *m, const struct mechanism_row *digest,
			    size_t size, struct buffer *out)
{
	const struct span parts[MECHANISM_FIXED_COUNT] = {m->fixed, m->fixed_2, m->fixed_3, m->fixed_4};
	int length = m->length_follows ? 1 : 0;
	int separator = 0;
	struct buffer fixed = {0};
	OSSL_PARAM params[PARAMS_MAX];
	size_t count = 0;
	CK_RV rv = CKR_OK;

	if (size > KBKDF_MAX)
		return CKR_KEY_SIZE_RANGE;
	for (size_t i = 0; rv == CKR_OK && i < MECHANISM_FIXED_COUNT; i++)
		if (parts[i].size && !buffer_append(&fixed, parts[i].data, parts[i].size))
			rv = CKR_DEVICE_MEMORY;
	params[count++] = text(OSSL_KDF_PARAM_MODE, "counter");
	params[count++] = text(OSSL_KDF_PARAM_MAC, "HMAC");
	params[count++] = text(OSSL_KDF_PARAM_DIGEST, digest->digest_name);
	params[count++] = octets(OSSL_KDF_PARAM_KEY, buffer_span(&key->value));
	if (fixed.size)
		params[count++] = octets(OSSL_KDF_PARAM_SALT, buffer_span(&fixed)); /* its name for the label */
	params[count++] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_KBKDF_USE_L, &length);
	params[count++] = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_KBKDF_USE_SEPARATOR, &separator);
	params[count] = OSSL_PARAM_construct_end();
	if (rv == CKR_OK)
		rv = compute(kbkdf, params, size, out);
	buffer_free(&fixed);
	return rv;
}

static CK_RV kdf_derive(const struct key *key, const struct mechanism *m, size_t size, struct buffer *out)
{
	const struct mechanism_row *digest = digest_row(m->hash);

	if (!digest || (m->row->scheme == SCHEME_HKDF && !m->extract && !m->expand))
		return CKR_MECHANISM_PARAM_INVALID;
	if (!size)
		size = digest->output;
	return m->row->scheme == SCHEME_HKDF ? derive_hkdf(key, m, digest, size, out) :
					       derive_counter(key, m, digest, size, out);
}

const struct family_ops kdf_family = {
	.family = FAMILY_KDF,
	.key_type = CK_UNAVAILABLE_INFORMATION,
	.start = kdf_start,
	.derive = kdf_derive,
};
