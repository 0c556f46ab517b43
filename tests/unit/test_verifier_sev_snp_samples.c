/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genuine SNP reports: each is good or refused as it must be, says what it must say, and none is good with a byte changed
 * unless it says the same.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/sev_snp.h"

#include "cmocka_test.h"
#include "evidence_sample.h"

#define AT_2025_06 1748736000
#define AT_2026_02 1770076800
#define AT_2026_11 1795478400

#define MILAN "sev-snp/ask-ark-milan.pem"
#define MILAN_CRL "sev-snp/crl-milan.pem"
#define GENOA_CRL "sev-snp/crl-genoa.pem"
#define NO_CRL POLICY_ALLOW_NO_REVOCATION

static const struct sample {
	const char *title, *report;
	size_t offset; /* of the report in its file */
	const char *carried; /* what the host gave with it */
	const char *files[4];
	int64_t time;
	uint32_t allow;
	unsigned vmpl; /* expected by the policy when not 0 */
	const char *refused, *word; /* NULL: good */
	const char *facts[16];
} samples[] = {
	{.title = "version 2, Milan",
	 .report = "sev-snp/v2-milan.bin",
	 .files = {"sev-snp/v2-milan.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = POLICY_ALLOW_DEBUG | POLICY_ALLOW_OLD_TCB,
	 .facts = {"version=2", "product=Milan", "policy=720896", "debug=1", "migratable=0", "guest-svn=0", "vmpl=0",
		   "platform-info=1", "measurement=b07af9620f3b839b47996422..",
		   "report-data=01020304050000000000000000000000..", "chip-id=3ac3fe21e13fb099..",
		   "tcb=0200000000000544", "launch-tcb=0200000000000544", "fw=1.49.3", "tcb.microcode=68", "tcb.snp=5"}},
	{.title = "version 2, Milan, debug is not allowed",
	 .report = "sev-snp/v2-milan.bin",
	 .files = {"sev-snp/v2-milan.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = POLICY_ALLOW_OLD_TCB,
	 .refused = "debug",
	 .word = "debug"},
	{.title = "version 2, Milan, below the floor",
	 .report = "sev-snp/v2-milan.bin",
	 .files = {"sev-snp/v2-milan.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = POLICY_ALLOW_DEBUG,
	 .refused = "tcb",
	 .word = "SPL 5, Milan needs 24"},
	{.title = "version 2, Milan, tampered with",
	 .report = "sev-snp/v2-milan-tampered-measurement.bin",
	 .files = {"sev-snp/v2-milan.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = UINT32_MAX,
	 .refused = "signature",
	 .word = "changed"},
	{.title = "version 2, Milan, its CRL is past its date",
	 .report = "sev-snp/v2-milan.bin",
	 .files = {"sev-snp/v2-milan.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2026_11,
	 .allow = POLICY_ALLOW_DEBUG | POLICY_ALLOW_OLD_TCB,
	 .refused = "revocation",
	 .word = "no CRL of ARK-Milan"},
	{.title = "version 2, Milan, signed by an ID key",
	 .report = "sev-snp/v2-milan-idkey.bin",
	 .files = {"sev-snp/v2-milan-idkey.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = POLICY_ALLOW_OLD_TCB,
	 .facts = {"version=2", "policy=196639", "debug=0", "guest-svn=4", "measurement=a1f3930413247bb38cfc1715..",
		   "report-data=ec6c52d7533cc2c4f45be7849cf112ab..", "chip-id=c38427a30d4c7af9..",
		   "tcb=0300000000000873", "current-tcb=03000000000008ce", "committed-tcb=0300000000000873",
		   "fw=1.52.4", "signing-key=vcek"}},
	{.title = "a broken certificate",
	 .report = "sev-snp/v2-milan-idkey.bin",
	 .files = {"sev-snp/v2-milan-idkey.vcek-bad-legacy.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = UINT32_MAX,
	 .refused = "endorsement certificate",
	 .word = "another chip"}, /* and its signature is broken: test_verifier_chain */
	{.title = "a broken certificate, newer",
	 .report = "sev-snp/v2-milan-idkey.bin",
	 .files = {"sev-snp/v2-milan-idkey.vcek-bad-new.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = UINT32_MAX,
	 .refused = "endorsement certificate",
	 .word = "another chip"}, /* and its signature is broken: test_verifier_chain */
	{.title = "a certificate of another chip",
	 .report = "sev-snp/v2-milan-idkey.bin",
	 .files = {"sev-snp/v2-milan.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = UINT32_MAX,
	 .refused = "endorsement certificate",
	 .word = "another chip"},
	{.title = "version 3, Milan, a cloud's VLEK",
	 .report = "sev-snp/v3-milan-aws-vlek.bin",
	 .files = {"sev-snp/v3-milan-aws-vlek.vlek.der", "sev-snp/asvk-ark-milan.pem", MILAN_CRL},
	 .time = AT_2025_06,
	 .vmpl = 1,
	 .facts = {"version=3", "signing-key=vlek", "csp-id=CN=cc-us-east-2.amazonaws.com", "vmpl=1",
		   "platform-info=39", "cpuid=190101", "measurement=8922ebbdd00ec2c541f36a6e..",
		   "report-data=819770b7e6ea6df8dd8fd4dd146b073c..", "chip-id=0000000000000000..",
		   "tcb=04000000000018d9", "current-tcb=04000000000018dc", "committed-tcb=04000000000018db",
		   "launch-tcb=04000000000018db", "fw=1.55.29"}},
	{.title = "a VLEK at VMPL 1, expected 0",
	 .report = "sev-snp/v3-milan-aws-vlek.bin",
	 .files = {"sev-snp/v3-milan-aws-vlek.vlek.der", "sev-snp/asvk-ark-milan.pem", MILAN_CRL},
	 .time = AT_2025_06,
	 .refused = "vmpl",
	 .word = "1, expected 0"},
	{.title = "a VLEK past its year",
	 .report = "sev-snp/v3-milan-aws-vlek.bin",
	 .files = {"sev-snp/v3-milan-aws-vlek.vlek.der", "sev-snp/asvk-ark-milan.pem", MILAN_CRL},
	 .time = AT_2026_02,
	 .vmpl = 1,
	 .refused = "certificate chain",
	 .word = "expired"},
	{.title = "version 3, Genoa, with its table",
	 .report = "sev-snp/v3-genoa-tsm.bin",
	 .carried = "sev-snp/v3-genoa-tsm.certtable.bin",
	 .files = {GENOA_CRL},
	 .time = AT_2025_06,
	 .facts = {"version=3", "product=Genoa", "cpuid=191101", "platform-info=37",
		   "measurement=7699e6ac12ccdfd1dfac70e6..", "report-data=4d4944424e48323869696f69736a5079..",
		   "chip-id=7b1584c94c7a4261..", "tcb=0a00000000001754", "fw=1.55.40", "tcb.boot-loader=10",
		   "tcb.snp=23", "tcb.microcode=84", "platform.alias-check=1"}},
	{.title = "version 4, Milan, no certificate was published",
	 .report = "sev-snp/v4-milan-gce-nocert.bin",
	 .files = {"sev-snp/v2-milan.vcek.der", "sev-snp/v2-milan-idkey.vcek.der", MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = UINT32_MAX,
	 .refused = "endorsement certificate",
	 .word = "another chip"},
	{.title = "version 4, Milan, no certificate at all",
	 .report = "sev-snp/v4-milan-gce-nocert.bin",
	 .files = {MILAN, MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = UINT32_MAX,
	 .refused = "endorsement certificate",
	 .word = "none is there"},
	{.title = "version 5, Genoa",
	 .report = "sev-snp/v5-genoa.bin",
	 .files = {"sev-snp/v5-genoa.vcek.der", "sev-snp/ask-ark-genoa.pem"},
	 .time = AT_2026_11,
	 .allow = NO_CRL,
	 .facts = {"version=5", "product=Genoa", "cpuid=19a002", "measurement=d9912ba396ce409c2947841d..",
		   "report-data=68656c6c6f2d6174746573746174696f..", "chip-id=b5f9a4c8280e63c9..",
		   "tcb=0a00000000001b1b", "launch-mit=11", "current-mit=11", "fw=1.55.49"}},
	{.title = "version 5, Turin",
	 .report = "sev-snp/v5-turin.bin",
	 .files = {"sev-snp/turin-only.vcek.der", "sev-snp/v5-turin.vcek.pem", "sev-snp/ask-ark-turin.pem"},
	 .time = AT_2026_11,
	 .allow = NO_CRL,
	 .facts = {"version=5", "product=Turin", "cpuid=1a0201", "guest-svn=2", "platform-info=101",
		   "measurement=6d6c354511d6f7c6d7504668..", "report-data=00000000000000000000000000000000..",
		   "chip-id=59790fb1c39f35c1..", "tcb=0101010400000051", "tcb.fmc=1", "tcb.boot-loader=1", "tcb.tee=1",
		   "tcb.snp=4", "tcb.microcode=81", "launch-mit=63", "fw=1.55.65"}},
	{.title = "version 5, Turin, another chip's certificate",
	 .report = "sev-snp/v5-turin.bin",
	 .files = {"sev-snp/turin-only.vcek.der", "sev-snp/ask-ark-turin.pem"},
	 .time = AT_2026_11,
	 .allow = UINT32_MAX,
	 .refused = "endorsement certificate",
	 .word = "another chip"},
	{.title = "in Azure's HCL report",
	 .report = "tpm/az-snp-hcl-report.bin",
	 .offset = 32,
	 .files = {"tpm/az-snp.vcek-chain.pem", MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = POLICY_ALLOW_OLD_TCB,
	 .facts = {"version=2", "guest-svn=5", "vmpl=0", "report-data=b3fbad6514c83caeb0380882..",
		   "measurement=9ac48fcac8a2d88aeeff8d427ad4f2be..", "chip-id=19752a447db501a32ade46428a46e926..",
		   "tcb=0300000000000873", "current-tcb=03000000000008d2", "fw=1.52.4"}},
	{.title = "no report at all",
	 .report = "tpm/az-snp-evidence-v1.json",
	 .files = {"tpm/az-snp.vcek-chain.pem", MILAN_CRL},
	 .time = AT_2025_06,
	 .allow = UINT32_MAX,
	 .refused = "form",
	 .word = "version"},
};

/* What one sample is judged by. */
struct judging {
	struct span report, carried;
	struct endorsements e;
	struct policy policy;
	struct policy_expectation vmpl;
	int64_t time;
};

static void prepare(struct judging *j, const struct sample *s)
{
	struct span file = evidence_sample(s->report);
	const char *why = NULL;

	memset(j, 0, sizeof(*j));
	assert_true(file.size >= s->offset + SEV_SNP_REPORT_SIZE);
	j->report = evidence_sample_copy((struct span){file.data + s->offset, SEV_SNP_REPORT_SIZE});
	if (s->carried)
		j->carried = evidence_sample(s->carried);
	for (size_t i = 0; i < 4; i++)
		if (s->files[i] && !endorsements_add(&j->e, evidence_sample(s->files[i]), &why))
			fail_msg("%s: %s", s->files[i], why);
	j->time = s->time;
	j->policy.allow = s->allow;
	if (!s->vmpl)
		return;
	j->vmpl = (struct policy_expectation){
		.platform = "sev-snp", .fact = "vmpl", .has_min = true, .has_max = true, .min = s->vmpl, .max = s->vmpl};
	j->policy.expectation = &j->vmpl;
	j->policy.expectation_count = 1;
}

static bool judge_report(struct appraisal *a, struct span report, const void *context)
{
	const struct judging *j = context;

	a->policy = &j->policy;
	a->endorsements = &j->e;
	a->time = j->time;
	return sev_snp_appraise(a, report, j->carried) && appraisal_expectations(a);
}

static bool judge_carried(struct appraisal *a, struct span carried, const void *context)
{
	const struct judging *j = context;

	a->policy = &j->policy;
	a->endorsements = &j->e;
	a->time = j->time;
	return sev_snp_appraise(a, j->report, carried) && appraisal_expectations(a);
}

static void test_sample(void **state)
{
	const struct sample *s = *state;
	static struct appraisal a;
	struct judging j;
	bool good = false;

	prepare(&j, s);
	memset(&a, 0, sizeof(a));
	good = judge_report(&a, j.report, &j);
	assert_true(a.check_count > 0);
	if (good == (s->refused != NULL))
		fail_msg("%s: %s", a.check[a.check_count - 1].name, a.check[a.check_count - 1].detail);
	if (s->refused) {
		assert_string_equal(a.check[a.check_count - 1].name, s->refused);
		assert_non_null(strstr(a.check[a.check_count - 1].detail, s->word));
	} else {
		for (size_t i = 0; i < 16 && s->facts[i]; i++)
			evidence_sample_has(&a, s->facts[i]);
		evidence_sample_cuts(j.report, judge_report, &j);
		assert_int_equal(evidence_sample_flips(j.report, judge_report, &j, 1), 0);
	}
	endorsements_free(&j.e);
}

/* The host's table, a byte of it changed: what passes says the same. */
static void test_table_changed(void **state)
{
	struct judging j;
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		if (!samples[i].carried)
			continue;
		prepare(&j, &samples[i]);
		passed = evidence_sample_flips(j.carried, judge_carried, &j, 7);
		print_message("# %s: %zu of %zu bytes do not matter\n", samples[i].title, passed, j.carried.size);
		assert_true(passed < j.carried.size / 10);
		endorsements_free(&j.e);
	}
}

/* And the DER of a VCEK. */
static void test_certificate_changed(void **state)
{
	struct span vcek = evidence_sample("sev-snp/v2-milan.vcek.der");
	struct judging j;
	struct sample s = samples[0];

	(void)state;
	s.files[0] = NULL;
	prepare(&j, &s);
	assert_int_equal(evidence_sample_flips(vcek, judge_carried, &j, 3), 0);
	evidence_sample_cuts(vcek, judge_carried, &j);
	endorsements_free(&j.e);
}

int main(void)
{
	static const struct CMUnitTest certificates[] = {
		cmocka_unit_test_teardown(test_table_changed, evidence_sample_free),
		cmocka_unit_test_teardown(test_certificate_changed, evidence_sample_free),
	};
	struct CMUnitTest tests[sizeof(samples) / sizeof(samples[0])];

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		tests[i] = (struct CMUnitTest){.name = samples[i].title,
					       .test_func = test_sample,
					       .teardown_func = evidence_sample_free,
					       .initial_state = (void *)(uintptr_t)&samples[i]};
	return cmocka_run_group_tests_name("reports", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("certificates", certificates, NULL, NULL);
}
