/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Padding, counters and chaining values. Enclave only.
 */
#include "config.h"

#include "crypto/aes_mode.h"

#include <string.h>

void aes_mode_pad(struct span rest, uint8_t block[AES_MODE_BLOCK])
{
	memset(block, (int)(AES_MODE_BLOCK - rest.size), AES_MODE_BLOCK);
	if (rest.size > 0)
		memcpy(block, rest.data, rest.size);
}

bool aes_mode_strip(struct buffer *b)
{
	const uint8_t *end = b->data + b->size;
	const unsigned pad = end[-1];
	unsigned bad = 0;
	unsigned i = 0;

	/* Bit 8 and up of a difference below zero are ones. */
	bad |= (pad - 1) >> 8 | (AES_MODE_BLOCK - pad) >> 8;
	for (i = 1; i <= AES_MODE_BLOCK; i++) {
		const unsigned inside = (i - 1 - pad) >> 8; /* i <= pad: not zero */

		bad |= (end[-(int)i] ^ pad) & inside;
	}
	return bad == 0 && buffer_resize(b, b->size - pad);
}

/* A number of 128 bits. */
struct wide {
	uint64_t high;
	uint64_t low;
};

static uint64_t load(const uint8_t *at)
{
	uint64_t n = 0;
	size_t i = 0;

	for (i = 0; i < sizeof(n); i++)
		n = n << 8 | at[i];
	return n;
}

static void store(uint64_t n, uint8_t *at)
{
	size_t i = 0;

	for (i = 0; i < sizeof(n); i++)
		at[i] = (uint8_t)(n >> (8 * (sizeof(n) - 1 - i)));
}

static struct wide ones(CK_ULONG bits)
{
	struct wide w = {0, UINT64_MAX};

	if (bits < 64)
		w.low = (UINT64_C(1) << bits) - 1;
	else if (bits < 128)
		w.high = (UINT64_C(1) << (bits - 64)) - 1;
	else
		w.high = UINT64_MAX;
	return w;
}

CK_RV aes_mode_counter_check(const struct mechanism *m, size_t size, bool last, CK_RV otherwise)
{
	const uint64_t blocks = size / AES_MODE_BLOCK + (size % AES_MODE_BLOCK != 0);
	const struct wide mask = ones(m->counter_bits);
	struct wide left = {0, 0}; /* counters after the first */

	if (m->counter_bits == 0 || m->counter_bits > 128)
		return CKR_MECHANISM_PARAM_INVALID;
	/* PKCS#11 v3.1 section 6.13.4: all 128 bits count, and their number is never used up. */
	if (m->counter_bits == 128 || blocks == 0)
		return CKR_OK;
	left.high = mask.high & ~load(m->iv.data);
	left.low = mask.low & ~load(m->iv.data + 8);
	if (left.high == 0 && (blocks - 1 > left.low || (!last && blocks - 1 == left.low)))
		return otherwise;
	return CKR_OK;
}

void aes_mode_next_iv(enum mechanism_scheme mode, struct span iv, struct span ciphertext, size_t size,
		      uint8_t next[AES_MODE_BLOCK])
{
	memset(next, 0, AES_MODE_BLOCK);
	if (iv.size == AES_MODE_BLOCK)
		memmove(next, iv.data, AES_MODE_BLOCK);
	if (mode == SCHEME_AES_CBC && ciphertext.size >= AES_MODE_BLOCK) {
		memcpy(next, ciphertext.data + ciphertext.size - AES_MODE_BLOCK, AES_MODE_BLOCK);
	} else if (mode == SCHEME_AES_CTR) {
		const uint64_t blocks = size / AES_MODE_BLOCK + (size % AES_MODE_BLOCK != 0);
		const uint64_t low = load(next + 8) + blocks;

		if (low < blocks)
			store(load(next) + 1, next);
		store(low, next + 8);
	}
}
