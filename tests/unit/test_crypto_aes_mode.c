/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Padding of a last block, counters that may not wrap, chaining values.
 */
#include "config.h"

#include <string.h>

#include "cmocka_test.h"
#include "crypto/aes_mode.h"
#include "crypto_sample.h"

static void test_padding(void **state)
{
	static const uint8_t zeros[AES_MODE_BLOCK];
	uint8_t block[AES_MODE_BLOCK];
	struct buffer b = {0};
	size_t rest = 0;
	size_t i = 0;

	(void)state;
	for (rest = 0; rest < AES_MODE_BLOCK; rest++) {
		aes_mode_pad((struct span){zeros, rest}, block);
		assert_true(buffer_set(&b, block, sizeof(block)));
		assert_true(aes_mode_strip(&b));
		assert_int_equal(b.size, rest);
		/* Each byte of the padding counts, and none before it. */
		for (i = 0; i < AES_MODE_BLOCK; i++) {
			assert_true(buffer_set(&b, block, sizeof(block)));
			b.data[i] = (uint8_t)(b.data[i] ^ 0x40);
			assert_int_equal(aes_mode_strip(&b), i < rest);
		}
	}
	for (i = 0; i < 256; i++) {
		if (i >= 1 && i <= AES_MODE_BLOCK)
			continue;
		memset(block, (int)i, sizeof(block));
		assert_true(buffer_set(&b, block, sizeof(block)));
		assert_false(aes_mode_strip(&b));
	}
	buffer_free(&b);
}

static CK_RV counts(CK_ULONG bits, const char *counter, size_t size, bool last)
{
	struct mechanism m = sample_mechanism(CKM_AES_CTR);

	m.counter_bits = bits;
	m.iv = sample_hex(counter);
	return aes_mode_counter_check(&m, size, last, CKR_DATA_LEN_RANGE);
}

static void test_counter(void **state)
{
	static const char zero[] = "000102030405060708090a0b00000000";
	static const char last_but_one[] = "000102030405060708090a0bfffffffe";
	static const char all[] = "ffffffffffffffffffffffffffffffff";

	(void)state;
	assert_int_equal(counts(0, zero, 16, true), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(counts(129, zero, 16, true), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(counts(32, last_but_one, 16, true), CKR_OK);
	assert_int_equal(counts(32, last_but_one, 32, true), CKR_OK);
	assert_int_equal(counts(32, last_but_one, 33, true), CKR_DATA_LEN_RANGE);
	/* What comes after would begin again. */
	assert_int_equal(counts(32, last_but_one, 32, false), CKR_DATA_LEN_RANGE);
	assert_int_equal(counts(32, last_but_one, 16, false), CKR_OK);
	assert_int_equal(counts(8, zero, 256 * 16, true), CKR_OK);
	assert_int_equal(counts(8, zero, 256 * 16 + 1, true), CKR_DATA_LEN_RANGE);
	assert_int_equal(counts(1, zero, 32, true), CKR_OK);
	assert_int_equal(counts(1, zero, 48, true), CKR_DATA_LEN_RANGE);
	assert_int_equal(counts(64, all, 17, true), CKR_DATA_LEN_RANGE);
	assert_int_equal(counts(65, "0000000000000000ffffffffffffffff", 32, true), CKR_OK);
	assert_int_equal(counts(65, all, 32, true), CKR_DATA_LEN_RANGE);
	assert_int_equal(counts(128, all, 4096, true), CKR_OK);
	assert_int_equal(counts(32, last_but_one, 0, false), CKR_OK);
}

static void next(enum mechanism_scheme mode, const char *iv, const char *ciphertext, size_t size,
		 const char *wanted)
{
	uint8_t got[AES_MODE_BLOCK];

	aes_mode_next_iv(mode, sample_hex(iv), sample_hex(ciphertext), size, got);
	assert_memory_equal(got, sample_hex(wanted).data, sizeof(got));
}

static void test_next_iv(void **state)
{
	static const char a[] = "000102030405060708090a0b0c0d0e0f";
	static const char two[] = "00000000000000000000000000000000f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

	(void)state;
	next(SCHEME_AES_CBC, a, two, 32, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
	next(SCHEME_AES_CBC, a, "", 0, a);
	next(SCHEME_AES_CTR, a, "", 32, "000102030405060708090a0b0c0d0e11");
	next(SCHEME_AES_CTR, a, "", 17, "000102030405060708090a0b0c0d0e11");
	next(SCHEME_AES_CTR, "0001020304050607ffffffffffffffff", "", 16,
	     "00010203040506080000000000000000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_padding),
		cmocka_unit_test_teardown(test_counter, sample_teardown),
		cmocka_unit_test_teardown(test_next_iv, sample_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
