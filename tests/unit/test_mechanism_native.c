/* SPDX-License-Identifier: Apache-2.0 */
/* Programs' templates are taken or refused, and C_GetAttributeValue's rules hold, form by form. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mechanism/attribute_template.h"
#include "mechanism/native.h"

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_OBJECT_CLASS private_key = CKO_PRIVATE_KEY;
static CK_BYTE bytes[300];
static char label[] = "label";
static char big_number[] = "\0\0\1\2";
static char no_utf8[] = "\xff";
static char date[] = "20261231";
static char no_date[] = "20261301";
static CK_MECHANISM_TYPE two_mechanisms[] = {CKM_ECDSA, CKM_VENDOR_DEFINED};

/* The verdict on a template of one attribute. */
static CK_RV one(CK_ATTRIBUTE_TYPE type, void *value, size_t size)
{
	const CK_ATTRIBUTE t = {type, value, size};
	struct native_arena arena = {0};
	struct attributes out;
	const CK_RV rv = native_template(&t, 1, &out, &arena);

	native_arena_free(&arena);
	return rv;
}

static void good_values_are_taken(void **state)
{
	CK_ATTRIBUTE t[] = {
		{CKA_CLASS, &private_key, sizeof(private_key)},
		{CKA_TOKEN, &yes, 1},
		{CKA_LABEL, label, 5},
		{CKA_ID, NULL, 0},
		{CKA_MODULUS, big_number, 4},
		{CKA_START_DATE, date, 8},
		{CKA_END_DATE, NULL, 0},
	};
	struct native_arena arena = {0};
	struct attributes out;
	CK_ULONG value = 0;
	bool truth = false;

	(void)state;
	assert_int_equal(native_template(t, 7, &out, &arena), CKR_OK);
	assert_int_equal(out.count, 7);
	assert_true(attributes_ulong(&out, CKA_CLASS, &value));
	assert_int_equal(value, CKO_PRIVATE_KEY);
	assert_true(attributes_bool(&out, CKA_TOKEN, &truth));
	assert_true(truth);
	assert_ptr_equal(attributes_find(&out, CKA_LABEL)->value.data, t[2].pValue);
	assert_non_null(attributes_find(&out, CKA_ID)->value.data);
	assert_int_equal(attributes_find(&out, CKA_ID)->value.size, 0);
	assert_true(span_equal(attributes_find(&out, CKA_MODULUS)->value,
			       (struct span){(const uint8_t *)"\1\2", 2}));
	native_arena_free(&arena);
	assert_int_equal(native_template(NULL, 0, &out, &arena), CKR_OK);
	assert_int_equal(out.count, 0);
	native_arena_free(&arena);
	native_arena_free(NULL);
}

static void bad_templates_are_refused(void **state)
{
	CK_ATTRIBUTE t[ATTRIBUTES_MAX + 1];
	struct native_arena arena = {0};
	struct attributes out;
	size_t i = 0;

	(void)state;
	assert_int_equal(native_template(NULL, 1, &out, &arena), CKR_ARGUMENTS_BAD);
	for (i = 0; i <= ATTRIBUTES_MAX; i++)
		t[i] = (CK_ATTRIBUTE){CKA_CLASS, &private_key, sizeof(private_key)};
	assert_int_equal(native_template(t, ATTRIBUTES_MAX, &out, &arena), CKR_OK);
	assert_int_equal(out.count, 1);
	native_arena_free(&arena);
	assert_int_equal(native_template(t, ATTRIBUTES_MAX + 1, &out, &arena), CKR_TEMPLATE_INCONSISTENT);
	assert_int_equal(native_template(t, (CK_ULONG)-1, &out, &arena), CKR_TEMPLATE_INCONSISTENT);
	t[0] = (CK_ATTRIBUTE){CKA_TOKEN, &yes, 1};
	t[1] = (CK_ATTRIBUTE){CKA_TOKEN, &no, 1};
	assert_int_equal(native_template(t, 2, &out, &arena), CKR_TEMPLATE_INCONSISTENT);
	native_arena_free(&arena);
}

