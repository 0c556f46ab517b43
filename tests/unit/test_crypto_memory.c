/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each allocation of libcrypto fails once, in each kind of operation: the result is a precise code or the
 * right answer, nothing leaks, nothing crashes, and the next operation works. A program of its own, as
 * libcrypto's allocator is chosen before its first use.
 */
#include "config.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "cmocka_test.h"
#include "crypto_sample.h"

/* Allocations to go before one fails; 0: none will. */
static size_t countdown;
static bool failed;
static long outstanding;

static bool fails(void)
{
	if (countdown == 0 || --countdown > 0)
		return false;
	failed = true;
	return true;
}

static void *counted_malloc(size_t size, const char *file, int line)
{
	void *p = NULL;

	(void)file;
	(void)line;
	if (size == 0 || fails())
		return NULL;
	p = malloc(size);
	outstanding += p != NULL;
	return p;
}

static void counted_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	outstanding -= p != NULL;
	free(p);
}

static void *counted_realloc(void *p, size_t size, const char *file, int line)
{
	void *moved = NULL;

	if (!p)
		return counted_malloc(size, file, line);
	if (size == 0) {
		counted_free(p, file, line);
		return NULL;
	}
	if (!fails())
		moved = realloc(p, size);
	return moved;
}

/* What every operation may use; made once with all memory there. */
static struct attribute_set *rsa_public, *rsa_private, *ec_public, *ec_private;
static struct attribute_set *ed_public, *ed_private, *x_public, *x_private, *aes, *secret;
static struct buffer out;
static uint8_t data[32];
static const struct span input = {data, sizeof(data)};

/* An operation with a key of its own: what the key keeps goes with it. */
static CK_RV with_key(const struct attribute_set *object, const struct mechanism *m,
		      CK_RV (*operate)(const struct key *, const struct mechanism *, struct span,
				       struct buffer *),
		      struct span bytes)
{
	struct key *key = NULL;
	CK_RV rv = key_new(object, &key);

	if (rv == CKR_OK)
		rv = operate(key, m, bytes, &out);
	key_free(&key);
	return rv;
}

static CK_RV sign_ecdsa(void)
{
	const struct mechanism m = sample_mechanism(CKM_ECDSA_SHA256);

	return with_key(ec_private, &m, operate_sign, input);
}

static CK_RV sign_eddsa(void)
{
	const struct mechanism m = sample_mechanism(CKM_EDDSA);

	return with_key(ed_private, &m, operate_sign, input);
}

static CK_RV sign_pkcs1(void)
{
	const struct mechanism m = sample_mechanism(CKM_SHA256_RSA_PKCS);

	return with_key(rsa_private, &m, operate_sign, input);
}

static CK_RV sign_pss(void)
{
	struct mechanism m = sample_mechanism(CKM_RSA_PKCS_PSS);

	m.hash = CKM_SHA256;
	m.mgf = CKG_MGF1_SHA256;
	m.salt_size = 32;
	return with_key(rsa_private, &m, operate_sign, input);
}

static CK_RV sign_hmac(void)
{
	const struct mechanism m = sample_mechanism(CKM_SHA256_HMAC);

	return with_key(secret, &m, operate_sign, input);
}

static CK_RV encrypt_oaep(void)
{
	struct mechanism m = sample_mechanism(CKM_RSA_PKCS_OAEP);

	m.hash = CKM_SHA256;
	m.mgf = CKG_MGF1_SHA256;
	m.label = input;
	return with_key(rsa_public, &m, operate_encrypt, input);
}

static CK_RV encrypt_gcm(void)
{
	struct mechanism m = sample_mechanism(CKM_AES_GCM);

	m.iv = (struct span){data, 12};
	m.aad = input;
	m.tag_bits = 128;
	return with_key(aes, &m, operate_encrypt, input);
}

static CK_RV encrypt_kwp(void)
{
	const struct mechanism m = sample_mechanism(CKM_AES_KEY_WRAP_KWP);

	return with_key(aes, &m, operate_encrypt, input);
}

