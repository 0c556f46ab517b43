/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation documents by a signer of the tests' own: good ones, and each way to be wrong.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/nitro.h"

#include "cmocka_test.h"
#include "nitro_signer.h"

#define NOW ((int64_t)1750000000) /* 2025-06-15 */
#define DAY ((int64_t)86400)

static struct nitro_signer *signer;
static struct endorsements trusted;

struct scene {
	struct nitro_signer_document document;
	uint8_t wanted[64];
	struct buffer bytes;
	struct policy policy;
	int64_t time;
	bool without_claims;
	struct appraisal a;
};

static void set_scene(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	memset(s->wanted, 0xbb, sizeof(s->wanted));
	s->time = NOW;
	s->document.timestamp = (uint64_t)NOW * 1000 + 7;
	s->document.present = 0xffff;
	for (unsigned i = 0; i < 5; i++)
		memset(s->document.pcr[i], (int)(0x10 + i), 48);
	s->document.user_data = (struct span){s->wanted, sizeof(s->wanted)};
}

static bool appraise_bytes(struct scene *s, struct span bytes)
{
	s->a = (struct appraisal){.policy = &s->policy, .endorsements = &trusted, .time = s->time};
	if (!s->without_claims) {
		s->a.report_data = (struct span){s->wanted, sizeof(s->wanted)};
		s->a.report_data_short = (struct span){s->wanted, 32};
	}
	return nitro_appraise(&s->a, bytes);
}

static bool appraise(struct scene *s)
{
	buffer_reset(&s->bytes);
	nitro_signer_attest(signer, &s->document, &s->bytes);
	return appraise_bytes(s, buffer_span(&s->bytes));
}

static const struct appraisal_check *last_check(const struct scene *s)
{
	assert_true(s->a.check_count > 0);
	return &s->a.check[s->a.check_count - 1];
}

static void is_accepted(struct scene *s, bool good)
{
	if (!good)
		fail_msg("%s: %s", last_check(s)->name, last_check(s)->detail);
	for (size_t i = 0; i < s->a.check_count; i++)
		assert_true(s->a.check[i].passed);
	assert_true(s->a.tee);
	assert_string_equal(s->a.platform, "nitro");
}

static void accepts(struct scene *s)
{
	is_accepted(s, appraise(s));
}

static void is_refused(struct scene *s, bool good, const char *check, const char *word)
{
	assert_false(good);
	assert_string_equal(last_check(s)->name, check);
	assert_false(last_check(s)->passed);
	if (!strstr(last_check(s)->detail, word))
		fail_msg("\"%s\" is not in \"%s\"", word, last_check(s)->detail);
}

static void refuses(struct scene *s, const char *check, const char *word)
{
	is_refused(s, appraise(s), check, word);
}

static void strike(struct scene *s)
{
	buffer_free(&s->bytes);
}

static void test_good(void **state)
{
	struct scene s;
	const struct appraisal_fact *fact = NULL;

	(void)state;
	set_scene(&s);
	for (int indefinite = 0; indefinite < 2; indefinite++) {
		s.document.indefinite = indefinite != 0;
		accepts(&s);
		fact = appraisal_find(&s.a, "pcr0");
		assert_true(fact && fact->pins && fact->bytes.size == 48 && fact->bytes.data[0] == 0x10);
		assert_true(appraisal_find(&s.a, "pcr1")->pins && appraisal_find(&s.a, "pcr2")->pins);
		assert_false(appraisal_find(&s.a, "pcr3")->pins);
		assert_int_equal(appraisal_find(&s.a, "pcr15")->bytes.data[0], 0);
		assert_null(appraisal_find(&s.a, "pcr16"));
		assert_int_equal(appraisal_find(&s.a, "timestamp")->number, (uint64_t)NOW * 1000 + 7);
		assert_int_equal(appraisal_find(&s.a, "debug")->number, 0);
		assert_string_equal(appraisal_find(&s.a, "module-id")->text, "i-0123456789abcdef0-enc0123456789abcdef");
		assert_true(span_equal(appraisal_find(&s.a, "user-data")->bytes, s.document.user_data));
		assert_null(appraisal_find(&s.a, "public-key"));
		assert_null(appraisal_find(&s.a, "nonce"));
		assert_string_equal(appraisal_find(&s.a, "root")->text, "test.nitro-enclaves");
	}
	strike(&s);
}