static void bad_values_are_refused(void **state)
{
	CK_BBOOL two = 2;

	(void)state;
	assert_int_equal(one(0xdeadbeef, &yes, 1), CKR_ATTRIBUTE_TYPE_INVALID);
	assert_int_equal(one(CKA_TOKEN, &yes, 1), CKR_OK);
	assert_int_equal(one(CKA_TOKEN, &two, 1), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_TOKEN, bytes, sizeof(CK_ULONG)), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_TOKEN, NULL, 0), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_TOKEN, NULL, 1), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_CLASS, bytes, sizeof(CK_ULONG)), CKR_OK);
	assert_int_equal(one(CKA_CLASS, bytes, sizeof(CK_ULONG) / 2), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_CLASS, bytes, sizeof(CK_ULONG) + 1), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_CLASS, bytes, 0), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_CLASS, NULL, sizeof(CK_ULONG)), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_LABEL, no_utf8, 1), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_LABEL, bytes, SIZE_MAX), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_MODULUS, bytes, 0), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_MODULUS, bytes, sizeof(bytes)), CKR_OK); /* all zeros: the number 0 */
	assert_int_equal(one(CKA_START_DATE, no_date, 8), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_ALLOWED_MECHANISMS, bytes, sizeof(CK_ULONG) - 1),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_ALLOWED_MECHANISMS, bytes, (CK_ULONG)-8), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_ALLOWED_MECHANISMS, NULL, 0), CKR_OK);
}

static void oversize_is_refused(void **state)
{
	const size_t max = attribute_max(CKA_ID);
	CK_MECHANISM_TYPE *list = calloc(ATTRIBUTE_MECHANISMS_MAX + 1, sizeof(*list));
	char *big = calloc(1, max + 1);

	(void)state;
	assert_int_equal(one(CKA_ID, big, max), CKR_OK);
	assert_int_equal(one(CKA_ID, big, max + 1), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_ALLOWED_MECHANISMS, list, ATTRIBUTE_MECHANISMS_MAX * sizeof(*list)),
			 CKR_OK);
	assert_int_equal(one(CKA_ALLOWED_MECHANISMS, list, (ATTRIBUTE_MECHANISMS_MAX + 1) * sizeof(*list)),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	free(list);
	free(big);
}

static void numbers_need_no_alignment(void **state)
{
	uint8_t unaligned[1 + 2 * sizeof(CK_ULONG)];
	const CK_MECHANISM_TYPE list[] = {CKM_ECDSA, CKM_AES_GCM};
	const CK_ATTRIBUTE t = {CKA_ALLOWED_MECHANISMS, unaligned + 1, sizeof(list)};
	struct native_arena arena = {0};
	struct span value = {0};

	(void)state;
	memcpy(unaligned + 1, list, sizeof(list));
	assert_int_equal(native_to_portable(&t, &arena, &value), CKR_OK);
	assert_int_equal(value.size, 16);
	assert_int_equal(attribute_get_ulong(value.data), CKM_ECDSA);
	assert_int_equal(attribute_get_ulong(value.data + 8), CKM_AES_GCM);
	native_arena_free(&arena);
}

static void nested_templates_are_taken(void **state)
{
	CK_ATTRIBUTE inner[] = {
		{CKA_SENSITIVE, &yes, 1},
		{CKA_CLASS, &private_key, sizeof(private_key)},
		{CKA_SENSITIVE, &yes, 1},
	};
	CK_ATTRIBUTE t[] = {
		{CKA_WRAP_TEMPLATE, inner, sizeof(inner)},      {CKA_UNWRAP_TEMPLATE, inner, sizeof(inner)},
		{CKA_DERIVE_TEMPLATE, NULL, 0},                 {CKA_WRAP_TEMPLATE, inner, sizeof(inner)},
		{CKA_UNWRAP_TEMPLATE, inner, 2 * sizeof(*inner)},
	};
	struct native_arena arena = {0};
	struct attributes out;
	struct attributes nested;

	(void)state;
	assert_int_equal(native_template(t, 5, &out, &arena), CKR_OK);
	assert_int_equal(out.count, 3);
	assert_int_equal(attribute_template_read(attributes_find(&out, CKA_WRAP_TEMPLATE)->value, &nested),
			 CKR_OK);
	assert_int_equal(nested.count, 2);
	assert_int_equal(nested.item[0].type, CKA_CLASS);
	assert_int_equal(nested.item[1].type, CKA_SENSITIVE);
	assert_int_equal(attribute_template_read(attributes_find(&out, CKA_DERIVE_TEMPLATE)->value, &nested),
			 CKR_OK);
	assert_int_equal(nested.count, 0);
	native_arena_free(&arena);
}