/* RESULT of the private operation, made once with all memory there. */
static void prepare(struct buffer *result, const struct attribute_set *object, const struct mechanism *m,
		    CK_RV (*operate)(const struct key *, const struct mechanism *, struct span,
				     struct buffer *))
{
	const size_t later = countdown;

	countdown = 0;
	if (result->size == 0) {
		assert_int_equal(with_key(object, m, operate, input), CKR_OK);
		assert_true(buffer_set(result, out.data, out.size));
		buffer_reset(&out);
	}
	countdown = later;
}

static CK_RV verify(const struct attribute_set *private_object, const struct attribute_set *public_object,
		    const struct mechanism *m, struct buffer *signature)
{
	struct key *key = NULL;
	CK_RV rv = CKR_OK;

	prepare(signature, private_object, m, operate_sign);
	rv = key_new(public_object, &key);
	if (rv == CKR_OK)
		rv = operate_verify(key, m, input, buffer_span(signature));
	key_free(&key);
	return rv;
}

static CK_RV verify_ecdsa(void)
{
	const struct mechanism m = sample_mechanism(CKM_ECDSA);
	static struct buffer signature;

	return verify(ec_private, ec_public, &m, &signature);
}

static CK_RV verify_eddsa(void)
{
	const struct mechanism m = sample_mechanism(CKM_EDDSA);
	static struct buffer signature;

	return verify(ed_private, ed_public, &m, &signature);
}

static CK_RV verify_pkcs1(void)
{
	const struct mechanism m = sample_mechanism(CKM_SHA256_RSA_PKCS);
	static struct buffer signature;

	return verify(rsa_private, rsa_public, &m, &signature);
}

static CK_RV verify_pss(void)
{
	struct mechanism m = sample_mechanism(CKM_RSA_PKCS_PSS);
	static struct buffer signature;

	m.hash = CKM_SHA256;
	m.mgf = CKG_MGF1_SHA256;
	m.salt_size = 32;
	return verify(rsa_private, rsa_public, &m, &signature);
}

static CK_RV decrypt_pkcs1(void)
{
	const struct mechanism m = sample_mechanism(CKM_RSA_PKCS);
	static struct buffer sealed;

	prepare(&sealed, rsa_public, &m, operate_encrypt);
	return with_key(rsa_private, &m, operate_decrypt, buffer_span(&sealed));
}

static CK_RV decrypt_oaep(void)
{
	struct mechanism m = sample_mechanism(CKM_RSA_PKCS_OAEP);
	static struct buffer sealed;

	m.hash = CKM_SHA256;
	m.mgf = CKG_MGF1_SHA256;
	prepare(&sealed, rsa_public, &m, operate_encrypt);
	return with_key(rsa_private, &m, operate_decrypt, buffer_span(&sealed));
}

static CK_RV decrypt_gcm(void)
{
	struct mechanism m = sample_mechanism(CKM_AES_GCM);
	static struct buffer sealed;

	m.iv = (struct span){data, 12};
	m.tag_bits = 128;
	prepare(&sealed, aes, &m, operate_encrypt);
	return with_key(aes, &m, operate_decrypt, buffer_span(&sealed));
}

static CK_RV derive(void)
{
	struct mechanism m = sample_mechanism(CKM_ECDH1_DERIVE);
	struct key *key = NULL;
	CK_RV rv = key_new(ec_private, &key);

	m.kdf = CKD_SHA256_KDF;
	m.peer = attribute_set_get(ec_public, CKA_EC_POINT);
	if (rv == CKR_OK)
		rv = operate_derive(key, &m, 32, &out);
	key_free(&key);
	return rv;
}

