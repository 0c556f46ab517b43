/* SPDX-License-Identifier: Apache-2.0 */
/* The table of key usages agrees with the attribute and mechanism tables. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mechanism/attribute_usage.h"
#include "mechanism/mechanism.h"

#define LAST_CLASS CLASS_PROFILE

/* Each flag is a CK_BBOOL that can be changed, of the classes that the row says. */
static void flags_are_attributes(void **state)
{
	size_t count = 0;
	const struct attribute_usage *row = attribute_usage_rows(&count);
	size_t i = 0;
	unsigned bit = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		for (bit = 1; bit <= LAST_CLASS; bit <<= 1) {
			const struct attribute_row *found = attribute_find(row[i].flag, bit, CKK_RSA);

			assert_ptr_equal(attribute_usage_find(row[i].usage, bit),
					 row[i].classes & bit ? &row[i] : NULL);
			if (!(row[i].classes & bit))
				continue;
			assert_non_null(found);
			assert_int_equal(found->form, ATTRIBUTE_BOOL);
			assert_true(found->notes & NOTE_MODIFIABLE);
		}
	}
	assert_null(attribute_usage_find(CKF_DIGEST, CLASS_SECRET));
}

/* No mechanism has a use that no key can be given. */
static void every_use_has_a_flag(void **state)
{
	const CK_FLAGS keyless = CKF_DIGEST | CKF_GENERATE | CKF_GENERATE_KEY_PAIR | CKF_EC_F_P |
				 CKF_EC_OID | CKF_EC_UNCOMPRESS | CKF_EC_CURVENAME;
	size_t count = 0;
	const struct mechanism_row *row = mechanism_rows(&count);
	size_t i = 0;
	CK_FLAGS bit = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		for (bit = 1; bit <= CKF_EC_CURVENAME; bit <<= 1) {
			if (row[i].flags & ~keyless & bit)
				assert_true(attribute_usage_find(bit, CLASS_PUBLIC) ||
					    attribute_usage_find(bit, CLASS_PRIVATE) ||
					    attribute_usage_find(bit, CLASS_SECRET));
		}
	}
}

static void true_flags_are_collected(void **state)
{
	struct attribute_set *set = attribute_set_new();

	(void)state;
	assert_non_null(set);
	assert_int_equal(attribute_usage_of(set), 0);
	assert_true(attribute_set_put_bool(set, CKA_SIGN, true));
	assert_true(attribute_set_put_bool(set, CKA_VERIFY, true));
	assert_true(attribute_set_put_bool(set, CKA_DECRYPT, false));
	assert_int_equal(attribute_usage_of(set), 0);
	assert_true(attribute_set_put_ulong(set, CKA_CLASS, CKO_PRIVATE_KEY));
	assert_int_equal(attribute_usage_of(set), CKF_SIGN);
	assert_true(attribute_set_put_ulong(set, CKA_CLASS, CKO_SECRET_KEY));
	assert_int_equal(attribute_usage_of(set), CKF_SIGN | CKF_VERIFY);
	attribute_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flags_are_attributes),
		cmocka_unit_test(every_use_has_a_flag),
		cmocka_unit_test(true_flags_are_collected),
	};

	return cmocka_run_group_tests_name("attribute_usage", tests, NULL, NULL);
}
