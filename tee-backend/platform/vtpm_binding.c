/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HCL report in NV memory with the key that it names, or the word of an SVSM by configfs-tsm.
 */
#include "config.h"

#include "platform/vtpm_binding.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_mu.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/hkdf.h"
#include "platform/tpm_attest.h"
#include "platform/tpm_ek.h"
#include "platform/tsm.h"
#include "platform/vtpm_challenge.h"

#define HCL_MAX ((size_t)64 * 1024)
#define TD_QUOTE_MAX ((size_t)64 * 1024)
#define CHUNK 512

/* AMD 58019: the vTPM among an SVSM's services. */
#define SVSM_VTPM "c476f1eb-0123-45a5-9641-b4e7dde5bfe3"

void vtpm_binding_free(struct platform_binding **binding)
{
	struct platform_binding *b = *binding;

	if (!b)
		return;
	platform_evidence_free(&b->own);
	buffer_free(&b->hcl);
	buffer_free(&b->td_quote);
	buffer_free(&b->svsm);
	buffer_free(&b->manifest);
	buffer_free(&b->ek);
	buffer_free(&b->srk_name);
	buffer_free(&b->attest);
	buffer_free(&b->signature);
	free(b);
	*binding = NULL;
}

/* ---- Azure's HCL, and OpenHCL ---- */

static TSS2_RC read_chunk(const struct tpm_context *c, ESYS_TR index, bool owner, size_t size, size_t offset,
			  TPM2B_MAX_NV_BUFFER **data)
{
	return Esys_NV_Read(c->esys, owner ? ESYS_TR_RH_OWNER : index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
			    (UINT16)(size < CHUNK ? size : CHUNK), (UINT16)offset, data);
}

/* False: no such index, or it cannot be read. */
static bool read_index(const struct tpm_context *c, TPM2_HANDLE handle, struct buffer *out)
{
	ESYS_TR index = ESYS_TR_NONE;
	TPM2B_NV_PUBLIC *public = NULL;
	bool owner = false;
	size_t size = 0;
	TSS2_RC rc = Esys_TR_FromTPMPublic(c->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &index);

	if (rc != TSS2_RC_SUCCESS)
		return false;
	rc = Esys_NV_ReadPublic(c->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL);
	if (rc == TSS2_RC_SUCCESS) {
		size = public->nvPublic.dataSize;
		owner = public->nvPublic.attributes & TPMA_NV_OWNERREAD;
	}
	Esys_Free(public);
	while (rc == TSS2_RC_SUCCESS && out->size < size) {
		TPM2B_MAX_NV_BUFFER *data = NULL;

		rc = read_chunk(c, index, owner, size - out->size, out->size, &data);
		if (rc == TSS2_RC_SUCCESS && (!data->size || !buffer_append(out, data->buffer, data->size)))
			rc = TSS2_ESYS_RC_MEMORY;
		Esys_Free(data);
	}
	Esys_TR_Close(c->esys, &index);
	if (rc != TSS2_RC_SUCCESS)
		buffer_reset(out);
	return rc == TSS2_RC_SUCCESS && size && size <= HCL_MAX;
}

static CK_RV write_certification(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature, struct platform_binding *b)
{
	uint8_t bytes[sizeof(TPMT_SIGNATURE)];
	size_t size = 0;

	if (Tss2_MU_TPMT_SIGNATURE_Marshal(signature, bytes, sizeof(bytes), &size) != TSS2_RC_SUCCESS)
		return CKR_DEVICE_ERROR;
	return buffer_set(&b->attest, attest->attestationData, attest->size) && buffer_set(&b->signature, bytes, size)
		   ? CKR_OK
		   : CKR_DEVICE_MEMORY;
}

