/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_Create, TPM2_Load and TPM2_Unseal.
 */
#include "config.h"

#include "platform/tpm_seal.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "common/log.h"
#include "common/memory.h"

/* By policy alone: no userWithAuth. noDA, so that somebody's wrong authorisations elsewhere do not lock it. */
#define ATTRIBUTES (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_NODA | TPMA_OBJECT_ADMINWITHPOLICY)

static bool write_areas(const TPM2B_PUBLIC *public, const TPM2B_PRIVATE *private, struct buffer *public_out,
			struct buffer *private_out)
{
	uint8_t area[sizeof(TPM2B_PUBLIC) + sizeof(TPM2B_PRIVATE)];
	size_t size = 0, end = 0;

	if (Tss2_MU_TPM2B_PUBLIC_Marshal(public, area, sizeof(area), &size) != TSS2_RC_SUCCESS)
		return false;
	end = size;
	return Tss2_MU_TPM2B_PRIVATE_Marshal(private, area, sizeof(area), &end) == TSS2_RC_SUCCESS &&
	       size <= TPM_SEAL_AREA_MAX && end - size <= TPM_SEAL_AREA_MAX && buffer_set(public_out, area, size) &&
	       buffer_set(private_out, area + size, end - size);
}

CK_RV tpm_seal_close(const struct tpm_context *c, const struct tpm_primary *srk, const TPM2B_DIGEST *policy,
		     const uint8_t secret[TPM_SEAL_SIZE], struct buffer *public_out, struct buffer *private_out)
{
	TPM2B_PUBLIC template = {.publicArea = {.type = TPM2_ALG_KEYEDHASH,
						.nameAlg = TPM2_ALG_SHA256,
						.objectAttributes = ATTRIBUTES,
						.authPolicy = *policy}};
	TPM2B_SENSITIVE_CREATE *sensitive = memory_secret_new(sizeof(*sensitive));
	const TPM2B_DATA outside = {.size = 0};
	const TPML_PCR_SELECTION pcrs = {.count = 0};
	TPM2B_PUBLIC *public = NULL;
	TPM2B_PRIVATE *private = NULL;
	ESYS_TR session = ESYS_TR_NONE;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = sensitive ? tpm_context_session(c, srk, TPM2_SE_HMAC, TPMA_SESSION_DECRYPT, &session)
			     : CKR_DEVICE_MEMORY;

	if (rv != CKR_OK)
		goto out;
	template.publicArea.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
	sensitive->sensitive.data.size = TPM_SEAL_SIZE;
	memcpy(sensitive->sensitive.data.buffer, secret, TPM_SEAL_SIZE);
	rc = Esys_Create(c->esys, srk->handle, session, ESYS_TR_NONE, ESYS_TR_NONE, sensitive, &template, &outside, &pcrs,
			 &private, &public, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		rv = tpm_context_failed(rc, "TPM2_Create");
	} else if (public->publicArea.objectAttributes != ATTRIBUTES ||
		   public->publicArea.authPolicy.size != policy->size ||
		   memcmp(public->publicArea.authPolicy.buffer, policy->buffer, policy->size) != 0) {
		log_error("platform tpm: TPM2_Create: sealed otherwise than it was asked to");
		rv = CKR_DEVICE_ERROR;
	} else if (!write_areas(public, private, public_out, private_out)) {
		rv = CKR_DEVICE_MEMORY;
	}
out:
	tpm_context_flush(c, &session);
	Esys_Free(public);
	Esys_Free(private);
	memory_secret_free(sensitive);
	return rv;
}

/* CKR_DATA_INVALID: not a blob of this key. */
static CK_RV load(const struct tpm_context *c, const struct tpm_primary *srk, struct span public_bytes,
		  struct span private_bytes, ESYS_TR *object)
{
	TPM2B_PUBLIC public = {.size = 0};
	TPM2B_PRIVATE private = {.size = 0};
	size_t at = 0, also_at = 0;
	TSS2_RC rc = TSS2_RC_SUCCESS;

	if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(public_bytes.data, public_bytes.size, &at, &public) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPM2B_PRIVATE_Unmarshal(private_bytes.data, private_bytes.size, &also_at, &private) !=
		TSS2_RC_SUCCESS ||
	    at != public_bytes.size || also_at != private_bytes.size) {
		log_error("platform tpm: the sealed blob in the wrap slot is damaged");
		return CKR_DATA_INVALID;
	}
	rc = Esys_Load(c->esys, srk->handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &private, &public, object);
	if (rc == TSS2_RC_SUCCESS)
		return CKR_OK;
	*object = ESYS_TR_NONE;
	if (tpm_context_code(rc) != TPM2_RC_INTEGRITY && tpm_context_code(rc) != TPM2_RC_BINDING &&
	    tpm_context_code(rc) != TPM2_RC_SIZE && tpm_context_code(rc) != TPM2_RC_ATTRIBUTES)
		return tpm_context_failed(rc, "TPM2_Load");
	log_error("platform tpm: the sealed blob in the wrap slot was changed, or is another TPM's");
	return CKR_DATA_INVALID;
}

CK_RV tpm_seal_open(const struct tpm_context *c, struct tpm_primary *srk, ESYS_TR policy, struct span public,
		    struct span private, uint8_t secret[TPM_SEAL_SIZE])
{
	TPM2B_SENSITIVE_DATA *data = NULL;
	ESYS_TR object = ESYS_TR_NONE, session = ESYS_TR_NONE;
	TSS2_RC rc = TSS2_RC_SUCCESS, code = TSS2_RC_SUCCESS;
	CK_RV rv = load(c, srk, public, private, &object);

	if (rv == CKR_OK)
		rv = tpm_context_session(c, srk, TPM2_SE_HMAC, TPMA_SESSION_ENCRYPT, &session);
	tpm_context_drop(c, srk);
	if (rv == CKR_OK) {
		rc = Esys_Unseal(c->esys, object, policy, session, ESYS_TR_NONE, &data);
		code = tpm_context_code(rc);
		if (code == TPM2_RC_POLICY_FAIL || code == TPM2_RC_PCR_CHANGED) {
			log_warning("platform tpm: the TPM does not unseal: the policy does not hold");
			rv = CKR_DATA_INVALID;
		} else if (rc != TSS2_RC_SUCCESS) {
			rv = tpm_context_failed(rc, "TPM2_Unseal");
		} else if (data->size != TPM_SEAL_SIZE) {
			log_error("platform tpm: the sealed blob in the wrap slot is not of ours");
			rv = CKR_DATA_INVALID;
		} else {
			memcpy(secret, data->buffer, TPM_SEAL_SIZE);
		}
	}
	if (data)
		memory_wipe(data, sizeof(*data));
	Esys_Free(data);
	tpm_context_flush(c, &session);
	tpm_context_flush(c, &object);
	return rv;
}
