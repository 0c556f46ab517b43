/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_NV_DefineSpace, TPM2_NV_UndefineSpace, TPM2_NV_Increment, TPM2_NV_Read and TPM2_NV_ReadPublic.
 */
#include "config.h"

#include "platform/tpm_nv.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/tpm_approval.h"

#define COUNTER_SIZE 8

/* Of the owner's range (TCG Registry of Reserved Handles): a random place, for others keep theirs there too. */
#define HANDLE_FIRST UINT32_C(0x01840000)
#define HANDLE_TRIES 8

#define ATTRIBUTES                                                                                       \
	((TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA)

static TPMS_NV_PUBLIC public_area(uint32_t handle, TPMA_NV attributes)
{
	return (TPMS_NV_PUBLIC){
	    .nvIndex = handle, .nameAlg = TPM2_ALG_SHA256, .attributes = attributes, .dataSize = COUNTER_SIZE};
}

CK_RV tpm_nv_define(const struct tpm_context *c, ESYS_TR session, const TPM2B_AUTH *auth, uint32_t *handle, ESYS_TR *index)
{
	TSS2_RC rc = TPM2_RC_NV_DEFINED;

	*index = ESYS_TR_NONE;
	for (unsigned i = 0; i < HANDLE_TRIES && tpm_context_code(rc) == TPM2_RC_NV_DEFINED; i++) {
		TPM2B_NV_PUBLIC public = {.size = 0};
		uint16_t random = 0;

		if (!memory_random(&random, sizeof(random)))
			return CKR_DEVICE_ERROR;
		*handle = HANDLE_FIRST + random;
		public.nvPublic = public_area(*handle, ATTRIBUTES);
		rc = Esys_NV_DefineSpace(c->esys, ESYS_TR_RH_OWNER, session, ESYS_TR_NONE, ESYS_TR_NONE, auth, &public, index);
	}
	if (rc == TSS2_RC_SUCCESS) {
		Esys_TR_SetAuth(c->esys, *index, auth);
		return CKR_OK;
	}
	*index = ESYS_TR_NONE;
	return tpm_context_failed(rc, "TPM2_NV_DefineSpace");
}

void tpm_nv_undefine(const struct tpm_context *c, ESYS_TR *index)
{
	TSS2_RC rc = Esys_NV_UndefineSpace(c->esys, ESYS_TR_RH_OWNER, *index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);

	if (rc == TSS2_RC_SUCCESS)
		*index = ESYS_TR_NONE;
	else
		log_warning("platform tpm: an NV index of ours that nobody needs stays in the TPM");
	tpm_nv_close(c, index);
}

bool tpm_nv_name(uint32_t handle, TPM2B_NAME *name)
{
	const TPMS_NV_PUBLIC public = public_area(handle, ATTRIBUTES | TPMA_NV_WRITTEN);
	uint8_t area[sizeof(public)];
	size_t size = 0;

	*name = (TPM2B_NAME){.size = 2 + TPM_APPROVAL_POLICY_SIZE,
			     .name = {TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256 & 0xff}};
	return Tss2_MU_TPMS_NV_PUBLIC_Marshal(&public, area, sizeof(area), &size) == TSS2_RC_SUCCESS &&
	       tpm_approval_hash(&(struct span){area, size}, 1, name->name + 2);
}

bool tpm_nv_get_name(const struct tpm_context *c, ESYS_TR index, TPM2B_NAME *name)
{
	TPM2B_NAME *got = NULL;
	bool done = Esys_TR_GetName(c->esys, index, &got) == TSS2_RC_SUCCESS;

	if (done)
		*name = *got;
	Esys_Free(got);
	return done;
}

CK_RV tpm_nv_open(const struct tpm_context *c, uint32_t handle, struct span name, const char *what, ESYS_TR *index)
{
	TPM2B_NAME found = {.size = 0};
	TSS2_RC rc = Esys_TR_FromTPMPublic(c->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, index);

	if (rc != TSS2_RC_SUCCESS)
		*index = ESYS_TR_NONE;
	if (tpm_context_code(rc) == TPM2_RC_HANDLE) {
		log_error("platform tpm: %s, NV index 0x%08x, is gone", what, handle);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (rc != TSS2_RC_SUCCESS)
		return tpm_context_failed(rc, "TPM2_NV_ReadPublic");
	if (tpm_nv_get_name(c, *index, &found) && span_equal(tpm_context_span(&found), name))
		return CKR_OK;
	log_error("platform tpm: NV index 0x%08x is another one than %s", handle, what);
	tpm_nv_close(c, index);
	return CKR_TOKEN_NOT_RECOGNIZED;
}

void tpm_nv_close(const struct tpm_context *c, ESYS_TR *index)
{
	if (*index != ESYS_TR_NONE)
		Esys_TR_Close(c->esys, index);
	*index = ESYS_TR_NONE;
}

CK_RV tpm_nv_read(const struct tpm_context *c, ESYS_TR index, ESYS_TR session, const char *what, uint64_t *value)
{
	TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC rc = Esys_NV_Read(c->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE, COUNTER_SIZE, 0, &data);
	bool whole = rc == TSS2_RC_SUCCESS && data->size == COUNTER_SIZE;

	*value = 0;
	for (size_t i = 0; whole && i < COUNTER_SIZE; i++)
		*value = *value << 8 | data->buffer[i];
	Esys_Free(data);
	if (whole)
		return CKR_OK;
	if (tpm_context_code(rc) == TPM2_RC_BAD_AUTH || tpm_context_code(rc) == TPM2_RC_AUTH_FAIL) {
		log_error("platform tpm: %s was deleted and defined anew by somebody else", what);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	return tpm_context_failed(rc, "TPM2_NV_Read");
}

CK_RV tpm_nv_increment(const struct tpm_context *c, ESYS_TR index, ESYS_TR session)
{
	TSS2_RC rc = Esys_NV_Increment(c->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE);

	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, "TPM2_NV_Increment");
}