/* The key that the report names says that the SRK lies beside it. */
static CK_RV certify(const struct tpm_context *c, const struct tpm_primary *srk, struct platform_binding *b)
{
	const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
	TPM2B_DATA data = {.size = PLATFORM_DIGEST_SHORT_SIZE};
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *signature = NULL;
	struct tpm_primary ak;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = tpm_attest_key(c, VTPM_BINDING_HCL_AK, &ak);

	if (rv != CKR_OK) {
		b->kind = PLATFORM_BINDING_NONE;
		b->why = "there is an HCL report, but no attestation key at 0x81000003";
		return CKR_OK;
	}
	memcpy(data.buffer, b->nonce.sha256, data.size);
	rc = Esys_Certify(c->esys, srk->handle, ak.handle, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &data, &scheme,
			  &attest, &signature);
	if (rc != TSS2_RC_SUCCESS) {
		(void)tpm_context_failed(rc, "TPM2_Certify");
		b->kind = PLATFORM_BINDING_NONE;
		b->why = "there is an HCL report, but the attestation key does not speak for the storage root key";
	} else {
		rv = write_certification(attest, signature, b);
	}
	Esys_Free(attest);
	Esys_Free(signature);
	tpm_attest_key_drop(c, VTPM_BINDING_HCL_AK, &ak);
	return rv;
}

/* Untrusted, and optional: without it the HCL report of a TD is not believed. */
static CK_RV read_td_quote(const char *path, struct buffer *quote)
{
	int fd = *path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
	ssize_t got = 0;

	if (fd < 0) {
		if (*path)
			log_warning("vtpm-td-quote: %s cannot be read", path);
		return CKR_OK;
	}
	if (!buffer_resize(quote, TD_QUOTE_MAX)) {
		close(fd);
		return CKR_DEVICE_MEMORY;
	}
	got = read(fd, quote->data, quote->size);
	close(fd);
	return buffer_resize(quote, got > 0 ? (size_t)got : 0) ? CKR_OK : CKR_DEVICE_MEMORY;
}

/* ---- SVSM ---- */

static CK_RV ask_svsm(const struct settings *settings, struct platform_binding *b)
{
	char folder[PATH_MAX];
	struct tsm_request request = {
	    .folder = folder,
	    .provider = "sev_guest",
	    .privlevel = -1,
	    .service_provider = "svsm",
	    .service_guid = SVSM_VTPM,
	    .deadline_ms = settings->device_timeout_ms,
	};
	struct tsm_report report = {0};
	CK_RV rv = CKR_OK;

	b->why = "neither an HCL report (NV index 0x01400001) nor an SVSM speaks for it";
	if (!platform_path(settings, TSM_FOLDER, folder, sizeof(folder)))
		return CKR_OK;
	memcpy(request.inblob, b->nonce.sha512, sizeof(request.inblob));
	if (tsm_report_get(&request, &report) != CKR_OK)
		return CKR_OK;
	b->kind = PLATFORM_BINDING_SVSM;
	if (!buffer_set(&b->svsm, report.outblob.data, report.outblob.size) ||
	    !buffer_set(&b->manifest, report.manifestblob.data, report.manifestblob.size))
		rv = CKR_DEVICE_MEMORY;
	tsm_report_free(&report);
	return rv;
}

static CK_RV keep_ek(const struct tpm_primary *ek, struct platform_binding *b)
{
	uint8_t area[sizeof(TPMT_PUBLIC)];
	size_t size = 0;

	if (Tss2_MU_TPMT_PUBLIC_Marshal(&ek->public, area, sizeof(area), &size) != TSS2_RC_SUCCESS)
		return CKR_DEVICE_ERROR;
	return buffer_set(&b->ek, area, size) ? CKR_OK : CKR_DEVICE_MEMORY;
}

/* SRK and AK, one after the other: a TPM has room for three. */
static CK_RV challenge(const struct tpm_context *c, const struct tpm_primary *srk, struct platform_binding *b)
{
	struct tpm_primary ek, ak;
	CK_RV rv = tpm_ek_primary(c, false, &ek); /* as an SVSM makes it */

	if (rv != CKR_OK)
		return rv;
	rv = keep_ek(&ek, b);
	if (rv == CKR_OK)
		rv = vtpm_challenge(c, &ek, srk);
	if (rv == CKR_OK)
		rv = tpm_attest_key(c, 0, &ak);
	if (rv == CKR_OK) {
		rv = vtpm_challenge(c, &ek, &ak);
		tpm_attest_key_drop(c, 0, &ak);
	}
	b->challenged = rv == CKR_OK;
	tpm_context_drop(c, &ek);
	return rv == CKR_DATA_INVALID ? CKR_OK : rv;
}

