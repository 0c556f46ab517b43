/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_NV_DefineSpace, TPM2_NV_Increment and TPM2_NV_Read of an index of type TPM2_NT_COUNTER. Such a counter never goes
 * back, not even when it is undefined and defined anew (Part 1, section 37.2.4.3): it begins above all that ever were.
 */
#include "config.h"

#include "platform/tpm_counter.h"

#include <string.h>
#include <tss2/tss2_mu.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/log.h"
#include "common/memory.h"

#define FORM_VERSION 1
#define NAME_MAX_SIZE 66
#define COUNTER_SIZE 8

/* Of the owner's range (TCG Registry of Reserved Handles): a random place, for others keep theirs there too. */
#define HANDLE_FIRST UINT32_C(0x01840000)
#define HANDLE_TRIES 8

#define ATTRIBUTES                                                                                       \
	((TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT) | TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE | TPMA_NV_NO_DA)

struct counter_id {
	uint64_t handle;
	struct span name; /* of the index, written */
	struct span srk;
};

static CK_RV open_session(const struct tpm_context *c, struct span srk_name, TPMA_SESSION attributes, ESYS_TR *session,
			  TPM2B_NAME *name)
{
	struct tpm_primary srk;
	CK_RV rv = tpm_context_srk(c, srk_name, &srk);

	if (rv != CKR_OK)
		return rv;
	*name = srk.name;
	rv = tpm_context_session(c, &srk, TPM2_SE_HMAC, attributes, session);
	tpm_context_drop(c, &srk);
	return rv;
}

static CK_RV define(const struct tpm_context *c, ESYS_TR session, const TPM2B_AUTH *auth, uint32_t *handle, ESYS_TR *index)
{
	TPM2B_NV_PUBLIC public = {.nvPublic = {.nameAlg = TPM2_ALG_SHA256, .attributes = ATTRIBUTES, .dataSize = COUNTER_SIZE}};
	TSS2_RC rc = TPM2_RC_NV_DEFINED;

	for (unsigned i = 0; i < HANDLE_TRIES && tpm_context_code(rc) == TPM2_RC_NV_DEFINED; i++) {
		uint16_t random = 0;

		if (!memory_random(&random, sizeof(random)))
			return CKR_DEVICE_ERROR;
		*handle = HANDLE_FIRST + random;
		public.nvPublic.nvIndex = *handle;
		rc = Esys_NV_DefineSpace(c->esys, ESYS_TR_RH_OWNER, session, ESYS_TR_NONE, ESYS_TR_NONE, auth, &public, index);
	}
	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, "TPM2_NV_DefineSpace");
}

static CK_RV read_value(const struct tpm_context *c, ESYS_TR index, ESYS_TR session, uint64_t *value)
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
		log_error("platform tpm: the store's counter was deleted and defined anew by somebody else");
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	return tpm_context_failed(rc, "TPM2_NV_Read");
}

/* Since PCRs and handles say nothing of it: nvPublic's hash, the written index's name. */
static bool get_name(const struct tpm_context *c, ESYS_TR index, TPM2B_NAME *name)
{
	TPM2B_NAME *got = NULL;
	bool done = Esys_TR_GetName(c->esys, index, &got) == TSS2_RC_SUCCESS;

	if (done)
		*name = *got;
	Esys_Free(got);
	return done;
}

static bool write_id(uint32_t handle, const TPM2B_NAME *name, const TPM2B_NAME *srk, struct buffer *id)
{
	struct cbor_writer w;

	buffer_reset(id);
	cbor_writer_init(&w, id, PLATFORM_COUNTER_ID_MAX);
	cbor_writer_array(&w, 4);
	cbor_writer_uint(&w, FORM_VERSION);
	cbor_writer_uint(&w, handle);
	cbor_writer_bytes(&w, tpm_context_span(name));
	cbor_writer_bytes(&w, tpm_context_span(srk));
	return !w.failed;
}

static bool read_id(struct span bytes, struct counter_id *id)
{
	struct cbor_reader r;
	uint64_t version = 0;
	size_t count = 0;

	cbor_reader_init(&r, bytes);
	return cbor_reader_array(&r, 4, &count) && count == 4 && cbor_reader_uint(&r, FORM_VERSION, &version) &&
	       version == FORM_VERSION && cbor_reader_uint(&r, UINT32_MAX, &id->handle) &&
	       cbor_reader_bytes(&r, NAME_MAX_SIZE, &id->name) && cbor_reader_bytes(&r, NAME_MAX_SIZE, &id->srk) &&
	       id->name.size && id->srk.size && cbor_reader_end(&r);
}