static CK_RV derive_x25519(void)
{
	struct mechanism m = sample_mechanism(CKM_ECDH1_DERIVE);
	struct key *key = NULL;
	CK_RV rv = key_new(x_private, &key);

	m.kdf = CKD_NULL;
	m.peer = attribute_set_get(x_public, CKA_EC_POINT);
	if (rv == CKR_OK)
		rv = operate_derive(key, &m, 0, &out);
	key_free(&key);
	return rv;
}

static CK_RV generate_pair(CK_MECHANISM_TYPE type, const struct attribute_set *like)
{
	const struct mechanism m = sample_mechanism(type);
	struct attribute_set *public_object = attribute_set_new();
	struct attribute_set *private_object = attribute_set_new();
	const struct span params = attribute_set_get(like, CKA_EC_PARAMS);
	CK_RV rv = CKR_OK;

	assert_true(attribute_set_put_ulong(public_object, CKA_CLASS, CKO_PUBLIC_KEY));
	assert_true(attribute_set_put_ulong(private_object, CKA_CLASS, CKO_PRIVATE_KEY));
	if (params.size > 0)
		assert_true(attribute_set_put(public_object, CKA_EC_PARAMS, params));
	else
		assert_true(attribute_set_put_ulong(public_object, CKA_MODULUS_BITS, 2048));
	rv = key_generate_pair(&m, public_object, private_object);
	attribute_set_free(&public_object);
	attribute_set_free(&private_object);
	return rv;
}

static CK_RV generate_ec(void)
{
	return generate_pair(CKM_EC_KEY_PAIR_GEN, ec_public);
}

static CK_RV generate_ed25519(void)
{
	return generate_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, ed_public);
}

static CK_RV generate_rsa(void)
{
	return generate_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, rsa_public);
}

static CK_RV generate_aes(void)
{
	const struct mechanism m = sample_mechanism(CKM_AES_KEY_GEN);
	struct attribute_set *object = attribute_set_new();
	CK_RV rv = CKR_OK;

	assert_true(attribute_set_put_ulong(object, CKA_CLASS, CKO_SECRET_KEY));
	assert_true(attribute_set_put_ulong(object, CKA_VALUE_LEN, 32));
	rv = key_generate(&m, object);
	attribute_set_free(&object);
	return rv;
}

static CK_RV complete_rsa(void)
{
	struct attribute_set *object = attribute_set_copy(rsa_private);
	CK_RV rv = CKR_OK;

	attribute_set_remove(object, CKA_PRIME_1);
	attribute_set_remove(object, CKA_PRIME_2);
	attribute_set_remove(object, CKA_COEFFICIENT);
	rv = key_complete(object);
	attribute_set_free(&object);
	return rv;
}

static CK_RV stream(void)
{
	const struct mechanism m = sample_mechanism(CKM_ECDSA_SHA256);
	struct stream *s = NULL;
	struct key *key = NULL;
	CK_RV rv = key_new(ec_private, &key);

	if (rv == CKR_OK)
		rv = stream_new(STREAM_SIGN, key, &m, &s);
	if (rv == CKR_OK)
		rv = stream_update(s, input, &out);
	if (rv == CKR_OK)
		rv = stream_final(s, (struct span){0}, &out);
	stream_free(&s);
	key_free(&key);
	return rv;
}

struct operation {
	const char *name;
	CK_RV (*run)(void);
	CK_RV closed; /* what libcrypto's lack of memory may pass for: a refusal; or CKR_OK: nothing */
	size_t step;  /* how many allocations to pass over; they grow for what makes thousands */
};

