/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_PolicyPCR and TPM2_PolicyAuthorize, here and in the TPM.
 */
#include "config.h"

#include "platform/tpm_policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_mu.h>
#include <unistd.h>

#include "common/log.h"
#include "platform/hkdf.h"

#define DIGEST_SIZE 32
#define SIGNATURE_FILE_MAX 1024

/* ---- digests ---- */

/* OUT = SHA-256 of the parts, one after the other. */
static bool digest_parts(const struct span *parts, size_t count, uint8_t out[DIGEST_SIZE])
{
	EVP_MD *md = hkdf_library() ? EVP_MD_fetch(hkdf_library(), "SHA256", NULL) : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = md && ctx && EVP_DigestInit_ex2(ctx, md, NULL) > 0;

	for (size_t i = 0; done && i < count; i++)
		done = EVP_DigestUpdate(ctx, parts[i].data, parts[i].size) > 0;
	done = done && EVP_DigestFinal_ex(ctx, out, NULL) > 0;
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	if (!done)
		log_error("libcrypto: cannot digest");
	return done;
}

static void put_be32(uint8_t out[4], uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

bool tpm_policy_of_pcrs(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values, TPM2B_DIGEST *policy)
{
	static const uint8_t start[DIGEST_SIZE];
	const TPML_PCR_SELECTION list = tpm_pcr_list(selection);
	struct span value[TPM_PCR_COUNT];
	uint8_t pcrs[DIGEST_SIZE], command[4], marshalled[64];
	size_t count = 0, size = 0;

	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
		if (selection->mask >> pcr & 1)
			value[count++] = (struct span){values->value[pcr], values->size};
	if (Tss2_MU_TPML_PCR_SELECTION_Marshal(&list, marshalled, sizeof(marshalled), &size) != TSS2_RC_SUCCESS ||
	    !digest_parts(value, count, pcrs))
		return false;
	put_be32(command, TPM2_CC_PolicyPCR);
	policy->size = DIGEST_SIZE;
	return digest_parts((struct span[]){{start, sizeof(start)},
					    {command, sizeof(command)},
					    {marshalled, size},
					    {pcrs, sizeof(pcrs)}},
			    4, policy->buffer);
}

bool tpm_policy_of_key(const TPM2B_NAME *name, TPM2B_DIGEST *policy)
{
	static const uint8_t start[DIGEST_SIZE];
	uint8_t command[4], inner[DIGEST_SIZE];

	put_be32(command, TPM2_CC_PolicyAuthorize);
	policy->size = DIGEST_SIZE;
	return digest_parts((struct span[]){{start, sizeof(start)}, {command, sizeof(command)}, tpm_context_span(name)}, 3,
			    inner) &&
	       digest_parts((struct span[]){{inner, sizeof(inner)}, span_text(TPM_POLICY_REFERENCE)}, 2, policy->buffer);
}

/* ---- the key ---- */

static bool fill_rsa(EVP_PKEY *key, TPMT_PUBLIC *public)
{
	BIGNUM *n = NULL, *e = NULL;
	int bits = EVP_PKEY_get_bits(key);
	bool done = (bits == 2048 || bits == 3072 || bits == 4096) &&
		    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) > 0 &&
		    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) > 0 && BN_is_word(e, 65537);

	public->type = TPM2_ALG_RSA;
	public->parameters.rsaDetail = (TPMS_RSA_PARMS){.symmetric.algorithm = TPM2_ALG_NULL,
							.scheme.scheme = TPM2_ALG_NULL,
							.keyBits = (UINT16)bits};
	public->unique.rsa.size = (UINT16)(bits / 8);
	done = done && BN_bn2binpad(n, public->unique.rsa.buffer, bits / 8) == bits / 8;
	BN_free(n);
	BN_free(e);
	return done;
}

