/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seal: every flipped bit, swapped name and replayed version is refused, nothing is ever sealed
 * twice the same way, and the bytes are those of docs/store.md, computed here a second time from
 * the RFCs.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <string.h>

#include "common/log.h"
#include "keys/seal.h"

static const uint8_t key[SEAL_KEY_SIZE] = {1, 2, 3, 4};
static const struct blob_name name = {RECORD_OBJECT, 7, 1000};
#define RECORD_VERSION 42
static const char text[] = "what nobody else may read";

static void seal_text(struct buffer *sealed)
{
	assert_int_equal(seal_close(key, name, RECORD_VERSION, span_text(text), sealed), CKR_OK);
	assert_int_equal(sealed->size, strlen(text) + SEAL_OVERHEAD);
}

static void expect_refused(const uint8_t *with, struct blob_name as, uint64_t version,
			   struct span sealed)
{
	struct buffer plain = {0};

	assert_int_equal(seal_open(with, as, version, sealed, &plain), CKR_DATA_INVALID);
	assert_int_equal(plain.size, 0);
	buffer_free(&plain);
}

static void expect_opens(struct span sealed)
{
	struct buffer plain = {0};

	assert_int_equal(seal_open(key, name, RECORD_VERSION, sealed, &plain), CKR_OK);
	assert_true(span_equal(buffer_span(&plain), span_text(text)));
	assert_true(plain.secret);
	buffer_free(&plain);
}

static void test_opens_what_was_closed(void **state)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 4096, 1048576};
	static uint8_t data[1048576];
	struct buffer sealed = {0};
	struct buffer plain = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i >> 3);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct span in = {data, sizes[i]};

		assert_int_equal(seal_close(key, name, RECORD_VERSION, in, &sealed), CKR_OK);
		assert_int_equal(sealed.size, sizes[i] + SEAL_OVERHEAD);
		assert_int_equal(seal_open(key, name, RECORD_VERSION, buffer_span(&sealed), &plain),
				 CKR_OK);
		assert_true(span_equal(buffer_span(&plain), in));
	}
	buffer_free(&sealed);
	buffer_free(&plain);
}

static void test_every_flipped_bit_is_refused(void **state)
{
	struct buffer sealed = {0};

	(void)state;
	seal_text(&sealed);
	for (size_t i = 0; i < sealed.size * 8; i++) {
		sealed.data[i / 8] ^= (uint8_t)(1U << i % 8);
		expect_refused(key, name, RECORD_VERSION, buffer_span(&sealed));
		sealed.data[i / 8] ^= (uint8_t)(1U << i % 8);
	}
	expect_opens(buffer_span(&sealed));
	buffer_free(&sealed);
}

static void test_every_other_size_is_refused(void **state)
{
	struct buffer sealed = {0};

	(void)state;
	seal_text(&sealed);
	for (size_t size = 0; size < sealed.size; size++)
		expect_refused(key, name, RECORD_VERSION, (struct span){sealed.data, size});
	for (size_t at = 1; at < sealed.size; at++)
		expect_refused(key, name, RECORD_VERSION,
			       (struct span){sealed.data + at, sealed.size - at});
	assert_true(buffer_append(&sealed, "", 1));
	expect_refused(key, name, RECORD_VERSION, buffer_span(&sealed));
	expect_refused(key, name, RECORD_VERSION, (struct span){0});
	buffer_free(&sealed);
}

static void test_every_other_identity_is_refused(void **state)
{
	static const struct blob_name others[] = {
	    {RECORD_PAGE, 7, 1000},  {RECORD_OBJECT, 8, 1000}, {RECORD_OBJECT, 7, 1001},
	    {RECORD_OBJECT, 7, 0},   {RECORD_OBJECT, 1000, 7}, {RECORD_OBJECT, 0, 1000},
	    {7, RECORD_OBJECT, 1000}};
	static const uint64_t versions[] = {0, 1, RECORD_VERSION - 1, RECORD_VERSION + 1,
					    UINT64_MAX};
	uint8_t other_key[SEAL_KEY_SIZE];
	struct buffer sealed = {0};

	(void)state;
	seal_text(&sealed);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_refused(key, others[i], RECORD_VERSION, buffer_span(&sealed));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		expect_refused(key, name, versions[i], buffer_span(&sealed));
	for (size_t i = 0; i < SEAL_KEY_SIZE; i++) {
		memcpy(other_key, key, sizeof(key));
		other_key[i] ^= 1;
		expect_refused(other_key, name, RECORD_VERSION, buffer_span(&sealed));
	}
	buffer_free(&sealed);
}

/* Clones and rollbacks never repeat a key and IV (security rule 16). */
static void test_never_the_same_twice(void **state)
{
	struct buffer first = {0};
	struct buffer second = {0};

	(void)state;
	seal_text(&first);
	seal_text(&second);
	assert_memory_not_equal(first.data + 1, second.data + 1, 32);
	assert_memory_not_equal(first.data + 33, second.data + 33, strlen(text));
	/* Halves of two seals make no third one. */
	memcpy(first.data + 1, second.data + 1, 32);
	expect_refused(key, name, RECORD_VERSION, buffer_span(&first));
	buffer_free(&first);
	buffer_free(&second);
}

