/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each byte both ways, each character that is no digit, odd numbers.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/hex.h"

#include "cmocka_test.h"

static void test_each_byte(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		uint8_t byte = (uint8_t)value, back = 0;
		char text[3] = "", expected[3] = "", upper[3] = "";

		hex_encode((struct span){&byte, 1}, text);
		snprintf(expected, sizeof(expected), "%02x", value);
		assert_string_equal(text, expected);
		assert_true(hex_decode(span_text(text), &back));
		assert_int_equal(back, byte);
		snprintf(upper, sizeof(upper), "%02X", value);
		back = 0;
		assert_true(hex_decode(span_text(upper), &back));
		assert_int_equal(back, byte);
	}
}

static void test_each_character(void **state)
{
	(void)state;
	for (unsigned value = 0; value < 256; value++) {
		const uint8_t first[2] = {(uint8_t)value, '0'}, second[2] = {'0', (uint8_t)value};
		bool digit = value < 128 && isxdigit((int)value);
		uint8_t out = 0;

		assert_int_equal(hex_decode((struct span){first, 2}, &out), digit);
		assert_int_equal(hex_decode((struct span){second, 2}, &out), digit);
	}
}

static void test_sizes(void **state)
{
	uint8_t out[4] = {0};
	char text[1] = {'x'};
	struct buffer buffer = {0};

	(void)state;
	assert_true(hex_decode((struct span){NULL, 0}, out));
	assert_false(hex_decode(span_text("012"), out));
	assert_true(hex_decode(span_text("01020304"), out));
	assert_memory_equal(out, "\1\2\3\4", 4);
	assert_true(hex_decode_exact(span_text("05060708"), out, 4));
	assert_memory_equal(out, "\5\6\7\10", 4);
	assert_false(hex_decode_exact(span_text("01020304"), out, 3));
	assert_false(hex_decode_exact(span_text("01020304"), out, 5));
	assert_true(hex_decode_buffer(span_text("0a0B"), &buffer));
	assert_int_equal(buffer.size, 2);
	assert_memory_equal(buffer.data, "\12\13", 2);
	assert_false(hex_decode_buffer(span_text("0a0"), &buffer));
	assert_false(hex_decode_buffer(span_text("0g"), &buffer));
	buffer_free(&buffer);
	hex_encode((struct span){NULL, 0}, text);
	assert_int_equal(text[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_byte),
		cmocka_unit_test(test_each_character),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
