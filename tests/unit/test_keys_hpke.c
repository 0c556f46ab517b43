/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9180: the first vector of appendix A.1 opens; what was sealed opens under its own key, info and AAD and nothing else; and
 * libcrypto's HPKE, where there is one, opens it too.
 */
#include "config.h"

#include <openssl/evp.h>
#include <openssl/opensslv.h>
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
#include <openssl/hpke.h>
#endif
#include <string.h>

#include "common/hex.h"
#include "common/log.h"
#include "common/memory.h"
#include "keys/hpke.h"

#include "cmocka_test.h"

static struct span hex(const char *text, uint8_t *bytes)
{
	assert_true(hex_decode(span_text(text), bytes));
	return (struct span){bytes, strlen(text) / 2};
}

/* Appendix A.1.1.1, sequence number 0. */
static const char vector_private[] = "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8";
static const char vector_public[] = "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d";
static const char vector_info[] = "4f6465206f6e2061204772656369616e2055726e";
static const char vector_aad[] = "436f756e742d30";
static const char vector_plain[] = "4265617574792069732074727574682c20747275746820626561757479";
static const char vector_sealed[] =
	"37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
	"f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a";

static void test_the_vector(void **state)
{
	uint8_t private_key[32], public_key[32], derived[32], info[32], aad[16], plain[32], sealed[96];
	struct span sealed_span = hex(vector_sealed, sealed);
	struct buffer opened = {0};

	(void)state;
	hex(vector_private, private_key);
	hex(vector_public, public_key);
	assert_int_equal(hpke_public(private_key, derived), CKR_OK);
	assert_memory_equal(derived, public_key, sizeof(derived));
	assert_int_equal(hpke_open(HPKE_AES_128_GCM, private_key, hex(vector_info, info), hex(vector_aad, aad), sealed_span,
				   &opened),
			 CKR_OK);
	assert_true(opened.secret);
	assert_true(span_equal(buffer_span(&opened), hex(vector_plain, plain)));
	/* The suite is in the key schedule. */
	assert_int_equal(hpke_open(HPKE_AES_256_GCM, private_key, hex(vector_info, info), hex(vector_aad, aad), sealed_span,
				   &opened),
			 CKR_DATA_INVALID);
	assert_int_equal(opened.size, 0);
	buffer_free(&opened);
}

static const uint8_t key_a[32] = {0x0a}, key_b[32] = {0x1b}; /* the low three bits do not count */

static void seal(struct span info, struct span aad, struct span plain, struct buffer *sealed)
{
	uint8_t public_key[32];

	assert_int_equal(hpke_public(key_a, public_key), CKR_OK);
	assert_int_equal(hpke_seal(HPKE_AES_256_GCM, public_key, info, aad, plain, sealed), CKR_OK);
	assert_int_equal(sealed->size, plain.size + HPKE_OVERHEAD);
}

static void expect_refused(const uint8_t key[32], const char *info, const char *aad, struct span sealed)
{
	struct buffer opened = {0};

	assert_int_equal(hpke_open(HPKE_AES_256_GCM, key, span_text(info), span_text(aad), sealed, &opened), CKR_DATA_INVALID);
	assert_int_equal(opened.size, 0);
	buffer_free(&opened);
}

static void test_bound_to_all_of_it(void **state)
{
	struct buffer sealed = {0}, again = {0}, opened = {0};

	(void)state;
	seal(span_text("info"), span_text("aad"), span_text("the root"), &sealed);
	seal(span_text("info"), span_text("aad"), span_text("the root"), &again);
	assert_false(span_equal(buffer_span(&sealed), buffer_span(&again)));
	assert_int_equal(hpke_open(HPKE_AES_256_GCM, key_a, span_text("info"), span_text("aad"), buffer_span(&sealed), &opened),
			 CKR_OK);
	assert_true(span_equal(buffer_span(&opened), span_text("the root")));
	expect_refused(key_b, "info", "aad", buffer_span(&sealed));
	expect_refused(key_a, "inf", "oaad", buffer_span(&sealed));
	expect_refused(key_a, "info", "aae", buffer_span(&sealed));
	for (size_t i = 0; i < sealed.size; i++) {
		/* X25519 ignores the top bit of a public key, but HPKE hashes the bytes. */
		sealed.data[i] ^= 0x80;
		expect_refused(key_a, "info", "aad", buffer_span(&sealed));
		sealed.data[i] ^= 0x80;
		expect_refused(key_a, "info", "aad", (struct span){sealed.data, i});
	}
	buffer_free(&sealed);
	buffer_free(&again);
	buffer_free(&opened);
}

/* A public key of low order would make the secret known to everybody. */
static void test_low_order(void **state)
{
	uint8_t low[32] = {0};
	struct buffer sealed = {0};

	(void)state;
	assert_int_equal(hpke_seal(HPKE_AES_256_GCM, low, span_text("i"), span_text("a"), span_text("p"), &sealed),
			 CKR_DATA_INVALID);
	low[0] = 1;
	assert_int_equal(hpke_seal(HPKE_AES_256_GCM, low, span_text("i"), span_text("a"), span_text("p"), &sealed),
			 CKR_DATA_INVALID);
	assert_int_equal(sealed.size, 0);
	buffer_free(&sealed);
}

static void test_no_secret_is_left(void **state)
{
	struct memory_status before = {0}, after = {0};
	struct buffer sealed = {0}, opened = {0};

	(void)state;
	memory_status(&before);
	seal(span_text("info"), span_text("aad"), span_text("the root"), &sealed);
	expect_refused(key_b, "info", "aad", buffer_span(&sealed));
	assert_int_equal(hpke_open(HPKE_AES_256_GCM, key_a, span_text("info"), span_text("aad"), buffer_span(&sealed), &opened),
			 CKR_OK);
	buffer_free(&sealed);
	buffer_free(&opened);
	memory_status(&after);
	assert_int_equal(before.allocated, after.allocated);
}

static void test_libcryptos_own(void **state)
{
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
	const OSSL_HPKE_SUITE suite = {OSSL_HPKE_KEM_ID_X25519, OSSL_HPKE_KDF_ID_HKDF_SHA256, OSSL_HPKE_AEAD_ID_AES_GCM_256};
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, key_a, sizeof(key_a));
	OSSL_HPKE_CTX *ctx = OSSL_HPKE_CTX_new(OSSL_HPKE_MODE_BASE, suite, OSSL_HPKE_ROLE_RECEIVER, NULL, NULL);
	struct buffer sealed = {0};
	uint8_t plain[64];
	size_t size = sizeof(plain);

	(void)state;
	seal(span_text("info"), span_text("aad"), span_text("the root"), &sealed);
	assert_int_equal(OSSL_HPKE_decap(ctx, sealed.data, 32, key, (const unsigned char *)"info", 4), 1);
	assert_int_equal(OSSL_HPKE_open(ctx, plain, &size, (const unsigned char *)"aad", 3, sealed.data + 32, sealed.size - 32),
			 1);
	assert_true(span_equal((struct span){plain, size}, span_text("the root")));
	OSSL_HPKE_CTX_free(ctx);
	EVP_PKEY_free(key);
	buffer_free(&sealed);
#else
	(void)state;
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_vector), cmocka_unit_test(test_bound_to_all_of_it), cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_no_secret_is_left), cmocka_unit_test(test_libcryptos_own),
	};

	log_open("test", LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("keys hpke", tests, NULL, NULL);
}
