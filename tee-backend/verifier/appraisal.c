/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts and checks of one appraisal, and the policy's expectations against the facts.
 */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verifier/appraisal.h"

/* Room for "facts" and "checks", which end a list that ran over. */
#define RESERVED 2

static bool __attribute__((format(printf, 4, 0)))
record_check(struct appraisal *a, const char *name, bool passed, const char *format, va_list args)
{
	struct appraisal_check *check = &a->check[a->check_count++];

	check->name = name;
	check->passed = passed;
	vsnprintf(check->detail, sizeof(check->detail), format, args);
	return passed;
}

bool appraisal_check(struct appraisal *a, const char *name, bool passed, const char *format, ...)
{
	va_list args;

	/* A check that finds no room is one that was not made. */
	if (a->check_count >= APPRAISAL_CHECKS_MAX - RESERVED) {
		if (a->check_count < APPRAISAL_CHECKS_MAX)
			a->check[a->check_count++] =
				(struct appraisal_check){.name = "checks", .detail = "more than this verifier holds"};
		return false;
	}
	va_start(args, format);
	record_check(a, name, passed, format, args);
	va_end(args);
	return passed;
}

static struct appraisal_fact *add_fact(struct appraisal *a, const char *name, enum appraisal_fact_kind kind)
{
	struct appraisal_fact *fact = NULL;

	if (a->fact_count == APPRAISAL_FACTS_MAX) {
		if (a->check_count < APPRAISAL_CHECKS_MAX)
			a->check[a->check_count++] =
				(struct appraisal_check){.name = "facts", .detail = "more than this verifier holds"};
		return NULL;
	}
	fact = &a->fact[a->fact_count++];
	*fact = (struct appraisal_fact){.name = name, .kind = kind};
	return fact;
}

void appraisal_bytes(struct appraisal *a, const char *name, struct span value)
{
	struct appraisal_fact *fact = add_fact(a, name, APPRAISAL_BYTES);

	if (fact)
		fact->bytes = value;
}

void appraisal_pin(struct appraisal *a, const char *name, struct span value)
{
	struct appraisal_fact *fact = add_fact(a, name, APPRAISAL_BYTES);

	if (!fact)
		return;
	fact->bytes = value;
	fact->pins = true;
}

void appraisal_self_reported(struct appraisal *a, const char *name, struct span value)
{
	struct appraisal_fact *fact = add_fact(a, name, APPRAISAL_BYTES);

	if (!fact)
		return;
	fact->bytes = value;
	fact->self_reported = true;
}

void appraisal_number(struct appraisal *a, const char *name, uint64_t value)
{
	struct appraisal_fact *fact = add_fact(a, name, APPRAISAL_NUMBER);

	if (fact)
		fact->number = value;
}

void appraisal_flag(struct appraisal *a, const char *name, bool value)
{
	struct appraisal_fact *fact = add_fact(a, name, APPRAISAL_FLAG);

	if (fact)
		fact->number = value;
}

void appraisal_text(struct appraisal *a, const char *name, struct span value)
{
	struct appraisal_fact *fact = add_fact(a, name, APPRAISAL_TEXT);
	size_t size = value.size;

	if (!fact)
		return;
	if (size > sizeof(fact->text) - 1)
		size = sizeof(fact->text) - 1;
	for (size_t i = 0; i < size; i++) /* a terminal may show it */
		fact->text[i] = (char)(value.data[i] >= 0x20 && value.data[i] < 0x7f ? value.data[i] : '?');
}

const struct appraisal_fact *appraisal_find(const struct appraisal *a, const char *name)
{
	for (size_t i = 0; i < a->fact_count; i++)
		if (strcmp(a->fact[i].name, name) == 0)
			return &a->fact[i];
	return NULL;
}

bool appraisal_expected(const struct appraisal *a, const char *name)
{
	return a->platform && policy_expects(a->policy, a->platform, name);
}

