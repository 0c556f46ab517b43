/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sealed root is bound to: PCR values, or a key that signs which PCR values are good (security rule 4: a signed
 * update moves to new ones). The digests are computed here, so that nobody on the bus chooses them. Inside the enclave.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_POLICY_H
#define KEYCLAVE_PLATFORM_TPM_POLICY_H

#include <openssl/types.h>

#include "platform/tpm_approval.h"
#include "platform/tpm_pcr_read.h"

/* The key that signs policies, from a file in PEM: RSA of 2048 to 4096 bits, or P-256. */
struct tpm_policy_key {
	EVP_PKEY *key; /* NULL: none */
	TPM2B_PUBLIC public;
	TPM2B_NAME name;
};

/* CKR_TOKEN_NOT_PRESENT, logged: no such file or key. */
CK_RV tpm_policy_key_read(const char *path, struct tpm_policy_key *key);
void tpm_policy_key_free(struct tpm_policy_key *key);

/* The digest of TPM2_PolicyPCR, and of TPM2_PolicyAuthorize by the key of this name with VERSION's reference (Part 3, section 23.16). */
bool tpm_policy_of_pcrs(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values, TPM2B_DIGEST *policy);
bool tpm_policy_of_key(const TPM2B_NAME *name, uint32_t version, TPM2B_DIGEST *policy);

/* An approval (tpm_approval.h) in the TPM's form. */
struct tpm_policy_approval {
	TPM2B_DIGEST policy; /* what is approved */
	uint32_t version;    /* 0: without one */
	TPMT_SIGNATURE signature;
};

/* Which approvals are looked for. */
enum tpm_policy_wanted {
	TPM_POLICY_PLAIN,     /* those without a version */
	TPM_POLICY_VERSIONED, /* those with one */
	TPM_POLICY_ANY,       /* with one, else without */
};

/*
 * The approval of FOUND->policy, among the files *.sig in FOLDER, by KEY; of several the one with the highest version. CKR_DATA_INVALID:
 * there is none, and tpm_policy_log_unsigned says what to sign.
 */
CK_RV tpm_policy_find(const char *folder, const struct tpm_policy_key *key, enum tpm_policy_wanted wanted,
		      struct tpm_policy_approval *found);
void tpm_policy_log_unsigned(const char *folder, enum tpm_policy_wanted wanted, const TPM2B_DIGEST *policy);

/* In the policy session: TPM2_PolicyPCR; CKR_DATA_INVALID: other values. And TPM2_PolicyAuthorize after it. */
CK_RV tpm_policy_run_pcrs(const struct tpm_context *c, ESYS_TR session, const struct tpm_pcr_selection *selection);
CK_RV tpm_policy_run_key(const struct tpm_context *c, ESYS_TR session, const struct tpm_policy_key *key,
			 const struct tpm_policy_approval *approval);

#endif