static bool fill_ecc(EVP_PKEY *key, TPMT_PUBLIC *public)
{
	char group[32] = "";
	BIGNUM *x = NULL, *y = NULL;
	bool done = EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) > 0 &&
		    strcmp(group, "prime256v1") == 0 &&
		    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) > 0 &&
		    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) > 0;

	public->type = TPM2_ALG_ECC;
	public->parameters.eccDetail = (TPMS_ECC_PARMS){.symmetric.algorithm = TPM2_ALG_NULL,
							.scheme.scheme = TPM2_ALG_NULL,
							.curveID = TPM2_ECC_NIST_P256,
							.kdf.scheme = TPM2_ALG_NULL};
	public->unique.ecc.x.size = 32;
	public->unique.ecc.y.size = 32;
	done = done && BN_bn2binpad(x, public->unique.ecc.x.buffer, 32) == 32 &&
	       BN_bn2binpad(y, public->unique.ecc.y.buffer, 32) == 32;
	BN_free(x);
	BN_free(y);
	return done;
}

CK_RV tpm_policy_key_read(const char *path, struct tpm_policy_key *key)
{
	TPMT_PUBLIC *public = &key->public.publicArea;
	FILE *file = fopen(path, "re");
	bool done = false;

	*key = (struct tpm_policy_key){.key = NULL};
	if (!file) {
		log_error("tpm-policy-key: %s: %s", path, strerror(errno));
		return CKR_TOKEN_NOT_PRESENT;
	}
	key->key = PEM_read_PUBKEY_ex(file, NULL, NULL, NULL, hkdf_library(), NULL);
	fclose(file);
	ERR_clear_error();
	public->nameAlg = TPM2_ALG_SHA256;
	public->objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT;
	if (key->key && EVP_PKEY_is_a(key->key, "RSA"))
		done = fill_rsa(key->key, public);
	else if (key->key && EVP_PKEY_is_a(key->key, "EC"))
		done = fill_ecc(key->key, public);
	if (done && tpm_context_name(public, &key->name))
		return CKR_OK;
	log_error("tpm-policy-key: %s: expected a public key in PEM: RSA of 2048, 3072 or 4096 bits, or P-256", path);
	tpm_policy_key_free(key);
	return CKR_TOKEN_NOT_PRESENT;
}

void tpm_policy_key_free(struct tpm_policy_key *key)
{
	EVP_PKEY_free(key->key);
	*key = (struct tpm_policy_key){.key = NULL};
}

/* ---- signed policies ---- */

static bool is_signed(const struct tpm_policy_key *key, const TPM2B_DIGEST *approved, struct span signature)
{
	uint8_t message[DIGEST_SIZE + sizeof(TPM_POLICY_REFERENCE) - 1];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = false;

	memcpy(message, approved->buffer, DIGEST_SIZE);
	memcpy(message + DIGEST_SIZE, TPM_POLICY_REFERENCE, sizeof(message) - DIGEST_SIZE);
	good = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", hkdf_library(), NULL, key->key, NULL) > 0 &&
	       EVP_DigestVerify(ctx, signature.data, signature.size, message, sizeof(message)) > 0;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

/* To the TPM's form. */
static bool convert(const struct tpm_policy_key *key, struct span signature, TPMT_SIGNATURE *out)
{
	TPMS_SIGNATURE_ECC *ecc = &out->signature.ecdsa;
	const uint8_t *at = signature.data;
	ECDSA_SIG *sig = NULL;
	bool done = false;

	*out = (TPMT_SIGNATURE){.sigAlg = TPM2_ALG_RSASSA};
	if (key->public.publicArea.type == TPM2_ALG_RSA) {
		out->signature.rsassa.hash = TPM2_ALG_SHA256;
		out->signature.rsassa.sig.size = (UINT16)signature.size;
		if (signature.size > sizeof(out->signature.rsassa.sig.buffer))
			return false;
		memcpy(out->signature.rsassa.sig.buffer, signature.data, signature.size);
		return true;
	}
	sig = d2i_ECDSA_SIG(NULL, &at, (long)signature.size);
	out->sigAlg = TPM2_ALG_ECDSA;
	ecc->hash = TPM2_ALG_SHA256;
	ecc->signatureR.size = 32;
	ecc->signatureS.size = 32;
	done = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), ecc->signatureR.buffer, 32) == 32 &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), ecc->signatureS.buffer, 32) == 32;
	ECDSA_SIG_free(sig);
	return done;
}

