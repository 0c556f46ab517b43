/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-1 and SHA-2 by nettle, and their state in the form that the enclave continues from.
 */
#include "config.h"

#include <string.h>

#include "common/memory.h"
#include "pkcs11/hash.h"

static const struct {
	CK_MECHANISM_TYPE digest;
	const struct nettle_hash *algorithm;
} algorithms[] = {
	{CKM_SHA_1, &nettle_sha1},	{CKM_SHA224, &nettle_sha224}, {CKM_SHA256, &nettle_sha256},
	{CKM_SHA384, &nettle_sha384}, {CKM_SHA512, &nettle_sha512},
};

CK_RV hash_init(struct hash *hash, CK_MECHANISM_TYPE digest)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (algorithms[i].digest != digest)
			continue;
		hash->algorithm = algorithms[i].algorithm;
		hash->algorithm->init(&hash->state);
		return CKR_OK;
	}
	return CKR_MECHANISM_INVALID;
}

void hash_update(struct hash *hash, struct span data)
{
	if (data.size)
		hash->algorithm->update(&hash->state, data.size, data.data);
}

size_t hash_final(struct hash *hash, uint8_t out[HASH_SIZE_MAX])
{
	size_t size = hash->algorithm->digest_size;

	hash->algorithm->digest(&hash->state, size, out);
	memory_wipe(&hash->state, sizeof(hash->state));
	return size;
}

static size_t put_words32(uint8_t *out, const uint32_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t b = 0; b < 4; b++)
			out[4 * i + b] = (uint8_t)(words[i] >> (24 - 8 * b));
	return 4 * count;
}

static size_t put_words64(uint8_t *out, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t b = 0; b < 8; b++)
			out[8 * i + b] = (uint8_t)(words[i] >> (56 - 8 * b));
	return 8 * count;
}

/* The message's bytes so far, and those of them that are not yet in the chaining value. */
static size_t put_tail(uint8_t *out, uint64_t blocks, size_t block_size, const uint8_t *block, size_t index)
{
	uint64_t count = blocks * block_size + index;
	size_t n = put_words64(out, &count, 1);

	memcpy(out + n, block, index);
	return n + index;
}

size_t hash_export(const struct hash *hash, uint8_t out[HASH_STATE_MAX])
{
	const struct sha1_ctx *sha1 = &hash->state.sha1;
	const struct sha256_ctx *sha256 = &hash->state.sha256;
	const struct sha512_ctx *sha512 = &hash->state.sha512;
	size_t n = 0;

	if (hash->algorithm->block_size == SHA512_BLOCK_SIZE) {
		n = put_words64(out, sha512->state, 8);
		return n + put_tail(out + n, sha512->count_low, SHA512_BLOCK_SIZE, sha512->block, sha512->index);
	}
	if (hash->algorithm->digest_size == SHA1_DIGEST_SIZE) {
		n = put_words32(out, sha1->state, 5);
		return n + put_tail(out + n, sha1->count, SHA1_BLOCK_SIZE, sha1->block, sha1->index);
	}
	n = put_words32(out, sha256->state, 8);
	return n + put_tail(out + n, sha256->count, SHA256_BLOCK_SIZE, sha256->block, sha256->index);
}
