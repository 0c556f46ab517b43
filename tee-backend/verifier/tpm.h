/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of the platform `tpm`: a quote, the key that signed it and what vouches for that key (docs/evidence.md). Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_TPM_H
#define KEYCLAVE_VERIFIER_TPM_H

#include "verifier/appraisal.h"
#include "verifier/tpm_hash.h"

/* Keys of the evidence's map. */
enum tpm_member {
	TPM_MEMBER_ATTEST = 1,    /* TPMS_ATTEST of TPM2_Quote */
	TPM_MEMBER_SIGNATURE = 2, /* TPMT_SIGNATURE */
	TPM_MEMBER_AK = 3,        /* TPMT_PUBLIC */
	TPM_MEMBER_PCRS = 4,      /* {PCR: value} of the quoted bank */
	TPM_MEMBER_EK = 5,        /* the EK's certificate, DER */
	TPM_MEMBER_HCL = 6,       /* Azure's HCL report */
	TPM_MEMBER_TD_QUOTE = 7,  /* and the TD quote for it */
	TPM_MEMBER_SVSM = 8,      /* an SVSM's SNP report for its vTPM, */
	TPM_MEMBER_SVSM_NONCE = 9,
	TPM_MEMBER_SVSM_MANIFEST = 10, /* and the manifest that it covers: the EK's TPMT_PUBLIC */
};

/*
 * Appraises as platform "tpm": spans are borrowed from the inputs; the last three may be empty. True if all checks passed. The
 * policy's expectations are the caller's to apply afterwards, as elsewhere; "ak-name" among them vouches for the key.
 */
bool tpm_appraise(struct appraisal *a, struct span evidence, struct span certificates, struct span event_log,
		  struct span ima_log);

#endif
