/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vectors of project Wycheproof (C2SP/wycheproof) against the families that have some. They lie
 * outside this tree: in $KEYCLAVE_SHARED/data/wycheproof, or in ../shared/data/wycheproof beside the
 * source. A file that is not there is skipped.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmocka_test.h"
#include "crypto_sample.h"

/* What the file says of one test; "acceptable" is for the test's own function to judge. */
enum verdict { VALID, INVALID, ACCEPTABLE };

struct wycheproof {
	const char *file;
	/* True when what we do with TEST of GROUP is what VERDICT wants. */
	bool (*check)(const json_t *group, const json_t *test, enum verdict verdict);
};

static struct span bytes(const json_t *object, const char *name)
{
	const char *hex = json_string_value(json_object_get(object, name));

	assert_non_null(hex);
	return sample_hex(hex);
}

static bool has_flag(const json_t *test, const char *name)
{
	const json_t *flags = json_object_get(test, "flags");
	size_t i = 0;

	for (i = 0; i < json_array_size(flags); i++) {
		if (strcmp(json_string_value(json_array_get(flags, i)), name) == 0)
			return true;
	}
	return false;
}

/* The RSA key of the group at hand: the check of its primes takes longer than all of the group. */
static const json_t *rsa_group;
static struct key *rsa_key;

static struct key *rsa_public(const json_t *group)
{
	const json_t *numbers = json_object_get(group, "publicKey");
	struct attribute_set *object = NULL;

	if (group == rsa_group)
		return rsa_key;
	object = sample_object(CKO_PUBLIC_KEY, CKK_RSA);
	assert_true(attribute_set_put(object, CKA_MODULUS, bytes(numbers, "modulus")));
	assert_true(attribute_set_put(object, CKA_PUBLIC_EXPONENT, bytes(numbers, "publicExponent")));
	assert_int_equal(key_complete(object), CKR_OK);
	rsa_group = group;
	rsa_key = sample_key(object);
	return rsa_key;
}

static struct key *rsa_private(const json_t *group)
{
	if (group != rsa_group) {
		rsa_group = group;
		rsa_key = sample_key(sample_private(CKK_RSA, bytes(group, "privateKeyPkcs8")));
	}
	return rsa_key;
}

static struct key *curve_public(const char *curve, CK_KEY_TYPE type, struct span point)
{
	const struct mechanism_curve *c = mechanism_curve_named(curve);
	struct attribute_set *object = sample_object(CKO_PUBLIC_KEY, type);

	assert_true(attribute_set_put(object, CKA_EC_PARAMS, (struct span){c->params, c->params_size}));
	assert_true(attribute_set_put(object, CKA_EC_POINT, point));
	assert_int_equal(key_complete(object), CKR_OK);
	return sample_key(object);
}

static struct key *curve_private(const char *curve, CK_KEY_TYPE type, struct span value)
{
	const struct mechanism_curve *c = mechanism_curve_named(curve);
	struct attribute_set *object = sample_object(CKO_PRIVATE_KEY, type);

	assert_true(attribute_set_put(object, CKA_EC_PARAMS, (struct span){c->params, c->params_size}));
	assert_true(attribute_set_put(object, CKA_VALUE, value));
	assert_int_equal(key_complete(object), CKR_OK);
	return sample_key(object);
}

static bool check_verify(const struct key *key, const struct mechanism *m, const json_t *test,
			 enum verdict verdict)
{
	const CK_RV rv = operate_verify(key, m, bytes(test, "msg"), bytes(test, "sig"));

	if (verdict == VALID)
		return rv == CKR_OK;
	return rv == CKR_SIGNATURE_INVALID || rv == CKR_SIGNATURE_LEN_RANGE;
}

static bool ecdsa(const json_t *group, const json_t *test, enum verdict verdict)
{
	const struct mechanism m = sample_mechanism(CKM_ECDSA_SHA256);
	const json_t *key = json_object_get(group, "publicKey");

	return check_verify(curve_public("P-256", CKK_EC, bytes(key, "uncompressed")), &m, test, verdict);
}

static bool ed25519(const json_t *group, const json_t *test, enum verdict verdict)
{
	const struct mechanism m = sample_mechanism(CKM_EDDSA);
	const json_t *key = json_object_get(group, "publicKey");

	return check_verify(curve_public("ED25519", CKK_EC_EDWARDS, bytes(key, "pk")), &m, test, verdict);
}

static bool rsa_signature(const json_t *group, const json_t *test, enum verdict verdict)
{
	const struct mechanism m = sample_mechanism(CKM_SHA256_RSA_PKCS);

	/* The acceptable one lacks the NULL of the algorithm: RFC 8017 appendix B.1 has it there. */
	return check_verify(rsa_public(group), &m, test, verdict);
}

static bool rsa_pss(const json_t *group, const json_t *test, enum verdict verdict)
{
	struct mechanism m = sample_mechanism(CKM_SHA256_RSA_PKCS_PSS);

	m.hash = CKM_SHA256;
	m.mgf = CKG_MGF1_SHA256;
	m.salt_size = (CK_ULONG)json_integer_value(json_object_get(group, "sLen"));
	return check_verify(rsa_public(group), &m, test, verdict);
}

