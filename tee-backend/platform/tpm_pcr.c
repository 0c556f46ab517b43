/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_PCR_Read gives eight values at most a time.
 */
#include "config.h"

#include "platform/tpm_pcr.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"

static const struct {
	const char *name;
	TPM2_ALG_ID bank;
	size_t size;
} banks[] = {
    {"sha256", TPM2_ALG_SHA256, 32},
    {"sha384", TPM2_ALG_SHA384, 48},
    {"sha512", TPM2_ALG_SHA512, 64},
};

const char *tpm_pcr_bank_name(TPM2_ALG_ID bank)
{
	for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++)
		if (banks[i].bank == bank)
			return banks[i].name;
	return NULL;
}

size_t tpm_pcr_size(TPM2_ALG_ID bank)
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

TPML_PCR_SELECTION tpm_pcr_list(const struct tpm_pcr_selection *selection)
{
	TPML_PCR_SELECTION list = {.count = 1};

	list.pcrSelections[0].hash = selection->bank;
	list.pcrSelections[0].sizeofSelect = 3;
	for (unsigned i = 0; i < 3; i++)
		list.pcrSelections[0].pcrSelect[i] = (BYTE)(selection->mask >> (8 * i) & 0xff);
	return list;
}

/* Takes from DIGESTS the values of READ, in ascending order, and REST loses them. */
static bool take(const TPML_PCR_SELECTION *read, const TPML_DIGEST *digests, const struct tpm_pcr_selection *selection,
		 struct tpm_pcr_values *values, uint32_t *rest)
{
	const TPMS_PCR_SELECTION *s = &read->pcrSelections[0];
	uint32_t count = 0;

	if (read->count != 1 || s->hash != selection->bank || !digests->count)
		return false;
	for (unsigned pcr = 0; pcr < 8u * s->sizeofSelect && pcr < TPM_PCR_COUNT; pcr++) {
		if (!(s->pcrSelect[pcr / 8] >> (pcr % 8) & 1))
			continue;
		if (!(*rest >> pcr & 1) || count >= digests->count || digests->digests[count].size != values->size)
			return false;
		memcpy(values->value[pcr], digests->digests[count++].buffer, values->size);
		*rest &= ~(UINT32_C(1) << pcr);
	}
	return count == digests->count;
}

CK_RV tpm_pcr_read(const struct tpm_context *c, const struct tpm_primary *srk, const struct tpm_pcr_selection *selection,
		   struct tpm_pcr_values *values)
{
	struct tpm_pcr_selection left = *selection;
	ESYS_TR session = ESYS_TR_NONE;
	CK_RV rv = tpm_context_session(c, srk, TPM2_SE_HMAC, TPMA_SESSION_AUDIT, &session);

	*values = (struct tpm_pcr_values){.size = tpm_pcr_size(selection->bank)};
	while (rv == CKR_OK && left.mask) {
		TPML_PCR_SELECTION in = tpm_pcr_list(&left), *out = NULL;
		TPML_DIGEST *digests = NULL;
		TSS2_RC rc = Esys_PCR_Read(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, &in, NULL, &out, &digests);

		if (rc != TSS2_RC_SUCCESS) {
			rv = tpm_context_failed(rc, "TPM2_PCR_Read");
		} else if (!take(out, digests, selection, values, &left.mask)) {
			log_error("platform tpm: the TPM has no bank %s with all of these PCRs: see tpm-pcrs, or "
				  "allocate the bank (tpm2_pcrallocate, or the firmware's setup)",
				  tpm_pcr_bank_name(selection->bank));
			rv = CKR_DEVICE_ERROR;
		}
		Esys_Free(out);
		Esys_Free(digests);
	}
	tpm_context_flush(c, &session);
	return rv;
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