bool appraisal_allows(const struct appraisal *a, enum policy_allow what)
{
	return (a->policy->allow & what) != 0;
}

bool appraisal_report_data(struct appraisal *a, struct span found, bool short_form)
{
	bool same = false;

	if (!a->report_data.data)
		return true;
	same = span_equal(found, a->report_data) || (short_form && span_equal(found, a->report_data_short));
	return appraisal_check(a, "report data", same, "%s",
			       same ? "the platform signed these claims" : "the platform signed other claims");
}

/* ---- expectations ---- */

static bool one_of(const struct policy_expectation *e, struct span found)
{
	for (size_t i = 0; i < e->value_count; i++)
		if (span_equal(buffer_span(&e->value[i]), found))
			return true;
	return false;
}

/* The first bytes of VALUE, to tell one measurement from another. */
static const char *abbreviated(struct span value, char out[24])
{
	size_t at = 0;

	for (; at < value.size && at < 8; at++)
		snprintf(out + 2 * at, 3, "%02x", value.data[at]);
	snprintf(out + 2 * at, 24 - 2 * at, "%s", value.size > at ? "..." : "");
	return out;
}

static bool expect_value(struct appraisal *a, const struct policy_expectation *e, const struct appraisal_fact *fact)
{
	bool text = fact->kind == APPRAISAL_TEXT;
	struct span found = text ? span_text(fact->text) : fact->bytes;
	char expected[24] = "", is[24] = "";
	bool good = one_of(e, found);

	if (good)
		return appraisal_check(a, fact->name, true, "as the policy demands");
	if (text)
		return appraisal_check(a, fact->name, false, "%s, expected %.*s%s", fact->text,
				       (int)e->value[0].size, (const char *)e->value[0].data,
				       e->value_count > 1 ? " or another of the policy's" : "");
	return appraisal_check(a, fact->name, false, "%s, expected %s%s", abbreviated(found, is),
			       abbreviated(buffer_span(&e->value[0]), expected),
			       e->value_count > 1 ? " or another of the policy's" : "");
}

static bool expect_number(struct appraisal *a, const struct policy_expectation *e, const struct appraisal_fact *fact)
{
	if (e->has_min && fact->number < e->min)
		return appraisal_check(a, fact->name, false, "%llu, expected at least %llu",
				       (unsigned long long)fact->number, (unsigned long long)e->min);
	if (e->has_max && fact->number > e->max)
		return appraisal_check(a, fact->name, false, "%llu, expected at most %llu",
				       (unsigned long long)fact->number, (unsigned long long)e->max);
	return appraisal_check(a, fact->name, true, "%llu, as the policy demands", (unsigned long long)fact->number);
}

static bool expect(struct appraisal *a, const struct policy_expectation *e)
{
	const struct appraisal_fact *fact = appraisal_find(a, e->fact);

	if (!fact)
		return appraisal_check(a, "policy", false, "%s.%s: this evidence does not say it", e->platform, e->fact);
	switch (fact->kind) {
	case APPRAISAL_BYTES:
	case APPRAISAL_TEXT:
		if (e->value_count)
			return expect_value(a, e, fact);
		break;
	case APPRAISAL_NUMBER:
		if (e->has_min || e->has_max)
			return expect_number(a, e, fact);
		break;
	case APPRAISAL_FLAG:
		if (e->has_flag)
			return appraisal_check(a, fact->name, e->flag == (fact->number != 0), "%s, expected %s",
					       fact->number ? "true" : "false", e->flag ? "true" : "false");
		break;
	}
	return appraisal_check(a, "policy", false, "%s.%s: the policy's value is of another type", e->platform, e->fact);
}

bool appraisal_expectations(struct appraisal *a)
{
	for (size_t i = 0; i < a->policy->expectation_count; i++) {
		const struct policy_expectation *e = &a->policy->expectation[i];

		if (strcmp(e->platform, a->platform) == 0 && !expect(a, e))
			return false;
	}
	return true;
}
