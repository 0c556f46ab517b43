/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A digest that goes on from an exported state gives what libcrypto gives for the whole, for every digest of
 * the table and for cuts around each block's edge; what is no state is refused.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "crypto/digest_state.h"
#include "crypto/operate.h"

#define MESSAGE_SIZE 400
#define STATE_MAX (64 + 8 + 128)

static uint8_t message[MESSAGE_SIZE];

static size_t put(uint8_t *out, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(value >> 8 * (size - 1 - i));
	return size;
}

static size_t export_32(const uint32_t *state, size_t words, uint8_t *out)
{
	for (size_t i = 0; i < words; i++)
		put(out + 4 * i, state[i], 4);
	return 4 * words;
}

static size_t export_64(const uint64_t *state, size_t words, uint8_t *out)
{
	for (size_t i = 0; i < words; i++)
		put(out + 8 * i, state[i], 8);
	return 8 * words;
}

/* The chaining value of ROW after the first SIZE bytes (whole blocks) of the message. */
static size_t export_chain(const struct mechanism_row *row, size_t size, uint8_t *out)
{
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;

	switch (row->output) {
	case SHA1_DIGEST_SIZE:
		sha1_init(&sha1);
		sha1_update(&sha1, size, message);
		return export_32(sha1.state, 5, out);
	case SHA224_DIGEST_SIZE:
		sha224_init(&sha256);
		sha224_update(&sha256, size, message);
		return export_32(sha256.state, 8, out);
	case SHA256_DIGEST_SIZE:
		sha256_init(&sha256);
		sha256_update(&sha256, size, message);
		return export_32(sha256.state, 8, out);
	case SHA384_DIGEST_SIZE:
		sha384_init(&sha512);
		sha384_update(&sha512, size, message);
		return export_64(sha512.state, 8, out);
	default:
		sha512_init(&sha512);
		sha512_update(&sha512, size, message);
		return export_64(sha512.state, 8, out);
	}
}

static size_t export_state(const struct mechanism_row *row, size_t cut, uint8_t *out)
{
	size_t rest = cut % row->block;
	size_t size = export_chain(row, cut - rest, out);

	size += put(out + size, cut, 8);
	memcpy(out + size, message + cut - rest, rest);
	return size + rest;
}

static void check_cut(const struct mechanism_row *row, size_t cut)
{
	const struct span whole = {message, sizeof(message)};
	uint8_t state[STATE_MAX], want[DIGEST_MAX], got[DIGEST_MAX];
	struct digest_state *opened = NULL;
	size_t size = export_state(row, cut, state);
	size_t half = (sizeof(message) - cut) / 2;

	assert_int_equal(digest_compute(row, &whole, 1, want), CKR_OK);
	assert_int_equal(digest_state_open(row, (struct span){state, size}, &opened), CKR_OK);
	digest_state_feed(opened, (struct span){message + cut, half});
	digest_state_feed(opened, (struct span){0});
	digest_state_feed(opened, (struct span){message + cut + half, sizeof(message) - cut - half});
	digest_state_close(opened, got);
	digest_state_free(&opened);
	assert_null(opened);
	assert_memory_equal(got, want, row->output);
}

static void test_every_digest_and_cut(void **unused)
{
	size_t count = 0, digests = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	(void)unused;
	for (size_t i = 0; i < count; i++) {
		if (rows[i].family != FAMILY_DIGEST)
			continue;
		digests++;
		for (size_t cut = 0; cut <= sizeof(message); cut++)
			check_cut(&rows[i], cut);
	}
	assert_true(digests >= 5);
}

static void test_refuses(void **unused)
{
	const struct mechanism_row *row = mechanism_find(CKM_SHA256);
	const struct mechanism_row *other = mechanism_find(CKM_AES_GCM);
	struct digest_state *opened = NULL;
	uint8_t state[STATE_MAX];
	size_t size = export_state(row, 70, state);

	(void)unused;
	assert_int_equal(digest_state_open(row, (struct span){0}, &opened), CKR_ARGUMENTS_BAD);
	assert_int_equal(digest_state_open(row, (struct span){state, 39}, &opened), CKR_ARGUMENTS_BAD);
	/* The unfinished block is shorter or longer than the count says. */
	assert_int_equal(digest_state_open(row, (struct span){state, size - 1}, &opened),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(digest_state_open(row, (struct span){state, size + 1}, &opened),
			 CKR_ARGUMENTS_BAD);
	/* More than FIPS 180-4 can count. */
	put(state + 32, UINT64_MAX - 63, 8);
	assert_int_equal(digest_state_open(row, (struct span){state, 40}, &opened), CKR_ARGUMENTS_BAD);
	assert_int_equal(digest_state_open(other, (struct span){state, size}, &opened),
			 CKR_MECHANISM_INVALID);
	assert_null(opened);
}

static int start(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7 + 3);
	return operate_start() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_digest_and_cut),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
