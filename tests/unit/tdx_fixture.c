/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One appraisal of a quote, good unless a test bends it.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_sample.h"
#include "tdx_fixture.h"

#include "cmocka_test.h"

struct tdx_fixture tdx_fixture;

void tdx_fixture_add(struct span file)
{
	const char *why = NULL;

	if (!endorsements_add(&tdx_fixture.endorsements, file, &why))
		fail_msg("%s", why);
}

void tdx_fixture_clear(void)
{
	buffer_free(&tdx_fixture.quote);
	endorsements_free(&tdx_fixture.endorsements);
	policy_free(&tdx_fixture.policy);
}

void tdx_fixture_begin(void)
{
	struct tdx_signer *signer = tdx_fixture.signer;

	tdx_fixture_clear();
	memset(&tdx_fixture, 0, sizeof(tdx_fixture));
	if (!signer)
		signer = tdx_signer_new(NOW);
	assert_non_null(signer);
	tdx_fixture.signer = signer;
	memset(tdx_fixture.report_data, 0xda, sizeof(tdx_fixture.report_data));
	tdx_signer_body(tdx_fixture.body, tdx_fixture.report_data);
	tdx_fixture.version = 5;
	tdx_fixture.body_size = TDX_SIGNER_BODY_15_SIZE;
	tdx_fixture.a.time = NOW;
}

int tdx_fixture_setup(void **state)
{
	(void)state;
	tdx_fixture_begin();
	return 0;
}

int tdx_fixture_teardown(void **state)
{
	tdx_fixture_clear();
	tdx_signer_free(&tdx_fixture.signer);
	return evidence_sample_free(state);
}

void tdx_fixture_policy(const char *json)
{
	char why[200];

	if (!policy_read(&tdx_fixture.policy, span_text(json), why, sizeof(why)))
		fail_msg("%s", why);
}

bool tdx_fixture_appraise(struct span quote)
{
	struct appraisal *a = &tdx_fixture.a;
	int64_t time = a->time;

	memset(a, 0, sizeof(*a));
	a->time = time;
	a->policy = &tdx_fixture.policy;
	a->endorsements = &tdx_fixture.endorsements;
	a->report_data = (struct span){tdx_fixture.report_data, sizeof(tdx_fixture.report_data)};
	return tdx_appraise(a, quote, tdx_fixture.event_log) && appraisal_expectations(a);
}

/* Makes the evidence that the fixture describes, and its endorsements. */
void tdx_fixture_make(void)
{
	struct buffer root = {0}, collateral = {0};
	const char *why = NULL;

	assert_true(tdx_signer_root(tdx_fixture.signer, &root));
	if (!tdx_fixture.no_root)
		assert_true(endorsements_add_roots(&tdx_fixture.endorsements, buffer_span(&root), &why));
	if (!tdx_fixture.no_collateral) {
		assert_true(tdx_signer_collateral(tdx_fixture.signer, &collateral));
		tdx_fixture_add(buffer_span(&collateral));
	}
	assert_true(tdx_signer_quote(tdx_fixture.signer, tdx_fixture.version, (struct span){tdx_fixture.body, tdx_fixture.body_size}, &tdx_fixture.quote));
	buffer_free(&root);
	buffer_free(&collateral);
}

void tdx_fixture_print_checks(void)
{
	for (size_t i = 0; i < tdx_fixture.a.check_count; i++)
		print_message("# %s %s: %s\n", tdx_fixture.a.check[i].passed ? "ok" : "NOT", tdx_fixture.a.check[i].name, tdx_fixture.a.check[i].detail);
}

void tdx_fixture_good(void)
{
	tdx_fixture_make();
	if (!tdx_fixture_appraise(buffer_span(&tdx_fixture.quote))) {
		tdx_fixture_print_checks();
		fail();
	}
	for (size_t i = 0; i < tdx_fixture.a.check_count; i++)
		assert_true(tdx_fixture.a.check[i].passed);
	assert_true(tdx_fixture.a.tee);
}

/* The last check is the one that failed, and it is CHECK, and says WORDS. */
void tdx_fixture_assert_refused(const char *check, const char *words)
{
	const struct appraisal_check *last = NULL;

	assert_true(tdx_fixture.a.check_count > 0);
	last = &tdx_fixture.a.check[tdx_fixture.a.check_count - 1];
	if (last->passed || strcmp(last->name, check) != 0 || !strstr(last->detail, words)) {
		tdx_fixture_print_checks();
		fail_msg("expected %s: %s", check, words);
	}
	for (size_t i = 0; i + 1 < tdx_fixture.a.check_count; i++)
		assert_true(tdx_fixture.a.check[i].passed);
}

void tdx_fixture_refused(const char *check, const char *words)
{
	tdx_fixture_make();
	assert_false(tdx_fixture_appraise(buffer_span(&tdx_fixture.quote)));
	tdx_fixture_assert_refused(check, words);
}

const char *tdx_fixture_text_of(const char *name)
{
	const struct appraisal_fact *fact = appraisal_find(&tdx_fixture.a, name);

	assert_non_null(fact);
	return fact->text;
}

/* ---- each byte ---- */

static void assert_same_facts(const struct appraisal *before)
{
	assert_int_equal(before->fact_count, tdx_fixture.a.fact_count);
	for (size_t i = 0; i < before->fact_count; i++) {
		const struct appraisal_fact *was = &before->fact[i], *is = &tdx_fixture.a.fact[i];

		assert_string_equal(was->name, is->name);
		assert_int_equal(was->number, is->number);
		assert_int_equal(was->pins, is->pins);
		assert_string_equal(was->text, is->text);
		assert_true(span_equal(was->bytes, is->bytes));
	}
}

/*
 * The quote's byte after byte (by STEP outside of what signatures cover): refused, or the same verdict and facts where none
 * covers it. EXPECTED: what the quote itself comes to.
 */
void tdx_fixture_flip_all(struct span quote, bool expected, size_t signed_size, size_t step)
{
	struct span copy = evidence_sample_copy(quote);
	uint8_t *bytes = (uint8_t *)(uintptr_t)copy.data;
	struct appraisal before;

	assert_int_equal(tdx_fixture_appraise(quote), expected);
	before = tdx_fixture.a;
	for (size_t i = 0; i < copy.size; i += i < signed_size ? 1 : step) {
		bool accepted = false;

		bytes[i] ^= (uint8_t)(1 << i % 8);
		accepted = tdx_fixture_appraise(copy);
		if (i < signed_size)
			assert_false(accepted);
		if (accepted)
			assert_same_facts(&before);
		if (!expected)
			assert_false(accepted);
		bytes[i] ^= (uint8_t)(1 << i % 8);
	}
}
