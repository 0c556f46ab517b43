/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate of the endorsement key that comes with a TPM's evidence: who made this TPM, as far as that can be seen
 * offline. It never makes evidence good: that the quote's key is in the same TPM only a challenge of the EK shows.
 */
#ifndef KEYCLAVE_VERIFIER_TPM_EK_H
#define KEYCLAVE_VERIFIER_TPM_EK_H

#include "verifier/appraisal.h"

/*
 * Facts ek-certificate ("verified", or "not verified: " and why), ek-issuer and ek-key (SHA-256 of its SubjectPublicKeyInfo,
 * hexadecimal) of CERTIFICATE (DER); none where it is empty. Verified: an EK certificate by its extended key usage, whose chain goes
 * over CARRIED (may be NULL) and the endorsements to a root that is pinned or the user's own, as chain_verify says.
 */
void tpm_ek_appraise(struct appraisal *a, struct span certificate, STACK_OF(X509) * carried);

#endif
