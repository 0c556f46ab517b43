/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attribute table is in order, names what it numbers, and its notes do not contradict each
 * other.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "constants.h"
#include "mechanism/attribute.h"
#include "mechanism/keyclave.h"
#include "mechanism/mechanism.h"

static const struct attribute_row *rows;
static size_t count;

static int setup(void **state)
{
	(void)state;
	rows = attribute_rows(&count);
	return constants_load() ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	constants_unload();
	return 0;
}

static void rows_are_sorted(void **state)
{
	size_t i = 0;

	(void)state;
	assert_true(count > 70);
	for (i = 1; i < count; i++)
		assert_true(rows[i - 1].type <= rows[i].type);
}

/* No object finds two rows for one type; what is the same for all rows of a type is the same. */
static void rows_are_unique(void **state)
{
	size_t i = 0;
	size_t k = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		assert_true(rows[i].classes != 0 && (rows[i].classes & ~(unsigned)CLASS_ANY) == 0);
		for (k = i + 1; k < count && rows[k].type == rows[i].type; k++) {
			const bool same_keys = rows[i].key_type == rows[k].key_type ||
					       rows[i].key_type == ATTRIBUTE_ANY_KEY_TYPE ||
					       rows[k].key_type == ATTRIBUTE_ANY_KEY_TYPE;

			assert_string_equal(rows[i].name, rows[k].name);
			assert_int_equal(rows[i].form, rows[k].form);
			if (same_keys && (rows[i].classes & rows[k].classes))
				fail_msg("two rows of %s overlap", rows[i].name);
		}
	}
}

static void every_row_is_found(void **state)
{
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		unsigned bit = 0;

		for (bit = 1; bit <= CLASS_PROFILE; bit <<= 1) {
			if (rows[i].classes & bit)
				assert_ptr_equal(attribute_find(rows[i].type, bit, rows[i].key_type),
						 &rows[i]);
		}
		assert_int_equal(attribute_any(rows[i].type)->type, rows[i].type);
		assert_string_equal(attribute_name(rows[i].type), rows[i].name);
		assert_true(attribute_max(rows[i].type) >= rows[i].max);
		assert_true(rows[i].max > 0);
	}
}

static void names_have_the_headers_numbers(void **state)
{
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		unsigned long value = 0;

		assert_int_equal(strncmp(rows[i].name, "CKA_", 4), 0);
		if (!constants_value(rows[i].name, &value))
			fail_msg("%s is in no header", rows[i].name);
		assert_int_equal(value, rows[i].type);
	}
}

static void key_types_are_known(void **state)
{
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		const struct mechanism_key_type *type = NULL;

		if (rows[i].key_type == ATTRIBUTE_ANY_KEY_TYPE)
			continue;
		type = mechanism_key_type_find(rows[i].key_type);
		assert_non_null(type);
		assert_int_equal(rows[i].classes & ~(unsigned)CLASS_KEY, 0);
		assert_int_equal((rows[i].classes & CLASS_SECRET) != 0, type->secret);
	}
}

static void defaults_are_valid(void **state)
{
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		const struct span value = {rows[i].fallback, rows[i].fallback_size};

		if (!rows[i].fallback) {
			assert_int_equal(rows[i].fallback_size, 0);
			continue;
		}
		if (!attribute_value_valid(&rows[i], value))
			fail_msg("the default of %s is not valid", rows[i].name);
		assert_false(rows[i].notes & (NOTE_CREATE_MUST | NOTE_TOKEN_SETS | NOTE_VIRTUAL));
	}
}

