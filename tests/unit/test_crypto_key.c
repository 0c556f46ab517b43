/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys from attributes: what is computed, what is refused and by which code, PKCS#8 to and fro.
 */
#include "config.h"

#include <string.h>

#include "cmocka_test.h"
#include "crypto_sample.h"

static struct attribute_set *rsa_public, *rsa_private, *ec_public, *ec_private;

static void put(struct attribute_set *object, CK_ATTRIBUTE_TYPE type, const char *hex)
{
	assert_true(attribute_set_put(object, type, sample_hex(hex)));
}

static struct attribute_set *copy(const struct attribute_set *object)
{
	const size_t count = attribute_set_count(object);
	struct attribute_set *made = sample_object(0, 0);
	size_t i = 0;

	for (i = 0; i < count; i++) {
		const struct attribute a = attribute_set_at(object, i);

		assert_true(attribute_set_put(made, a.type, a.value));
	}
	return made;
}

/* key_complete after a bit of TYPE's value was flipped, the AT-th byte from its end. */
static CK_RV complete_changed(const struct attribute_set *object, CK_ATTRIBUTE_TYPE type, size_t at)
{
	struct attribute_set *changed = copy(object);
	const struct span value = attribute_set_get(changed, type);
	struct buffer b = {0};

	assert_true(buffer_set(&b, value.data, value.size));
	b.data[b.size - 1 - at] ^= 0x02;
	assert_true(attribute_set_put(changed, type, buffer_span(&b)));
	buffer_free(&b);
	return key_complete(changed);
}

static void same(const struct attribute_set *a, const struct attribute_set *b, CK_ATTRIBUTE_TYPE type)
{
	assert_true(attribute_set_has(a, type));
	assert_true(span_equal(attribute_set_get(a, type), attribute_set_get(b, type)));
}

static const CK_ATTRIBUTE_TYPE crt[] = {CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2,
					CKA_COEFFICIENT};

static void test_rsa_computes(void **state)
{
	struct attribute_set *object = copy(rsa_private);
	size_t i = 0;

	(void)state;
	/* The parts of the CRT from the primes. */
	for (i = 2; i < 5; i++)
		attribute_set_remove(object, crt[i]);
	attribute_set_remove(object, CKA_PUBLIC_EXPONENT);
	attribute_set_remove(object, CKA_PUBLIC_KEY_INFO);
	assert_int_equal(key_complete(object), CKR_OK);
	for (i = 0; i < 5; i++)
		same(object, rsa_private, crt[i]);
	same(object, rsa_private, CKA_PUBLIC_EXPONENT);
	same(object, rsa_private, CKA_PUBLIC_KEY_INFO);
	assert_false(attribute_set_has(object, CKA_MODULUS_BITS));
	/* One prime from the other. */
	attribute_set_remove(object, CKA_PRIME_1);
	assert_int_equal(key_complete(object), CKR_OK);
	same(object, rsa_private, CKA_PRIME_1);
}

static void test_rsa_finds_primes(void **state)
{
	struct attribute_set *object = copy(rsa_private);
	const struct mechanism m = sample_mechanism(CKM_SHA256_RSA_PKCS);
	const struct span data = sample_hex("00112233");
	struct buffer a = {0};
	struct buffer b = {0};
	size_t i = 0;

	(void)state;
	for (i = 0; i < 5; i++)
		attribute_set_remove(object, crt[i]);
	assert_int_equal(key_complete(object), CKR_OK);
	/* Either order of the primes is right: the key signs the same. */
	assert_int_equal(operate_sign(sample_key(object), &m, data, &a), CKR_OK);
	assert_int_equal(operate_sign(sample_key(rsa_private), &m, data, &b), CKR_OK);
	assert_true(span_equal(buffer_span(&a), buffer_span(&b)));
	buffer_free(&a);
	buffer_free(&b);

	attribute_set_remove(object, CKA_PUBLIC_EXPONENT);
	for (i = 0; i < 5; i++)
		attribute_set_remove(object, crt[i]);
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
}

