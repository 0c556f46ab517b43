/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy file: what it may say, that everything else is an error with its place, and the expectations of facts.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/appraisal.h"
#include "verifier/claims.h"

#include "cmocka_test.h"

static bool read_text(struct policy *policy, const char *json, char why[256])
{
	memset(policy, 0, sizeof(*policy));
	why[0] = '\0';
	return policy_read(policy, span_text(json), why, 256);
}

static void test_everything_that_it_may_say(void **state)
{
	static const char json[] =
		"{\"version\": 1, \"platforms\": [\"sev-snp\", \"tdx\"], \"allow\": [\"debug\", \"no-nonce\"],"
		" \"identity\": [\"hex:0102\", \"hex:03\"], \"max-age\": 60,"
		" \"key\": {\"never-extractable\": true, \"extractable\": false, \"generated\": true},"
		" \"sev-snp\": {\"measurement\": [\"hex:aa\", \"hex:BB\"], \"vmpl\": 1, \"tcb.snp\": {\"min\": 24, \"max\": 30},"
		"               \"debug\": false}, \"tdx\": {\"tcb-status\": \"UpToDate\"}}";
	const struct policy_expectation *e = NULL;
	struct policy policy;
	char why[256];

	(void)state;
	assert_true(read_text(&policy, json, why));
	assert_int_equal(policy.platform_count, 2);
	assert_int_equal(policy.allow, POLICY_ALLOW_DEBUG | POLICY_ALLOW_NO_NONCE);
	assert_int_equal(policy.identity_count, 2);
	assert_int_equal(policy.max_age_s, 60);
	assert_int_equal(policy.key_set, CLAIMS_NEVER_EXTRACTABLE);
	assert_int_equal(policy.key_clear, CLAIMS_EXTRACTABLE);
	assert_true(policy.generated);
	e = policy_expects(&policy, "sev-snp", "measurement");
	assert_non_null(e);
	assert_int_equal(e->value_count, 2);
	assert_true(e->value[1].size == 1 && e->value[1].data[0] == 0xbb);
	e = policy_expects(&policy, "sev-snp", "vmpl");
	assert_true(e && e->has_min && e->has_max && e->min == 1 && e->max == 1);
	e = policy_expects(&policy, "sev-snp", "tcb.snp");
	assert_true(e && e->min == 24 && e->max == 30);
	e = policy_expects(&policy, "sev-snp", "debug");
	assert_true(e && e->has_flag && !e->flag);
	e = policy_expects(&policy, "tdx", "tcb-status");
	assert_true(e && span_equal(buffer_span(&e->value[0]), span_text("UpToDate")));
	assert_null(policy_expects(&policy, "tdx", "mrtd"));
	policy_free(&policy);
}

