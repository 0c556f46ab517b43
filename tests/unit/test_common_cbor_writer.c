/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's bytes against RFC 8949 appendix A, its limit, and failures that stick.
 */
#include "config.h"

#include <string.h>

#include "common/cbor_writer.h"
#include "cmocka_test.h"

/* The linker sends the buffers' malloc through here. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
static bool malloc_fails;

void *__wrap_malloc(size_t size)
{
	return malloc_fails ? NULL : __real_malloc(size);
}

static struct buffer out;
static struct cbor_writer w;

static int setup(void **state)
{
	(void)state;
	buffer_reset(&out);
	cbor_writer_init(&w, &out, 1000000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buffer_free(&out);
	return 0;
}

/* Compares with what was written since the last call. */
static void expect(const char *bytes, size_t size)
{
	assert_false(w.failed);
	assert_int_equal(out.size, size);
	assert_memory_equal(out.data, bytes, size);
	buffer_reset(&out);
}

#define EXPECT(bytes) expect(bytes, sizeof(bytes) - 1)

static void test_numbers(void **state)
{
	(void)state;
	cbor_writer_uint(&w, 0);
	EXPECT("\x00");
	cbor_writer_uint(&w, 23);
	EXPECT("\x17");
	cbor_writer_uint(&w, 24);
	EXPECT("\x18\x18");
	cbor_writer_uint(&w, 255);
	EXPECT("\x18\xff");
	cbor_writer_uint(&w, 256);
	EXPECT("\x19\x01\x00");
	cbor_writer_uint(&w, 65536);
	EXPECT("\x1a\x00\x01\x00\x00");
	cbor_writer_uint(&w, 1000000000000);
	EXPECT("\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00");
	cbor_writer_uint(&w, UINT64_MAX);
	EXPECT("\x1b\xff\xff\xff\xff\xff\xff\xff\xff");
	cbor_writer_negint(&w, 0);
	EXPECT("\x20");
	cbor_writer_negint(&w, 999);
	EXPECT("\x39\x03\xe7");
	cbor_writer_negint(&w, UINT64_MAX);
	EXPECT("\x3b\xff\xff\xff\xff\xff\xff\xff\xff");
	cbor_writer_bool(&w, false);
	cbor_writer_bool(&w, true);
	cbor_writer_null(&w);
	EXPECT("\xf4\xf5\xf6");
	cbor_writer_tag(&w, 32);
	EXPECT("\xd8\x20");
}

static void test_strings_and_collections(void **state)
{
	uint8_t *space = NULL;

	(void)state;
	cbor_writer_bytes(&w, (struct span){.data = (const uint8_t *)"\1\2\3\4", .size = 4});
	EXPECT("\x44\1\2\3\4");
	cbor_writer_bytes(&w, (struct span){0});
	EXPECT("\x40");
	cbor_writer_text(&w, "IETF");
	EXPECT("\x64IETF");
	cbor_writer_text_span(&w, span_text("ab"));
	EXPECT("\x62"
	       "ab");
	cbor_writer_array(&w, 25);
	EXPECT("\x98\x19");
	cbor_writer_map(&w, 2);
	EXPECT("\xa2");
	space = cbor_writer_bytes_space(&w, 3);
	assert_non_null(space);
	memcpy(space, "xyz", 3);
	EXPECT("\x43xyz");
	assert_non_null(cbor_writer_bytes_space(&w, 70000));
	assert_int_equal(out.size, 70005);
	assert_memory_equal(out.data, "\x5a\x00\x01\x11\x70", 5);
}

static void test_limit(void **state)
{
	(void)state;
	cbor_writer_init(&w, &out, 5);
	cbor_writer_bytes(&w, span_text("abcd"));
	assert_false(w.failed);
	cbor_writer_null(&w);
	assert_true(w.failed);
	assert_int_equal(out.size, 5);
	cbor_writer_init(&w, &out, 5);
	cbor_writer_uint(&w, 1);
	assert_true(w.failed);
	/* It sticks. */
	w.limit = 100;
	cbor_writer_uint(&w, 1);
	assert_true(w.failed);
	assert_null(cbor_writer_bytes_space(&w, 1));
	buffer_reset(&out);
	cbor_writer_init(&w, &out, 10);
	assert_null(cbor_writer_bytes_space(&w, 10));
	assert_true(w.failed);
	/* A buffer that is over the limit already. */
	assert_true(buffer_resize(&out, 20));
	cbor_writer_init(&w, &out, 10);
	cbor_writer_null(&w);
	assert_true(w.failed);
}

static void test_no_memory(void **state)
{
	(void)state;
	buffer_free(&out);
	malloc_fails = true;
	cbor_writer_uint(&w, 1);
	malloc_fails = false;
	assert_true(w.failed);
	cbor_writer_null(&w);
	assert_true(w.failed);
	assert_int_equal(out.size, 0);
	cbor_writer_init(&w, &out, SIZE_MAX);
	cbor_writer_null(&w);
	malloc_fails = true;
	assert_null(cbor_writer_bytes_space(&w, 100000));
	malloc_fails = false;
	assert_true(w.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_numbers, setup),
		cmocka_unit_test_setup(test_strings_and_collections, setup),
		cmocka_unit_test_setup(test_limit, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
	};

	return cmocka_run_group_tests_name("common/cbor_writer", tests, NULL, teardown);
}
