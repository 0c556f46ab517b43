/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Platform configuration registers: which ones bind the root, and values of them. Knows no TPM: also for `keyclave
 * tpm-policy`, and for builds without tpm2-tss.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_PCR_H
#define KEYCLAVE_PLATFORM_TPM_PCR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TPM_PCR_COUNT 24
#define TPM_PCR_SIZE_MAX 64

/* Those that nobody can reset while the machine runs (TCG PC Client Platform TPM Profile, section 4.6). */
#define TPM_PCR_STATIC 0x00ffffu

struct tpm_pcr_selection {
	uint16_t bank; /* TPM_ALG_ID */
	uint32_t mask; /* bit n: PCR n */
};

struct tpm_pcr_values {
	size_t size; /* of each value */
	uint8_t value[TPM_PCR_COUNT][TPM_PCR_SIZE_MAX];
};

/* "sha256:0,2,4". False, and WHY (static): not that form, SHA-1, PCR16 or 23, which anybody resets (security rule 5). */
bool tpm_pcr_parse(const char *text, struct tpm_pcr_selection *selection, const char **why);

/* "sha256"; NULL: not a bank that is accepted. And the size of its values, 0: the same. */
const char *tpm_pcr_bank_name(uint16_t bank);
size_t tpm_pcr_size(uint16_t bank);

/* True if nothing was measured into any of them: the firmware does not extend this bank, and it binds nothing. */
bool tpm_pcr_are_unused(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values);

#endif
