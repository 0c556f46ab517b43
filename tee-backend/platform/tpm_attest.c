/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_Quote, and the EK's certificate in NV memory.
 */
#include "config.h"

#include "platform/tpm_attest.h"

#include <openssl/evp.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "common/cbor_writer.h"
#include "common/log.h"
#include "platform/hkdf.h"
#include "platform/vtpm_binding.h"

/* TCG EK Credential Profile, section 2.2.1.4: P-256, RSA 2048. */
static const TPM2_HANDLE certificates[] = {0x01C0000A, 0x01C00002};
#define CERTIFICATE_MAX 8192
#define CHUNK 512

/* PCRs go on being extended while we look: the quote counts only with the values that it is of. */
#define TRIES 4

#define AK_ATTRIBUTES                                                                                    \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |              \
	 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT)

/* Makes the key another one than that of any program which uses the same template. */
static const char ak_unique[] = "keyclave attestation key, 1";

/* ---- the EK's certificate ---- */

/* Whole certificates may be followed by what fills the index up. */
static void trim(struct buffer *certificate)
{
	const uint8_t *d = certificate->data;

	if (certificate->size > 4 && d[0] == 0x30 && d[1] == 0x82) {
		size_t size = 4 + ((size_t)d[2] << 8 | d[3]);

		if (size <= certificate->size && buffer_resize(certificate, size))
			return;
	}
	buffer_reset(certificate);
}

static CK_RV read_index(const struct tpm_context *c, ESYS_TR index, struct buffer *out)
{
	TPM2B_NV_PUBLIC *public = NULL;
	TSS2_RC rc = Esys_NV_ReadPublic(c->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL);
	UINT16 size = rc == TSS2_RC_SUCCESS ? public->nvPublic.dataSize : 0;

	Esys_Free(public);
	if (size > CERTIFICATE_MAX)
		return CKR_OK;
	while (rc == TSS2_RC_SUCCESS && out->size < size) {
		TPM2B_MAX_NV_BUFFER *data = NULL;
		UINT16 left = (UINT16)(size - out->size);
		bool kept = false;

		rc = Esys_NV_Read(c->esys, index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
				  left > CHUNK ? CHUNK : left, (UINT16)out->size, &data);
		if (rc != TSS2_RC_SUCCESS || !data->size) {
			Esys_Free(data);
			break;
		}
		kept = buffer_append(out, data->buffer, data->size);
		Esys_Free(data);
		if (!kept)
			return CKR_DEVICE_MEMORY;
	}
	trim(out);
	return CKR_OK;
}

CK_RV tpm_attest_certificate(const struct tpm_context *c, struct buffer *certificate)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < sizeof(certificates) / sizeof(certificates[0]); i++) {
		ESYS_TR index = ESYS_TR_NONE;

		buffer_reset(certificate);
		if (Esys_TR_FromTPMPublic(c->esys, certificates[i], ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &index) !=
		    TSS2_RC_SUCCESS)
			continue;
		rv = read_index(c, index, certificate);
		Esys_TR_Close(c->esys, &index);
		if (certificate->size)
			break;
	}
	return rv;
}

/* ---- the quote ---- */

static TPM2B_PUBLIC ak_template(bool ecc)
{
	TPM2B_PUBLIC t = {.publicArea = {.type = ecc ? TPM2_ALG_ECC : TPM2_ALG_RSA,
					 .nameAlg = TPM2_ALG_SHA256,
					 .objectAttributes = AK_ATTRIBUTES}};

	if (ecc) {
		TPMS_ECC_PARMS *p = &t.publicArea.parameters.eccDetail;

		p->symmetric.algorithm = TPM2_ALG_NULL;
		p->scheme.scheme = TPM2_ALG_ECDSA;
		p->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
		p->curveID = TPM2_ECC_NIST_P256;
		p->kdf.scheme = TPM2_ALG_NULL;
		t.publicArea.unique.ecc.x.size = sizeof(ak_unique) - 1;
		memcpy(t.publicArea.unique.ecc.x.buffer, ak_unique, sizeof(ak_unique) - 1);
	} else {
		TPMS_RSA_PARMS *p = &t.publicArea.parameters.rsaDetail;

		p->symmetric.algorithm = TPM2_ALG_NULL;
		p->scheme.scheme = TPM2_ALG_RSASSA;
		p->scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
		p->keyBits = 2048;
		t.publicArea.unique.rsa.size = sizeof(ak_unique) - 1;
		memcpy(t.publicArea.unique.rsa.buffer, ak_unique, sizeof(ak_unique) - 1);
	}
	return t;
}