static void bad_nested_templates_are_refused(void **state)
{
	CK_ATTRIBUTE inner[ATTRIBUTES_NESTED_MAX + 1];
	size_t i = 0;

	(void)state;
	for (i = 0; i <= ATTRIBUTES_NESTED_MAX; i++)
		inner[i] = (CK_ATTRIBUTE){CKA_TOKEN, &yes, 1};
	assert_int_equal(one(CKA_WRAP_TEMPLATE, inner, sizeof(inner)), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_WRAP_TEMPLATE, inner, sizeof(*inner)), CKR_OK);
	assert_int_equal(one(CKA_WRAP_TEMPLATE, inner, sizeof(*inner) - 1), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(one(CKA_WRAP_TEMPLATE, NULL, sizeof(*inner)), CKR_ATTRIBUTE_VALUE_INVALID);
	inner[1].pValue = &no;
	assert_int_equal(one(CKA_WRAP_TEMPLATE, inner, 2 * sizeof(*inner)), CKR_TEMPLATE_INCONSISTENT);
	inner[0] = (CK_ATTRIBUTE){0xdeadbeef, &yes, 1};
	assert_int_equal(one(CKA_WRAP_TEMPLATE, inner, sizeof(*inner)), CKR_ATTRIBUTE_TYPE_INVALID);
	inner[0] = (CK_ATTRIBUTE){CKA_TOKEN, NULL, 1};
	assert_int_equal(one(CKA_WRAP_TEMPLATE, inner, sizeof(*inner)), CKR_ATTRIBUTE_VALUE_INVALID);
	inner[0] = (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, &inner[1], sizeof(*inner)};
	assert_int_equal(one(CKA_WRAP_TEMPLATE, inner, sizeof(*inner)), CKR_ATTRIBUTE_VALUE_INVALID);
}

/* All that can be at once fits into the arena. */
static void the_arena_suffices(void **state)
{
	CK_MECHANISM_TYPE list[ATTRIBUTE_MECHANISMS_MAX] = {0};
	CK_ATTRIBUTE inner[ATTRIBUTES_NESTED_MAX];
	CK_ATTRIBUTE t[ATTRIBUTES_MAX];
	struct native_arena arena = {0};
	struct attributes out;
	size_t i = 0;

	(void)state;
	for (i = 0; i < ATTRIBUTES_NESTED_MAX; i++)
		inner[i] = (CK_ATTRIBUTE){CKA_CLASS, &private_key, sizeof(private_key)};
	inner[0] = (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, list, sizeof(list)};
	inner[1] = (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, list, sizeof(list)};
	for (i = 0; i < ATTRIBUTES_MAX; i++)
		t[i] = (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, list, sizeof(list)};
	t[1] = (CK_ATTRIBUTE){CKA_CLASS, &private_key, sizeof(private_key)};
	t[2] = (CK_ATTRIBUTE){CKA_WRAP_TEMPLATE, inner, sizeof(inner)};
	t[3] = (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, inner, sizeof(inner)};
	t[4] = (CK_ATTRIBUTE){CKA_DERIVE_TEMPLATE, inner, sizeof(inner)};
	t[5] = (CK_ATTRIBUTE){CKA_DERIVE_TEMPLATE, inner, sizeof(inner)};
	assert_int_equal(native_template(t, ATTRIBUTES_MAX, &out, &arena), CKR_OK);
	assert_int_equal(out.count, 5);
	native_arena_free(&arena);
}

static void values_come_back(void **state)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		void *value;
		size_t size;
	} cases[] = {
		{CKA_TOKEN, &yes, 1},
		{CKA_CLASS, &private_key, sizeof(private_key)},
		{CKA_LABEL, label, 5},
		{CKA_LABEL, label, 0},
		{CKA_VALUE, bytes, sizeof(bytes)},
		{CKA_PRIME_1, big_number + 2, 2},
		{CKA_END_DATE, date, 8},
		{CKA_ALLOWED_MECHANISMS, two_mechanisms, sizeof(two_mechanisms)},
	};
	size_t i = 0;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const CK_ATTRIBUTE in = {cases[i].type, cases[i].value, cases[i].size};
		const struct attribute_row *row = attribute_any(in.type);
		CK_BYTE back[1 + sizeof(bytes)];
		CK_ATTRIBUTE out = {in.type, NULL, 77};
		struct native_arena arena = {0};
		struct span value = {0};

		assert_int_equal(native_to_portable(&in, &arena, &value), CKR_OK);
		assert_int_equal(native_from_portable(row, value, &out), CKR_OK);
		assert_int_equal(out.ulValueLen, in.ulValueLen);
		memset(back, 0xee, sizeof(back));
		out.pValue = back + 1; /* not aligned */
		assert_int_equal(native_from_portable(row, value, &out), CKR_OK);
		assert_int_equal(out.ulValueLen, in.ulValueLen);
		assert_memory_equal(back + 1, in.pValue, in.ulValueLen);
		assert_true(in.ulValueLen == sizeof(bytes) || back[1 + in.ulValueLen] == 0xee);
		if (in.ulValueLen > 0) {
			out.ulValueLen = in.ulValueLen - 1;
			assert_int_equal(native_from_portable(row, value, &out), CKR_BUFFER_TOO_SMALL);
			assert_true(out.ulValueLen == CK_UNAVAILABLE_INFORMATION);
		}
		native_arena_free(&arena);
	}
}

