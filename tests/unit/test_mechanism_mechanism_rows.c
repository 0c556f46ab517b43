/* SPDX-License-Identifier: Apache-2.0 */
/* The mechanism table is in order, names what it numbers, and its columns agree with each other. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "constants.h"
#include "mechanism/mechanism.h"

static const struct mechanism_row *rows;
static size_t count;

static int setup(void **state)
{
	(void)state;
	rows = mechanism_rows(&count);
	return constants_load() ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	constants_unload();
	return 0;
}

static void rows_are_sorted_and_unique(void **state)
{
	size_t i = 0;

	(void)state;
	assert_true(count > 40);
	for (i = 1; i < count; i++)
		assert_true(rows[i - 1].type < rows[i].type);
}

static void every_row_is_found(void **state)
{
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		assert_ptr_equal(mechanism_find(rows[i].type), &rows[i]);
		assert_string_equal(mechanism_name(rows[i].type), rows[i].name);
	}
	assert_null(mechanism_find(CKM_MD5_RSA_PKCS));
	assert_null(mechanism_find(CKM_AES_KEY_WRAP_PAD));
	assert_null(mechanism_find(CK_UNAVAILABLE_INFORMATION));
	assert_string_equal(mechanism_name(CKM_MD5_RSA_PKCS), "0x5");
}

static void names_have_the_headers_numbers(void **state)
{
	size_t types = 0;
	const struct mechanism_key_type *type = mechanism_key_types(&types);
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		unsigned long value = 0;

		assert_int_equal(strncmp(rows[i].name, "CKM_", 4), 0);
		if (!constants_value(rows[i].name, &value))
			fail_msg("%s is not in cryptoki.h", rows[i].name);
		assert_int_equal(value, rows[i].type);
	}
	for (i = 0; i < types; i++) {
		unsigned long value = 0;

		assert_true(constants_value(type[i].name, &value));
		assert_int_equal(value, type[i].type);
		assert_true(i == 0 || type[i - 1].type < type[i].type);
		assert_ptr_equal(mechanism_key_type_find(type[i].type), &type[i]);
		assert_string_equal(mechanism_key_type_name(type[i].type), type[i].name);
	}
	assert_null(mechanism_key_type_find(CKK_DSA));
	assert_string_equal(mechanism_key_type_name(CKK_DSA), "0x1");
}

static void check_digest_row(const struct mechanism_row *row)
{
	assert_int_equal(row->digest, row->type);
	assert_non_null(row->digest_name);
	assert_ptr_equal(mechanism_find_mgf(row->mgf), row);
	assert_ptr_equal(mechanism_find_kdf(row->kdf), row);
	assert_int_equal(row->flags, CKF_DIGEST);
	/*
	 * The DER: the SEQUENCE is as long as what follows with the digest, an OCTET STRING of its
	 * size.
	 */
	assert_int_equal(row->digest_info[0], 0x30);
	assert_int_equal(row->digest_info[1], row->digest_info_size + row->output - 2);
	assert_int_equal(row->digest_info[row->digest_info_size - 2], 0x04);
	assert_int_equal(row->digest_info[row->digest_info_size - 1], row->output);
}

static void digests_agree(void **state)
{
	size_t digests = 0;
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		const struct mechanism_row *digest = NULL;

		if (rows[i].family == FAMILY_DIGEST) {
			check_digest_row(&rows[i]);
			digests++;
			continue;
		}
		assert_null(rows[i].digest_name);
		assert_null(rows[i].digest_info);
		if (rows[i].digest == CK_UNAVAILABLE_INFORMATION)
			continue;
		digest = mechanism_find(rows[i].digest);
		assert_non_null(digest);
		assert_int_equal(digest->family, FAMILY_DIGEST);
		assert_true(rows[i].multi_part);
		if (rows[i].family == FAMILY_HMAC) {
			assert_int_equal(rows[i].output, digest->output);
			assert_int_equal(rows[i].block, digest->block);
			assert_int_equal(rows[i].raw, CK_UNAVAILABLE_INFORMATION);
		}
	}
	assert_int_equal(digests, 5);
	assert_null(mechanism_find_mgf(0));
	assert_null(mechanism_find_mgf(CKG_MGF1_SHA3_256));
	assert_null(mechanism_find_kdf(0));
	assert_null(mechanism_find_kdf(CKD_NULL));
}