/* Part 2, section 10.4.3: qualifying data has at most the size of the TPM's largest digest, and its identifier. */
static TSS2_RC quote(const struct tpm_context *c, ESYS_TR ak, const struct platform_digest *digest,
		     const TPML_PCR_SELECTION *list, TPM2B_ATTEST **attest, TPMT_SIGNATURE **signature)
{
	const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL};
	TPM2B_DATA data = {.size = sizeof(digest->sha512)};
	TSS2_RC rc = TSS2_RC_SUCCESS;

	memcpy(data.buffer, digest->sha512, sizeof(digest->sha512));
	rc = Esys_Quote(c->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &scheme, list, attest, signature);
	if (tpm_context_code(rc) != TPM2_RC_SIZE)
		return rc;
	data.size = sizeof(digest->sha256);
	memcpy(data.buffer, digest->sha256, sizeof(digest->sha256));
	return Esys_Quote(c->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &scheme, list, attest,
			  signature);
}

static bool covers(const TPM2B_ATTEST *attest, const struct tpm_pcr_selection *selection,
		   const struct tpm_pcr_values *values)
{
	EVP_MD *md = hkdf_library() ? EVP_MD_fetch(hkdf_library(), "SHA256", NULL) : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	TPMS_ATTEST read = {.magic = 0};
	uint8_t digest[32];
	size_t at = 0;
	bool done = md && ctx && EVP_DigestInit_ex2(ctx, md, NULL) > 0;

	for (unsigned pcr = 0; done && pcr < TPM_PCR_COUNT; pcr++)
		if (selection->mask >> pcr & 1)
			done = EVP_DigestUpdate(ctx, values->value[pcr], values->size) > 0;
	done = done && EVP_DigestFinal_ex(ctx, digest, NULL) > 0 &&
	       Tss2_MU_TPMS_ATTEST_Unmarshal(attest->attestationData, attest->size, &at, &read) == TSS2_RC_SUCCESS &&
	       read.type == TPM2_ST_ATTEST_QUOTE && read.attested.quote.pcrDigest.size == sizeof(digest) &&
	       memcmp(read.attested.quote.pcrDigest.buffer, digest, sizeof(digest)) == 0;
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return done;
}

static CK_RV write_report(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature, const TPMT_PUBLIC *ak,
			  const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values,
			  struct span ek_certificate, const struct platform_binding *binding, struct buffer *report)
{
	uint8_t area[sizeof(TPMT_PUBLIC)], sig[sizeof(TPMT_SIGNATURE)];
	size_t area_size = 0, sig_size = 0;
	struct cbor_writer w;

	if (Tss2_MU_TPMT_PUBLIC_Marshal(ak, area, sizeof(area), &area_size) != TSS2_RC_SUCCESS ||
	    Tss2_MU_TPMT_SIGNATURE_Marshal(signature, sig, sizeof(sig), &sig_size) != TSS2_RC_SUCCESS)
		return CKR_DEVICE_ERROR;
	buffer_reset(report);
	cbor_writer_init(&w, report, SIZE_MAX);
	cbor_writer_map(&w, (ek_certificate.size ? 5 : 4) + vtpm_binding_members(binding));
	cbor_writer_uint(&w, 1);
	cbor_writer_bytes(&w, (struct span){attest->attestationData, attest->size});
	cbor_writer_uint(&w, 2);
	cbor_writer_bytes(&w, (struct span){sig, sig_size});
	cbor_writer_uint(&w, 3);
	cbor_writer_bytes(&w, (struct span){area, area_size});
	cbor_writer_uint(&w, 4);
	cbor_writer_map(&w, (size_t)__builtin_popcount(selection->mask));
	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++) {
		if (!(selection->mask >> pcr & 1))
			continue;
		cbor_writer_uint(&w, pcr);
		cbor_writer_bytes(&w, (struct span){values->value[pcr], values->size});
	}
	if (ek_certificate.size) {
		cbor_writer_uint(&w, 5);
		cbor_writer_bytes(&w, ek_certificate);
	}
	vtpm_binding_write(binding, &w);
	return w.failed ? CKR_DEVICE_MEMORY : CKR_OK;
}