static void test_rsa_contradictions(void **state)
{
	struct attribute_set *object = copy(rsa_private);
	size_t i = 0;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(complete_changed(rsa_private, crt[i], 3), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(complete_changed(rsa_private, CKA_MODULUS, 7), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(complete_changed(rsa_private, CKA_PRIVATE_EXPONENT, 7),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(complete_changed(rsa_private, CKA_PUBLIC_EXPONENT, 0),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	attribute_set_remove(object, CKA_PRIVATE_EXPONENT);
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
	/* n and 1 are no primes; d and e may yet fit each other. */
	object = copy(rsa_private);
	assert_true(attribute_set_put(object, CKA_PRIME_1, attribute_set_get(object, CKA_MODULUS)));
	put(object, CKA_PRIME_2, "01");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	object = copy(rsa_private);
	put(object, CKA_PRIME_1, "00");
	attribute_set_remove(object, CKA_PRIME_2);
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
}

static void test_rsa_public(void **state)
{
	struct attribute_set *object = sample_object(CKO_PUBLIC_KEY, CKK_RSA);

	(void)state;
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
	assert_true(attribute_set_put(object, CKA_MODULUS, attribute_set_get(rsa_public, CKA_MODULUS)));
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
	put(object, CKA_PUBLIC_EXPONENT, "010001");
	assert_int_equal(key_complete(object), CKR_OK);
	assert_int_equal(attribute_set_ulong(object, CKA_MODULUS_BITS, 0), 2048);
	same(object, rsa_public, CKA_PUBLIC_KEY_INFO);
	same(object, rsa_private, CKA_PUBLIC_KEY_INFO);
	put(object, CKA_PUBLIC_EXPONENT, "010000");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	put(object, CKA_PUBLIC_EXPONENT, "01");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	put(object, CKA_PUBLIC_EXPONENT, "03");
	put(object, CKA_MODULUS, "c1c1c1c1c1c1c1c1");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
}

static void test_public_info_must_match(void **state)
{
	struct attribute_set *object = copy(rsa_public);

	(void)state;
	assert_int_equal(key_complete(object), CKR_OK);
	assert_int_equal(complete_changed(rsa_public, CKA_PUBLIC_KEY_INFO, 5),
			 CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(complete_changed(ec_private, CKA_PUBLIC_KEY_INFO, 5),
			 CKR_ATTRIBUTE_VALUE_INVALID);
}

static CK_RV generate_rsa(CK_ULONG bits, const char *exponent)
{
	const struct mechanism m = sample_mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN);
	struct attribute_set *public_object = sample_object(CKO_PUBLIC_KEY, CKK_RSA);
	struct attribute_set *private_object = sample_object(CKO_PRIVATE_KEY, CKK_RSA);

	if (bits > 0)
		assert_true(attribute_set_put_ulong(public_object, CKA_MODULUS_BITS, bits));
	put(public_object, CKA_PUBLIC_EXPONENT, exponent);
	return key_generate_pair(&m, public_object, private_object);
}

static void test_generate_refusals(void **state)
{
	const struct mechanism m = sample_mechanism(CKM_EC_KEY_PAIR_GEN);
	const struct mechanism aes = sample_mechanism(CKM_AES_KEY_GEN);
	struct attribute_set *a = sample_object(CKO_PUBLIC_KEY, CKK_EC);
	struct attribute_set *b = sample_object(CKO_PRIVATE_KEY, CKK_EC);

	(void)state;
	assert_int_equal(generate_rsa(0, "010001"), CKR_TEMPLATE_INCOMPLETE);
	assert_int_equal(generate_rsa(1024, "010001"), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(generate_rsa(1UL << 40, "010001"), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(generate_rsa(2048, "010000"), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(generate_rsa(2048, "03"), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(
		generate_rsa(2048,
			     "010000000000000000000000000000000000000000000000000000000000000001"
			     "0101"),
		CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(key_generate_pair(&m, a, b), CKR_TEMPLATE_INCOMPLETE);
	put(a, CKA_EC_PARAMS, "06052b8104000a"); /* secp256k1 */
	assert_int_equal(key_generate_pair(&m, a, b), CKR_CURVE_NOT_SUPPORTED);
	put(a, CKA_EC_PARAMS, "06032b6570"); /* Ed25519 has a mechanism of its own */
	assert_int_equal(key_generate_pair(&m, a, b), CKR_CURVE_NOT_SUPPORTED);
	a = sample_object(CKO_SECRET_KEY, CKK_AES);
	assert_int_equal(key_generate(&aes, a), CKR_TEMPLATE_INCOMPLETE);
	assert_true(attribute_set_put_ulong(a, CKA_VALUE_LEN, 17));
	assert_int_equal(key_generate(&aes, a), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(key_generate(&m, a), CKR_MECHANISM_INVALID);
	assert_int_equal(key_generate_pair(&aes, a, a), CKR_MECHANISM_INVALID);
}

static void test_ec(void **state)
{
	struct attribute_set *object = copy(ec_private);

	(void)state;
	attribute_set_remove(object, CKA_EC_POINT);
	attribute_set_remove(object, CKA_PUBLIC_KEY_INFO);
	assert_int_equal(key_complete(object), CKR_OK);
	same(object, ec_public, CKA_EC_POINT);
	same(object, ec_public, CKA_PUBLIC_KEY_INFO);
	/* A point that is not this key's, or not on the curve. */
	assert_int_equal(complete_changed(ec_private, CKA_EC_POINT, 2), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(complete_changed(ec_private, CKA_VALUE, 2), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(complete_changed(ec_public, CKA_EC_POINT, 2), CKR_ATTRIBUTE_VALUE_INVALID);
	attribute_set_remove(object, CKA_EC_POINT);
	attribute_set_remove(object, CKA_PUBLIC_KEY_INFO);
	put(object, CKA_VALUE, "00");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	/* The order itself, and leading zeros before 1. */
	put(object, CKA_VALUE, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	put(object, CKA_VALUE, "00000000000000000000000000000000000000000000000000000000000000000001");
	assert_int_equal(key_complete(object), CKR_OK);
	assert_non_null(sample_key(object));
	attribute_set_remove(object, CKA_VALUE);
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
	put(object, CKA_EC_PARAMS, "06052b8104000a");
	assert_int_equal(key_complete(object), CKR_CURVE_NOT_SUPPORTED);
}

static void test_ec_point_forms(void **state)
{
	const struct span wrapped = attribute_set_get(ec_public, CKA_EC_POINT);
	struct attribute_set *object = copy(ec_public);

	(void)state;
	/* A plain point is taken and put into its OCTET STRING. */
	assert_true(attribute_set_put(object, CKA_EC_POINT,
				      (struct span){wrapped.data + 2, wrapped.size - 2}));
	assert_int_equal(key_complete(object), CKR_OK);
	same(object, ec_public, CKA_EC_POINT);
	assert_true(attribute_set_put(object, CKA_EC_POINT,
				      (struct span){wrapped.data, wrapped.size - 1}));
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	attribute_set_remove(object, CKA_EC_POINT);
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
	put(object, CKA_EC_POINT, "040100"); /* infinity */
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
}

static void test_ed25519(void **state)
{
	struct attribute_set *object = sample_object(CKO_PRIVATE_KEY, CKK_EC_EDWARDS);
	struct attribute_set *other = sample_object(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY);

	(void)state;
	put(object, CKA_VALUE, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
	put(object, CKA_EC_PARAMS, "130c656477617264733235353139"); /* "edwards25519" */
	assert_int_equal(key_complete(object), CKR_OK);
	assert_true(span_equal(attribute_set_get(object, CKA_EC_PARAMS), sample_hex("06032b6570")));
	assert_true(span_equal(
		attribute_set_get(object, CKA_EC_POINT),
		sample_hex("04203d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")));
	assert_int_equal(complete_changed(object, CKA_EC_POINT, 2), CKR_ATTRIBUTE_VALUE_INVALID);
	put(object, CKA_VALUE, "4ccd");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	put(other, CKA_VALUE, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
	put(other, CKA_EC_PARAMS, "06032b6570");
	assert_int_equal(key_complete(other), CKR_CURVE_NOT_SUPPORTED);
}

static void test_secret(void **state)
{
	struct attribute_set *object = sample_object(CKO_SECRET_KEY, CKK_AES);

	(void)state;
	assert_int_equal(key_complete(object), CKR_TEMPLATE_INCOMPLETE);
	put(object, CKA_VALUE, "00000000000000000000000000000000");
	assert_int_equal(key_complete(object), CKR_OK);
	assert_true(span_equal(attribute_set_get(object, CKA_CHECK_VALUE), sample_hex("66e94b")));
	assert_int_equal(attribute_set_ulong(object, CKA_VALUE_LEN, 0), 16);
	assert_int_equal(complete_changed(object, CKA_CHECK_VALUE, 0), CKR_ATTRIBUTE_VALUE_INVALID);
	put(object, CKA_CHECK_VALUE, ""); /* no check value wanted */
	assert_int_equal(key_complete(object), CKR_OK);
	assert_int_equal(attribute_set_get(object, CKA_CHECK_VALUE).size, 0);
	put(object, CKA_VALUE, "0000");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);

	object = sample_object(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
	put(object, CKA_VALUE, "616263");
	assert_int_equal(key_complete(object), CKR_OK);
	assert_true(span_equal(attribute_set_get(object, CKA_CHECK_VALUE), sample_hex("a9993e")));
	put(object, CKA_VALUE, "");
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
}

static void test_class_and_type(void **state)
{
	struct attribute_set *object = sample_object(CKO_SECRET_KEY, CKK_RSA);
	struct key *key = NULL;

	(void)state;
	assert_int_equal(key_new(object, &key), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_null(key);
	object = sample_object(CKO_PRIVATE_KEY, CKK_AES);
	assert_int_equal(key_complete(object), CKR_ATTRIBUTE_VALUE_INVALID);
	object = sample_object(CKO_DATA, CKK_AES);
	assert_int_equal(key_new(object, &key), CKR_ATTRIBUTE_VALUE_INVALID);
	attribute_set_remove(object, CKA_KEY_TYPE);
	assert_int_equal(key_new(object, &key), CKR_TEMPLATE_INCOMPLETE);
	key = sample_key(ec_private);
	assert_int_equal(key_class(key), CKO_PRIVATE_KEY);
	assert_int_equal(key_type(key), CKK_EC);
	assert_int_equal(key_bits(key), 256);
	assert_true(key_memory(key) > 32);
	assert_int_equal(key_bits(sample_key(rsa_public)), 2048);
}

/* PKCS#8 of OBJECT, and back: the same components. */
static void round_trip(const struct attribute_set *object)
{
	static const CK_ATTRIBUTE_TYPE types[] = {CKA_MODULUS,   CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
						  CKA_EC_PARAMS, CKA_VALUE,            CKA_EC_POINT};
	struct buffer encoded = {.secret = true};
	struct attribute_set *back =
		sample_object(attribute_set_ulong(object, CKA_CLASS, 0),
			      attribute_set_ulong(object, CKA_KEY_TYPE, 0));
	size_t i = 0;

	assert_int_equal(key_encode(sample_key(object), &encoded), CKR_OK);
	assert_int_equal(key_decode(buffer_span(&encoded), back), CKR_OK);
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (attribute_set_has(object, types[i]))
			same(object, back, types[i]);
	}
	/* Cut anywhere, or with a byte too many, it is nothing. */
	for (i = 0; i < encoded.size; i += encoded.size / 40 + 1)
		assert_int_equal(key_decode((struct span){encoded.data, i}, copy(back)),
				 CKR_WRAPPED_KEY_INVALID);
	assert_true(buffer_append(&encoded, "x", 1));
	assert_int_equal(key_decode(buffer_span(&encoded), copy(back)), CKR_WRAPPED_KEY_INVALID);
	/* Less than a semiblock of zeros is what CKM_AES_KEY_WRAP filled it up with. */
	encoded.size--;
	assert_true(buffer_append(&encoded, "\0\0\0\0\0\0\0", 7));
	assert_int_equal(key_decode(buffer_span(&encoded), copy(back)), CKR_OK);
	assert_true(buffer_append(&encoded, "", 1));
	assert_int_equal(key_decode(buffer_span(&encoded), copy(back)), CKR_WRAPPED_KEY_INVALID);
	buffer_free(&encoded);
}

static void test_encode_decode(void **state)
{
	struct attribute_set *a = NULL;
	struct attribute_set *b = NULL;
	struct buffer encoded = {.secret = true};

	(void)state;
	round_trip(rsa_private);
	round_trip(ec_private);
	sample_pair(CKM_EC_KEY_PAIR_GEN, "P-521", 0, &a, &b);
	round_trip(b);
	sample_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, "ED25519", 0, &a, &b);
	round_trip(b);
	/* A key of another type. */
	assert_int_equal(key_encode(sample_key(b), &encoded), CKR_OK);
	assert_int_equal(key_decode(buffer_span(&encoded), sample_object(CKO_PRIVATE_KEY, CKK_RSA)),
			 CKR_WRAPPED_KEY_INVALID);
	assert_int_equal(key_decode(buffer_span(&encoded), sample_object(CKO_PRIVATE_KEY, CKK_EC)),
			 CKR_WRAPPED_KEY_INVALID);
	assert_int_equal(
		key_decode(buffer_span(&encoded), sample_object(CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY)),
		CKR_WRAPPED_KEY_INVALID);
	sample_pair(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "X25519", 0, &a, &b);
	round_trip(b);
	assert_int_equal(key_encode(sample_key(a), &encoded), CKR_KEY_NOT_WRAPPABLE);
	buffer_free(&encoded);
}

static void test_decode_secret(void **state)
{
	struct attribute_set *object = sample_object(CKO_SECRET_KEY, CKK_AES);

	(void)state;
	assert_int_equal(key_decode(sample_hex("00112233"), object), CKR_WRAPPED_KEY_INVALID);
	object = sample_object(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
	assert_true(attribute_set_put_ulong(object, CKA_VALUE_LEN, 3));
	assert_int_equal(key_decode(sample_hex("616263000000"), object), CKR_OK);
	assert_true(span_equal(attribute_set_get(object, CKA_VALUE), sample_hex("616263")));
	object = sample_object(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
	assert_true(attribute_set_put_ulong(object, CKA_VALUE_LEN, 3));
	assert_int_equal(key_decode(sample_hex("616263000100"), object), CKR_WRAPPED_KEY_INVALID);
	assert_int_equal(key_decode(sample_hex("6162"), object), CKR_WRAPPED_KEY_INVALID);
}

static int make_keys(void **state)
{
	(void)state;
	if (!operate_start())
		return -1;
	return 0;
}

static int make_pairs(void **state)
{
	(void)state;
	sample_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 2048, &rsa_public, &rsa_private);
	sample_pair(CKM_EC_KEY_PAIR_GEN, "P-256", 0, &ec_public, &ec_private);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_pairs, sample_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rsa_computes),
		TEST(test_rsa_finds_primes),
		TEST(test_rsa_contradictions),
		TEST(test_rsa_public),
		TEST(test_public_info_must_match),
		TEST(test_ec),
		TEST(test_ec_point_forms),
		TEST(test_class_and_type),
		TEST(test_encode_decode),
		cmocka_unit_test_teardown(test_generate_refusals, sample_teardown),
		cmocka_unit_test_teardown(test_ed25519, sample_teardown),
		cmocka_unit_test_teardown(test_secret, sample_teardown),
		cmocka_unit_test_teardown(test_decode_secret, sample_teardown),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
