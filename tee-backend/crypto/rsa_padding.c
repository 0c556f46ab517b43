/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Constant-time PKCS#1 v1.5 unpadding, against Bleichenbacher's oracle and its descendants. Enclave
 * only. Masks are all ones for true and zero for false.
 */
#include "config.h"

#include "crypto/rsa_padding.h"

/* Hides from the compiler that a mask has two values only, so that it cannot make a branch of it. */
static inline size_t opaque(size_t mask)
{
	__asm__("" : "+r"(mask));
	return mask;
}

static inline size_t mask_top(size_t a)
{
	return (size_t)0 - (a >> (sizeof(a) * 8 - 1));
}

static inline size_t mask_zero(size_t a)
{
	return opaque(mask_top(~a & (a - 1)));
}

static inline size_t mask_equal(size_t a, size_t b)
{
	return mask_zero(a ^ b);
}

static inline size_t mask_less(size_t a, size_t b)
{
	return opaque(mask_top(a ^ ((a ^ b) | ((a - b) ^ b))));
}

static inline size_t choose(size_t mask, size_t a, size_t b)
{
	return (opaque(mask) & a) | (opaque(~mask) & b);
}

static inline uint8_t choose_byte(size_t mask, uint8_t a, uint8_t b)
{
	return (uint8_t)choose(mask, a, b);
}

/* All ones if EM is padded rightly; *SIZE is that of its message, else 0. */
static size_t find_message(const uint8_t *em, size_t k, size_t *size)
{
	size_t good = mask_zero(em[0]) & mask_equal(em[1], 2);
	size_t found = 0;
	size_t end = 0; /* where the 00 after the padding is */

	for (size_t i = 2; i < k; i++) {
		const size_t zero = mask_zero(em[i]);

		end = choose(~found & zero, i, end);
		found |= zero;
	}
	good &= found & ~mask_less(end, RSA_PADDING_SIZE - 1);
	*size = choose(good, k - 1 - end, 0);
	return good;
}

/* The last SIZE bytes to EM + RSA_PADDING_SIZE: a move by a secret distance, one power of two after the other. */
static void move_message(uint8_t *em, size_t k, size_t size)
{
	const size_t room = k - RSA_PADDING_SIZE;
	const size_t distance = room - size;

	for (size_t shift = 1; shift < room; shift <<= 1) {
		const size_t move = ~mask_zero(shift & distance);

		for (size_t i = RSA_PADDING_SIZE; i < k - shift; i++)
			em[i] = choose_byte(move, em[i + shift], em[i]);
	}
}

bool rsa_padding_strip(uint8_t *em, size_t k, size_t *size)
{
	const size_t good = find_message(em, k, size);

	move_message(em, k, *size);
	return good != 0;
}

void rsa_padding_strip_implicit(uint8_t *em, size_t k, const uint8_t *substitute, size_t substitute_size,
				size_t *size)
{
	const size_t good = find_message(em, k, size);

	for (size_t i = 0; i < k; i++)
		em[i] = choose_byte(good, em[i], substitute[i]);
	*size = choose(good, *size, substitute_size);
	move_message(em, k, *size);
}

size_t rsa_padding_substitute_size(const uint8_t candidates[256], size_t k)
{
	const size_t limit = k - 2 - 8;
	size_t bits = limit;
	size_t size = 0;

	for (size_t shift = 1; shift < 16; shift <<= 1)
		bits |= bits >> shift;
	for (size_t i = 0; i < 256; i += 2) {
		const size_t candidate = ((size_t)candidates[i] << 8 | candidates[i + 1]) & bits;

		size = choose(mask_less(candidate, limit), candidate, size);
	}
	return size;
}

void rsa_padding_premaster(const uint8_t *em, size_t k, unsigned client_version,
			   unsigned negotiated_version, uint8_t premaster[RSA_PADDING_PREMASTER])
{
	const size_t end = k - RSA_PADDING_PREMASTER - 1;
	const uint8_t *message = em + end + 1;
	size_t good = mask_zero(em[0]) & mask_equal(em[1], 2) & mask_zero(em[end]);
	size_t version = 0;
	size_t i = 0;

	for (i = 2; i < end; i++)
		good &= ~mask_zero(em[i]);
	version = (size_t)message[0] << 8 | message[1];
	good &= mask_equal(version, client_version) |
		(mask_equal(version, negotiated_version) & ~mask_zero(negotiated_version));
	for (i = 0; i < RSA_PADDING_PREMASTER; i++)
		premaster[i] = choose_byte(good, message[i], premaster[i]);
}
