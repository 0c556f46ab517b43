/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKCS#1 v1.5 unpadding: each place where the padding can be wrong, each length of message, and the
 * premaster secret of TLS.
 */
#include "config.h"

#include <string.h>

#include "cmocka_test.h"
#include "crypto/rsa_padding.h"

#define K 128

/* 00 02, padding of ones, 00, then 1, 2, 3 ... */
static void padded(uint8_t em[K], size_t message)
{
	size_t i = 0;

	memset(em, 1, K);
	em[0] = 0;
	em[1] = 2;
	em[K - message - 1] = 0;
	for (i = 0; i < message; i++)
		em[K - message + i] = (uint8_t)(i + 1);
}

static void test_every_length(void **state)
{
	uint8_t em[K];
	uint8_t wanted[K];
	size_t message = 0;
	size_t size = 0;

	(void)state;
	for (message = 0; message <= K - RSA_PADDING_SIZE; message++) {
		padded(em, message);
		memcpy(wanted, em + K - message, message);
		assert_true(rsa_padding_strip(em, K, &size));
		assert_int_equal(size, message);
		assert_memory_equal(em + RSA_PADDING_SIZE, wanted, message);
	}
}

static void test_message_with_zeros(void **state)
{
	uint8_t em[K];
	size_t size = 0;

	(void)state;
	padded(em, 20);
	em[K - 1] = 0;
	em[K - 20] = 0;
	assert_true(rsa_padding_strip(em, K, &size));
	assert_int_equal(size, 20);
}

static bool bad(size_t at, uint8_t value)
{
	uint8_t em[K];
	size_t size = 99;
	bool ok = false;

	padded(em, 20);
	em[at] = value;
	ok = rsa_padding_strip(em, K, &size);
	return !ok && size == 0;
}

static void test_bad_padding(void **state)
{
	uint8_t em[K];
	size_t size = 0;
	size_t i = 0;

	(void)state;
	for (i = 1; i < 256; i++)
		assert_true(bad(0, (uint8_t)i));
	for (i = 0; i < 256; i++) {
		if (i != 2)
			assert_true(bad(1, (uint8_t)i));
	}
	for (i = 2; i < 10; i++) /* fewer than eight bytes of padding */
		assert_true(bad(i, 0));
	assert_false(bad(10, 0));
	memset(em, 1, K); /* no end */
	em[0] = 0;
	em[1] = 2;
	assert_false(rsa_padding_strip(em, K, &size));
}

/* Whether the premaster secret of a block with VERSION and a change at AT comes out. */
static bool premaster(unsigned version, unsigned client, unsigned negotiated, size_t at, uint8_t value)
{
	uint8_t em[K];
	uint8_t out[RSA_PADDING_PREMASTER];
	uint8_t random[RSA_PADDING_PREMASTER];

	padded(em, RSA_PADDING_PREMASTER);
	em[K - RSA_PADDING_PREMASTER] = (uint8_t)(version >> 8);
	em[K - RSA_PADDING_PREMASTER + 1] = (uint8_t)version;
	if (at < K)
		em[at] = value;
	memset(random, 0xee, sizeof(random));
	memcpy(out, random, sizeof(out));
	rsa_padding_premaster(em, K, client, negotiated, out);
	if (memcmp(out, em + K - sizeof(out), sizeof(out)) == 0)
		return true;
	assert_memory_equal(out, random, sizeof(out));
	return false;
}

static void test_premaster(void **state)
{
	size_t i = 0;

	(void)state;
	assert_true(premaster(0x0303, 0x0303, 0, K, 0));
	assert_true(premaster(0x0302, 0x0303, 0x0302, K, 0));
	assert_false(premaster(0x0302, 0x0303, 0, K, 0));
	assert_false(premaster(0, 0x0303, 0, K, 0));
	assert_false(premaster(0x0303, 0x0303, 0, 0, 1));
	assert_false(premaster(0x0303, 0x0303, 0, 1, 1));
	for (i = 2; i < K - RSA_PADDING_PREMASTER - 1; i++)
		assert_false(premaster(0x0303, 0x0303, 0, i, 0));
	assert_false(premaster(0x0303, 0x0303, 0, K - RSA_PADDING_PREMASTER - 1, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length), cmocka_unit_test(test_message_with_zeros),
		cmocka_unit_test(test_bad_padding),  cmocka_unit_test(test_premaster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