static size_t read_signature(int folder, const char *name, uint8_t bytes[SIGNATURE_FILE_MAX])
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd >= 0 ? read(fd, bytes, SIGNATURE_FILE_MAX) : -1;

	if (fd >= 0)
		close(fd);
	return got > 0 ? (size_t)got : 0;
}

static void log_unsigned(const char *folder, const TPM2B_DIGEST *approved)
{
	char hex[2 * DIGEST_SIZE + 1] = "";

	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", approved->buffer[i]);
	log_warning("platform tpm: tpm-policy-dir %s: no file *.sig there signs the PCR values of now, whose policy is %s "
		    "(docs/platforms/tpm.md)",
		    folder, hex);
}

CK_RV tpm_policy_find(const char *folder, const struct tpm_policy_key *key, const TPM2B_DIGEST *approved,
		      TPMT_SIGNATURE *signature)
{
	uint8_t bytes[SIGNATURE_FILE_MAX];
	const struct dirent *entry = NULL;
	DIR *dir = opendir(folder);
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		struct span file = {bytes, 0};

		if (!dot || strcmp(dot, ".sig") != 0)
			continue;
		file.size = read_signature(dirfd(dir), entry->d_name, bytes);
		found = file.size && is_signed(key, approved, file) && convert(key, file, signature);
		if (found)
			log_info("platform tpm: %s/%s approves the PCR values of now", folder, entry->d_name);
	}
	if (dir)
		closedir(dir);
	if (!found)
		log_unsigned(folder, approved);
	return found ? CKR_OK : CKR_DATA_INVALID;
}

/* ---- in the TPM ---- */

CK_RV tpm_policy_run_pcrs(const struct tpm_context *c, ESYS_TR session, const struct tpm_pcr_selection *selection)
{
	const TPML_PCR_SELECTION list = tpm_pcr_list(selection);
	const TPM2B_DIGEST as_now = {.size = 0};
	TSS2_RC rc =
	    Esys_PolicyPCR(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &as_now, &list);

	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, "TPM2_PolicyPCR");
}

CK_RV tpm_policy_run_key(const struct tpm_context *c, ESYS_TR session, const struct tpm_policy_key *key,
			 const TPM2B_DIGEST *approved, const TPMT_SIGNATURE *signature)
{
	TPM2B_NONCE reference = {.size = sizeof(TPM_POLICY_REFERENCE) - 1};
	TPM2B_DIGEST message = {.size = DIGEST_SIZE};
	TPMT_TK_VERIFIED *ticket = NULL;
	ESYS_TR loaded = ESYS_TR_NONE;
	const char *what = "TPM2_LoadExternal";
	TSS2_RC rc = TSS2_RC_SUCCESS;

	memcpy(reference.buffer, TPM_POLICY_REFERENCE, reference.size);
	if (!digest_parts((struct span[]){{approved->buffer, DIGEST_SIZE}, span_text(TPM_POLICY_REFERENCE)}, 2,
			  message.buffer))
		return CKR_DEVICE_ERROR;
	rc = Esys_LoadExternal(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &key->public, ESYS_TR_RH_OWNER,
			       &loaded);
	if (rc == TSS2_RC_SUCCESS) {
		what = "TPM2_VerifySignature";
		rc = Esys_VerifySignature(c->esys, loaded, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &message, signature,
					  &ticket);
		tpm_context_flush(c, &loaded);
	}
	if (rc == TSS2_RC_SUCCESS) {
		what = "TPM2_PolicyAuthorize";
		rc = Esys_PolicyAuthorize(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, approved, &reference,
					  &key->name, ticket);
	}
	Esys_Free(ticket);
	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, what);
}
