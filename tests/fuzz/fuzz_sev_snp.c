/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An SNP report and what came with it, from anywhere; once more with its last certificate as a root that the user trusts.
 * Without trust nothing is good and nothing is said; with it, only what the signature covers is.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/sev_snp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct appraisal a;
	const struct policy policy = {.allow = UINT32_MAX};
	size_t report_size = size < SEV_SNP_REPORT_SIZE ? size : SEV_SNP_REPORT_SIZE;
	struct span report = {data, report_size}, certificates = {data + report_size, size - report_size};
	struct endorsements e = {0};
	const char *why = NULL;

	a = (struct appraisal){.policy = &policy, .time = 1790000000};
	if (sev_snp_appraise(&a, report, certificates) || a.fact_count || a.tee || !a.check_count)
		abort();
	endorsements_add(&e, certificates, &why);
	e.roots = e.certificates;
	e.certificates = NULL;
	a = (struct appraisal){.policy = &policy, .endorsements = &e, .time = 1790000000};
	sev_snp_appraise(&a, report, certificates);
	endorsements_free(&e);
	return 0;
}
