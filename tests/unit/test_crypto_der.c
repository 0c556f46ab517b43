/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading and plain writing of DER, signatures to and fro.
 */
#include "config.h"

#include <string.h>

#include "cmocka_test.h"
#include "crypto/der.h"
#include "crypto_sample.h"

static bool takes(enum der_tag tag, const char *hex)
{
	struct span in = sample_hex(hex);
	struct span content = {0};

	return der_take(&in, tag, &content);
}

static void test_lengths(void **state)
{
	(void)state;
	assert_true(takes(DER_OCTET_STRING, "0400"));
	assert_true(takes(DER_OCTET_STRING, "0401aa"));
	assert_true(takes(DER_OCTET_STRING, "0401aabb")); /* more behind it is another's */
	assert_false(takes(DER_OCTET_STRING, ""));
	assert_false(takes(DER_OCTET_STRING, "04"));
	assert_false(takes(DER_OCTET_STRING, "0402aa"));
	assert_false(takes(DER_OCTET_STRING, "0201aa"));
	assert_false(takes(DER_OCTET_STRING, "0480aa0000")); /* indefinite */
	assert_false(takes(DER_OCTET_STRING, "048101aa"));   /* not the shortest */
	assert_false(takes(DER_OCTET_STRING, "0482"));
	assert_false(takes(DER_OCTET_STRING, "048400000001aa"));
	assert_false(takes(DER_OCTET_STRING, "04ffffffff"));
}

static void test_long_length(void **state)
{
	static const uint8_t zeros[70000];
	static const size_t sizes[] = {127, 128, 255, 256, 65535, 65536, 70000};
	struct buffer b = {0};
	struct span content = {0};
	size_t i = 0;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buffer_reset(&b);
		assert_true(der_put(&b, DER_SEQUENCE, (struct span){zeros, sizes[i]}));
		assert_true(der_only(buffer_span(&b), DER_SEQUENCE, &content));
		assert_int_equal(content.size, sizes[i]);
		assert_true(buffer_append(&b, zeros, 1));
		assert_false(der_only(buffer_span(&b), DER_SEQUENCE, &content));
	}
	buffer_free(&b);
}

static void test_unsigned(void **state)
{
	struct span in = sample_hex("020100"); /* 0 */
	struct span value = {0};

	(void)state;
	assert_true(der_take_unsigned(&in, &value));
	assert_int_equal(value.size, 0);
	in = sample_hex("02020080");
	assert_true(der_take_unsigned(&in, &value));
	assert_int_equal(value.size, 1);
	assert_int_equal(value.data[0], 0x80);
	assert_int_equal(in.size, 0);
	in = sample_hex("020180"); /* negative */
	assert_false(der_take_unsigned(&in, &value));
	assert_int_equal(in.size, 3);
	in = sample_hex("02020001"); /* not the shortest */
	assert_false(der_take_unsigned(&in, &value));
	in = sample_hex("0200");
	assert_false(der_take_unsigned(&in, &value));
}

static void written(const char *value, const char *wanted)
{
	struct buffer b = {0};

	assert_true(der_put_unsigned(&b, sample_hex(value)));
	assert_true(span_equal(buffer_span(&b), sample_hex(wanted)));
	buffer_free(&b);
}

static void test_put(void **state)
{
	struct buffer b = {0};

	(void)state;
	written("", "020100");
	written("0000", "020100");
	written("7f", "02017f");
	written("000080", "02020080");
	written("0102", "02020102");
	assert_true(der_put_bits(&b, sample_hex("aabb")));
	assert_true(span_equal(buffer_span(&b), sample_hex("030300aabb")));
	buffer_free(&b);
}

static void test_signature(void **state)
{
	static const size_t sizes[] = {1, 32, 48, 66, 120};
	uint8_t der[DER_SIGNATURE_MAX];
	uint8_t rs[240];
	uint8_t back[240];
	size_t i = 0;
	size_t n = 0;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(rs, 0xff, sizeof(rs));
		n = der_from_signature(rs, sizes[i], der);
		assert_true(n <= sizeof(der));
		assert_true(der_to_signature((struct span){der, n}, back, sizes[i]));
		assert_memory_equal(rs, back, 2 * sizes[i]);
		memset(rs, 0, sizeof(rs));
		rs[2 * sizes[i] - 1] = 1;
		n = der_from_signature(rs, sizes[i], der);
		assert_int_equal(n, 8);
		assert_true(der_to_signature((struct span){der, n}, back, sizes[i]));
		assert_memory_equal(rs, back, 2 * sizes[i]);
	}
	assert_false(der_to_signature(sample_hex("3007020201000201ff"), back, 1));
	assert_false(der_to_signature(sample_hex("300602010102010100"), back, 1));
	assert_false(der_to_signature(sample_hex("3003020101"), back, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_lengths, sample_teardown),
		cmocka_unit_test(test_long_length),
		cmocka_unit_test_teardown(test_unsigned, sample_teardown),
		cmocka_unit_test_teardown(test_put, sample_teardown),
		cmocka_unit_test_teardown(test_signature, sample_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