static void test_messages(void **state)
{
	const struct span aad = span_text("context 1");
	struct buffer sealed = {0};
	struct buffer plain = {0};
	const char longest[] = "0123456789abcdef0123456789abcdef";

	(void)state;
	assert_int_equal(seal_message_close(key, "ticket", aad, span_text(text), &sealed), CKR_OK);
	assert_int_equal(seal_message_open(key, "ticket", aad, buffer_span(&sealed), &plain),
			 CKR_OK);
	assert_true(span_equal(buffer_span(&plain), span_text(text)));
	assert_int_equal(seal_message_open(key, "join", aad, buffer_span(&sealed), &plain),
			 CKR_DATA_INVALID);
	assert_int_equal(
	    seal_message_open(key, "ticket", span_text("context 2"), buffer_span(&sealed), &plain),
	    CKR_DATA_INVALID);
	assert_int_equal(
	    seal_message_open(key, "ticket", (struct span){0}, buffer_span(&sealed), &plain),
	    CKR_DATA_INVALID);
	/* The border between purpose and context does not move. */
	assert_int_equal(
	    seal_message_open(key, "ticketc", span_text("ontext 1"), buffer_span(&sealed), &plain),
	    CKR_DATA_INVALID);
	/* A message is no record, nor a record a message. */
	expect_refused(key, name, RECORD_VERSION, buffer_span(&sealed));
	assert_int_equal(seal_message_close(key, longest, aad, span_text(text), &sealed), CKR_OK);
	assert_int_equal(seal_message_close(key, "", aad, span_text(text), &sealed),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(seal_message_open(key, "0123456789abcdef0123456789abcdef0", aad,
					   buffer_span(&sealed), &plain),
			 CKR_ARGUMENTS_BAD);
	buffer_free(&sealed);
	buffer_free(&plain);
}

/* RFC 5869 by HMAC, as short as it gets: two blocks. */
static void reference_hkdf(const uint8_t *ikm, const uint8_t *salt, const uint8_t *info,
			   size_t info_size, uint8_t out[64])
{
	uint8_t prk[32];
	uint8_t block[32 + 64 + 1];
	unsigned size = 0;

	assert_non_null(HMAC(EVP_sha256(), salt, 32, ikm, 32, prk, &size));
	memcpy(block, info, info_size);
	block[info_size] = 1;
	assert_non_null(HMAC(EVP_sha256(), prk, 32, block, info_size + 1, out, &size));
	memcpy(block, out, 32);
	memcpy(block + 32, info, info_size);
	block[32 + info_size] = 2;
	assert_non_null(HMAC(EVP_sha256(), prk, 32, block, 32 + info_size + 1, out + 32, &size));
}

/* docs/store.md, section 2, byte by byte: another program could open our records. */
static void test_bytes_are_the_documented_ones(void **state)
{
	/* ["keyclave/1/record", 1, 5, 7, 1000, 42] */
	static const uint8_t identity[] = "\x86\x71"
					  "keyclave/1/record"
					  "\x01\x05\x07\x19\x03\xe8\x18\x2a";
	const size_t identity_size = sizeof(identity) - 1;
	uint8_t once[64];
	uint8_t plain[sizeof(text)];
	struct buffer sealed = {0};
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int size = 0;

	(void)state;
	seal_text(&sealed);
	assert_int_equal(sealed.data[0], 1);
	reference_hkdf(key, sealed.data + 1, identity, identity_size, once);
	assert_int_equal(EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, once, once + 32), 1);
	assert_int_equal(EVP_DecryptUpdate(ctx, NULL, &size, identity, (int)identity_size), 1);
	assert_int_equal(EVP_DecryptUpdate(ctx, plain, &size, sealed.data + 33, (int)strlen(text)),
			 1);
	assert_int_equal(
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, sealed.data + 33 + strlen(text)),
	    1);
	assert_int_equal(EVP_DecryptFinal_ex(ctx, plain + size, &size), 1);
	assert_memory_equal(plain, text, strlen(text));
	EVP_CIPHER_CTX_free(ctx);
	buffer_free(&sealed);
}

static char text_of_failure[] = "failed";

static void *seal_and_open(void *arg)
{
	struct buffer sealed = {0};
	struct buffer plain = {0};
	bool good = arg == NULL;

	for (uint64_t i = 0; good && i < 500; i++)
		good =
		    seal_close(key, name, i, span_text(text), &sealed) == CKR_OK &&
		    seal_open(key, name, i, buffer_span(&sealed), &plain) == CKR_OK &&
		    span_equal(buffer_span(&plain), span_text(text)) &&
		    seal_open(key, name, i + 1, buffer_span(&sealed), &plain) == CKR_DATA_INVALID;
	buffer_free(&sealed);
	buffer_free(&plain);
	return good ? NULL : text_of_failure;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	void *failed = NULL;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, seal_and_open, NULL), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens_what_was_closed),
	    cmocka_unit_test(test_every_flipped_bit_is_refused),
	    cmocka_unit_test(test_every_other_size_is_refused),
	    cmocka_unit_test(test_every_other_identity_is_refused),
	    cmocka_unit_test(test_never_the_same_twice),
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_bytes_are_the_documented_ones),
	    cmocka_unit_test(test_threads),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("keys seal", tests, NULL, NULL);
}