static void test_good_with_more(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s);
	s.document.present = UINT32_MAX;
	s.document.nonce = span_text("nonce");
	accepts(&s);
	assert_non_null(appraisal_find(&s.a, "pcr31"));
	assert_true(span_equal(appraisal_find(&s.a, "nonce")->bytes, span_text("nonce")));
	s.document.omit = "nonce"; /* no different from null */
	accepts(&s);
	assert_null(appraisal_find(&s.a, "nonce"));
	strike(&s);
}

static void test_tag(void **state)
{
	struct scene s;
	struct buffer tagged = {0};

	(void)state;
	set_scene(&s);
	accepts(&s);
	assert_true(buffer_append(&tagged, "\xd2", 1) && buffer_append(&tagged, s.bytes.data, s.bytes.size));
	is_accepted(&s, appraise_bytes(&s, buffer_span(&tagged)));
	tagged.data[0] = 0xd1; /* COSE_Mac0 */
	is_refused(&s, appraise_bytes(&s, buffer_span(&tagged)), "form", "COSE_Sign1");
	tagged.data[0] = 0xd2;
	assert_true(buffer_append(&tagged, "\0", 1));
	is_refused(&s, appraise_bytes(&s, buffer_span(&tagged)), "form", "trailing");
	buffer_free(&tagged);
	strike(&s);
}

/* Each byte of a document changed, each length of it: refused. */
static void test_every_byte_and_length(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s);
	accepts(&s);
	for (size_t i = 0; i < s.bytes.size; i++) {
		s.bytes.data[i] ^= 0x01;
		assert_false(appraise_bytes(&s, buffer_span(&s.bytes)));
		assert_int_equal(s.a.fact_count, 0);
		s.bytes.data[i] ^= 0x01;
		assert_false(appraise_bytes(&s, (struct span){s.bytes.data, i}));
	}
	is_accepted(&s, appraise_bytes(&s, buffer_span(&s.bytes)));
	strike(&s);
}

static void test_members(void **state)
{
	static const char *const wanted[] = {"module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"};
	static const char *const names[] = {"module_id", "digest",     "timestamp", "pcrs", "certificate",
					    "cabundle",	 "public_key", "user_data", "nonce"};
	struct scene s;

	(void)state;
	set_scene(&s);
	for (int indefinite = 0; indefinite < 2; indefinite++) {
		s.document.indefinite = indefinite != 0;
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			s.document.omit = wanted[i];
			refuses(&s, "form", "missing");
		}
		s.document.omit = NULL;
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			/* Of a count that is right, and of one that is above the number of members. */
			s.document.twice = names[i];
			s.document.omit = strcmp(names[i], "nonce") == 0 ? "user_data" : "nonce";
			refuses(&s, "form", "twice");
			s.document.omit = NULL;
			refuses(&s, "form", indefinite ? "twice" : "count above");
		}
		s.document.twice = NULL;
		s.document.unknown = "extra";
		s.document.omit = "nonce";
		refuses(&s, "form", "not known");
		s.document.unknown = "nitrotpm_pcrs";
		refuses(&s, "form", "not known");
		s.document.unknown = s.document.omit = NULL;
	}
	strike(&s);
}

