/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TPM2_Certify gives: one key's word that an object of this name lies in the same TPM (TPM 2.0 Library Part 3, section
 * 18.2). Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_TPM_CERTIFY_H
#define KEYCLAVE_VERIFIER_TPM_CERTIFY_H

#include "verifier/tpm_hash.h"

/*
 * True if KEY signed that the object NAME lies beside it, and NONCE with it. ATTEST is TPMS_ATTEST, SIGNATURE TPMT_SIGNATURE.
 * Else WHY (static).
 */
bool tpm_certify_verify(EVP_PKEY *key, struct span attest, struct span signature, struct span nonce, struct span name,
			const char **why);

#endif
