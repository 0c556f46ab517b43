/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader on RFC 8949 appendix A, and on each thing that it must refuse, with the reason given.
 */
#include "config.h"

#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "cmocka_test.h"

struct bytes {
	const char *data;
	size_t size;
};

#define BYTES(literal) ((struct bytes){literal, sizeof(literal) - 1})

static struct cbor_reader reader_over(struct bytes b, enum cbor_reader_dialect dialect)
{
	struct cbor_reader r = {0};

	cbor_reader_init(&r, (struct span){.data = (const uint8_t *)b.data, .size = b.size});
	assert_int_equal(r.dialect, CBOR_READER_DETERMINISTIC);
	r.dialect = dialect;
	return r;
}

static struct cbor_reader strict(struct bytes b)
{
	return reader_over(b, CBOR_READER_DETERMINISTIC);
}

static void test_items(void **state)
{
	static const struct {
		struct bytes input;
		enum cbor_item_type type;
		uint64_t number;
		size_t count;
	} rows[] = {
		{{"\x00", 1}, CBOR_READER_UINT, 0, 0},
		{{"\x17", 1}, CBOR_READER_UINT, 23, 0},
		{{"\x18\x18", 2}, CBOR_READER_UINT, 24, 0},
		{{"\x19\x03\xe8", 3}, CBOR_READER_UINT, 1000, 0},
		{{"\x1a\x00\x0f\x42\x40", 5}, CBOR_READER_UINT, 1000000, 0},
		{{"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9}, CBOR_READER_UINT, UINT64_MAX, 0},
		{{"\x20", 1}, CBOR_READER_NEGINT, 0, 0},
		{{"\x38\x63", 2}, CBOR_READER_NEGINT, 99, 0},
		{{"\x39\x03\xe7", 3}, CBOR_READER_NEGINT, 999, 0},
		{{"\x3a\x00\x01\x00\x00", 5}, CBOR_READER_NEGINT, 65536, 0},
		{{"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", 9}, CBOR_READER_NEGINT, UINT64_MAX, 0},
		{{"\xf4", 1}, CBOR_READER_BOOL, 0, 0},
		{{"\xf5", 1}, CBOR_READER_BOOL, 1, 0},
		{{"\xf6", 1}, CBOR_READER_NULL, 0, 0},
		{{"\x80", 1}, CBOR_READER_ARRAY, 0, 0},
		{{"\xa0", 1}, CBOR_READER_MAP, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbor_reader r = strict(rows[i].input);
		struct cbor_item item = {0};

		assert_true(cbor_reader_next(&r, &item));
		assert_int_equal(item.type, rows[i].type);
		assert_true(item.number == rows[i].number);
		assert_int_equal(item.count, rows[i].count);
		assert_true(cbor_reader_end(&r));
	}
}

static void test_message(void **state)
{
	/* [1, true, h'0102', "ok", null, {5: -2}] */
	struct bytes input = BYTES("\x86\x01\xf5\x42\x01\x02\x62ok\xf6\xa1\x05\x21");
	struct cbor_reader r = strict(input);
	struct cbor_item item = {0};
	struct span span = {0};
	uint64_t number = 0;
	size_t count = 0;
	bool flag = false;

	(void)state;
	assert_true(cbor_reader_array(&r, 6, &count));
	assert_int_equal(count, 6);
	assert_false(cbor_reader_null(&r));
	assert_true(cbor_reader_uint(&r, 1, &number));
	assert_int_equal(number, 1);
	assert_true(cbor_reader_bool(&r, &flag));
	assert_true(flag);
	assert_true(cbor_reader_bytes(&r, 2, &span));
	assert_ptr_equal(span.data, input.data + 4); /* borrowed */
	assert_int_equal(span.size, 2);
	assert_true(cbor_reader_text(&r, 2, &span));
	assert_true(span_equal(span, span_text("ok")));
	assert_true(cbor_reader_null(&r));
	assert_true(cbor_reader_map(&r, 1, &count));
	assert_int_equal(count, 1);
	assert_true(cbor_reader_uint(&r, 5, &number));
	assert_false(cbor_reader_end(&((struct cbor_reader){.rest = r.rest})));
	assert_true(cbor_reader_next(&r, &item));
	assert_int_equal(item.type, CBOR_READER_NEGINT);
	assert_true(cbor_reader_end(&r));
	assert_null(r.error);
}

static void test_refused(void **state)
{
	static const struct {
		struct bytes input;
		const char *error;
	} rows[] = {
		{{"", 0}, "input ends early"},
		{{"\x18", 1}, "input ends early"},
		{{"\x1b\x01\x02", 3}, "input ends early"},
		{{"\x43\x01\x02", 3}, "input ends early"},
		{{"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 9}, "input ends early"},
		{{"\x1c", 1}, "not CBOR"},
		{{"\x3f", 1}, "not CBOR"},
		{{"\xfe", 1}, "not CBOR"},
		/* heads that are not the shortest */
		{{"\x18\x17", 2}, "head is not the shortest"},
		{{"\x19\x00\xff", 3}, "head is not the shortest"},
		{{"\x1a\x00\x00\xff\xff", 5}, "head is not the shortest"},
		{{"\x1b\x00\x00\x00\x00\xff\xff\xff\xff", 9}, "head is not the shortest"},
		{{"\x38\x00", 2}, "head is not the shortest"},
		{{"\x58\x01\x61", 3}, "head is not the shortest"},
		{{"\x59\x00\x01\x61", 4}, "head is not the shortest"},
		{{"\x78\x01\x61", 3}, "head is not the shortest"},
		{{"\x98\x01\x61", 3}, "head is not the shortest"},
		{{"\xb8\x00", 2}, "head is not the shortest"},
		/* indefinite lengths */
		{{"\x9f\xff", 2}, "indefinite length"},
		{{"\xbf\xff", 2}, "indefinite length"},
		{{"\xff", 1}, "indefinite length"},
		{{"\x5f\x41\x61\xff", 4}, "type not accepted"},
		{{"\x7f\x61\x61\xff", 4}, "type not accepted"},
		/* tags, floats, undefined, other simple values */
		{{"\xc0\x01", 2}, "tag"},
		{{"\xd8\x20\x01", 3}, "tag"},
		{{"\xf9\x3c\x00", 3}, "type not accepted"},
		{{"\xfa\x47\xc3\x50\x00", 5}, "type not accepted"},
		{{"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9}, "type not accepted"},
		{{"\xf7", 1}, "type not accepted"},
		{{"\xf0", 1}, "not CBOR"},
		{{"\xf8\x14", 2}, "not CBOR"},
		/* more than the input can hold */
		{{"\x83\x01\x01", 3}, "array longer than the input"},
		{{"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9}, "array longer than the input"},
		{{"\xa2\x01\x01\x01", 4}, "map longer than the input"},
		{{"\xbb\x80\x00\x00\x00\x00\x00\x00\x01", 9}, "map longer than the input"},
		{{"\x62\xc3\x28", 3}, "text is not UTF-8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbor_reader r = strict(rows[i].input);
		struct cbor_item item = {.number = 77};

		assert_false(cbor_reader_next(&r, &item));
		assert_non_null(r.error);
		assert_string_equal(r.error, rows[i].error);
		assert_int_equal(item.number, 77);
		/* Sticky, and nothing was consumed. */
		assert_false(cbor_reader_next(&r, &item));
		assert_false(cbor_reader_end(&r));
		assert_string_equal(r.error, rows[i].error);
		assert_int_equal(r.rest.size, rows[i].input.size);
	}
}

static void test_typed_limits(void **state)
{
	struct cbor_reader r = strict(BYTES("\x05"));
	uint64_t number = 0;
	size_t count = 0;
	struct span span = {0};
	bool flag = false;

	(void)state;
	assert_false(cbor_reader_uint(&r, 4, &number));
	assert_string_equal(r.error, "number above its limit");
	r = strict(BYTES("\x43xyz"));
	assert_false(cbor_reader_bytes(&r, 2, &span));
	assert_string_equal(r.error, "byte string above its limit");
	r = strict(BYTES("\x63xyz"));
	assert_false(cbor_reader_text(&r, 2, &span));
	assert_string_equal(r.error, "text above its limit");
	r = strict(BYTES("\x63x\0z"));
	assert_false(cbor_reader_text(&r, 3, &span));
	assert_string_equal(r.error, "NUL in text");
	r = strict(BYTES("\x82\x01\x01"));
	assert_false(cbor_reader_array(&r, 1, &count));
	assert_string_equal(r.error, "count above its limit");
	r = strict(BYTES("\xa1\x01\x01"));
	assert_false(cbor_reader_map(&r, 0, &count));
	assert_string_equal(r.error, "count above its limit");
	r = strict(BYTES("\x01"));
	assert_false(cbor_reader_bool(&r, &flag));
	assert_string_equal(r.error, "item of another type");
	r = strict(BYTES("\x60"));
	assert_true(cbor_reader_text(&r, 0, &span));
	assert_int_equal(span.size, 0);
	assert_false(cbor_reader_null(&r)); /* the end is not null, nor an error yet */
	assert_null(r.error);
	r = strict(BYTES("\x01\x02"));
	assert_true(cbor_reader_uint(&r, 1, &number));
	assert_false(cbor_reader_end(&r));
	assert_string_equal(r.error, "trailing bytes");
}

static void test_skip(void **state)
{
	struct cbor_reader r = strict(BYTES("\x82\x81\x81\x01\xa1\x01\x82\x02\x03\x07"));
	struct cbor_reader again = r;
	uint64_t number = 0;

	(void)state;
	assert_true(cbor_reader_skip(&r, 3));
	assert_true(cbor_reader_uint(&r, 7, &number));
	assert_true(cbor_reader_end(&r));
	assert_false(cbor_reader_skip(&again, 2));
	assert_string_equal(again.error, "nested too deep");
	r = strict(BYTES("\x01"));
	assert_true(cbor_reader_skip(&r, 0));
	r = strict(BYTES("\x82\x01"));
	assert_false(cbor_reader_skip(&r, 5));
}

static void test_lenient(void **state)
{
	/* 18([_ 1, {_ "a": 2}, long head 3]) */
	struct bytes input = BYTES("\xd2\x9f\x01\xbf\x61\x61\x02\xff\x18\x03\xff");
	struct cbor_reader r = reader_over(input, CBOR_READER_LENIENT);
	struct cbor_reader whole = r;
	struct cbor_item item = {0};
	uint64_t number = 0;
	size_t count = 0;
	struct span span = {0};

	(void)state;
	assert_true(cbor_reader_next(&r, &item));
	assert_int_equal(item.type, CBOR_READER_TAG);
	assert_int_equal(item.number, 18);
	assert_true(cbor_reader_array(&r, 3, &count));
	assert_true(count == SIZE_MAX);
	assert_true(cbor_reader_uint(&r, 1, &number));
	assert_true(cbor_reader_map(&r, 3, &count));
	assert_true(count == SIZE_MAX);
	assert_true(cbor_reader_text(&r, 1, &span));
	assert_true(cbor_reader_uint(&r, 2, &number));
	assert_true(cbor_reader_next(&r, &item));
	assert_int_equal(item.type, CBOR_READER_BREAK);
	assert_true(cbor_reader_uint(&r, 3, &number));
	assert_true(cbor_reader_next(&r, &item));
	assert_int_equal(item.type, CBOR_READER_BREAK);
	assert_true(cbor_reader_end(&r));
	assert_true(cbor_reader_skip(&whole, 3));
	assert_true(cbor_reader_end(&whole));
}

static void test_lenient_refuses(void **state)
{
	static const struct {
		struct bytes input;
		const char *error;
	} rows[] = {
		{{"\xff", 1}, "break out of place"},
		{{"\x82\x01\xff", 3}, "break out of place"},
		{{"\xbf\x01\xff", 3}, "break out of place"},
		{{"\xc1\xff", 2}, "break out of place"},
		{{"\x9f\x01", 2}, "input ends early"},
		{{"\x9f\x9f\x9f\x9f\x9f\x9f", 6}, "nested too deep"},
		{{"\xc1\xc1\xc1\xc1\xc1\x01", 6}, "nested too deep"},
		{{"\x5f\x41\x61\xff", 4}, "type not accepted"},
		{{"\xf9\x3c\x00", 3}, "type not accepted"},
		{{"\x9a\xff\xff\xff\xff", 5}, "array longer than the input"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cbor_reader r = reader_over(rows[i].input, CBOR_READER_LENIENT);

		assert_false(cbor_reader_skip(&r, 4));
		assert_string_equal(r.error, rows[i].error);
	}
}

/* What the writer writes, the reader reads, for sizes around each head's boundary. */
static void test_round_trip(void **state)
{
	static const uint64_t numbers[] = {0,	  23,	 24,	    255,	256,
					   65535, 65536, 4294967295, 4294967296, UINT64_MAX};
	struct buffer out = {0};
	struct cbor_writer w = {0};
	struct cbor_reader r = {0};
	struct span span = {0};
	uint64_t number = 0;

	(void)state;
	cbor_writer_init(&w, &out, 1000000);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		cbor_writer_uint(&w, numbers[i]);
		if (numbers[i] <= 65536)
			assert_non_null(cbor_writer_bytes_space(&w, numbers[i]));
	}
	assert_false(w.failed);
	cbor_reader_init(&r, buffer_span(&out));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		assert_true(cbor_reader_uint(&r, UINT64_MAX, &number));
		assert_true(number == numbers[i]);
		if (number <= 65536) {
			assert_true(cbor_reader_bytes(&r, 65536, &span));
			assert_int_equal(span.size, number);
		}
	}
	assert_true(cbor_reader_end(&r));
	buffer_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),	   cmocka_unit_test(test_message),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_typed_limits),
		cmocka_unit_test(test_skip),	   cmocka_unit_test(test_lenient),
		cmocka_unit_test(test_lenient_refuses), cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests_name("common/cbor_reader", tests, NULL, NULL);
}
