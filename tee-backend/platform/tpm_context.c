/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Enhanced System API (TCG ESAPI) as far as it is the same for all that is asked of a TPM.
 */
#include "config.h"

#include "platform/tpm_context.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/hkdf.h"

/* TCG TPM v2.0 Provisioning Guidance, section 7.5.1: what a storage root key is. */
#define SRK_ATTRIBUTES                                                                                   \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |              \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

/* ---- errors ---- */

TSS2_RC tpm_context_code(TSS2_RC rc)
{
	rc &= ~TSS2_RC_LAYER_MASK;
	/* Part 2, section 6.6: format one says in its upper bits where the error is. */
	if (rc & TPM2_RC_FMT1)
		return rc & (TPM2_RC_FMT1 | 0x3f);
	return rc;
}

CK_RV tpm_context_failed(TSS2_RC rc, const char *what)
{
	TSS2_RC code = tpm_context_code(rc);

	log_error("platform tpm: %s: %s (0x%x)%s", what, Tss2_RC_Decode(rc), rc,
		  code == TPM2_RC_LOCKOUT		      ? ": the TPM is locked after wrong authorisations"
		  : code == TPM2_RC_BAD_AUTH || code == TPM2_RC_AUTH_FAIL ? ": is the hierarchy's authorisation set?"
								      : "");
	switch (code) {
	case TPM2_RC_OBJECT_MEMORY:
	case TPM2_RC_SESSION_MEMORY:
	case TPM2_RC_MEMORY:
	case TPM2_RC_OBJECT_HANDLES:
	case TPM2_RC_SESSION_HANDLES:
	case TPM2_RC_NV_SPACE:
		return CKR_DEVICE_MEMORY;
	default:
		return rc == TSS2_ESYS_RC_MEMORY ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR;
	}
}

/* ---- connection ---- */

/* The first command: a TPM that nobody started says so (Part 1, section 12.2). */
static TSS2_RC greet(const struct tpm_context *c)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more = 0;
	TSS2_RC rc = Esys_GetCapability(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					TPM2_CAP_TPM_PROPERTIES, TPM2_PT_MANUFACTURER, 1, &more, &data);

	Esys_Free(data);
	if (tpm_context_code(rc) != TPM2_RC_INITIALIZE)
		return rc;
	return Esys_Startup(c->esys, TPM2_SU_CLEAR);
}

static bool has_algorithm(const struct tpm_context *c, TPM2_ALG_ID algorithm)
{
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more = 0;
	TSS2_RC rc = Esys_GetCapability(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_ALGS,
					algorithm, 1, &more, &data);
	bool has = rc == TSS2_RC_SUCCESS && data->data.algorithms.count == 1 &&
		   data->data.algorithms.algProperties[0].alg == algorithm;

	Esys_Free(data);
	return has;
}

CK_RV tpm_context_open(struct tpm_context *c, const char *tcti)
{
	TSS2_RC rc = TSS2_RC_SUCCESS;

	*c = (struct tpm_context){0};
	/* What fails is logged here, once; tpm2-tss would write lines of its own to the standard error. */
	setenv("TSS2_LOG", "all+none", 0);
	rc = Tss2_TctiLdr_Initialize(tcti, &c->tcti);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_Initialize(&c->esys, c->tcti, NULL);
	if (rc == TSS2_RC_SUCCESS)
		rc = greet(c);
	if (rc == TSS2_RC_SUCCESS) {
		c->ecc = has_algorithm(c, TPM2_ALG_ECC);
		return CKR_OK;
	}
	log_error("platform tpm: no TPM by tpm-tcti = %s: %s (0x%x)", tcti, Tss2_RC_Decode(rc), rc);
	tpm_context_close(c);
	return CKR_TOKEN_NOT_PRESENT;
}

void tpm_context_close(struct tpm_context *c)
{
	if (c->esys)
		Esys_Finalize(&c->esys);
	if (c->tcti)
		Tss2_TctiLdr_Finalize(&c->tcti);
	*c = (struct tpm_context){0};
}

/* TPM2_FlushContext past the ESAPI, which does not know what an earlier context of its kind made. */
static void flush_left(const struct tpm_context *c, TPM2_HANDLE handle)
{
	uint8_t command[14], response[64];
	size_t at = 0, size = sizeof(response);

	if (Tss2_MU_TPM2_ST_Marshal(TPM2_ST_NO_SESSIONS, command, sizeof(command), &at) == TSS2_RC_SUCCESS &&
	    Tss2_MU_UINT32_Marshal(sizeof(command), command, sizeof(command), &at) == TSS2_RC_SUCCESS &&
	    Tss2_MU_TPM2_CC_Marshal(TPM2_CC_FlushContext, command, sizeof(command), &at) == TSS2_RC_SUCCESS &&
	    Tss2_MU_TPM2_HANDLE_Marshal(handle, command, sizeof(command), &at) == TSS2_RC_SUCCESS &&
	    Tss2_Tcti_Transmit(c->tcti, sizeof(command), command) == TSS2_RC_SUCCESS)
		Tss2_Tcti_Receive(c->tcti, &size, response, TSS2_TCTI_TIMEOUT_BLOCK);
}