/* A misspelt demand must not be no demand. */
static void test_anything_else_is_an_error(void **state)
{
	static const struct {
		const char *json;
		const char *why;
	} rows[] = {
		{"", "line"},
		{"[]", "object"},
		{"{}", "version"},
		{"{\"version\": 2}", "version"},
		{"{\"version\": \"1\"}", "version"},
		{"{\"version\": 1, \"version\": 1}", "line"},
		{"{\"version\": 1} x", "line"},
		{"{\"version\": 1, \"platform\": [\"tdx\"]}", "\"platform\" is not known"},
		{"{\"version\": 1, \"platforms\": []}", "platforms"},
		{"{\"version\": 1, \"platforms\": [\"sgx\"]}", "sgx"},
		{"{\"version\": 1, \"allow\": \"debug\"}", "allow"},
		{"{\"version\": 1, \"allow\": [\"everything\"]}", "everything"},
		{"{\"version\": 1, \"allow\": [1]}", "allow"},
		{"{\"version\": 1, \"identity\": []}", "identity"},
		{"{\"version\": 1, \"identity\": \"hex:\"}", "identity"},
		{"{\"version\": 1, \"identity\": \"hex:012\"}", "identity"},
		{"{\"version\": 1, \"identity\": \"hex:0g\"}", "identity"},
		{"{\"version\": 1, \"identity\": 1}", "identity"},
		{"{\"version\": 1, \"max-age\": -1}", "max-age"},
		{"{\"version\": 1, \"max-age\": \"60\"}", "max-age"},
		{"{\"version\": 1, \"key\": []}", "key"},
		{"{\"version\": 1, \"key\": {\"sensitiv\": true}}", "sensitiv"},
		{"{\"version\": 1, \"key\": {\"sensitive\": 1}}", "key.sensitive"},
		{"{\"version\": 1, \"key\": {\"generated\": false}}", "key.generated"},
		{"{\"version\": 1, \"tdx\": []}", "tdx"},
		{"{\"version\": 1, \"tdx\": {\"mrtd\": null}}", "tdx.mrtd"},
		{"{\"version\": 1, \"tdx\": {\"mrtd\": []}}", "tdx.mrtd"},
		{"{\"version\": 1, \"tdx\": {\"mrtd\": \"\"}}", "tdx.mrtd"},
		{"{\"version\": 1, \"tdx\": {\"svn\": {}}}", "tdx.svn"},
		{"{\"version\": 1, \"tdx\": {\"svn\": {\"mim\": 1}}}", "mim"},
		{"{\"version\": 1, \"tdx\": {\"svn\": {\"min\": -1}}}", "tdx.svn"},
		{"{\"version\": 1, \"tdx\": {\"svn\": -1}}", "tdx.svn"},
		{"{\"version\": 1, \"tdx\": {\"a-name-that-is-longer-than-any-fact-has-ever-been\": 1}}", "too long"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy policy;
		char why[256];

		if (read_text(&policy, rows[i].json, why) || !strstr(why, rows[i].why))
			fail_msg("%s: %s", rows[i].json, why);
		policy_free(&policy);
	}
}

static void test_words_and_bits_agree(void **state)
{
	size_t words = 0;

	(void)state;
	for (uint32_t bit = 1; policy_allow_word(bit); bit <<= 1, words++)
		assert_int_equal(policy_allow_bit(policy_allow_word(bit)), bit);
	assert_int_equal(words, 11);
	words = 0;
	for (uint64_t bit = 1; policy_key_word(bit); bit <<= 1, words++)
		assert_int_equal(policy_key_bit(policy_key_word(bit)), bit);
	assert_int_equal(words, 13);
	assert_int_equal(policy_allow_bit("x"), 0);
	assert_int_equal(policy_key_bit("x"), 0);
}

/* Facts of a platform "tdx": a measurement, a number, a flag and a text. */
static void make_facts(struct appraisal *a, const struct policy *policy)
{
	memset(a, 0, sizeof(*a));
	a->platform = "tdx";
	a->policy = policy;
	appraisal_pin(a, "mrtd", span_text("m"));
	appraisal_number(a, "svn", 5);
	appraisal_flag(a, "debug", false);
	appraisal_text(a, "status", span_text("Good\n"));
}

static void test_expectations(void **state)
{
	static const struct {
		const char *facts;
		bool good;
		const char *detail;
	} rows[] = {
		{"\"mrtd\": \"m\"", true, "demands"},
		{"\"mrtd\": [\"x\", \"hex:6d\"]", true, "demands"},
		{"\"mrtd\": [\"x\", \"y\"]", false, "6d, expected 78 or another"},
		{"\"mrtd\": 1", false, "another type"},
		{"\"svn\": 5", true, "5"},
		{"\"svn\": {\"min\": 5}", true, "5"},
		{"\"svn\": {\"min\": 6}", false, "5, expected at least 6"},
		{"\"svn\": {\"max\": 4}", false, "5, expected at most 4"},
		{"\"svn\": \"5\"", false, "another type"},
		{"\"debug\": false", true, "false"},
		{"\"debug\": true", false, "false, expected true"},
		{"\"debug\": 0", false, "another type"},
		{"\"status\": \"Good?\"", true, "demands"}, /* what a terminal could take amiss is replaced */
		{"\"status\": \"Bad\"", false, "Good?, expected Bad"},
		{"\"mrtb\": \"m\"", false, "tdx.mrtb: this evidence does not say it"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct appraisal a;
		struct policy policy;
		char json[256], why[256];

		snprintf(json, sizeof(json), "{\"version\": 1, \"tdx\": {%s}, \"nitro\": {\"pcr0\": \"x\"}}", rows[i].facts);
		assert_true(read_text(&policy, json, why));
		make_facts(&a, &policy);
		if (appraisal_expectations(&a) != rows[i].good || a.check_count != 1 ||
		    !strstr(a.check[0].detail, rows[i].detail))
			fail_msg("%s: %s", rows[i].facts, a.check[0].detail);
		policy_free(&policy);
	}
}

/* More facts or checks than there is room for: the appraisal fails, nothing is overwritten. */
static void test_limits(void **state)
{
	static struct appraisal a;
	static const struct policy policy;

	(void)state;
	make_facts(&a, &policy);
	for (size_t i = 0; i < APPRAISAL_FACTS_MAX; i++)
		appraisal_number(&a, "n", i);
	assert_int_equal(a.fact_count, APPRAISAL_FACTS_MAX);
	assert_string_equal(a.check[a.check_count - 1].name, "facts");
	assert_false(a.check[a.check_count - 1].passed);
	for (size_t i = 0; i < 2 * APPRAISAL_CHECKS_MAX; i++)
		(void)appraisal_check(&a, "c", true, "passed");
	assert_false(appraisal_check(&a, "c", true, "no room"));
	assert_true(a.check_count <= APPRAISAL_CHECKS_MAX);
	assert_string_equal(a.check[a.check_count - 1].name, "checks");
	assert_false(a.check[a.check_count - 1].passed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_everything_that_it_may_say),
		cmocka_unit_test(test_anything_else_is_an_error),
		cmocka_unit_test(test_words_and_bits_agree),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