/* One try. *MOVED: a PCR was extended meanwhile. */
static CK_RV quote_once(const struct tpm_context *c, const struct tpm_primary *ak,
			const struct tpm_pcr_selection *selection, const struct platform_digest *digest,
			struct span ek_certificate, const struct platform_binding *binding, struct buffer *report,
			bool *moved)
{
	const TPML_PCR_SELECTION list = tpm_pcr_read_list(selection);
	TPM2B_ATTEST *attest = NULL;
	TPMT_SIGNATURE *signature = NULL;
	struct tpm_pcr_values values;
	struct tpm_primary srk;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = tpm_context_srk(c, (struct span){0}, &srk);

	if (rv != CKR_OK)
		return rv;
	rv = tpm_pcr_read(c, &srk, selection, &values);
	tpm_context_drop(c, &srk);
	if (rv != CKR_OK)
		return rv;
	rc = quote(c, ak->handle, digest, &list, &attest, &signature);
	if (rc != TSS2_RC_SUCCESS)
		rv = tpm_context_failed(rc, "TPM2_Quote");
	*moved = rc == TSS2_RC_SUCCESS && !covers(attest, selection, &values);
	if (rv == CKR_OK && !*moved)
		rv = write_report(attest, signature, &ak->public, selection, &values, ek_certificate, binding,
				  report);
	Esys_Free(attest);
	Esys_Free(signature);
	return rv;
}

static CK_RV open_persistent(const struct tpm_context *c, uint32_t handle, struct tpm_primary *ak)
{
	TPM2B_PUBLIC *public = NULL;
	TSS2_RC rc = TSS2_RC_SUCCESS;

	*ak = (struct tpm_primary){.handle = ESYS_TR_NONE};
	rc = Esys_TR_FromTPMPublic(c->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &ak->handle);
	if (rc == TSS2_RC_SUCCESS)
		rc = Esys_ReadPublic(c->esys, ak->handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL, NULL);
	if (rc == TSS2_RC_SUCCESS) {
		ak->public = public->publicArea;
		(void)tpm_context_name(&ak->public, &ak->name);
		Esys_Free(public);
		return CKR_OK;
	}
	tpm_attest_key_drop(c, handle, ak);
	return tpm_context_failed(rc, "the attestation key");
}

CK_RV tpm_attest_key(const struct tpm_context *c, uint32_t persistent, struct tpm_primary *ak)
{
	TPM2B_PUBLIC template = ak_template(c->ecc);

	return persistent ? open_persistent(c, persistent, ak) : tpm_context_primary(c, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, &template, ak);
}

void tpm_attest_key_drop(const struct tpm_context *c, uint32_t persistent, struct tpm_primary *ak)
{
	if (!persistent)
		tpm_context_drop(c, ak);
	else if (ak->handle != ESYS_TR_NONE)
		Esys_TR_Close(c->esys, &ak->handle);
}

CK_RV tpm_attest_quote(const struct tpm_context *c, TPM2_ALG_ID bank, const struct platform_digest *digest,
		       struct span ek_certificate, const struct platform_binding *binding, struct buffer *report)
{
	const struct tpm_pcr_selection selection = {.bank = bank, .mask = TPM_PCR_STATIC};
	uint32_t persistent = vtpm_binding_ak(binding);
	struct tpm_primary ak;
	bool moved = true;
	CK_RV rv = tpm_attest_key(c, persistent, &ak);

	if (rv != CKR_OK)
		return rv;
	for (unsigned i = 0; i < TRIES && rv == CKR_OK && moved; i++)
		rv = quote_once(c, &ak, &selection, digest, ek_certificate, binding, report, &moved);
	if (rv == CKR_OK && moved) {
		log_error("platform tpm: no quote: it is not of the PCR values that the TPM gives");
		rv = CKR_DEVICE_ERROR;
	}
	tpm_attest_key_drop(c, persistent, &ak);
	return rv;
}