static bool check_decrypt(const struct key *key, const struct mechanism *m, struct span ct,
			  struct span msg, enum verdict verdict)
{
	struct buffer out = {.secret = true};
	const CK_RV rv = operate_decrypt(key, m, ct, &out);
	bool good = false;

	if (verdict == VALID)
		good = rv == CKR_OK && span_equal(buffer_span(&out), msg);
	else
		good = (rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE ||
			rv == CKR_MECHANISM_PARAM_INVALID) &&
		       out.size == 0;
	buffer_free(&out);
	return good;
}

static bool rsa_pkcs1(const json_t *group, const json_t *test, enum verdict verdict)
{
	const struct mechanism m = sample_mechanism(CKM_RSA_PKCS);

	return check_decrypt(rsa_private(group), &m, bytes(test, "ct"), bytes(test, "msg"),
			     verdict);
}

static bool rsa_oaep(const json_t *group, const json_t *test, enum verdict verdict)
{
	struct mechanism m = sample_mechanism(CKM_RSA_PKCS_OAEP);

	m.hash = CKM_SHA256;
	m.mgf = CKG_MGF1_SHA256;
	m.label = bytes(test, "label");
	return check_decrypt(rsa_private(group), &m, bytes(test, "ct"), bytes(test, "msg"),
			     verdict);
}

static bool check_derive(const struct key *key, const json_t *test, enum verdict verdict)
{
	struct mechanism m = sample_mechanism(CKM_ECDH1_DERIVE);
	const struct span shared = bytes(test, "shared");
	struct buffer out = {.secret = true};
	bool good = false;
	CK_RV rv = CKR_OK;

	m.kdf = CKD_NULL;
	m.peer = bytes(test, "public");
	rv = operate_derive(key, &m, 0, &out);
	if (rv == CKR_OK)
		good = verdict != INVALID && span_equal(buffer_span(&out), shared);
	else
		good = verdict != VALID && rv == CKR_PUBLIC_KEY_INVALID;
	/* RFC 7748 section 6.1 lets us refuse it, and we do. */
	if (has_flag(test, "ZeroSharedSecret"))
		good = rv == CKR_PUBLIC_KEY_INVALID;
	buffer_free(&out);
	return good;
}

static bool ecdh(const json_t *group, const json_t *test, enum verdict verdict)
{
	(void)group;
	return check_derive(curve_private("P-256", CKK_EC, bytes(test, "private")), test, verdict);
}

static bool x25519(const json_t *group, const json_t *test, enum verdict verdict)
{
	(void)group;
	return check_derive(curve_private("X25519", CKK_EC_MONTGOMERY, bytes(test, "private")), test,
			    verdict);
}

/* Decryption for all; encryption gives the same bytes for the valid ones. */
static bool check_cipher(const json_t *test, const struct mechanism *m, struct span sealed,
			 enum verdict verdict)
{
	const struct key *key = sample_secret(CKK_AES, bytes(test, "key"));
	const struct span msg = bytes(test, "msg");
	struct buffer out = {.secret = true};
	bool good = check_decrypt(key, m, sealed, msg, verdict);

	if (good && verdict == VALID)
		good = operate_encrypt(key, m, msg, &out) == CKR_OK &&
		       span_equal(buffer_span(&out), sealed);
	buffer_free(&out);
	return good;
}

static bool aes_gcm(const json_t *group, const json_t *test, enum verdict verdict)
{
	struct mechanism m = sample_mechanism(CKM_AES_GCM);
	const struct span ct = bytes(test, "ct");
	const struct span tag = bytes(test, "tag");
	struct buffer sealed = {0};
	bool good = false;

	m.iv = bytes(test, "iv");
	m.aad = bytes(test, "aad");
	m.tag_bits = (CK_ULONG)json_integer_value(json_object_get(group, "tagSize"));
	assert_true(buffer_append(&sealed, ct.data, ct.size));
	assert_true(buffer_append(&sealed, tag.data, tag.size));
	if (m.iv.size > MECHANISM_IV_MAX)
		good = operate_decrypt(sample_secret(CKK_AES, bytes(test, "key")), &m,
				       buffer_span(&sealed), &sealed) == CKR_MECHANISM_PARAM_INVALID;
	else
		good = check_cipher(test, &m, buffer_span(&sealed), verdict);
	buffer_free(&sealed);
	return good;
}

static bool aes_cbc(const json_t *group, const json_t *test, enum verdict verdict)
{
	struct mechanism m = sample_mechanism(CKM_AES_CBC_PAD);

	(void)group;
	m.iv = bytes(test, "iv");
	return check_cipher(test, &m, bytes(test, "ct"), verdict);
}

