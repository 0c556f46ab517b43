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
#include <string.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/log.h"

#define DIGEST_SIZE TPM_APPROVAL_POLICY_SIZE

/* ---- digests ---- */

bool tpm_policy_of_pcrs(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values, TPM2B_DIGEST *policy)
{
	policy->size = DIGEST_SIZE;
	return tpm_approval_policy(selection, values, policy->buffer);
}

bool tpm_policy_of_key(const TPM2B_NAME *name, uint32_t version, TPM2B_DIGEST *policy)
{
	static const uint8_t start[DIGEST_SIZE];
	const uint8_t command[] = {0, 0, TPM2_CC_PolicyAuthorize >> 8, TPM2_CC_PolicyAuthorize & 0xff};
	uint8_t inner[DIGEST_SIZE];
	char reference[TPM_APPROVAL_REFERENCE_MAX];
	size_t size = tpm_approval_reference(version, reference);

	policy->size = DIGEST_SIZE;
	return tpm_approval_hash((struct span[]){{start, sizeof(start)}, {command, sizeof(command)}, tpm_context_span(name)},
				 3, inner) &&
	       tpm_approval_hash((struct span[]){{inner, sizeof(inner)}, {(const uint8_t *)reference, size}}, 2,
				 policy->buffer);
}

/* ---- the key ---- */

static bool fill_rsa(EVP_PKEY *key, TPMT_PUBLIC *public)
{
	BIGNUM *n = NULL;
	int bits = EVP_PKEY_get_bits(key);
	bool done = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n) > 0;

	public->type = TPM2_ALG_RSA;
	public->parameters.rsaDetail = (TPMS_RSA_PARMS){.symmetric.algorithm = TPM2_ALG_NULL,
							.scheme.scheme = TPM2_ALG_NULL,
							.keyBits = (UINT16)bits};
	public->unique.rsa.size = (UINT16)(bits / 8);
	done = done && BN_bn2binpad(n, public->unique.rsa.buffer, bits / 8) == bits / 8;
	BN_free(n);
	return done;
}

static bool fill_ecc(EVP_PKEY *key, TPMT_PUBLIC *public)
{
	BIGNUM *x = NULL, *y = NULL;
	bool done = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) > 0 &&
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
	const char *why = "no memory";

	*key = (struct tpm_policy_key){.key = tpm_approval_key(path, false, &why)};
	public->nameAlg = TPM2_ALG_SHA256;
	public->objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT;
	if (key->key && (EVP_PKEY_is_a(key->key, "RSA") ? fill_rsa(key->key, public) : fill_ecc(key->key, public)) &&
	    tpm_context_name(public, &key->name))
		return CKR_OK;
	log_error("tpm-policy-key: %s: %s", path, why);
	tpm_policy_key_free(key);
	return CKR_TOKEN_NOT_PRESENT;
}

void tpm_policy_key_free(struct tpm_policy_key *key)
{
	EVP_PKEY_free(key->key);
	*key = (struct tpm_policy_key){.key = NULL};
}

/* ---- signed policies ---- */

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

static size_t read_signature(int folder, const char *name, uint8_t bytes[TPM_APPROVAL_SIGNATURE_MAX])
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd >= 0 ? read(fd, bytes, TPM_APPROVAL_SIGNATURE_MAX) : -1;

	if (fd >= 0)
		close(fd);
	return got > 0 ? (size_t)got : 0;
}

void tpm_policy_log_unsigned(const char *folder, enum tpm_policy_wanted wanted, const TPM2B_DIGEST *policy)
{
	char hex[2 * DIGEST_SIZE + 1] = "";

	hex_encode((struct span){policy->buffer, DIGEST_SIZE}, hex);
	log_warning("platform tpm: tpm-policy-dir %s: no file *.sig there signs the PCR values of now%s, whose policy is %s: "
		    "keyclave tpm-policy makes one (docs/platforms/tpm.md)",
		    folder, wanted == TPM_POLICY_VERSIONED ? " with a version" : "", hex);
}