/* All handles of this KIND, TPM2_HT_TRANSIENT and the like: behind a resource manager there are none but ours, and /dev/tpm0 has one user. */
static void flush_all_left(const struct tpm_context *c, TPM2_HT kind)
{
	const TPM2_HANDLE first = (TPM2_HANDLE)kind << TPM2_HR_SHIFT;
	TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more = 0;

	if (Esys_GetCapability(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, first,
			       TPM2_MAX_CAP_HANDLES, &more, &data) != TSS2_RC_SUCCESS)
		return;
	for (UINT32 i = 0; i < data->data.handles.count; i++)
		flush_left(c, data->data.handles.handle[i]);
	Esys_Free(data);
}

void tpm_context_recover(struct tpm_context *c)
{
	TSS2_RC rc = TSS2_RC_SUCCESS;

	Esys_Finalize(&c->esys);
	rc = Esys_Initialize(&c->esys, c->tcti, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		c->esys = NULL;
		tpm_context_failed(rc, "beginning anew with the TPM");
		return;
	}
	flush_all_left(c, TPM2_HT_TRANSIENT);
	flush_all_left(c, TPM2_HT_LOADED_SESSION);
}

/* ---- keys ---- */

bool tpm_context_name(const TPMT_PUBLIC *public, TPM2B_NAME *name)
{
	uint8_t area[sizeof(*public)];
	size_t size = 0;
	unsigned length = 0;
	EVP_MD *md = hkdf_library() ? EVP_MD_fetch(hkdf_library(), "SHA256", NULL) : NULL;
	bool done = md && public->nameAlg == TPM2_ALG_SHA256 &&
		    Tss2_MU_TPMT_PUBLIC_Marshal(public, area, sizeof(area), &size) == TSS2_RC_SUCCESS &&
		    EVP_Digest(area, size, name->name + 2, &length, md, NULL) > 0;

	EVP_MD_free(md);
	name->name[0] = TPM2_ALG_SHA256 >> 8;
	name->name[1] = TPM2_ALG_SHA256 & 0xff;
	name->size = done ? (UINT16)(2 + length) : 0;
	return done;
}

void tpm_context_flush(const struct tpm_context *c, ESYS_TR *handle)
{
	if (*handle != ESYS_TR_NONE && Esys_FlushContext(c->esys, *handle) != TSS2_RC_SUCCESS)
		log_warning("platform tpm: something of ours stays in the TPM until it is reset");
	*handle = ESYS_TR_NONE;
}

void tpm_context_drop(const struct tpm_context *c, struct tpm_primary *primary)
{
	tpm_context_flush(c, &primary->handle);
}

CK_RV tpm_context_primary(const struct tpm_context *c, ESYS_TR hierarchy, ESYS_TR session, const TPM2B_PUBLIC *template,
			  struct tpm_primary *primary)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {.size = 0};
	const TPM2B_DATA outside = {.size = 0};
	const TPML_PCR_SELECTION pcrs = {.count = 0};
	TPM2B_PUBLIC *public = NULL;
	TSS2_RC rc = TSS2_RC_SUCCESS;

	*primary = (struct tpm_primary){.handle = ESYS_TR_NONE};
	rc = Esys_CreatePrimary(c->esys, hierarchy, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, template,
				&outside, &pcrs, &primary->handle, &public, NULL, NULL, NULL);
	if (rc != TSS2_RC_SUCCESS) {
		primary->handle = ESYS_TR_NONE;
		return tpm_context_failed(rc, "TPM2_CreatePrimary");
	}
	primary->public = public->publicArea;
	Esys_Free(public);
	if (primary->public.objectAttributes == template->publicArea.objectAttributes &&
	    primary->public.type == template->publicArea.type && tpm_context_name(&primary->public, &primary->name))
		return CKR_OK;
	log_error("platform tpm: TPM2_CreatePrimary: another key than was asked for");
	tpm_context_drop(c, primary);
	return CKR_DEVICE_ERROR;
}

