/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the attribute table, portable values, and borrowed templates. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mechanism/attribute.h"

static bool valid(enum attribute_form form, const char *bytes, size_t size)
{
	return attribute_form_valid(form, (struct span){(const uint8_t *)bytes, size});
}

static void rows_are_found_by_class_and_key_type(void **state)
{
	(void)state;
	assert_string_equal(attribute_find(CKA_MODULUS, CLASS_PUBLIC, CKK_RSA)->name, "CKA_MODULUS");
	assert_null(attribute_find(CKA_MODULUS, CLASS_PUBLIC, CKK_EC));
	assert_null(attribute_find(CKA_MODULUS, CLASS_SECRET, CKK_RSA));
	assert_null(attribute_find(CKA_MODULUS, CLASS_PUBLIC, ATTRIBUTE_ANY_KEY_TYPE));
	assert_non_null(attribute_find(CKA_VALUE, CLASS_DATA, ATTRIBUTE_ANY_KEY_TYPE));
	assert_non_null(attribute_find(CKA_LABEL, CLASS_PRIVATE, CKK_EC));
	assert_null(attribute_find(CKA_LABEL, CLASS_HW_FEATURE, ATTRIBUTE_ANY_KEY_TYPE));
	assert_null(attribute_find(CKA_LABEL, 0, CKK_EC));
	assert_null(attribute_find(CKA_SENSITIVE, CLASS_PUBLIC, CKK_EC));
	assert_null(attribute_find(0xdeadbeef, CLASS_PRIVATE, CKK_EC));
	assert_null(attribute_any(0xdeadbeef));
	assert_null(attribute_any(CK_UNAVAILABLE_INFORMATION));
	assert_int_equal(attribute_max(0xdeadbeef), 0);
	assert_string_equal(attribute_name(0xdeadbeef), "0xdeadbeef");
	assert_string_equal(attribute_name(CKA_LABEL), "CKA_LABEL");
}

static void classes_have_bits(void **state)
{
	(void)state;
	assert_int_equal(attribute_class_bit(CKO_DATA), CLASS_DATA);
	assert_int_equal(attribute_class_bit(CKO_CERTIFICATE), CLASS_CERTIFICATE);
	assert_int_equal(attribute_class_bit(CKO_PUBLIC_KEY), CLASS_PUBLIC);
	assert_int_equal(attribute_class_bit(CKO_PRIVATE_KEY), CLASS_PRIVATE);
	assert_int_equal(attribute_class_bit(CKO_SECRET_KEY), CLASS_SECRET);
	assert_int_equal(attribute_class_bit(CKO_HW_FEATURE), CLASS_HW_FEATURE);
	assert_int_equal(attribute_class_bit(CKO_PROFILE), CLASS_PROFILE);
	assert_int_equal(attribute_class_bit(CKO_OTP_KEY), 0);
	assert_int_equal(attribute_class_bit(CK_UNAVAILABLE_INFORMATION), 0);
}

static void numbers_are_portable(void **state)
{
	static const uint8_t all_ones[8] = {255, 255, 255, 255, 255, 255, 255, 255};
	static const CK_ULONG numbers[] = {0, 1, 0x80, 0x12345678, CK_UNAVAILABLE_INFORMATION};
	uint8_t bytes[8];
	size_t i = 0;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		attribute_put_ulong(bytes, numbers[i]);
		assert_true(attribute_get_ulong(bytes) == numbers[i]);
	}
	assert_memory_equal(bytes, all_ones, 8);
	attribute_put_ulong(bytes, 0x0102);
	assert_memory_equal(bytes, "\0\0\0\0\0\0\1\2", 8);
}