static void notes_do_not_contradict(void **state)
{
	static const unsigned pairs[][2] = {
		{NOTE_CREATE_MUST, NOTE_CREATE_MUST_NOT},
		{NOTE_GENERATE_MUST, NOTE_GENERATE_MUST_NOT},
		{NOTE_UNWRAP_MUST, NOTE_UNWRAP_MUST_NOT},
		{NOTE_ONLY_TO_TRUE, NOTE_ONLY_TO_FALSE},
		{NOTE_MODIFIABLE, NOTE_COPY_ONLY},
		{NOTE_TOKEN_SETS, NOTE_MODIFIABLE},
		{NOTE_TOKEN_SETS, NOTE_CREATE_MUST},
		{NOTE_SENSITIVE, NOTE_MODIFIABLE},
		{NOTE_DERIVE_ONLY, NOTE_CREATE_MUST},
		{NOTE_DERIVE_ONLY, NOTE_GENERATE_MUST},
		{NOTE_DERIVE_ONLY, NOTE_MODIFIABLE},
	};
	const unsigned never = NOTE_CREATE_MUST_NOT | NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT;
	size_t i = 0;
	size_t k = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		const unsigned notes = rows[i].notes;

		for (k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
			assert_false((notes & pairs[k][0]) && (notes & pairs[k][1]));
		if (notes & (NOTE_TOKEN_SETS | NOTE_VIRTUAL))
			assert_int_equal(notes & never, never);
		if (notes & (NOTE_ONLY_TO_TRUE | NOTE_ONLY_TO_FALSE | NOTE_SO_ONLY_TRUE)) {
			assert_int_equal(rows[i].form, ATTRIBUTE_BOOL);
			assert_true(notes & NOTE_MODIFIABLE);
		}
		/* What is not the default of all has a value from somewhere. */
		if (rows[i].form == ATTRIBUTE_BOOL)
			assert_true(rows[i].fallback ||
				    (notes & (NOTE_DEFAULT_TOKEN | NOTE_TOKEN_SETS | NOTE_DERIVE_ONLY)));
	}
}

/* DESIGN decision 7, and security rule 1: what evidence speaks of cannot be changed. */
static void keys_stay_in(void **state)
{
	static const CK_KEY_TYPE curves[] = {CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY};
	static const CK_ATTRIBUTE_TYPE rsa[] = {CKA_PRIVATE_EXPONENT, CKA_PRIME_1,    CKA_PRIME_2,
						CKA_EXPONENT_1,       CKA_EXPONENT_2, CKA_COEFFICIENT};
	size_t i = 0;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(attribute_find(CKA_VALUE, CLASS_PRIVATE, curves[i])->notes & NOTE_SENSITIVE);
	for (i = 0; i < 6; i++)
		assert_true(attribute_find(rsa[i], CLASS_PRIVATE, CKK_RSA)->notes & NOTE_SENSITIVE);
	assert_true(attribute_find(CKA_VALUE, CLASS_SECRET, CKK_AES)->notes & NOTE_SENSITIVE);
	assert_true(attribute_find(CKA_VALUE, CLASS_SECRET, CKK_SHA256_HMAC)->notes & NOTE_SENSITIVE);
	assert_null(attribute_find(CKA_VALUE, CLASS_PRIVATE, CKK_RSA));
	assert_null(attribute_find(CKA_VALUE, CLASS_PUBLIC, CKK_EC));
	for (i = 0; i < count; i++) {
		if (rows[i].type == CKA_SENSITIVE)
			assert_int_equal(rows[i].fallback[0], 1);
		if (rows[i].type == CKA_EXTRACTABLE)
			assert_int_equal(rows[i].fallback[0], 0);
		if (rows[i].type == CKA_PRIVATE)
			assert_int_equal(rows[i].fallback[0], (rows[i].classes & CLASS_PRIVATE) != 0);
		if (rows[i].type == CKA_PUBLIC_KEY_INFO || rows[i].type == CKA_KEYCLAVE_ORIGIN)
			assert_false(rows[i].notes & (NOTE_MODIFIABLE | NOTE_COPY_ONLY));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(rows_are_unique),
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(names_have_the_headers_numbers),
		cmocka_unit_test(key_types_are_known),
		cmocka_unit_test(defaults_are_valid),
		cmocka_unit_test(notes_do_not_contradict),
		cmocka_unit_test(keys_stay_in),
	};

	return cmocka_run_group_tests_name("attribute_rows", tests, setup, teardown);
}
