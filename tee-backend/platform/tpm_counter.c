/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counter's id, and reads and increments in sessions that are salted to the pinned storage root key.
 */
#include "config.h"

#include "platform/tpm_counter.h"

#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "platform/tpm_ek.h"
#include "platform/tpm_nv.h"

#define FORM_VERSION 2 /* 1 had no name of an endorsement key */
#define NAME_MAX_SIZE 66
/* As messages call it. */
#define WHAT "the store's counter"

struct counter_id {
	uint64_t handle;
	struct span name; /* of the index, written */
	struct span srk;
	struct span ek; /* empty: of a store from before it was pinned */
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

static bool write_id(const struct tpm_context *c, uint32_t handle, const TPM2B_NAME *name, const TPM2B_NAME *srk, struct buffer *id)
{
	struct cbor_writer w;

	buffer_reset(id);
	cbor_writer_init(&w, id, PLATFORM_COUNTER_ID_MAX);
	cbor_writer_array(&w, 5);
	cbor_writer_uint(&w, FORM_VERSION);
	cbor_writer_uint(&w, handle);
	cbor_writer_bytes(&w, tpm_context_span(name));
	cbor_writer_bytes(&w, tpm_context_span(srk));
	cbor_writer_bytes(&w, tpm_context_span(&c->ek));
	return !w.failed;
}

static bool read_id(struct span bytes, struct counter_id *id)
{
	struct cbor_reader r;
	uint64_t version = 0;
	size_t count = 0;

	cbor_reader_init(&r, bytes);
	return cbor_reader_array(&r, 5, &count) && cbor_reader_uint(&r, FORM_VERSION, &version) && version &&
	       count == 3 + version && cbor_reader_uint(&r, UINT32_MAX, &id->handle) &&
	       cbor_reader_bytes(&r, NAME_MAX_SIZE, &id->name) && cbor_reader_bytes(&r, NAME_MAX_SIZE, &id->srk) &&
	       (version == 1 || (cbor_reader_bytes(&r, NAME_MAX_SIZE, &id->ek) && id->ek.size)) && id->name.size &&
	       id->srk.size && cbor_reader_end(&r);
}

CK_RV tpm_counter_new(const struct tpm_context *c, const uint8_t auth_bytes[PLATFORM_KEY_SIZE], struct buffer *id,
		      uint64_t *value)
{
	TPM2B_AUTH auth = {.size = PLATFORM_KEY_SIZE};
	TPM2B_NAME srk = {.size = 0}, name = {.size = 0};
	ESYS_TR session = ESYS_TR_NONE, index = ESYS_TR_NONE;
	uint32_t handle = 0;
	CK_RV rv = open_session(c, (struct span){0}, TPMA_SESSION_DECRYPT, &session, &srk);

	memcpy(auth.buffer, auth_bytes, PLATFORM_KEY_SIZE);
	if (rv == CKR_OK)
		rv = tpm_nv_define(c, session, &auth, &handle, &index);
	if (rv == CKR_OK)
		rv = tpm_nv_increment(c, index, session);
	if (rv == CKR_OK)
		rv = tpm_nv_read(c, index, session, WHAT, value);
	if (rv == CKR_OK && (!tpm_nv_get_name(c, index, &name) || !write_id(c, handle, &name, &srk, id)))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		log_notice("platform tpm: a counter was made, NV index 0x%08x: without it its store does not open", handle);
	else if (index != ESYS_TR_NONE)
		tpm_nv_undefine(c, &index);
	memory_wipe(&auth, sizeof(auth));
	tpm_nv_close(c, &index);
	tpm_context_flush(c, &session);
	return rv;
}

CK_RV tpm_counter_read(const struct tpm_context *c, struct span id_bytes, const uint8_t auth_bytes[PLATFORM_KEY_SIZE],
		       bool increment, uint64_t *value)
{
	TPM2B_AUTH auth = {.size = PLATFORM_KEY_SIZE};
	TPM2B_NAME srk = {.size = 0};
	ESYS_TR session = ESYS_TR_NONE, index = ESYS_TR_NONE;
	struct counter_id id = {0};
	CK_RV rv = CKR_TOKEN_NOT_RECOGNIZED;

	if (!read_id(id_bytes, &id)) {
		log_error("platform tpm: the store's counter is of a form that is not known here");
		return rv;
	}
	rv = tpm_ek_check(c, id.ek, WHAT);
	if (rv == CKR_OK)
		rv = open_session(c, id.srk, TPMA_SESSION_ENCRYPT, &session, &srk);
	if (rv == CKR_DATA_INVALID)
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	if (rv == CKR_OK)
		rv = tpm_nv_open(c, (uint32_t)id.handle, id.name, WHAT, &index);
	if (rv == CKR_OK) {
		memcpy(auth.buffer, auth_bytes, PLATFORM_KEY_SIZE);
		Esys_TR_SetAuth(c->esys, index, &auth);
		memory_wipe(&auth, sizeof(auth));
		/* Increment returns no parameter that could be encrypted. */
		Esys_TRSess_SetAttributes(c->esys, session, increment ? 0 : TPMA_SESSION_ENCRYPT, TPMA_SESSION_ENCRYPT);
		if (increment)
			rv = tpm_nv_increment(c, index, session);
	}
	if (rv == CKR_OK)
		rv = tpm_nv_read(c, index, session, WHAT, value);
	tpm_nv_close(c, &index);
	tpm_context_flush(c, &session);
	return rv;
}