CK_RV tpm_counter_new(const struct tpm_context *c, const uint8_t auth_bytes[PLATFORM_KEY_SIZE], struct buffer *id,
		      uint64_t *value)
{
	TPM2B_AUTH auth = {.size = PLATFORM_KEY_SIZE};
	TPM2B_NAME srk = {.size = 0}, name = {.size = 0};
	ESYS_TR session = ESYS_TR_NONE, index = ESYS_TR_NONE;
	uint32_t handle = 0;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = open_session(c, (struct span){0}, TPMA_SESSION_DECRYPT, &session, &srk);

	memcpy(auth.buffer, auth_bytes, PLATFORM_KEY_SIZE);
	if (rv == CKR_OK)
		rv = define(c, session, &auth, &handle, &index);
	if (rv == CKR_OK) {
		Esys_TR_SetAuth(c->esys, index, &auth);
		rc = Esys_NV_Increment(c->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE);
		if (rc != TSS2_RC_SUCCESS)
			rv = tpm_context_failed(rc, "TPM2_NV_Increment");
	}
	if (rv == CKR_OK)
		rv = read_value(c, index, session, value);
	if (rv == CKR_OK && (!get_name(c, index, &name) || !write_id(handle, &name, &srk, id)))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		log_notice("platform tpm: a counter was made, NV index 0x%08x: without it its store does not open", handle);
	memory_wipe(&auth, sizeof(auth));
	if (index != ESYS_TR_NONE)
		Esys_TR_Close(c->esys, &index);
	tpm_context_flush(c, &session);
	return rv;
}

/* The index of ID, under its pinned name. */
static CK_RV open_index(const struct tpm_context *c, const struct counter_id *id, ESYS_TR *index)
{
	TPM2B_NAME name = {.size = 0};
	TSS2_RC rc = Esys_TR_FromTPMPublic(c->esys, (TPM2_HANDLE)id->handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, index);

	if (rc != TSS2_RC_SUCCESS)
		*index = ESYS_TR_NONE;
	if (tpm_context_code(rc) == TPM2_RC_HANDLE) {
		log_error("platform tpm: the store's counter, NV index 0x%08llx, is gone", (unsigned long long)id->handle);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (rc != TSS2_RC_SUCCESS)
		return tpm_context_failed(rc, "TPM2_NV_ReadPublic");
	if (get_name(c, *index, &name) && span_equal(tpm_context_span(&name), id->name))
		return CKR_OK;
	log_error("platform tpm: NV index 0x%08llx is another one than the store's counter", (unsigned long long)id->handle);
	return CKR_TOKEN_NOT_RECOGNIZED;
}

CK_RV tpm_counter_read(const struct tpm_context *c, struct span id_bytes, const uint8_t auth_bytes[PLATFORM_KEY_SIZE],
		       bool increment, uint64_t *value)
{
	TPM2B_AUTH auth = {.size = PLATFORM_KEY_SIZE};
	TPM2B_NAME srk = {.size = 0};
	ESYS_TR session = ESYS_TR_NONE, index = ESYS_TR_NONE;
	struct counter_id id = {0};
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = CKR_TOKEN_NOT_RECOGNIZED;

	if (!read_id(id_bytes, &id)) {
		log_error("platform tpm: the store's counter is of a form that is not known here");
		return rv;
	}
	rv = open_session(c, id.srk, TPMA_SESSION_ENCRYPT, &session, &srk);
	if (rv == CKR_DATA_INVALID)
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	if (rv == CKR_OK)
		rv = open_index(c, &id, &index);
	if (rv == CKR_OK) {
		memcpy(auth.buffer, auth_bytes, PLATFORM_KEY_SIZE);
		Esys_TR_SetAuth(c->esys, index, &auth);
		memory_wipe(&auth, sizeof(auth));
		/* Increment returns no parameter that could be encrypted. */
		Esys_TRSess_SetAttributes(c->esys, session, increment ? 0 : TPMA_SESSION_ENCRYPT, TPMA_SESSION_ENCRYPT);
		if (increment)
			rc = Esys_NV_Increment(c->esys, index, index, session, ESYS_TR_NONE, ESYS_TR_NONE);
		if (rc != TSS2_RC_SUCCESS)
			rv = tpm_context_failed(rc, "TPM2_NV_Increment");
	}
	if (rv == CKR_OK)
		rv = read_value(c, index, session, value);
	if (index != ESYS_TR_NONE)
		Esys_TR_Close(c->esys, &index);
	tpm_context_flush(c, &session);
	return rv;
}