static void what_is_not_there_is_said(void **state)
{
	CK_BYTE back[16];
	CK_ATTRIBUTE out = {CKA_CLASS, back, sizeof(back)};

	(void)state;
	assert_int_equal(native_from_portable(attribute_any(CKA_CLASS), (struct span){NULL, 0}, &out),
			 CKR_ATTRIBUTE_TYPE_INVALID);
	assert_true(out.ulValueLen == CK_UNAVAILABLE_INFORMATION);
	out.ulValueLen = sizeof(back);
	assert_int_equal(native_from_portable(attribute_any(CKA_CLASS), (struct span){bytes, 7}, &out),
			 CKR_DEVICE_ERROR);
	assert_true(out.ulValueLen == CK_UNAVAILABLE_INFORMATION);
}

/*
 * PKCS#11 v3.1 section 5.7.5: the array's size, then the elements' sizes and types, then their
 * values.
 */
static void nested_templates_come_back(void **state)
{
	CK_ATTRIBUTE inner[] = {{CKA_LABEL, label, 5}, {CKA_CLASS, &private_key, sizeof(private_key)}};
	const CK_ATTRIBUTE in = {CKA_WRAP_TEMPLATE, inner, sizeof(inner)};
	const struct attribute_row *row = attribute_any(CKA_WRAP_TEMPLATE);
	CK_ATTRIBUTE back[2] = {{0, NULL, 0}, {0, NULL, 0}};
	CK_ATTRIBUTE out = {CKA_WRAP_TEMPLATE, NULL, 0};
	CK_OBJECT_CLASS class = 0;
	CK_BYTE text[5];
	struct native_arena arena = {0};
	struct span value = {0};

	(void)state;
	assert_int_equal(native_to_portable(&in, &arena, &value), CKR_OK);
	assert_int_equal(native_from_portable(row, value, &out), CKR_OK);
	assert_int_equal(out.ulValueLen, sizeof(inner));
	out.pValue = back;
	assert_int_equal(native_from_portable(row, value, &out), CKR_OK);
	assert_int_equal(back[0].type, CKA_CLASS);
	assert_int_equal(back[0].ulValueLen, sizeof(class));
	assert_int_equal(back[1].type, CKA_LABEL);
	assert_int_equal(back[1].ulValueLen, 5);
	back[0].pValue = &class;
	back[1].pValue = text;
	back[1].ulValueLen = 4;
	assert_int_equal(native_from_portable(row, value, &out), CKR_BUFFER_TOO_SMALL);
	assert_true(back[1].ulValueLen == CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(class, CKO_PRIVATE_KEY);
	back[1].ulValueLen = 5;
	assert_int_equal(native_from_portable(row, value, &out), CKR_OK);
	assert_memory_equal(text, label, 5);
	out.ulValueLen = sizeof(inner) - 1;
	assert_int_equal(native_from_portable(row, value, &out), CKR_BUFFER_TOO_SMALL);
	native_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values_are_taken),
		cmocka_unit_test(bad_templates_are_refused),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(oversize_is_refused),
		cmocka_unit_test(numbers_need_no_alignment),
		cmocka_unit_test(nested_templates_are_taken),
		cmocka_unit_test(bad_nested_templates_are_refused),
		cmocka_unit_test(the_arena_suffices),
		cmocka_unit_test(values_come_back),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(nested_templates_come_back),
	};

	return cmocka_run_group_tests_name("native", tests, NULL, NULL);
}
