/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which JSON of Intel's to go by, whether its signature holds, and the verdict: platform, TDX module and quoting enclave
 * come to the worst of the three.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/chain.h"
#include "verifier/ecdsa.h"
#include "verifier/intel_json.h"
#include "verifier/intel_tcb.h"

#define TCB_INFO_VERSION 3
#define QE_IDENTITY_VERSION 2
#define SIGNER "Intel SGX TCB Signing"
#define SIGNER_ISSUER "Intel SGX Root CA"

/* The JSON to go by, of one kind. */
struct choice {
	struct intel_json json;
	X509 *signer; /* borrowed from the endorsements */
	uint64_t evaluation;
	int64_t issued;
	const char *why; /* why none was chosen, or the last one not */
};

/* ---- which JSON ---- */

static bool named(X509_NAME *name, const char *expected)
{
	char text[64];
	int size = X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text));

	return size == (int)strlen(expected) && strcmp(text, expected) == 0;
}

/*
 * The certificate whose key signed the JSON. By its name too: a PCK certificate chains to the same root, and its key
 * lies on a platform.
 */
static X509 *signer_of(const struct appraisal *a, const struct intel_json *json)
{
	const struct span signature = {json->signature, sizeof(json->signature)};

	for (int i = 0; i < sk_X509_num(a->endorsements->certificates); i++) {
		X509 *one = sk_X509_value(a->endorsements->certificates, i);
		EVP_PKEY *key = X509_get0_pubkey(one);

		if (named(X509_get_subject_name(one), SIGNER) && named(X509_get_issuer_name(one), SIGNER_ISSUER) &&
		    ecdsa_is_on(key, "P-256") && ecdsa_verify(key, EVP_sha256(), signature, json->exact, (struct span){0}))
			return one;
	}
	return NULL;
}

static bool is_for(const json_t *info, const struct intel_pck *pck)
{
	uint8_t fmspc[6], pceid[2];

	return intel_json_hex(info, "fmspc", fmspc, sizeof(fmspc)) && intel_json_hex(info, "pceId", pceid, sizeof(pceid)) &&
	       memcmp(fmspc, pck->fmspc, sizeof(fmspc)) == 0 && memcmp(pceid, pck->pceid, sizeof(pceid)) == 0;
}

static const char *unsuitable(const struct appraisal *a, const json_t *json, const char *id, uint64_t version,
			      const struct intel_pck *pck, struct choice *found)
{
	const char *found_id = intel_json_text(json, "id");
	uint64_t found_version = 0;
	int64_t next = 0;

	if (!found_id || strcmp(found_id, id) != 0)
		return "it is not for TDX";
	if (!intel_json_number(json, "version", 100, &found_version) || found_version != version)
		return "it is of another version";
	if (pck && !is_for(json, pck))
		return "it is for another platform (FMSPC)";
	if (!intel_json_time(json, "issueDate", &found->issued) || !intel_json_time(json, "nextUpdate", &next) ||
	    !intel_json_number(json, "tcbEvaluationDataNumber", UINT32_MAX, &found->evaluation))
		return "it has not the members that it should";
	if (a->time < found->issued)
		return "it is of a later time";
	if (a->time > next)
		return "it is out of date";
	return NULL;
}

/* The newest of this kind that holds at the time: its evaluation number decides, then its date. */
static void choose(const struct appraisal *a, const char *member, const char *id, uint64_t version,
		   const struct intel_pck *pck, struct choice *best)
{
	for (size_t i = 0; a->endorsements && i < a->endorsements->json_count; i++) {
		struct choice one = {0};

		if (!intel_json_read(buffer_span(&a->endorsements->json[i]), member, &one.json)) {
			intel_json_free(&one.json);
			continue;
		}
		one.why = unsuitable(a, one.json.object, id, version, pck, &one);
		if (!one.why) {
			one.signer = signer_of(a, &one.json);
			one.why = one.signer ? NULL : "it has no good signature by Intel's TCB signing key";
		}
		if (one.why && !best->json.object)
			best->why = one.why;
		if (!one.why && (!best->json.object || one.evaluation > best->evaluation ||
				 (one.evaluation == best->evaluation && one.issued > best->issued))) {
			intel_json_free(&best->json);
			*best = one;
		} else {
			intel_json_free(&one.json);
		}
	}
}

static bool chain_of(struct appraisal *a, X509 *signer)
{
	const struct chain_request request = {
		.vendor = CHAIN_INTEL, .leaf = signer, .time = a->time, .crl_wanted = true};

	return chain_verify(a, &request);
}

/* ---- the verdict ---- */

/* What there is none of: bad when something was offered that does not hold, else the policy's to allow. */
static bool without(struct appraisal *a, const char *check, const struct choice *none)
{
	if (none->why)
		return appraisal_check(a, check, false, "%s", none->why);
	if (!appraisal_allows(a, POLICY_ALLOW_NO_REVOCATION))
		return appraisal_check(a, check, false, "there is none, and the policy does not allow its lack");
	return appraisal_check(a, check, true, "there is none: not judged, as the policy allows");
}