static void test_values(void **state)
{
	struct scene s;
	struct buffer large = {0};

	(void)state;
	set_scene(&s);
	s.document.digest = "SHA512";
	refuses(&s, "form", "SHA384");
	s.document.digest = NULL;
	s.document.module_id = "";
	refuses(&s, "form", "module_id");
	s.document.module_id = NULL;
	s.document.timestamp = UINT64_MAX;
	refuses(&s, "form", "above its limit");
	s.document.timestamp = (uint64_t)NOW * 1000;
	s.document.pcr_size = 32;
	refuses(&s, "form", "48");
	s.document.pcr_size = 0;
	s.document.pcr_twice = true;
	refuses(&s, "form", "twice");
	s.document.pcr_twice = false;
	s.document.text_index = true;
	refuses(&s, "form", "another type");
	s.document.text_index = false;
	s.document.no_cabundle = true;
	refuses(&s, "form", "empty cabundle");
	s.document.no_cabundle = false;
	s.document.junk_in_cabundle = true;
	refuses(&s, "certificate chain", "not a certificate");
	s.document.junk_in_cabundle = false;
	s.document.present = 0;
	refuses(&s, "form", "no PCRs");
	s.document.present = 0xfffe;
	refuses(&s, "debug", "PCR0 is not there");
	s.document.present = 0xfffb;
	refuses(&s, "debug", "PCR2 is not there");
	s.document.present = 0xffff;
	assert_true(buffer_resize(&large, 1025));
	s.document.nonce = buffer_span(&large);
	refuses(&s, "form", "above its limit");
	buffer_free(&large);
	strike(&s);
}

/* What stands around the payload, which no signature covers but by what it means. */
static void test_sign1(void **state)
{
	struct scene s;
	struct buffer changed = {0};
	const uint8_t *at = NULL;

	(void)state;
	set_scene(&s);
	accepts(&s);
	at = memmem(s.bytes.data, s.bytes.size, "\xa1\x01\x38\x22\xa0", 5);
	assert_non_null(at);
	assert_int_equal(at - s.bytes.data, 2);

	/* An unprotected header: nobody vouches for it. */
	assert_true(buffer_append(&changed, s.bytes.data, 6) && buffer_append(&changed, "\xa1\x04\x41\x00", 4) &&
		    buffer_append(&changed, s.bytes.data + 7, s.bytes.size - 7));
	is_refused(&s, appraise_bytes(&s, buffer_span(&changed)), "form", "count above its limit");
	/* ES256, and ES384 written otherwise. */
	assert_true(buffer_set(&changed, s.bytes.data, s.bytes.size));
	changed.data[5] = 0x06;
	is_refused(&s, appraise_bytes(&s, buffer_span(&changed)), "form", "ES384");
	assert_true(buffer_set(&changed, "\x84\x43\xa1\x01\x26", 5) &&
		    buffer_append(&changed, s.bytes.data + 6, s.bytes.size - 6));
	is_refused(&s, appraise_bytes(&s, buffer_span(&changed)), "form", "ES384");
	/* An array of five. */
	assert_true(buffer_set(&changed, s.bytes.data, s.bytes.size) && buffer_append(&changed, "\0", 1));
	changed.data[0] = 0x85;
	is_refused(&s, appraise_bytes(&s, buffer_span(&changed)), "form", "COSE_Sign1");
	buffer_free(&changed);
	strike(&s);
}

static void test_another_key_signed(void **state)
{
	EVP_PKEY *own = signer->key, *other = test_ca_key("P-384");
	struct scene s;

	(void)state;
	set_scene(&s);
	signer->key = other;
	refuses(&s, "signature", "another key");
	signer->key = own;
	accepts(&s);
	EVP_PKEY_free(other);
	strike(&s);
}

static void test_chain(void **state)
{
	STACK_OF(X509) *roots = trusted.roots;
	struct scene s;

	(void)state;
	set_scene(&s);
	trusted.roots = NULL;
	refuses(&s, "certificate chain", "not trusted: test.nitro-enclaves");
	assert_false(s.a.tee);
	assert_int_equal(s.a.fact_count, 0);
	trusted.roots = roots;

	/* At the document's own time, whatever the time is now. */
	s.time = NOW + 1000 * DAY;
	accepts(&s);
	s.document.timestamp = (uint64_t)(NOW + 3 * DAY) * 1000;
	refuses(&s, "certificate chain", "expired");
	s.document.timestamp = (uint64_t)(NOW - 3 * DAY) * 1000;
	refuses(&s, "certificate chain", "not yet valid");
	strike(&s);
}

