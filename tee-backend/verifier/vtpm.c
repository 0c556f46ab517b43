/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hardware's report, then the vTPM's quote as an appraisal of its own, which knows the first.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/cursor.h"
#include "verifier/tpm.h"
#include "verifier/vtpm.h"

/* ---- two reports of one guest ---- */

/* What is the same in all reports of one run of a guest, whatever level asked. TDX has nothing that names the run. */
static const char *const snp_facts[] = {"measurement",	 "policy",	  "chip-id",	       "report-id", "host-data",
					"id-key-digest", "author-key-digest", "family-id",     "image-id",  NULL};
static const char *const tdx_facts[] = {"mrtd",	     "rtmr0",  "rtmr1",	       "rtmr2",		"mrconfigid",
					"mrowner",   "mrownerconfig", "mrseam", "td-attributes", "fmspc", "tcb-status", NULL};

static bool is_same(const struct appraisal_fact *one, const struct appraisal_fact *other)
{
	if (!one || !other || one->kind != other->kind)
		return false;
	if (one->kind == APPRAISAL_TEXT)
		return strcmp(one->text, other->text) == 0;
	return one->kind == APPRAISAL_BYTES ? span_equal(one->bytes, other->bytes) : one->number == other->number;
}

/* A report of VMPL 0 is nobody's word but the guest's own where the guest itself runs at VMPL 0. */
static bool stands_above(struct appraisal *hardware)
{
	const struct appraisal_fact *own = appraisal_find(hardware->beside, "vmpl");
	const struct appraisal_fact *id = appraisal_find(hardware, "report-id");

	if (!own || own->number == 0 || own->number > 3)
		return appraisal_check(hardware, "same guest", false,
				       "this guest runs at VMPL 0 itself: no SVSM or paravisor stands above it");
	if (!id || cursor_all(id->bytes, 0))
		return appraisal_check(hardware, "same guest", false, "the report does not say which run of a guest it is of");
	return true;
}

bool vtpm_same_guest(struct appraisal *hardware)
{
	const struct appraisal *own = hardware->beside;
	bool snp = strcmp(hardware->platform, "sev-snp") == 0;

	if (strcmp(hardware->platform, own->platform) != 0)
		return appraisal_check(hardware, "same guest", false, "a report of %s, in a guest of %s", hardware->platform,
				       own->platform);
	if (snp && !stands_above(hardware))
		return false;
	for (const char *const *name = snp ? snp_facts : tdx_facts; *name; name++)
		if (!is_same(appraisal_find(hardware, *name), appraisal_find(own, *name)))
			return appraisal_check(hardware, "same guest", false, "the report is of another one: %s differs", *name);
	return appraisal_check(hardware, "same guest", true, "%s", snp ? "as its own report" : "measured as its own quote");
}

/* ---- composite evidence ---- */

static void take_over(struct appraisal *a, const struct appraisal *vtpm)
{
	for (size_t i = 0; i < vtpm->check_count; i++)
		appraisal_check(a, vtpm->check[i].name, vtpm->check[i].passed, VTPM_SECTION ": %s", vtpm->check[i].detail);
	for (size_t i = 0; i < vtpm->fact_count && a->fact_count < APPRAISAL_FACTS_MAX; i++) {
		if (appraisal_find(a, vtpm->fact[i].name))
			continue; /* an event log of each: the hardware's own is shown */
		a->fact[a->fact_count] = vtpm->fact[i];
		a->fact[a->fact_count++].section = VTPM_SECTION;
	}
	if (!a->event_log.data) {
		a->event_log = vtpm->event_log;
		a->event_log_bank = vtpm->event_log_bank;
		a->event_log_trusted = vtpm->event_log_trusted;
	}
}

static bool judge(struct appraisal *a, const struct cmw *cmw, bool host)
{
	struct appraisal *vtpm = calloc(1, sizeof(*vtpm));
	bool good = false;

	if (!vtpm)
		return appraisal_check(a, "vTPM", false, "out of memory");
	vtpm->policy = a->policy;
	vtpm->endorsements = a->endorsements;
	vtpm->time = a->time;
	vtpm->report_data = a->report_data;
	vtpm->report_data_short = a->report_data_short;
	vtpm->beside = host ? NULL : a;
	good = tpm_appraise(vtpm, cmw->vtpm, cmw->certificates, cmw->vtpm_log, cmw->ima_log) && appraisal_expectations(vtpm);
	take_over(a, vtpm);
	free(vtpm);
	return good;
}

bool vtpm_appraise(struct appraisal *a, const struct cmw *cmw, struct span protector)
{
	bool host = span_equal(protector, span_text(VTPM_PROTECTOR_HOST));
	bool wanted = (host || span_equal(protector, span_text(VTPM_PROTECTOR))) && strcmp(a->platform, VTPM_SECTION) != 0;

	if (!wanted && !cmw->vtpm.data && !cmw->vtpm_log.data)
		return true;
	if (!wanted)
		return appraisal_check(a, "vTPM", false, "evidence of one that does not protect this root, as the claims say");
	if (!cmw->vtpm.data)
		return appraisal_check(a, "vTPM", false, "it protects the root, as the claims say, and its evidence is missing");
	if (host && !appraisal_allows(a, POLICY_ALLOW_HOST_VTPM))
		return appraisal_check(a, "vTPM", false,
				       "the host's TPM protects the root: who runs the host can hold these keys "
				       "(\"host-vtpm\" would allow it)");
	return judge(a, cmw, host) &&
	       appraisal_check(a, "vTPM", true, "%s",
			       host ? "THE HOST'S, as the policy allows" : "the hardware vouches for it");
}
