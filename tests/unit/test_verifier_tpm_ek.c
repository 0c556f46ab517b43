/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of the certificate of a TPM's endorsement key: verified only as one, over its own chain, to a root that is trusted.
 */
#include "config.h"

#include <string.h>

#include "verifier/tpm_ek.h"
#include "../emulators/test_ca.h"
#include "cmocka_test.h"

#define NOW INT64_C(1790000000)
#define YEAR INT64_C(31536000)

/* SEQUENCE of one OID: 2.23.133.8.1, tcg-kp-EKCertificate; 2.23.133.8.3, of an attestation key. */
static const uint8_t ek_usage[] = {0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x01};
static const uint8_t ak_usage[] = {0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x03};

static EVP_PKEY *root_key, *middle_key, *ek_key;
static X509 *root, *middle;
static struct policy policy;
static struct endorsements endorsements;
static struct appraisal appraisal;

static X509 *make(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const uint8_t *usage, int64_t to)
{
	const struct test_ca_extension extension = {.oid = "2.5.29.37", .value = {usage, sizeof(ek_usage)}};
	const struct test_ca_request request = {.name = name,
						.key = key,
						.issuer = issuer,
						.issuer_key = issuer_key,
						.ca = !usage,
						.from = NOW - YEAR,
						.to = to,
						.serial = 7,
						.extension = usage ? &extension : NULL,
						.extension_count = usage != NULL};

	return test_ca_certificate(&request);
}

static int setup(void **state)
{
	(void)state;
	root_key = test_ca_key("P-384");
	middle_key = test_ca_key("P-384");
	ek_key = test_ca_key("P-256");
	root = make("TPM vendor's root", root_key, NULL, NULL, NULL, NOW + YEAR);
	middle = make("TPM vendor's issuer", middle_key, root, root_key, NULL, NOW + YEAR);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	X509_free(root);
	X509_free(middle);
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(middle_key);
	EVP_PKEY_free(ek_key);
	endorsements_free(&endorsements);
	return 0;
}

/* What is given: the intermediate certificate, the root as a trusted one. */
static void give(bool intermediate, bool trusted)
{
	struct buffer pem = {0};
	const char *why = NULL;

	endorsements_free(&endorsements);
	memset(&endorsements, 0, sizeof(endorsements));
	policy.allow = POLICY_ALLOW_NO_REVOCATION;
	test_ca_append_pem(&pem, intermediate ? middle : root);
	assert_true(endorsements_add(&endorsements, buffer_span(&pem), &why));
	buffer_reset(&pem);
	test_ca_append_pem(&pem, root);
	assert_true(endorsements_add(&endorsements, buffer_span(&pem), &why));
	if (trusted)
		assert_true(endorsements_add_roots(&endorsements, buffer_span(&pem), &why));
	buffer_free(&pem);
}

/* The fact ek-certificate of DER begins with WORDS, and the appraisal has no check of it. */
static void expect_of(struct span der, const char *words)
{
	const struct appraisal_fact *fact = NULL;

	memset(&appraisal, 0, sizeof(appraisal));
	appraisal.policy = &policy;
	appraisal.endorsements = &endorsements;
	appraisal.time = NOW;
	tpm_ek_appraise(&appraisal, der, NULL);
	fact = appraisal_find(&appraisal, "ek-certificate");
	assert_non_null(fact);
	assert_int_equal(strncmp(fact->text, words, strlen(words)), 0);
	assert_int_equal(appraisal.check_count, 0);
	assert_false(appraisal.tee);
}

static void expect(X509 *x, const char *words)
{
	struct buffer der = {0};

	test_ca_append_der(&der, x);
	expect_of(buffer_span(&der), words);
	buffer_free(&der);
}

static void test_chain(void **state)
{
	X509 *ek = make("EK", ek_key, middle, middle_key, ek_usage, NOW + YEAR);

	(void)state;
	give(true, true);
	expect(ek, "verified");
	assert_string_equal(appraisal_find(&appraisal, "ek-issuer")->text, "TPM vendor's issuer");
	assert_int_equal(strlen(appraisal_find(&appraisal, "ek-key")->text), 64);
	give(true, false);
	expect(ek, "not verified: ends in a root that is not trusted");
	give(false, true);
	expect(ek, "not verified: no certificate of its issuer");
	give(true, true);
	policy.allow = 0;
	expect(ek, "not verified: ");
	X509_free(ek);
}

static void test_other_certificates(void **state)
{
	static const uint8_t zeros[16];
	X509 *ak = make("EK", ek_key, middle, middle_key, ak_usage, NOW + YEAR);
	X509 *old = make("EK", ek_key, middle, middle_key, ek_usage, NOW - 1);
	X509 *own = make("EK", ek_key, NULL, NULL, ek_usage, NOW + YEAR);
	X509 *forged = make("EK", ek_key, middle, ek_key, ek_usage, NOW + YEAR);

	(void)state;
	give(true, true);
	expect(ak, "not verified: not of an endorsement key");
	expect(old, "not verified: ");
	expect(own, "not verified: ");
	expect(forged, "not verified: no certificate of its issuer");
	expect_of((struct span){zeros, sizeof(zeros)}, "not verified: not a certificate");
	memset(&appraisal, 0, sizeof(appraisal));
	tpm_ek_appraise(&appraisal, (struct span){0}, NULL);
	assert_int_equal(appraisal.fact_count, 0);
	X509_free(ak);
	X509_free(old);
	X509_free(own);
	X509_free(forged);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_other_certificates),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