/* ---- all of it ---- */

/* Two forms of one number. */
static bool make_nonce(struct platform_digest *nonce)
{
	EVP_MD *md = hkdf_library() ? EVP_MD_fetch(hkdf_library(), "SHA256", NULL) : NULL;
	bool done = md && memory_random(nonce->sha512, sizeof(nonce->sha512)) &&
		    EVP_Digest(nonce->sha512, sizeof(nonce->sha512), nonce->sha256, NULL, md, NULL) > 0;

	EVP_MD_free(md);
	return done;
}

static CK_RV collect(const struct tpm_context *c, const struct settings *settings, struct platform *hardware,
		     struct platform_binding *b)
{
	struct tpm_primary srk = {.handle = ESYS_TR_NONE};
	CK_RV rv = make_nonce(&b->nonce) ? CKR_OK : CKR_DEVICE_ERROR;

	if (rv == CKR_OK && hardware) {
		b->hardware = hardware->description.name;
		rv = hardware->ops->evidence(hardware, &b->nonce, &b->own);
	}
	if (rv == CKR_OK)
		rv = tpm_context_srk(c, (struct span){0}, &srk);
	if (rv == CKR_OK && !buffer_set(&b->srk_name, srk.name.name, srk.name.size))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK && read_index(c, VTPM_BINDING_HCL_INDEX, &b->hcl)) {
		b->kind = PLATFORM_BINDING_HCL;
		rv = certify(c, &srk, b);
		if (rv == CKR_OK)
			rv = read_td_quote(settings->vtpm_td_quote, &b->td_quote);
	} else if (rv == CKR_OK && hardware && strcmp(b->hardware, "sev-snp") == 0) {
		rv = ask_svsm(settings, b);
		if (rv == CKR_OK && b->kind == PLATFORM_BINDING_SVSM)
			rv = challenge(c, &srk, b);
	} else {
		b->why = "there is no HCL report (NV index 0x01400001)";
	}
	tpm_context_drop(c, &srk);
	return rv;
}

CK_RV vtpm_binding_new(const struct tpm_context *c, const struct settings *settings, struct platform *hardware,
		       struct platform_binding **binding)
{
	CK_RV rv = CKR_DEVICE_MEMORY;

	*binding = calloc(1, sizeof(**binding));
	if (*binding)
		rv = collect(c, settings, hardware, *binding);
	if (rv == CKR_DEVICE_MEMORY)
		log_error("platform tpm: no memory");
	if (rv != CKR_OK)
		vtpm_binding_free(binding);
	return rv;
}

/* ---- in evidence ---- */

uint32_t vtpm_binding_ak(const struct platform_binding *binding)
{
	return binding && binding->kind == PLATFORM_BINDING_HCL ? VTPM_BINDING_HCL_AK : 0;
}

size_t vtpm_binding_members(const struct platform_binding *binding)
{
	if (binding && binding->kind == PLATFORM_BINDING_HCL)
		return binding->td_quote.size ? 2 : 1;
	return binding && binding->kind == PLATFORM_BINDING_SVSM ? 3 : 0;
}

static void write_member(struct cbor_writer *w, uint64_t member, struct span value)
{
	cbor_writer_uint(w, member);
	cbor_writer_bytes(w, value);
}

void vtpm_binding_write(const struct platform_binding *binding, struct cbor_writer *w)
{
	if (binding && binding->kind == PLATFORM_BINDING_HCL) {
		write_member(w, 6, buffer_span(&binding->hcl));
		if (binding->td_quote.size)
			write_member(w, 7, buffer_span(&binding->td_quote));
	} else if (binding && binding->kind == PLATFORM_BINDING_SVSM) {
		write_member(w, 8, buffer_span(&binding->svsm));
		write_member(w, 9, (struct span){binding->nonce.sha512, sizeof(binding->nonce.sha512)});
		write_member(w, 10, buffer_span(&binding->manifest));
	}
}
