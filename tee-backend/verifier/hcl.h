/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure's HCL report (NV index 0x01400001 of a confidential VM's vTPM): the hardware vouches for the paravisor's JSON, which
 * names the vTPM's attestation key (security rule 9). Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_HCL_H
#define KEYCLAVE_VERIFIER_HCL_H

#include "verifier/appraisal.h"

#define HCL_SIZE_MAX ((size_t)64 * 1024)

enum hcl_type {
	HCL_SNP = 2,
	HCL_TDX = 4,
};

struct hcl {
	uint32_t type;        /* enum hcl_type */
	uint16_t hash;        /* enum tpm_hash */
	struct span hardware; /* the SNP report (1184 bytes), or the TDREPORT (1024) */
	struct span data;     /* JSON */
};

/* False, and WHY (static): not of this form. Zeros after its end are padding. */
bool hcl_read(struct span report, struct hcl *hcl, const char **why);

/*
 * Appraises the hardware's report as its own platform ("sev-snp" or "tdx", with that section of the policy) and takes its
 * checks and facts over; no fact of it pins, for it measures the paravisor and not what it starts. TD_QUOTE: for TDX, whose
 * TDREPORT is good on its own machine only; empty for SNP. CERTIFICATES: for the SNP report. Then its report data
 * must be the JSON's hash, and *AK the key in it (the caller frees; NULL when false).
 */
bool hcl_appraise(struct appraisal *a, struct span report, struct span td_quote, struct span certificates, EVP_PKEY **ak);

/*
 * The check "paravisor" of a hardware's appraisal that passed: a fact that pins is fixed by the policy, or any is allowed. Who
 * runs a guest of his own can have its hardware vouch for a key of his own.
 */
bool hcl_measured(struct appraisal *hardware);

#endif
