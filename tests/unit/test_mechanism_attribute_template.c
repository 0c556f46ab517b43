/* SPDX-License-Identifier: Apache-2.0 */
/* The portable form of nested templates: written sorted, read strictly. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mechanism/attribute_template.h"

static const uint8_t one[] = {1};
static const uint8_t number[8] = {0, 0, 0, 0, 0, 0, 0, 4};

static CK_RV read_bytes(const char *bytes, size_t size)
{
	struct attributes list;

	return attribute_template_read((struct span){(const uint8_t *)bytes, size}, &list);
}

static void round_trip(void **state)
{
	/* [[0, h'0000000000000004'], [3, h'6869'], [0x162, h'01']] */
	static const uint8_t expected[] = {0x83, 0x82, 0x00, 0x48, 0, 0,    0,    0,    0,    0,    0,
					   4,    0x82, 0x03, 0x42, 'h', 'i', 0x82, 0x19, 0x01, 0x62, 0x41, 1};
	struct attributes list = {.count = 0};
	struct attributes again;
	struct buffer out = {0};
	size_t i = 0;

	(void)state;
	attributes_add(&list, CKA_EXTRACTABLE, (struct span){one, 1});
	attributes_add(&list, CKA_LABEL, span_text("hi"));
	attributes_add(&list, CKA_CLASS, (struct span){number, 8});
	assert_int_equal(attribute_template_write(&out, &list), CKR_OK);
	assert_int_equal(out.size, sizeof(expected));
	assert_memory_equal(out.data, expected, sizeof(expected));
	assert_int_equal(attribute_template_read(buffer_span(&out), &again), CKR_OK);
	assert_int_equal(again.count, 3);
	for (i = 0; i < list.count; i++)
		assert_true(span_equal(attributes_find(&again, list.item[i].type)->value,
				       list.item[i].value));
	for (i = 0; i < out.size; i++)
		assert_int_equal(attribute_template_read((struct span){out.data, i}, &again),
				 CKR_ATTRIBUTE_VALUE_INVALID);
	buffer_free(&out);
}

static void empty(void **state)
{
	struct attributes list = {.count = 0};
	struct buffer out = {0};

	(void)state;
	assert_int_equal(attribute_template_write(&out, &list), CKR_OK);
	assert_int_equal(out.size, 1);
	assert_int_equal(out.data[0], 0x80);
	list.count = 9;
	assert_int_equal(attribute_template_read(buffer_span(&out), &list), CKR_OK);
	assert_int_equal(list.count, 0);
	buffer_free(&out);
}

static void bad_lists_are_not_written(void **state)
{
	static const uint8_t big[ATTRIBUTE_TEMPLATE_MAX];
	struct attributes list = {.count = 0};
	struct buffer out = {0};
	CK_ATTRIBUTE_TYPE type = 0;

	(void)state;
	attributes_add(&list, CKA_SIGN, (struct span){one, 1});
	attributes_add(&list, CKA_SIGN, (struct span){one, 1});
	assert_int_equal(attribute_template_write(&out, &list), CKR_TEMPLATE_INCONSISTENT);
	list.count = 0;
	attributes_add(&list, CKA_WRAP_TEMPLATE, (struct span){(const uint8_t *)"\x80", 1});
	assert_int_equal(attribute_template_write(&out, &list), CKR_ATTRIBUTE_VALUE_INVALID);
	list.count = 0;
	for (type = 0; type <= ATTRIBUTES_NESTED_MAX; type++)
		attributes_add(&list, type, (struct span){one, 1});
	assert_int_equal(attribute_template_write(&out, &list), CKR_ATTRIBUTE_VALUE_INVALID);
	list.count = 0;
	attributes_add(&list, CKA_VALUE, (struct span){big, sizeof(big)});
	assert_int_equal(attribute_template_write(&out, &list), CKR_ATTRIBUTE_VALUE_INVALID);
	buffer_free(&out);
}

static void bad_bytes_are_not_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {
		{"", 0},
		{"\x80\x00", 2},                                         /* trailing byte */
		{"\x9f\xff", 2},                                         /* indefinite */
		{"\x82\x82\x19\x01\x62\x41\x01\x82\x19\x01\x62\x41\x01", 13}, /* twice */
		{"\x82\x82\x19\x01\x62\x41\x01\x82\x18\x01\x41\x01", 12}, /* descending, long head */
		{"\x82\x82\x02\x41\x01\x82\x01\x41\x01", 9},             /* descending */
		{"\x81\x82\x01\x41\x02", 5},                             /* CKA_TOKEN = 2 */
		{"\x81\x82\x01\x61\x01", 5},                             /* text instead of bytes */
		{"\x81\x83\x01\x41\x01\x00", 6},                         /* three items */
		{"\x81\x82\x19\x70\x00\x41\x01", 7},                     /* unknown attribute */
		{"\x81\x82\x20\x41\x01", 5},                             /* negative type */
		{"\x81\x82\x1a\x40\x00\x02\x11\x41\x80", 9},             /* CKA_WRAP_TEMPLATE inside */
		{"\x98\x21", 2},                                         /* 33 items */
	};
	size_t i = 0;

	(void)state;
	assert_int_equal(read_bytes("\x81\x82\x01\x41\x01", 5), CKR_OK);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_bytes(bad[i].bytes, bad[i].size), CKR_ATTRIBUTE_VALUE_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(empty),
		cmocka_unit_test(bad_lists_are_not_written),
		cmocka_unit_test(bad_bytes_are_not_read),
	};

	return cmocka_run_group_tests_name("attribute_template", tests, NULL, NULL);
}
