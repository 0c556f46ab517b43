/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of tpm-pcrs, and what is known of each bank. Without a TPM.
 */
#include "config.h"

#include "platform/tpm_pcr.h"

#include <stdlib.h>
#include <string.h>

/* TPM_ALG_ID of the banks (TCG Algorithm Registry). */
static const struct {
	const char *name;
	uint16_t bank;
	size_t size;
} banks[] = {
    {"sha256", 0x000b, 32},
    {"sha384", 0x000c, 48},
    {"sha512", 0x000d, 64},
};

const char *tpm_pcr_bank_name(uint16_t bank)
{
	for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++)
		if (banks[i].bank == bank)
			return banks[i].name;
	return NULL;
}

size_t tpm_pcr_size(uint16_t bank)
{
	for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++)
		if (banks[i].bank == bank)
			return banks[i].size;
	return 0;
}

bool tpm_pcr_parse(const char *text, struct tpm_pcr_selection *selection, const char **why)
{
	const char *colon = strchr(text, ':');

	*selection = (struct tpm_pcr_selection){0};
	*why = "expected a bank and PCRs, as in sha256:0,2,4,7,11";
	if (!colon || !colon[1])
		return false;
	for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++)
		if (strlen(banks[i].name) == (size_t)(colon - text) &&
		    memcmp(banks[i].name, text, (size_t)(colon - text)) == 0)
			selection->bank = banks[i].bank;
	if (!selection->bank) {
		*why = "the bank must be sha256, sha384 or sha512 (SHA-1 binds nothing)";
		return false;
	}
	for (const char *at = colon + 1;;) {
		char *end = NULL;
		unsigned long pcr = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : TPM_PCR_COUNT;

		if (pcr >= TPM_PCR_COUNT)
			return false;
		if (pcr == 16 || pcr == 23) {
			*why = "PCR16 and PCR23 can be reset by anybody, and bind nothing";
			return false;
		}
		selection->mask |= UINT32_C(1) << pcr;
		if (!*end)
			return true;
		if (*end != ',')
			return false;
		at = end + 1;
	}
}

bool tpm_pcr_are_unused(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values)
{
	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
		const uint8_t *value = values->value[pcr];

		if (!(selection->mask >> pcr & 1))
			continue;
		/* All zeros or all ones: as at reset. */
		for (size_t i = 0; i < values->size; i++)
			if (value[i] != value[0] || (value[0] != 0 && value[0] != 0xff))
				return false;
	}
	return true;
}
