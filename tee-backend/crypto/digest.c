/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of message digests. Enclave only.
 */
#include "config.h"

#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/family.h"
#include "crypto/library.h"

/* One for each row of the mechanism table, NULL where it is not a digest. */
static EVP_MD **algorithms;

static bool digest_start(void)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	size_t i = 0;

	if (!algorithms)
		algorithms = OPENSSL_zalloc(count * sizeof(algorithms[0]));
	if (!algorithms)
		return false;
	for (i = 0; i < count; i++) {
		if (rows[i].family != FAMILY_DIGEST || algorithms[i])
			continue;
		algorithms[i] =
			EVP_MD_fetch(library_context(), rows[i].digest_name, LIBRARY_PROPERTIES);
		if (!algorithms[i] || (size_t)EVP_MD_get_size(algorithms[i]) != rows[i].output ||
		    rows[i].output > DIGEST_MAX)
			return false;
	}
	return true;
}

const struct mechanism_row *digest_row(CK_MECHANISM_TYPE type)
{
	const struct mechanism_row *row = mechanism_find(type);

	return row && row->family == FAMILY_DIGEST ? row : NULL;
}

const EVP_MD *digest_algorithm(const struct mechanism_row *row)
{
	size_t count = 0;

	return algorithms[row - mechanism_rows(&count)];
}

CK_RV digest_open(const struct mechanism_row *row, EVP_MD_CTX **ctx)
{
	*ctx = EVP_MD_CTX_new();
	if (!*ctx)
		return CKR_DEVICE_MEMORY;
	if (EVP_DigestInit_ex2(*ctx, digest_algorithm(row), NULL) != 1)
		return library_failure(CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV digest_feed(EVP_MD_CTX *ctx, struct span data)
{
	if (EVP_DigestUpdate(ctx, data.data, data.size) != 1)
		return library_failure(CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV digest_close(EVP_MD_CTX *ctx, uint8_t out[DIGEST_MAX])
{
	if (EVP_DigestFinal_ex(ctx, out, NULL) != 1)
		return library_failure(CKR_DEVICE_ERROR);
	return CKR_OK;
}

CK_RV digest_compute(const struct mechanism_row *row, const struct span *parts, size_t count,
		     uint8_t out[DIGEST_MAX])
{
	EVP_MD_CTX *ctx = NULL;
	CK_RV rv = digest_open(row, &ctx);
	size_t i = 0;

	for (i = 0; rv == CKR_OK && i < count; i++)
		rv = digest_feed(ctx, parts[i]);
	if (rv == CKR_OK)
		rv = digest_close(ctx, out);
	EVP_MD_CTX_free(ctx);
	return rv;
}

const struct family_ops digest_family = {
	.family = FAMILY_DIGEST,
	.key_type = CK_UNAVAILABLE_INFORMATION,
	.start = digest_start,
};