static struct operation operations[] = {
	{"sign_ecdsa", sign_ecdsa, CKR_OK, 1},
	{"sign_eddsa", sign_eddsa, CKR_OK, 1},
	{"sign_pkcs1", sign_pkcs1, CKR_OK, 1},
	{"sign_pss", sign_pss, CKR_OK, 1},
	{"sign_hmac", sign_hmac, CKR_OK, 1},
	{"encrypt_oaep", encrypt_oaep, CKR_OK, 1},
	{"encrypt_gcm", encrypt_gcm, CKR_OK, 1},
	{"encrypt_kwp", encrypt_kwp, CKR_OK, 1},
	{"verify_ecdsa", verify_ecdsa, CKR_SIGNATURE_INVALID, 1},
	{"verify_eddsa", verify_eddsa, CKR_SIGNATURE_INVALID, 1},
	{"verify_pkcs1", verify_pkcs1, CKR_SIGNATURE_INVALID, 1},
	{"verify_pss", verify_pss, CKR_SIGNATURE_INVALID, 1},
	{"decrypt_pkcs1", decrypt_pkcs1, CKR_OK, 1},
	{"decrypt_oaep", decrypt_oaep, CKR_ENCRYPTED_DATA_INVALID, 1},
	{"decrypt_gcm", decrypt_gcm, CKR_OK, 1},
	{"derive", derive, CKR_OK, 1},
	{"derive_x25519", derive_x25519, CKR_OK, 1},
	{"generate_ec", generate_ec, CKR_OK, 1},
	{"generate_ed25519", generate_ed25519, CKR_OK, 1},
	{"generate_rsa", generate_rsa, CKR_OK, 61},
	{"generate_aes", generate_aes, CKR_OK, 1},
	{"complete_rsa", complete_rsa, CKR_OK, 61},
	{"stream", stream, CKR_OK, 1},
};

/* What is still there when the thread's own things (error queue, random generators) are gone. */
static long settled(void)
{
	OPENSSL_thread_stop();
	return outstanding;
}

static void test_operation(void **state)
{
	const struct operation *o = *state;
	size_t vague = 0;
	size_t n = 1;
	long before = 0;
	CK_RV rv = CKR_OK;

	/* What libcrypto makes once is made. */
	assert_int_equal(o->run(), CKR_OK);
	assert_int_equal(o->run(), CKR_OK);
	before = settled();
	do {
		failed = false;
		buffer_reset(&out);
		countdown = n;
		rv = o->run();
		countdown = 0;
		if (rv != CKR_OK && rv != CKR_DEVICE_MEMORY && rv != CKR_DEVICE_ERROR && rv != o->closed)
			fail_msg("%s: allocation %zu failed: 0x%lx", o->name, n, rv);
		if (rv != CKR_OK && !failed)
			fail_msg("%s: 0x%lx without a cause", o->name, rv);
		if (rv != CKR_OK)
			assert_int_equal(out.size, 0);
		if (settled() != before)
			fail_msg("%s: allocation %zu failed: %ld blocks leaked", o->name, n,
				 outstanding - before);
		vague += rv == CKR_DEVICE_ERROR;
		n += o->step;
	} while (failed);
	/* Most say what it was; deeper down libcrypto makes other reasons of it. */
	assert_true(vague * 2 <= n / o->step);
	assert_int_equal(o->run(), CKR_OK);
}

static int make_keys(void **state)
{
	(void)state;
	if (!operate_start())
		return -1;
	sample_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 2048, &rsa_public, &rsa_private);
	sample_pair(CKM_EC_KEY_PAIR_GEN, "P-256", 0, &ec_public, &ec_private);
	sample_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, "ED25519", 0, &ed_public, &ed_private);
	sample_pair(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "X25519", 0, &x_public, &x_private);
	aes = sample_object(CKO_SECRET_KEY, CKK_AES);
	secret = sample_object(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
	return attribute_set_put(aes, CKA_VALUE, input) && attribute_set_put(secret, CKA_VALUE, input)
		       ? 0
		       : -1;
}

static int free_keys(void **state)
{
	(void)state;
	buffer_free(&out);
	sample_free();
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[sizeof(operations) / sizeof(operations[0])];
	size_t i = 0;

	if (CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) != 1)
		return EXIT_FAILURE;
	for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
		tests[i] = (struct CMUnitTest){.name = operations[i].name,
					       .test_func = test_operation,
					       .initial_state = &operations[i]};
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
