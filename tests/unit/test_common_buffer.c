/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Buffers: contents across growth, failure without change, and nothing left unwiped in freed memory.
 * The linker sends malloc and free of the code under test through the wrappers here.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "cmocka_test.h"

void *__real_malloc(size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void __wrap_free(void *p);

static bool malloc_fails;
static const void *watched;
static size_t watched_size;
static int watched_dirty = -1; /* bytes that were not zero when the watched block was freed */

void *__wrap_malloc(size_t size)
{
	return malloc_fails ? NULL : __real_malloc(size);
}

void __wrap_free(void *p)
{
	if (p && p == watched) {
		watched_dirty = 0;
		for (size_t i = 0; i < watched_size; i++)
			watched_dirty += ((const unsigned char *)p)[i] != 0;
		watched = NULL;
	}
	__real_free(p);
}

static void watch(const struct buffer *b)
{
	watched = b->data;
	watched_size = b->capacity;
	watched_dirty = -1;
}

static void test_append_keeps_contents(void **state)
{
	struct buffer b = {.secret = *state != NULL};
	uint8_t want[5000];

	for (size_t i = 0; i < sizeof(want); i++) {
		want[i] = (uint8_t)(i * 7);
		assert_true(buffer_append(&b, &want[i], 1));
	}
	assert_int_equal(b.size, sizeof(want));
	assert_memory_equal(b.data, want, sizeof(want));
	assert_true(buffer_append(&b, NULL, 0));
	assert_int_equal(buffer_span(&b).size, sizeof(want));
	assert_ptr_equal(buffer_span(&b).data, b.data);
	buffer_free(&b);
	assert_null(b.data);
	assert_int_equal(b.secret, *state != NULL);
}

static void test_resize_zeroes_and_wipes(void **state)
{
	struct buffer b = {.secret = *state != NULL};
	static const uint8_t zeros[64];

	assert_true(buffer_set(&b, "0123456789", 10));
	assert_true(buffer_resize(&b, 4));
	assert_memory_equal(b.data + 4, zeros, 6);
	assert_true(buffer_resize(&b, 40));
	assert_memory_equal(b.data, "0123", 4);
	assert_memory_equal(b.data + 4, zeros, 36);
	assert_true(buffer_set(&b, "ab", 2));
	assert_int_equal(b.size, 2);
	assert_memory_equal(b.data + 2, zeros, 38);
	buffer_reset(&b);
	assert_int_equal(b.size, 0);
	assert_memory_equal(b.data, zeros, 2);
	assert_true(b.capacity >= 40);
	buffer_free(&b);
	buffer_free(NULL);
}

static void test_freed_memory_is_wiped(void **state)
{
	struct buffer b = {0};

	(void)state;
	assert_true(buffer_set(&b, "a secret in the heap", 20));
	watch(&b);
	assert_true(buffer_reserve(&b, 10000));
	assert_int_equal(watched_dirty, 0);
	assert_memory_equal(b.data, "a secret in the heap", 20);
	watch(&b);
	buffer_free(&b);
	assert_int_equal(watched_dirty, 0);
}

static void test_no_memory_changes_nothing(void **state)
{
	struct buffer b = {0};
	uint8_t *data = NULL;
	size_t capacity = 0;
	uint8_t more[4096] = {1};

	(void)state;
	assert_true(buffer_set(&b, "kept", 4));
	data = b.data;
	capacity = b.capacity;
	malloc_fails = true;
	assert_false(buffer_append(&b, more, sizeof(more)));
	assert_false(buffer_resize(&b, 4096));
	assert_false(buffer_set(&b, more, sizeof(more)));
	assert_false(buffer_reserve(&b, 4096));
	assert_false(buffer_resize(&b, SIZE_MAX));
	assert_false(buffer_append(&b, more, SIZE_MAX));
	malloc_fails = false;
	assert_ptr_equal(b.data, data);
	assert_int_equal(b.capacity, capacity);
	assert_int_equal(b.size, 4);
	assert_memory_equal(b.data, "kept", 4);
	buffer_free(&b);
}

static void test_spans(void **state)
{
	(void)state;
	assert_true(span_equal(span_text("abc"), span_text("abc")));
	assert_false(span_equal(span_text("abc"), span_text("abd")));
	assert_false(span_equal(span_text("abc"), span_text("ab")));
	assert_true(span_equal(span_text(NULL), span_text("")));
	assert_int_equal(span_text(NULL).size, 0);
}

static void test_utf8(void **state)
{
	static const char *const good[] = {"", "a", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
					   "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "Schl\xc3\xbcssel"};
	static const char *const bad[] = {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80",
					  "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
					  "\xe2\x82", "a\xffz", "\xc2z"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(span_is_utf8(span_text(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(span_is_utf8(span_text(bad[i])));
}

int main(void)
{
	static int secret;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_append_keeps_contents),
		{"test_append_keeps_contents_secret", test_append_keeps_contents, NULL, NULL, &secret},
		cmocka_unit_test(test_resize_zeroes_and_wipes),
		{"test_resize_zeroes_and_wipes_secret", test_resize_zeroes_and_wipes, NULL, NULL, &secret},
		cmocka_unit_test(test_freed_memory_is_wiped),
		cmocka_unit_test(test_no_memory_changes_nothing),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests_name("common/buffer", tests, NULL, NULL);
}
