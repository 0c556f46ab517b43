/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Curves are found by each form of CKA_EC_PARAMS and by each of their names, and by nothing else.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mechanism/mechanism.h"

static const struct mechanism_curve *by_bytes(const char *bytes, size_t size)
{
	return mechanism_curve_find((struct span){(const uint8_t *)bytes, size});
}

static void every_curve_is_found(void **state)
{
	size_t count = 0;
	const struct mechanism_curve *curve = mechanism_curves(&count);
	size_t i = 0;

	(void)state;
	assert_int_equal(count, 5);
	for (i = 0; i < count; i++) {
		assert_ptr_equal(mechanism_curve_find((struct span){curve[i].params, curve[i].params_size}),
				 &curve[i]);
		assert_ptr_equal(mechanism_curve_named(curve[i].name), &curve[i]);
		assert_non_null(mechanism_key_type_find(curve[i].key_type));
		assert_int_equal(curve[i].field_size, (curve[i].bits + 7) / 8);
		assert_int_equal(curve[i].params[0], 0x06);
		assert_int_equal(curve[i].params[1], curve[i].params_size - 2);
	}
}

static void other_forms_are_accepted(void **state)
{
	(void)state;
	assert_string_equal(by_bytes("\x13\x0c"
				     "edwards25519",
				     14)
				    ->name,
			    "ED25519");
	assert_string_equal(by_bytes("\x13\x0a"
				     "curve25519",
				     12)
				    ->name,
			    "X25519");
	assert_string_equal(by_bytes("\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01", 11)->name, "ED25519");
	assert_string_equal(by_bytes("\x06\x0a\x2b\x06\x01\x04\x01\x97\x55\x01\x05\x01", 12)->name,
			    "X25519");
}

static void all_else_is_refused(void **state)
{
	static const char p256[] = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
	size_t size = 0;

	(void)state;
	assert_non_null(by_bytes(p256, 10));
	for (size = 0; size < 10; size++)
		assert_null(by_bytes(p256, size));
	assert_null(by_bytes(p256, 11));
	assert_null(mechanism_curve_find((struct span){NULL, 0}));
	assert_null(by_bytes("\x06\x05\x2b\x81\x04\x00\x0a", 7)); /* secp256k1 */
	assert_null(by_bytes("\x13\x0c"
			     "edwards25518",
			     14));
	assert_null(by_bytes("\x0c\x0c"
			     "edwards25519",
			     14)); /* UTF8String */
	assert_null(by_bytes("\x13\x0b"
			     "edwards25519",
			     14));
	assert_null(by_bytes("\x05\x00", 2)); /* implicitCurve */
}

static void names_have_aliases(void **state)
{
	(void)state;
	assert_string_equal(mechanism_curve_named("prime256v1")->name, "P-256");
	assert_string_equal(mechanism_curve_named("secp256r1")->name, "P-256");
	assert_string_equal(mechanism_curve_named("SECP384R1")->name, "P-384");
	assert_string_equal(mechanism_curve_named("p-521")->name, "P-521");
	assert_string_equal(mechanism_curve_named("secp521r1")->name, "P-521");
	assert_string_equal(mechanism_curve_named("ed25519")->name, "ED25519");
	assert_string_equal(mechanism_curve_named("curve25519")->name, "X25519");
	assert_null(mechanism_curve_named("secp256k1"));
	assert_null(mechanism_curve_named(""));
	assert_null(mechanism_curve_named(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_curve_is_found),
		cmocka_unit_test(other_forms_are_accepted),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(names_have_aliases),
	};

	return cmocka_run_group_tests_name("mechanism_curve", tests, NULL, NULL);
}
