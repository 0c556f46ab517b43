/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vTPM of an SVSM (AMD 58019): a report of VMPL 0 over SHA-512 of nonce and service manifest, which is the EK's public
 * area (security rule 9). Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_SVSM_H
#define KEYCLAVE_VERIFIER_SVSM_H

#include "verifier/appraisal.h"
#include "verifier/tpm_public.h"

#define SVSM_NONCE_SIZE 64

/*
 * True if the SNP report is good (as platform "sev-snp", with that section of the policy), is of VMPL 0 whatever the policy
 * says, and vouches for MANIFEST, read into EK. This binds the EK alone: whether an attestation key lies in the same
 * TPM takes a challenge (TPM2_ActivateCredential) at enrolment; what it proved is then pinned as "ak-name".
 */
bool svsm_appraise(struct appraisal *a, struct span report, struct span certificates, struct span nonce,
		   struct span manifest, struct tpm_public *ek);

#endif
