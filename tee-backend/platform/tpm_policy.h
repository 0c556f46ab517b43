/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sealed root is bound to: PCR values, or a key that signs which PCR values are good (security rule 4: a signed
 * update moves to new ones). The digests are computed here, so that nobody on the bus chooses them. Inside the enclave.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_POLICY_H
#define KEYCLAVE_PLATFORM_TPM_POLICY_H

#include <openssl/types.h>

#include "platform/tpm_pcr.h"

/* policyRef of PolicyAuthorize: a signature of that key for something else is none for this. docs/platforms/tpm.md. */
#define TPM_POLICY_REFERENCE "keyclave/1/tpm-policy"

/* The key that signs policies, from a file in PEM: RSA of 2048 to 4096 bits, or P-256. */
struct tpm_policy_key {
	EVP_PKEY *key; /* NULL: none */
	TPM2B_PUBLIC public;
	TPM2B_NAME name;
};

/* CKR_TOKEN_NOT_PRESENT, logged: no such file or key. */
CK_RV tpm_policy_key_read(const char *path, struct tpm_policy_key *key);
void tpm_policy_key_free(struct tpm_policy_key *key);

/* The digest of TPM2_PolicyPCR, and of TPM2_PolicyAuthorize by the key of this name (Part 3, sections 23.7 and 23.16). */
bool tpm_policy_of_pcrs(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values, TPM2B_DIGEST *policy);
bool tpm_policy_of_key(const TPM2B_NAME *name, TPM2B_DIGEST *policy);

/*
 * The signature, among the files *.sig in FOLDER, of KEY over APPROVED and the reference. CKR_DATA_INVALID: there is none,
 * logged with what to sign.
 */
CK_RV tpm_policy_find(const char *folder, const struct tpm_policy_key *key, const TPM2B_DIGEST *approved,
		      TPMT_SIGNATURE *signature);

/* In the policy session: TPM2_PolicyPCR; CKR_DATA_INVALID: other values. And TPM2_PolicyAuthorize after it. */
CK_RV tpm_policy_run_pcrs(const struct tpm_context *c, ESYS_TR session, const struct tpm_pcr_selection *selection);
CK_RV tpm_policy_run_key(const struct tpm_context *c, ESYS_TR session, const struct tpm_policy_key *key,
			 const TPM2B_DIGEST *approved, const TPMT_SIGNATURE *signature);

#endif