static void simple_forms_are_checked(void **state)
{
	(void)state;
	assert_true(valid(ATTRIBUTE_BOOL, "\0", 1));
	assert_true(valid(ATTRIBUTE_BOOL, "\1", 1));
	assert_false(valid(ATTRIBUTE_BOOL, "\2", 1));
	assert_false(valid(ATTRIBUTE_BOOL, "", 0));
	assert_false(valid(ATTRIBUTE_BOOL, "\1\1", 2));
	assert_true(valid(ATTRIBUTE_ULONG, "12345678", 8));
	assert_false(valid(ATTRIBUTE_ULONG, "1234", 4));
	assert_false(valid(ATTRIBUTE_ULONG, "", 0));
	assert_true(valid(ATTRIBUTE_ULONGS, "", 0));
	assert_true(valid(ATTRIBUTE_ULONGS, "1234567812345678", 16));
	assert_false(valid(ATTRIBUTE_ULONGS, "123456781", 9));
	assert_true(valid(ATTRIBUTE_BYTES, "", 0));
	assert_false(valid(ATTRIBUTE_BYTES, NULL, 1));
	assert_true(valid(ATTRIBUTE_BIGNUM, "\0", 1));
	assert_true(valid(ATTRIBUTE_BIGNUM, "\1\0", 2));
	assert_false(valid(ATTRIBUTE_BIGNUM, "\0\1", 2));
	assert_false(valid(ATTRIBUTE_BIGNUM, "", 0));
	assert_true(valid(ATTRIBUTE_TEXT, "sch\xc3\xb6n", 6));
	assert_false(valid(ATTRIBUTE_TEXT, "sch\xf6n", 5));
	assert_false(valid(ATTRIBUTE_TEXT, "\xed\xa0\x80", 3));
	assert_false(valid(ATTRIBUTE_TEXT, "\xc0\x80", 2));
}

static void dates_are_checked(void **state)
{
	(void)state;
	assert_true(valid(ATTRIBUTE_DATE, "", 0));
	assert_true(valid(ATTRIBUTE_DATE, "20261231", 8));
	assert_false(valid(ATTRIBUTE_DATE, "20261331", 8));
	assert_false(valid(ATTRIBUTE_DATE, "20260031", 8));
	assert_false(valid(ATTRIBUTE_DATE, "20260132", 8));
	assert_false(valid(ATTRIBUTE_DATE, "20260100", 8));
	assert_false(valid(ATTRIBUTE_DATE, "2026-1-1", 8));
	assert_false(valid(ATTRIBUTE_DATE, "2026011", 7));
}

static void rows_bound_sizes(void **state)
{
	const struct attribute_row *id = attribute_any(CKA_ID);
	static const uint8_t bytes[4096];

	(void)state;
	assert_true(attribute_value_valid(id, (struct span){bytes, id->max}));
	assert_false(attribute_value_valid(id, (struct span){bytes, id->max + 1}));
}

static void templates_are_searched(void **state)
{
	static const uint8_t number[8] = {0, 0, 0, 0, 0, 0, 0, 3};
	static const uint8_t one[] = {1};
	struct attributes list = {.count = 0};
	CK_ULONG value = 0;
	bool truth = false;
	size_t i = 0;

	(void)state;
	assert_null(attributes_find(&list, CKA_CLASS));
	assert_true(attributes_add(&list, CKA_CLASS, (struct span){number, 8}));
	assert_true(attributes_add(&list, CKA_TOKEN, (struct span){one, 1}));
	assert_true(attributes_add(&list, CKA_SIGN, (struct span){NULL, 0}));
	assert_true(attributes_ulong(&list, CKA_CLASS, &value));
	assert_int_equal(value, CKO_PRIVATE_KEY);
	assert_true(attributes_bool(&list, CKA_TOKEN, &truth));
	assert_true(truth);
	assert_false(attributes_bool(&list, CKA_CLASS, &truth));
	assert_false(attributes_ulong(&list, CKA_TOKEN, &value));
	assert_false(attributes_bool(&list, CKA_SIGN, &truth));
	assert_false(attributes_bool(&list, CKA_PRIVATE, &truth));
	for (i = list.count; i < ATTRIBUTES_MAX; i++)
		assert_true(attributes_add(&list, CKA_ID, (struct span){one, 1}));
	assert_false(attributes_add(&list, CKA_ID, (struct span){one, 1}));
	assert_int_equal(list.count, ATTRIBUTES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found_by_class_and_key_type),
		cmocka_unit_test(classes_have_bits),
		cmocka_unit_test(numbers_are_portable),
		cmocka_unit_test(simple_forms_are_checked),
		cmocka_unit_test(dates_are_checked),
		cmocka_unit_test(rows_bound_sizes),
		cmocka_unit_test(templates_are_searched),
	};

	return cmocka_run_group_tests_name("attribute", tests, NULL, NULL);
}
