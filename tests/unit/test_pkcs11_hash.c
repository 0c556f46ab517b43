/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash.c: the digests of FIPS 180-4, in any cuts; and a state that the enclave goes on from, at every place of a
 * block. What hash_final leaves behind is nothing.
 */
#include "config.h"

#include "pkcs11/hash.h"

#include <stdio.h>
#include <string.h>

#include "crypto/operate.h"
#include "crypto/stream.h"
#include "cmocka_test.h"

/* FIPS 180-4 examples: "abc", and the two-block message of each family. */
#define TWO_BLOCKS_512 "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define TWO_BLOCKS_1024                                                                                     \
	"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"                                          \
	"hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"

static const struct {
	CK_MECHANISM_TYPE digest;
	const char *message, *hex;
} vectors[] = {
	{CKM_SHA_1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"},
	{CKM_SHA_1, TWO_BLOCKS_512, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
	{CKM_SHA_1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
	{CKM_SHA224, "abc", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
	{CKM_SHA224, TWO_BLOCKS_512, "75388b16512776cc5dba5da1fd890150b0c6455cb4f58b1952522525"},
	{CKM_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{CKM_SHA256, TWO_BLOCKS_512, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{CKM_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{CKM_SHA384, "abc",
	 "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
	{CKM_SHA384, TWO_BLOCKS_1024,
	 "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712fcc7c71a557e2db966c3e9fa91746039"},
	{CKM_SHA512, "abc",
	 "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
	{CKM_SHA512, TWO_BLOCKS_1024,
	 "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
	 "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"},
};

static const CK_MECHANISM_TYPE digests[] = {CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void test_vectors(void **state)
{
	uint8_t out[HASH_SIZE_MAX];
	char hex[2 * HASH_SIZE_MAX + 1];
	struct hash hash;

	(void)state;
	for (size_t i = 0; i < LENGTH(vectors); i++) {
		struct span message = span_text(vectors[i].message);

		for (size_t cut = 0; cut <= message.size; cut++) {
			size_t size = 0;

			assert_int_equal(hash_init(&hash, vectors[i].digest), CKR_OK);
			hash_update(&hash, (struct span){message.data, cut});
			hash_update(&hash, (struct span){NULL, 0});
			hash_update(&hash, (struct span){message.data + cut, message.size - cut});
			size = hash_final(&hash, out);
			assert_int_equal(2 * size, strlen(vectors[i].hex));
			for (size_t k = 0; k < size; k++)
				snprintf(hex + 2 * k, 3, "%02x", out[k]);
			assert_string_equal(hex, vectors[i].hex);
		}
	}
}

static void test_every_row_has_one(void **state)
{
	struct hash hash;
	size_t count = 0, found = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		uint8_t out[HASH_SIZE_MAX];

		if (!(rows[i].flags & CKF_DIGEST))
			continue;
		found++;
		assert_int_equal(hash_init(&hash, rows[i].type), CKR_OK);
		assert_int_equal(hash_final(&hash, out), rows[i].output);
	}
	assert_true(found >= LENGTH(digests));
	assert_int_equal(hash_init(&hash, CKM_RSA_PKCS), CKR_MECHANISM_INVALID);
	assert_int_equal(hash_init(&hash, CK_UNAVAILABLE_INFORMATION), CKR_MECHANISM_INVALID);
}

static void test_nothing_stays(void **state)
{
	static const struct hash none;
	uint8_t out[HASH_SIZE_MAX];
	struct hash hash;

	(void)state;
	for (size_t i = 0; i < LENGTH(digests); i++) {
		assert_int_equal(hash_init(&hash, digests[i]), CKR_OK);
		hash_update(&hash, span_text("secret"));
		(void)hash_final(&hash, out);
		assert_memory_equal(&hash.state, &none.state, sizeof(hash.state));
	}
}

/* The enclave goes on from a state (C_DigestKey) and ends where the whole message ends. */
static void test_state_goes_on(void **state)
{
	uint8_t message[300], whole[HASH_SIZE_MAX], exported[HASH_STATE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < LENGTH(digests); i++) {
		const struct mechanism m = {.row = mechanism_find(digests[i])};

		for (size_t cut = 0; cut <= sizeof(message); cut++) {
			struct buffer out = {.secret = true};
			struct stream *stream = NULL;
			struct hash hash;
			size_t size = 0;

			assert_int_equal(hash_init(&hash, digests[i]), CKR_OK);
			hash_update(&hash, (struct span){message, cut});
			size = hash_export(&hash, exported);
			assert_true(size <= sizeof(exported));
			assert_int_equal(stream_new_digest(&m, (struct span){exported, size}, &stream), CKR_OK);
			assert_int_equal(stream_update(stream, (struct span){message + cut, sizeof(message) - cut}, &out),
					 CKR_OK);
			assert_int_equal(stream_final(stream, (struct span){NULL, 0}, &out), CKR_OK);
			stream_free(&stream);
			hash_update(&hash, (struct span){message + cut, sizeof(message) - cut});
			size = hash_final(&hash, whole);
			assert_int_equal(out.size, size);
			assert_memory_equal(out.data, whole, size);
			buffer_free(&out);
		}
	}
}

static int start(void **state)
{
	(void)state;
	return operate_start() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_every_row_has_one),
		cmocka_unit_test(test_nothing_stays),
		cmocka_unit_test(test_state_goes_on),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