static void raw_mechanisms_agree(void **state)
{
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		const struct mechanism_row *raw = NULL;

		if (rows[i].raw == CK_UNAVAILABLE_INFORMATION)
			continue;
		raw = mechanism_find(rows[i].raw);
		assert_non_null(raw);
		assert_int_equal(raw->family, rows[i].family);
		assert_int_equal(raw->scheme, rows[i].scheme);
		assert_int_equal(raw->parameter, rows[i].parameter);
		assert_int_equal(raw->digest, CK_UNAVAILABLE_INFORMATION);
		assert_false(raw->multi_part);
		assert_memory_equal(raw->key_types, rows[i].key_types, sizeof(raw->key_types));
	}
}

static void keys_agree(void **state)
{
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		const bool keyless = rows[i].family == FAMILY_DIGEST;
		size_t k = 0;

		assert_int_equal(rows[i].min_key == 0, keyless);
		assert_true(rows[i].min_key <= rows[i].max_key);
		assert_int_equal(rows[i].key_types[0] == CK_UNAVAILABLE_INFORMATION, keyless);
		for (k = 0; k < 3; k++) {
			const CK_KEY_TYPE type = rows[i].key_types[k];

			if (type == CK_UNAVAILABLE_INFORMATION)
				continue;
			assert_non_null(mechanism_key_type_find(type));
			assert_true(mechanism_takes_key(&rows[i], type));
		}
		assert_false(mechanism_takes_key(&rows[i], CK_UNAVAILABLE_INFORMATION));
		assert_false(mechanism_takes_key(&rows[i], CKK_DSA));
		assert_int_equal(rows[i].scheme == SCHEME_KEY_GEN,
				 (rows[i].flags & (CKF_GENERATE | CKF_GENERATE_KEY_PAIR)) != 0);
	}
}

static void what_keys_can_do(void **state)
{
	(void)state;
	assert_int_equal(mechanism_key_type_flags(CKK_RSA),
			 CKF_SIGN | CKF_VERIFY | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER | CKF_ENCRYPT |
				 CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP);
	assert_int_equal(mechanism_key_type_flags(CKK_AES),
			 CKF_ENCRYPT | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP);
	assert_int_equal(mechanism_key_type_flags(CKK_GENERIC_SECRET), CKF_SIGN | CKF_VERIFY | CKF_DERIVE);
	assert_int_equal(mechanism_key_type_flags(CKK_HKDF), CKF_DERIVE);
	assert_int_equal(mechanism_key_type_flags(CKK_SHA256_HMAC), CKF_SIGN | CKF_VERIFY);
	assert_true(mechanism_key_type_flags(CKK_EC_MONTGOMERY) & CKF_DERIVE);
	assert_false(mechanism_key_type_flags(CKK_EC_MONTGOMERY) & CKF_SIGN);
	assert_int_equal(mechanism_key_type_flags(CKK_DSA), 0);
	assert_int_equal(mechanism_find(CKM_RSA_PKCS_KEY_PAIR_GEN)->min_key, 2048);
	assert_int_equal(mechanism_find(CKM_RSA_PKCS)->min_key, 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted_and_unique),
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(names_have_the_headers_numbers),
		cmocka_unit_test(digests_agree),
		cmocka_unit_test(raw_mechanisms_agree),
		cmocka_unit_test(keys_agree),
		cmocka_unit_test(what_keys_can_do),
	};

	return cmocka_run_group_tests_name("mechanism_rows", tests, setup, teardown);
}
