/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An approval: the signature, made offline, that says which PCR values are good and as which version (security rule 4). Knows
 * no TPM: the daemon finds approvals with it, `keyclave tpm-policy` makes them. docs/platforms/tpm.md gives the form.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_APPROVAL_H
#define KEYCLAVE_PLATFORM_TPM_APPROVAL_H

#include <openssl/types.h>

#include "common/buffer.h"
#include "platform/tpm_pcr.h"

#define TPM_APPROVAL_POLICY_SIZE 32 /* SHA-256 */
#define TPM_APPROVAL_VERSION_MAX UINT32_C(0x7fffffff)
#define TPM_APPROVAL_REFERENCE_MAX 40
#define TPM_APPROVAL_MESSAGE_MAX (TPM_APPROVAL_POLICY_SIZE + TPM_APPROVAL_REFERENCE_MAX)
#define TPM_APPROVAL_SIGNATURE_MAX 1024

/* OUT = SHA-256 of the parts, one after the other. False, logged: libcrypto failed. */
bool tpm_approval_hash(const struct span *parts, size_t count, uint8_t out[TPM_APPROVAL_POLICY_SIZE]);

/* The digest of TPM2_PolicyPCR for these values (Part 3, section 23.7): what is approved. */
bool tpm_approval_policy(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values,
			 uint8_t policy[TPM_APPROVAL_POLICY_SIZE]);

/*
 * policyRef of PolicyAuthorize, "keyclave/1/tpm-policy", or ".../VERSION" where there is a version: a signature of the same
 * key for something else is none for this. Returns the size of the text in OUT.
 */
size_t tpm_approval_reference(uint32_t version, char out[TPM_APPROVAL_REFERENCE_MAX]);

/* What is signed, with SHA-256: POLICY || reference. Returns its size. */
size_t tpm_approval_message(const uint8_t policy[TPM_APPROVAL_POLICY_SIZE], uint32_t version,
			    uint8_t out[TPM_APPROVAL_MESSAGE_MAX]);

/*
 * The key in a PEM file: RSA of 2048, 3072 or 4096 bits, or P-256. A private one may ask for its password at the terminal. NULL,
 * and WHY (static, or strerror's): none such. The caller frees.
 */
EVP_PKEY *tpm_approval_key(const char *path, bool private_half, const char **why);

/* RSASSA, or ECDSA in DER. */
bool tpm_approval_sign(EVP_PKEY *key, const uint8_t policy[TPM_APPROVAL_POLICY_SIZE], uint32_t version,
		       struct buffer *signature);
bool tpm_approval_verify(EVP_PKEY *key, const uint8_t policy[TPM_APPROVAL_POLICY_SIZE], uint32_t version,
			 struct span signature);

/*
 * False: not a file of an approval, NAME.sig. *VERSION: the digits that end NAME ("kernel-6.12-v7.sig": 7), 0: none. They only
 * say what to look for; the signature decides.
 */
bool tpm_approval_file(const char *name, uint32_t *version);

#endif