TPM2B_PUBLIC tpm_context_storage_key(bool ecc, TPMA_OBJECT attributes)
{
	const TPMT_SYM_DEF_OBJECT aes = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
	TPM2B_PUBLIC t = {.publicArea = {.type = ecc ? TPM2_ALG_ECC : TPM2_ALG_RSA,
					 .nameAlg = TPM2_ALG_SHA256,
					 .objectAttributes = attributes}};

	if (ecc) {
		t.publicArea.parameters.eccDetail = (TPMS_ECC_PARMS){.symmetric = aes,
								     .scheme.scheme = TPM2_ALG_NULL,
								     .curveID = TPM2_ECC_NIST_P256,
								     .kdf.scheme = TPM2_ALG_NULL};
		t.publicArea.unique.ecc.x.size = 32;
		t.publicArea.unique.ecc.y.size = 32;
	} else {
		t.publicArea.parameters.rsaDetail =
		    (TPMS_RSA_PARMS){.symmetric = aes, .scheme.scheme = TPM2_ALG_NULL, .keyBits = 2048};
		t.publicArea.unique.rsa.size = 256;
	}
	return t;
}

CK_RV tpm_context_srk_in(const struct tpm_context *c, ESYS_TR session, struct tpm_primary *srk)
{
	TPM2B_PUBLIC template = tpm_context_storage_key(c->ecc, SRK_ATTRIBUTES);

	return tpm_context_primary(c, ESYS_TR_RH_OWNER, session, &template, srk);
}

CK_RV tpm_context_srk(const struct tpm_context *c, struct span name, struct tpm_primary *srk)
{
	CK_RV rv = tpm_context_srk_in(c, ESYS_TR_PASSWORD, srk);
	struct span is = {0};

	if (rv != CKR_OK)
		return rv;
	is = tpm_context_span(&srk->name);
	if ((!name.size || span_equal(name, is)) && (!c->srk.size || span_equal(tpm_context_span(&c->srk), is)))
		return CKR_OK;
	log_warning("platform tpm: its storage root key is not the one that this was made with: another TPM, one that "
		    "was cleared, or somebody between us and it");
	tpm_context_drop(c, srk);
	return CKR_DATA_INVALID;
}

/* ---- sessions ---- */

CK_RV tpm_context_session(const struct tpm_context *c, const struct tpm_primary *srk, TPM2_SE type,
			  TPMA_SESSION attributes, ESYS_TR *session)
{
	const TPMT_SYM_DEF aes = {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB};
	const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
	TSS2_RC rc = Esys_StartAuthSession(c->esys, srk ? srk->handle : ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, ESYS_TR_NONE, NULL, type, srk ? &aes : &none,
					   TPM2_ALG_SHA256, session);

	if (rc != TSS2_RC_SUCCESS) {
		*session = ESYS_TR_NONE;
		return tpm_context_failed(rc, "TPM2_StartAuthSession");
	}
	attributes |= TPMA_SESSION_CONTINUESESSION;
	rc = Esys_TRSess_SetAttributes(c->esys, *session, attributes, 0xff);
	if (rc == TSS2_RC_SUCCESS)
		return CKR_OK;
	tpm_context_flush(c, session);
	return tpm_context_failed(rc, "the session's attributes");
}

static CK_RV random_in(const struct tpm_context *c, ESYS_TR session, uint8_t *out, size_t size)
{
	while (size) {
		TPM2B_DIGEST *bytes = NULL;
		UINT16 want = size > 32 ? 32 : (UINT16)size;
		TSS2_RC rc = Esys_GetRandom(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, want, &bytes);

		if (rc != TSS2_RC_SUCCESS)
			return tpm_context_failed(rc, "TPM2_GetRandom");
		if (bytes->size > size || !bytes->size) {
			Esys_Free(bytes);
			log_error("platform tpm: TPM2_GetRandom: not as much as was asked for");
			return CKR_DEVICE_ERROR;
		}
		memcpy(out, bytes->buffer, bytes->size);
		out += bytes->size;
		size -= bytes->size;
		memory_wipe(bytes->buffer, bytes->size);
		Esys_Free(bytes);
	}
	return CKR_OK;
}

CK_RV tpm_context_random(const struct tpm_context *c, uint8_t *out, size_t size)
{
	struct tpm_primary srk;
	ESYS_TR session = ESYS_TR_NONE;
	CK_RV rv = tpm_context_srk(c, (struct span){0}, &srk);

	if (rv != CKR_OK)
		return rv;
	rv = tpm_context_session(c, &srk, TPM2_SE_HMAC, TPMA_SESSION_ENCRYPT, &session);
	tpm_context_drop(c, &srk);
	if (rv == CKR_OK)
		rv = random_in(c, session, out, size);
	tpm_context_flush(c, &session);
	return rv;
}
