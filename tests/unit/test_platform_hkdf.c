/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enclave's library context: HKDF against RFC 5869, and that entropy of a platform reaches the generators.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#include "platform/hkdf.h"
#include "cmocka_test.h"

/* RFC 5869, A.1. */
static void test_vector(void **state)
{
	uint8_t ikm[22];
	uint8_t salt[13];
	uint8_t info[10];
	uint8_t out[42];
	static const uint8_t first[] = "\x3c\xb2\x5f\x25\xfa\xac\xd5\x7a\x90\x43\x4f\x64\xd0\x36\x2f\x2a";

	(void)state;
	memset(ikm, 0x0b, sizeof(ikm));
	for (unsigned i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(0xf0 + i);
	assert_int_equal(hkdf_derive((struct span){ikm, sizeof(ikm)}, (struct span){salt, sizeof(salt)},
				     (struct span){info, sizeof(info)}, out, sizeof(out)),
			 CKR_OK);
	assert_memory_equal(out, first, sizeof(first) - 1);
}

static unsigned reseeds(EVP_RAND_CTX *generator)
{
	unsigned count = 0;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_uint(OSSL_DRBG_PARAM_RESEED_COUNTER, &count),
		OSSL_PARAM_construct_end(),
	};

	assert_true(EVP_RAND_CTX_get_params(generator, params) > 0);
	return count;
}

static void test_seed(void **state)
{
	EVP_RAND_CTX *primary = NULL;
	EVP_RAND_CTX *private = NULL;
	unsigned before = 0;
	unsigned below = 0;
	uint8_t random[16];

	(void)state;
	assert_non_null(hkdf_library());
	assert_true(RAND_priv_bytes_ex(hkdf_library(), random, sizeof(random), 0) > 0);
	primary = RAND_get0_primary(hkdf_library());
	private = RAND_get0_private(hkdf_library());
	before = reseeds(primary);
	below = reseeds(private);
	assert_true(hkdf_seed(hkdf_library(), span_text("what the module gave")));
	assert_true(reseeds(primary) > before);
	assert_true(RAND_priv_bytes_ex(hkdf_library(), random, sizeof(random), 0) > 0);
	assert_true(reseeds(private) > below);
	assert_false(hkdf_seed(NULL, span_text("nothing")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
