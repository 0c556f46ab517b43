/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public API over verifier.c: bytes in, verdict and JSON out.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "verifier/carrier.h"
#include "verifier/keyclave-verify.h"
#include "verifier/report.h"

/* What one call holds. */
struct verifying {
	struct policy policy;
	struct endorsements endorsements;
	struct carrier carrier;
	struct verifier_verdict verdict; /* borrows from all of the above */
	struct span evidence;
	char why[256]; /* the input cannot be used */
};

static struct span span_of(struct keyclave_verify_bytes bytes)
{
	return (struct span){bytes.data, bytes.data ? bytes.size : 0};
}

static bool unusable(struct verifying *v, const char *what, const char *why)
{
	snprintf(v->why, sizeof(v->why), "%s: %s", what, why);
	return false;
}

static bool take_policy(const struct keyclave_verify_request *request, struct verifying *v)
{
	char why[200] = "";

	if (request->policy && !policy_read(&v->policy, span_text(request->policy), why, sizeof(why)))
		return unusable(v, "policy", why);
	v->policy.nonce = span_of(request->nonce);
	v->policy.public_key = span_of(request->public_key);
	return true;
}

static bool take_endorsements(const struct keyclave_verify_request *request, struct verifying *v)
{
	const char *why = NULL;

	for (size_t i = 0; i < request->endorsement_count; i++)
		if (!endorsements_add(&v->endorsements, span_of(request->endorsements[i]), &why))
			return unusable(v, "endorsements", why);
	for (size_t i = 0; i < request->root_count; i++)
		if (!endorsements_add_roots(&v->endorsements, span_of(request->roots[i]), &why))
			return unusable(v, "roots", why);
	for (size_t i = 0; i < v->policy.trust_root_count; i++)
		if (!endorsements_add_roots(&v->endorsements, buffer_span(&v->policy.trust_root[i]), &why))
			return unusable(v, "policy: trust-roots", why);
	return true;
}

static bool take_evidence(const struct keyclave_verify_request *request, struct verifying *v)
{
	const char *why = NULL;

	v->evidence = span_of(request->evidence);
	if (request->bare)
		return true;
	if (!carrier_read(v->evidence, &v->carrier, &why))
		return unusable(v, "evidence", why);
	if (v->carrier.kind == CARRIER_NONE)
		return true;
	v->evidence = buffer_span(&v->carrier.evidence);
	if (!v->policy.public_key.data)
		v->policy.public_key = buffer_span(&v->carrier.public_key);
	return true;
}

static char *write_report(const struct verifying *v)
{
	json_t *json = v->why[0] ? json_pack("{s:s, s:s}", "verdict", "unusable", "error", v->why)
				 : report_json(&v->verdict);
	char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;

	json_decref(json);
	return text;
}

static int verify(const struct keyclave_verify_request *request, struct verifying *v)
{
	int64_t now = request->time ? request->time : (int64_t)time(NULL);

	if (!take_policy(request, v) || !take_endorsements(request, v) || !take_evidence(request, v))
		return KEYCLAVE_VERIFY_UNUSABLE;
	if (request->bare)
		verifier_check_bare(request->bare, v->evidence, span_of(request->report_data), &v->policy,
				    &v->endorsements, now, &v->verdict);
	else
		verifier_check(v->evidence, &v->policy, &v->endorsements, now, &v->verdict);
	return (int)v->verdict.outcome;
}

__attribute__((visibility("default"))) int keyclave_verify(const struct keyclave_verify_request *request, char **report)
{
	struct verifying *v = NULL;
	int result = KEYCLAVE_VERIFY_FAILED;

	if (report)
		*report = NULL;
	if (!request || request->size != sizeof(*request))
		return result;
	v = calloc(1, sizeof(*v));
	if (!v)
		return result;
	result = verify(request, v);
	if (report)
		*report = write_report(v);
	policy_free(&v->policy);
	endorsements_free(&v->endorsements);
	carrier_free(&v->carrier);
	free(v);
	return result;
}

__attribute__((visibility("default"))) void keyclave_verify_free(char *report)
{
	free(report);
}
