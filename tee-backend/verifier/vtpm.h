/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composite evidence: a TEE's report over the claims and, beside it, the quote of the vTPM that protects the root, with what
 * binds one to the other (security rule 9). Pure; used by verifiers and, of its own vTPM, by the enclave. Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_VTPM_H
#define KEYCLAVE_VERIFIER_VTPM_H

#include "verifier/appraisal.h"
#include "verifier/cmw.h"

#define VTPM_SECTION "tpm" /* of the policy, and of the vTPM's facts */

/* Root protectors (claim 5). */
#define VTPM_PROTECTOR "tpm"            /* the hardware vouches for it */
#define VTPM_PROTECTOR_HOST "host-vtpm" /* nobody does */

/*
 * After the hardware's own checks, A, have passed. Where PROTECTOR is a vTPM beside a TEE, CMW must hold its evidence, and the
 * hardware must vouch for the key that signed it ("host-vtpm" of the policy allows another); where it is not, there must be
 * none. The policy's section "tpm" is applied, and the vTPM's checks and facts become part of A.
 */
bool vtpm_appraise(struct appraisal *a, const struct cmw *cmw, struct span protector);

/*
 * HARDWARE passed as evidence of a platform: the report that binds a vTPM. True if it is of the same guest as HARDWARE->beside,
 * the guest's own report: the same measurements and settings and, on SNP, the same chip and the same run of the guest. The
 * checks "same guest".
 */
bool vtpm_same_guest(struct appraisal *hardware);

#endif