static void test_age(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s);
	s.time = NOW - 300;
	accepts(&s);
	s.time = NOW - 301;
	refuses(&s, "age", "301 seconds after now");
	s.time = NOW + 10;
	s.policy.max_age_s = 10;
	accepts(&s);
	s.time = NOW + 11;
	refuses(&s, "age", "11 seconds, expected at most 10");
	s.time = NOW - 100;
	accepts(&s);
	strike(&s);
}

static void test_debug(void **state)
{
	struct scene s;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		set_scene(&s);
		memset(s.document.pcr[i], 0, 48);
		refuses(&s, "debug", "debug enclave");
		s.policy.allow = UINT32_MAX & ~(uint32_t)POLICY_ALLOW_DEBUG;
		refuses(&s, "debug", "debug enclave");
		s.policy.allow = POLICY_ALLOW_DEBUG;
		accepts(&s);
		assert_int_equal(appraisal_find(&s.a, "debug")->number, 1);
		for (unsigned p = 0; p < 3; p++)
			assert_int_equal(appraisal_find(&s.a, ((const char *const[]){"pcr0", "pcr1", "pcr2"})[p])->pins, p != i);
		strike(&s);
	}
}

static void test_report_data(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s);
	s.document.user_data.size = 32; /* the short form is for TPMs */
	refuses(&s, "report data", "other claims");
	s.document.user_data = (struct span){0};
	refuses(&s, "report data", "other claims");
	s.document.user_data = span_text("something else");
	refuses(&s, "report data", "other claims");
	s.document.nonce = (struct span){s.wanted, sizeof(s.wanted)};
	refuses(&s, "report data", "other claims");
	strike(&s);
}

/* Security rule 1: a document that a KMS would wrap a secret for is no evidence of a key, whatever else it says. */
static void test_kms_document_is_no_evidence(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s);
	s.document.public_key = span_text("a key");
	refuses(&s, "report data", "KMS");
	s.document.public_key = span_text("");
	refuses(&s, "report data", "KMS");
	/* Other programs' documents, without claims, may have one. */
	s.without_claims = true;
	s.document.public_key = span_text("a key");
	accepts(&s);
	assert_true(span_equal(appraisal_find(&s.a, "public-key")->bytes, span_text("a key")));
	strike(&s);
}

static void test_too_long(void **state)
{
	struct scene s;

	(void)state;
	set_scene(&s);
	assert_true(buffer_resize(&s.bytes, NITRO_DOCUMENT_MAX + 1));
	is_refused(&s, appraise_bytes(&s, buffer_span(&s.bytes)), "form", "longer");
	is_refused(&s, appraise_bytes(&s, (struct span){0}), "form", "COSE_Sign1");
	strike(&s);
}

static int make_signer(void **state)
{
	struct buffer file = {0};
	const char *why = NULL;
	bool good = false;

	(void)state;
	signer = nitro_signer_new(NULL, NOW - DAY, NOW + DAY);
	test_ca_append_pem(&file, signer->root);
	good = endorsements_add_roots(&trusted, buffer_span(&file), &why);
	buffer_free(&file);
	return good ? 0 : -1;
}

static int free_signer(void **state)
{
	(void)state;
	nitro_signer_free(&signer);
	endorsements_free(&trusted);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_good_with_more),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_every_byte_and_length),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_sign1),
		cmocka_unit_test(test_another_key_signed),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_debug),
		cmocka_unit_test(test_report_data),
		cmocka_unit_test(test_kms_document_is_no_evidence),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, make_signer, free_signer);
}