/* Takes SIGNATURE if it is a better one than what FOUND has: of VERSION, or without one. */
static bool consider(const struct tpm_policy_key *key, struct span signature, uint32_t version, bool have,
		     struct tpm_policy_approval *found)
{
	struct tpm_policy_approval candidate = {.policy = found->policy, .version = version};

	if ((have && version <= found->version) ||
	    !tpm_approval_verify(key->key, found->policy.buffer, version, signature) ||
	    !convert(key, signature, &candidate.signature))
		return false;
	*found = candidate;
	return true;
}

CK_RV tpm_policy_find(const char *folder, const struct tpm_policy_key *key, enum tpm_policy_wanted wanted,
		      struct tpm_policy_approval *found)
{
	uint8_t bytes[TPM_APPROVAL_SIGNATURE_MAX];
	const struct dirent *entry = NULL;
	DIR *dir = opendir(folder);
	bool have = false;

	found->version = 0;
	while (dir && (entry = readdir(dir))) {
		struct span file = {bytes, 0};
		uint32_t version = 0;
		bool taken = false;

		if (!tpm_approval_file(entry->d_name, &version))
			continue;
		file.size = read_signature(dirfd(dir), entry->d_name, bytes);
		if (file.size && version && wanted != TPM_POLICY_PLAIN)
			taken = consider(key, file, version, have, found);
		if (file.size && !taken && wanted != TPM_POLICY_VERSIONED)
			taken = consider(key, file, 0, have, found);
		if (taken)
			log_info("platform tpm: %s/%s approves the PCR values of now as version %u (0: without one)", folder,
				 entry->d_name, found->version);
		have = have || taken;
	}
	if (dir)
		closedir(dir);
	return have ? CKR_OK : CKR_DATA_INVALID;
}

/* ---- in the TPM ---- */

CK_RV tpm_policy_run_pcrs(const struct tpm_context *c, ESYS_TR session, const struct tpm_pcr_selection *selection)
{
	const TPML_PCR_SELECTION list = tpm_pcr_read_list(selection);
	const TPM2B_DIGEST as_now = {.size = 0};
	TSS2_RC rc =
	    Esys_PolicyPCR(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &as_now, &list);

	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, "TPM2_PolicyPCR");
}

CK_RV tpm_policy_run_key(const struct tpm_context *c, ESYS_TR session, const struct tpm_policy_key *key,
			 const struct tpm_policy_approval *approval)
{
	uint8_t message[TPM_APPROVAL_MESSAGE_MAX];
	struct span signed_part = {message, tpm_approval_message(approval->policy.buffer, approval->version, message)};
	TPM2B_NONCE reference = {.size = (UINT16)(signed_part.size - DIGEST_SIZE)};
	TPM2B_DIGEST digest = {.size = DIGEST_SIZE};
	TPMT_TK_VERIFIED *ticket = NULL;
	ESYS_TR loaded = ESYS_TR_NONE;
	const char *what = "TPM2_LoadExternal";
	TSS2_RC rc = TSS2_RC_SUCCESS;

	memcpy(reference.buffer, message + DIGEST_SIZE, reference.size);
	if (!tpm_approval_hash(&signed_part, 1, digest.buffer))
		return CKR_DEVICE_ERROR;
	rc = Esys_LoadExternal(c->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &key->public, ESYS_TR_RH_OWNER,
			       &loaded);
	if (rc == TSS2_RC_SUCCESS) {
		what = "TPM2_VerifySignature";
		rc = Esys_VerifySignature(c->esys, loaded, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest,
					  &approval->signature, &ticket);
		tpm_context_flush(c, &loaded);
	}
	if (rc == TSS2_RC_SUCCESS) {
		what = "TPM2_PolicyAuthorize";
		rc = Esys_PolicyAuthorize(c->esys, session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &approval->policy,
					  &reference, &key->name, ticket);
	}
	Esys_Free(ticket);
	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, what);
}
