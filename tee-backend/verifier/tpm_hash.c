/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash algorithms of measured boot.
 */
#include "config.h"

#include <string.h>

#include "verifier/tpm_hash.h"

static const struct {
	uint16_t algorithm;
	const char *name;
	const EVP_MD *(*md)(void);
	size_t size;
} rows[] = {
	{TPM_HASH_SHA1, "sha1", EVP_sha1, 20},
	{TPM_HASH_SHA256, "sha256", EVP_sha256, 32},
	{TPM_HASH_SHA384, "sha384", EVP_sha384, 48},
	{TPM_HASH_SHA512, "sha512", EVP_sha512, 64},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const EVP_MD *tpm_hash_md(uint16_t algorithm)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].algorithm == algorithm)
			return rows[i].md();
	return NULL;
}

size_t tpm_hash_size(uint16_t algorithm)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].algorithm == algorithm)
			return rows[i].size;
	return 0;
}

const char *tpm_hash_name(uint16_t algorithm)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].algorithm == algorithm)
			return rows[i].name;
	return "another hash";
}

uint16_t tpm_hash_by_name(struct span name)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (span_equal(span_text(rows[i].name), name))
			return rows[i].algorithm;
	return 0;
}

bool tpm_hash_is_strong(uint16_t algorithm)
{
	return tpm_hash_size(algorithm) >= 32;
}

bool tpm_hash_two(uint16_t algorithm, struct span first, struct span second, uint8_t *out)
{
	const EVP_MD *md = tpm_hash_md(algorithm);
	EVP_MD_CTX *ctx = md ? EVP_MD_CTX_new() : NULL;
	bool good = false;

	if (!ctx)
		return false;
	good = EVP_DigestInit_ex(ctx, md, NULL) == 1 && EVP_DigestUpdate(ctx, first.data, first.size) == 1 &&
	       EVP_DigestUpdate(ctx, second.data, second.size) == 1 && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

bool tpm_hash_extend(uint16_t algorithm, uint8_t *value, struct span digest)
{
	return tpm_hash_two(algorithm, (struct span){value, tpm_hash_size(algorithm)}, digest, value);
}

bool tpm_hash_covers(uint16_t algorithm, struct span digest, struct span data)
{
	uint8_t hash[TPM_HASH_SIZE_MAX];
	size_t size = tpm_hash_size(algorithm);

	return size && digest.size == size && tpm_hash_two(algorithm, data, (struct span){0}, hash) &&
	       memcmp(hash, digest.data, size) == 0;
}
