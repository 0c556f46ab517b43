/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_PCR_Read gives eight values at most a time.
 */
#include "config.h"

#include "platform/tpm_pcr_read.h"

#include <string.h>

#include "common/log.h"

TPML_PCR_SELECTION tpm_pcr_read_list(const struct tpm_pcr_selection *selection)
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
		TPML_PCR_SELECTION in = tpm_pcr_read_list(&left), *out = NULL;
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

CK_RV tpm_pcr_read_updates(const struct tpm_context *c, uint64_t *updates)
{
	const TPML_PCR_SELECTION none = {.count = 0};
	UINT32 counter = 0;
	TSS2_RC rc = Esys_PCR_Read(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &none, &counter, NULL, NULL);

	*updates = counter;
	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, "TPM2_PCR_Read");
}
