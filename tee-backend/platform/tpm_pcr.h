/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Platform configuration registers: which ones bind the root, and what is in them now. Inside the enclave; used by the
 * files tpm_*.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_PCR_H
#define KEYCLAVE_PLATFORM_TPM_PCR_H

#include "platform/tpm_context.h"

#define TPM_PCR_COUNT 24
#define TPM_PCR_SIZE_MAX 64

/* Those that nobody can reset while the machine runs (TCG PC Client Platform TPM Profile, section 4.6). */
#define TPM_PCR_STATIC 0x00ffffu

struct tpm_pcr_selection {
	TPM2_ALG_ID bank;
	uint32_t mask; /* bit n: PCR n */
};

struct tpm_pcr_values {
	size_t size; /* of each value */
	uint8_t value[TPM_PCR_COUNT][TPM_PCR_SIZE_MAX];
};

/* "sha256:0,2,4". False, and WHY (static): not that form, SHA-1, PCR16 or 23, which anybody resets (security rule 5). */
bool tpm_pcr_parse(const char *text, struct tpm_pcr_selection *selection, const char **why);

/* "sha256"; NULL: not a bank that is accepted. And the size of its values, 0: the same. */
const char *tpm_pcr_bank_name(TPM2_ALG_ID bank);
size_t tpm_pcr_size(TPM2_ALG_ID bank);

TPML_PCR_SELECTION tpm_pcr_list(const struct tpm_pcr_selection *selection);

/*
 * The values, by a session of their own salted to SRK and audited, so that nobody on the bus makes them up.
 * CKR_DEVICE_ERROR: the bank is not allocated, or has not all of these (logged).
 */
CK_RV tpm_pcr_read(const struct tpm_context *c, const struct tpm_primary *srk, const struct tpm_pcr_selection *selection,
		   struct tpm_pcr_values *values);

/* True if nothing was measured into any of them: the firmware does not extend this bank, and it binds nothing. */
bool tpm_pcr_are_unused(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values);

#endif
