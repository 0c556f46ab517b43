/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams: what each kind refuses, that a decryption gives nothing before its tag is checked, and
 * chained calls. That they give the right bytes is shown by test_crypto_rows.c.
 */
#include "config.h"

#include <string.h>

#include "cmocka_test.h"
#include "crypto_sample.h"

static struct buffer out;

static struct key *aes_key(void)
{
	return sample_secret(CKK_AES, sample_hex("000102030405060708090a0b0c0d0e0f"));
}

static CK_RV opens(enum stream_kind kind, struct key *key, CK_MECHANISM_TYPE type)
{
	struct mechanism m = sample_mechanism(type);
	struct stream *s = NULL;
	CK_RV rv = CKR_OK;

	m.iv = sample_hex("000102030405060708090a0b0c0d0e0f");
	m.tag_bits = 128;
	rv = stream_new(kind, key, &m, &s);
	assert_int_equal(rv == CKR_OK, s != NULL);
	stream_free(&s);
	return rv;
}

static void test_refusals(void **state)
{
	struct key *aes = aes_key();
	struct key *mac = sample_secret(CKK_GENERIC_SECRET, sample_hex("00"));

	(void)state;
	assert_int_equal(opens(STREAM_DIGEST, NULL, CKM_SHA256), CKR_OK);
	assert_int_equal(opens(STREAM_DIGEST, NULL, CKM_SHA256_HMAC), CKR_MECHANISM_INVALID);
	assert_int_equal(opens(STREAM_SIGN, mac, CKM_SHA256), CKR_MECHANISM_INVALID);
	assert_int_equal(opens(STREAM_SIGN, mac, CKM_SHA256_HMAC), CKR_OK);
	assert_int_equal(opens(STREAM_SIGN, aes, CKM_SHA256_HMAC), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(opens(STREAM_SIGN, NULL, CKM_SHA256_HMAC), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(opens(STREAM_ENCRYPT, mac, CKM_SHA256_HMAC), CKR_MECHANISM_INVALID);
	assert_int_equal(opens(STREAM_ENCRYPT, aes, CKM_AES_GCM), CKR_OK);
	assert_int_equal(opens(STREAM_DECRYPT, aes, CKM_AES_GCM), CKR_OK);
	assert_int_equal(opens(STREAM_ENCRYPT, aes, CKM_AES_CBC), CKR_MECHANISM_INVALID);
	/* Single part only. */
	assert_int_equal(opens(STREAM_ENCRYPT, aes, CKM_AES_KEY_WRAP), CKR_MECHANISM_INVALID);
	assert_int_equal(opens(STREAM_SIGN, mac, CKM_ECDSA), CKR_MECHANISM_INVALID);
}

static void test_gcm_decryption_is_held(void **state)
{
	struct mechanism m = sample_mechanism(CKM_AES_GCM);
	struct key *key = aes_key();
	struct buffer sealed = {0};
	struct stream *s = NULL;
	uint8_t iv[12] = {1};
	uint8_t aad[4] = {2};

	(void)state;
	m.iv = (struct span){iv, sizeof(iv)};
	m.aad = (struct span){aad, sizeof(aad)};
	m.tag_bits = 128;
	assert_int_equal(operate_encrypt(key, &m, sample_hex("0011223344"), &sealed), CKR_OK);
	assert_int_equal(stream_new(STREAM_DECRYPT, key, &m, &s), CKR_OK);
	/* The parameters are the stream's own. */
	memset(iv, 0, sizeof(iv));
	memset(aad, 0, sizeof(aad));
	assert_int_equal(stream_update(s, buffer_span(&sealed), &out), CKR_OK);
	assert_int_equal(out.size, 0);
	assert_int_equal(stream_final(s, (struct span){0}, &out), CKR_OK);
	assert_int_equal(out.size, 5);
	/* It can only be freed now. */
	assert_int_equal(stream_update(s, buffer_span(&sealed), &out), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(stream_final(s, (struct span){0}, &out), CKR_OPERATION_NOT_INITIALIZED);
	stream_free(&s);

	iv[0] = 1;
	aad[0] = 2;
	sealed.data[0] ^= 1;
	assert_int_equal(stream_new(STREAM_DECRYPT, key, &m, &s), CKR_OK);
	assert_int_equal(stream_update(s, buffer_span(&sealed), &out), CKR_OK);
	assert_int_equal(stream_final(s, (struct span){0}, &out), CKR_ENCRYPTED_DATA_INVALID);
	assert_int_equal(out.size, 0);
	stream_free(&s);
	buffer_free(&sealed);
}

static void test_too_much_is_refused(void **state)
{
	static uint8_t part[1024 * 1024];
	struct attribute_set *a = NULL;
	struct attribute_set *b = NULL;
	const struct mechanism m = sample_mechanism(CKM_EDDSA);
	struct stream *s = NULL;
	size_t i = 0;

	(void)state;
	sample_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, "ED25519", 0, &a, &b);
	assert_int_equal(stream_new(STREAM_VERIFY, sample_key(a), &m, &s), CKR_OK);
	for (i = 0; i < STREAM_HELD_MAX / sizeof(part); i++)
		assert_int_equal(stream_update(s, (struct span){part, sizeof(part)}, &out), CKR_OK);
	assert_int_equal(stream_update(s, (struct span){part, 1}, &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(stream_update(s, (struct span){part, 0}, &out), CKR_OPERATION_NOT_INITIALIZED);
	stream_free(&s);
}

static void test_digest_key(void **state)
{
	const struct mechanism sha = sample_mechanism(CKM_SHA256);
	const struct mechanism hmac = sample_mechanism(CKM_SHA256_HMAC);
	struct attribute_set *a = NULL;
	struct attribute_set *b = NULL;
	struct stream *s = NULL;

	(void)state;
	sample_pair(CKM_EC_KEY_PAIR_GEN, "P-256", 0, &a, &b);
	assert_int_equal(stream_new(STREAM_DIGEST, NULL, &sha, &s), CKR_OK);
	assert_int_equal(stream_update_key(s, sample_key(b)), CKR_KEY_INDIGESTIBLE);
	assert_int_equal(stream_update_key(s, aes_key()), CKR_OK);
	assert_int_equal(stream_final(s, (struct span){0}, &out), CKR_OK);
	assert_true(span_equal(
		buffer_span(&out),
		sample_hex("be45cb2605bf36bebde684841a28f0fd43c69850a3dce5fedba69928ee3a8991")));
	assert_int_equal(stream_update_key(s, aes_key()), CKR_OPERATION_NOT_INITIALIZED);
	stream_free(&s);
	assert_int_equal(stream_new(STREAM_SIGN, sample_secret(CKK_GENERIC_SECRET, sample_hex("00")),
				    &hmac, &s),
			 CKR_OK);
	assert_int_equal(stream_update_key(s, aes_key()), CKR_KEY_INDIGESTIBLE);
	stream_free(&s);
}

/* A stream that is given up half-way leaves nothing of itself in the key's next one. */
static void test_abandoned(void **state)
{
	const struct mechanism m = sample_mechanism(CKM_SHA256_HMAC);
	struct key *key = sample_secret(CKK_GENERIC_SECRET, sample_hex("4a656665"));
	struct buffer wanted = {0};
	struct stream *s = NULL;

	(void)state;
	assert_int_equal(operate_sign(key, &m, sample_hex("0011"), &wanted), CKR_OK);
	assert_int_equal(stream_new(STREAM_SIGN, key, &m, &s), CKR_OK);
	assert_int_equal(stream_update(s, sample_hex("ffff"), &out), CKR_OK);
	stream_free(&s);
	assert_int_equal(operate_sign(key, &m, sample_hex("0011"), &out), CKR_OK);
	assert_true(span_equal(buffer_span(&out), buffer_span(&wanted)));
	buffer_free(&wanted);
}

static void test_chain(void **state)
{
	struct mechanism m = sample_mechanism(CKM_AES_CBC);
	struct key *key = aes_key();
	const struct span two = sample_hex("000102030405060708090a0b0c0d0e0f00112233445566778899aabbccddeeff");
	const struct span one = {two.data, 16};
	uint8_t next[16];

	(void)state;
	m.iv = one;
	assert_int_equal(stream_chain(key, &m, true, false, (struct span){two.data, 17}, next, &out),
			 CKR_DATA_LEN_RANGE);
	assert_int_equal(stream_chain(key, &m, false, false, (struct span){two.data, 17}, next, &out),
			 CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_int_equal(stream_chain(key, &m, false, false, two, next, &out), CKR_OK);
	assert_memory_equal(next, two.data + 16, 16);
	assert_int_equal(stream_chain(key, &m, true, false, two, next, &out), CKR_OK);
	assert_memory_equal(next, out.data + 16, 16);
	/* The padding is looked at in the last part only. */
	m = sample_mechanism(CKM_AES_CBC_PAD);
	m.iv = one;
	assert_int_equal(stream_chain(key, &m, false, false, two, next, &out), CKR_OK);
	assert_int_equal(out.size, 32);
	assert_int_equal(stream_chain(key, &m, false, true, two, next, &out), CKR_ENCRYPTED_DATA_INVALID);
	assert_int_equal(out.size, 0);
	assert_int_equal(stream_chain(key, &m, false, true, (struct span){0}, next, &out),
			 CKR_ENCRYPTED_DATA_LEN_RANGE);
	m = sample_mechanism(CKM_AES_GCM);
	assert_int_equal(stream_chain(key, &m, true, false, two, next, &out), CKR_MECHANISM_INVALID);
	m = sample_mechanism(CKM_SHA256_HMAC);
	assert_int_equal(stream_chain(key, &m, true, false, two, next, &out), CKR_MECHANISM_INVALID);
	/* A counter that would begin again. */
	m = sample_mechanism(CKM_AES_CTR);
	m.iv = sample_hex("000000000000000000000000fffffffe");
	m.counter_bits = 32;
	assert_int_equal(stream_chain(key, &m, true, true, two, next, &out), CKR_OK);
	assert_int_equal(stream_chain(key, &m, true, false, two, next, &out), CKR_DATA_LEN_RANGE);
}

static int stop(void **state)
{
	(void)state;
	buffer_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_refusals, sample_teardown),
		cmocka_unit_test_teardown(test_gcm_decryption_is_held, sample_teardown),
		cmocka_unit_test_teardown(test_too_much_is_refused, sample_teardown),
		cmocka_unit_test_teardown(test_digest_key, sample_teardown),
		cmocka_unit_test_teardown(test_abandoned, sample_teardown),
		cmocka_unit_test_teardown(test_chain, sample_teardown),
	};

	return cmocka_run_group_tests(tests, sample_start, stop);
}