static bool aes_kwp(const json_t *group, const json_t *test, enum verdict verdict)
{
	const struct mechanism m = sample_mechanism(CKM_AES_KEY_WRAP_KWP);

	(void)group;
	return check_cipher(test, &m, bytes(test, "ct"), verdict);
}

static bool hmac(const json_t *group, const json_t *test, enum verdict verdict)
{
	struct mechanism m = sample_mechanism(CKM_SHA256_HMAC_GENERAL);
	const struct key *key = sample_secret(CKK_SHA256_HMAC, bytes(test, "key"));
	const struct span msg = bytes(test, "msg");
	const struct span tag = bytes(test, "tag");
	struct buffer out = {0};
	bool good = false;

	m.length = (CK_ULONG)json_integer_value(json_object_get(group, "tagSize")) / 8;
	good = operate_verify(key, &m, msg, tag) ==
	       (verdict == VALID ? CKR_OK : CKR_SIGNATURE_INVALID);
	if (good && verdict == VALID)
		good = operate_sign(key, &m, msg, &out) == CKR_OK && span_equal(buffer_span(&out), tag);
	buffer_free(&out);
	return good;
}

static bool hkdf(const json_t *group, const json_t *test, enum verdict verdict)
{
	struct mechanism m = sample_mechanism(CKM_HKDF_DERIVE);
	const struct key *key = sample_secret(CKK_HKDF, bytes(test, "ikm"));
	struct buffer out = {.secret = true};
	bool good = false;
	CK_RV rv = CKR_OK;

	(void)group;
	m.hash = CKM_SHA256;
	m.extract = m.expand = 1;
	m.salt = bytes(test, "salt");
	m.info = bytes(test, "info");
	rv = operate_derive(key, &m, (size_t)json_integer_value(json_object_get(test, "size")), &out);
	if (verdict == VALID)
		good = rv == CKR_OK && span_equal(buffer_span(&out), bytes(test, "okm"));
	else
		good = rv == CKR_KEY_SIZE_RANGE && out.size == 0;
	buffer_free(&out);
	return good;
}

static enum verdict verdict_of(const json_t *test)
{
	const char *result = json_string_value(json_object_get(test, "result"));

	if (strcmp(result, "valid") == 0)
		return VALID;
	return strcmp(result, "invalid") == 0 ? INVALID : ACCEPTABLE;
}

static json_t *load(const char *name)
{
	const char *shared = getenv("KEYCLAVE_SHARED");
	const char *source = getenv("KC_SRCDIR");
	char path[4096];

	if (shared)
		(void)snprintf(path, sizeof(path), "%s/data/wycheproof/%s", shared, name);
	else
		(void)snprintf(path, sizeof(path), "%s/../shared/data/wycheproof/%s",
			       source ? source : ".", name);
	return json_load_file(path, 0, NULL);
}

static void test_file(void **state)
{
	const struct wycheproof *w = *state;
	json_t *file = load(w->file);
	const json_t *groups = json_object_get(file, "testGroups");
	size_t done = 0;
	size_t bad = 0;
	size_t i = 0;
	size_t j = 0;

	if (!file) {
		print_message("# %s: not on this machine\n", w->file);
		skip();
	}
	for (i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		const json_t *tests = json_object_get(group, "tests");

		for (j = 0; j < json_array_size(tests); j++) {
			const json_t *test = json_array_get(tests, j);

			done++;
			if (!w->check(group, test, verdict_of(test))) {
				print_message("# %s test %lld: not as it should be\n", w->file,
					      (long long)json_integer_value(
						      json_object_get(test, "tcId")));
				bad++;
			}
		}
		rsa_group = NULL;
		sample_free();
	}
	assert_int_equal(done, json_integer_value(json_object_get(file, "numberOfTests")));
	json_decref(file);
	assert_int_equal(bad, 0);
}

int main(void)
{
	static struct wycheproof files[] = {
		{"ecdsa_secp256r1_sha256_p1363_test.json", ecdsa},
		{"ed25519_test.json", ed25519},
		{"ecdh_secp256r1_ecpoint_test.json", ecdh},
		{"x25519_test.json", x25519},
		{"rsa_pkcs1_2048_test.json", rsa_pkcs1},
		{"rsa_pss_2048_sha256_mgf1_32_test.json", rsa_pss},
		{"rsa_oaep_2048_sha256_mgf1sha256_test.json", rsa_oaep},
		{"rsa_signature_2048_sha256_test.json", rsa_signature},
		{"aes_gcm_test.json", aes_gcm},
		{"aes_cbc_pkcs5_test.json", aes_cbc},
		{"aes_kwp_test.json", aes_kwp},
		{"hmac_sha256_test.json", hmac},
		{"hkdf_sha256_test.json", hkdf},
	};
	struct CMUnitTest tests[sizeof(files) / sizeof(files[0])];
	size_t i = 0;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		tests[i] = (struct CMUnitTest){.name = files[i].file,
					       .test_func = test_file,
					       .teardown_func = sample_teardown,
					       .initial_state = &files[i]};
	return cmocka_run_group_tests(tests, sample_start, NULL);
}