static bool judge_status(struct appraisal *a, const struct intel_level *level, uint64_t evaluation)
{
	const char *name = intel_level_name(level->status);

	appraisal_text(a, "tcb-status", span_text(name));
	if (level->date[0])
		appraisal_text(a, "tcb-date", span_text(level->date));
	appraisal_number(a, "tcb-evaluation-number", evaluation);
	if (level->status == INTEL_LEVEL_UP_TO_DATE)
		return appraisal_check(a, "TCB", true, "%s", name);
	if (level->status >= INTEL_LEVEL_REVOKED)
		return appraisal_check(a, "TCB", false, "%s", name);
	if (appraisal_expected(a, "tcb-status"))
		return appraisal_check(a, "TCB", true, "%s: the policy's to judge", name);
	if (appraisal_allows(a, POLICY_ALLOW_OLD_TCB))
		return appraisal_check(a, "TCB", true, "%s, as the policy allows", name);
	return appraisal_check(a, "TCB", false, "%s, expected UpToDate", name);
}

/* TOTAL becomes the worse status and the earlier date. */
static void add_level(struct intel_level *total, const struct intel_level *one)
{
	total->status = intel_level_converge(total->status, one->status);
	if (one->date[0] && (!total->date[0] || strcmp(one->date, total->date) < 0))
		memcpy(total->date, one->date, sizeof(total->date));
}

/* WHICH: of the module's two versions. */
static bool judge_info(struct appraisal *a, const struct intel_level_subject *s, const struct choice *info,
		       const char *which, struct intel_level *total)
{
	struct intel_level platform = {0}, module = {0};

	if (!intel_level_module(info->json.object, s, &module))
		return appraisal_check(a, "TCB information", false, "%s", module.why);
	if (!intel_level_platform(info->json.object, s, &platform))
		return appraisal_check(a, "TCB information", false, "%s", platform.why);
	add_level(total, &platform);
	add_level(total, &module);
	return appraisal_check(a, "TCB information", true, "evaluation %llu: platform %s, module %s%s",
			       (unsigned long long)info->evaluation, intel_level_name(platform.status),
			       intel_level_name(module.status), which);
}

static bool judge_identity(struct appraisal *a, const struct intel_level_subject *s, const struct choice *identity,
			   struct intel_level *total)
{
	struct intel_level qe = {0};

	if (!intel_level_qe(identity->json.object, s, &qe))
		return appraisal_check(a, "QE identity", false, "%s", qe.why);
	add_level(total, &qe);
	return appraisal_check(a, "QE identity", true, "evaluation %llu: %s", (unsigned long long)identity->evaluation,
			       intel_level_name(qe.status));
}

/* TDX 1.5: the module may have been replaced under the running TD, and its new version has levels of its own. */
static bool judge_current(struct appraisal *a, const struct intel_level_subject *s, const struct choice *info,
			  const struct intel_level *qe, struct intel_level *total)
{
	struct intel_level_subject now = *s;
	struct intel_level current = *qe;

	if (!s->tee_tcb_svn_2.size || span_equal(s->tee_tcb_svn_2, s->tee_tcb_svn))
		return true;
	now.tee_tcb_svn = s->tee_tcb_svn_2;
	if (!judge_info(a, &now, info, ", of the module as it is now", &current))
		return false;
	total->status = intel_level_relaunch(total->status, current.status);
	if (strcmp(current.date, total->date) < 0)
		memcpy(total->date, current.date, sizeof(total->date));
	return true;
}

static bool judge(struct appraisal *a, const struct intel_level_subject *s, const struct choice *info,
		  const struct choice *identity)
{
	struct intel_level total = {0}, qe = {0};
	uint64_t evaluation = info->evaluation;

	if (!info->json.object) {
		if (!without(a, "TCB information", info))
			return false;
	} else if (!chain_of(a, info->signer) || !judge_info(a, s, info, "", &total)) {
		return false;
	}
	if (!identity->json.object) {
		if (!without(a, "QE identity", identity))
			return false;
		if (!intel_level_qe_is_intels(s))
			return appraisal_check(a, "QE identity", false, "not Intel's quoting enclave for TDX");
	} else if ((identity->signer != info->signer && !chain_of(a, identity->signer)) ||
		   !judge_identity(a, s, identity, &qe)) {
		return false;
	}
	if (!info->json.object)
		return true;
	add_level(&total, &qe);
	if (!judge_current(a, s, info, &qe, &total))
		return false;
	if (identity->json.object && identity->evaluation < evaluation)
		evaluation = identity->evaluation;
	return judge_status(a, &total, evaluation);
}

bool intel_tcb_appraise(struct appraisal *a, const struct intel_level_subject *subject)
{
	struct choice info = {0}, identity = {0};
	bool good = false;

	choose(a, "tcbInfo", "TDX", TCB_INFO_VERSION, &subject->pck, &info);
	choose(a, "enclaveIdentity", "TD_QE", QE_IDENTITY_VERSION, NULL, &identity);
	good = judge(a, subject, &info, &identity);
	intel_json_free(&info.json);
	intel_json_free(&identity.json);
	return good;
}
