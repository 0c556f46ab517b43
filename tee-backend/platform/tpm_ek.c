/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCG EK Credential Profile for TPM Family 2.0, the low range templates. A salted session opens only with the private half
 * of what it is salted to: what comes back in it is that TPM's answer, whoever sits on the bus.
 */
#include "config.h"

#include "platform/tpm_ek.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/hex.h"
#include "common/log.h"

/* Annex B.3.3 and B.3.4: L-1 and L-2. */
#define EK_ATTRIBUTES                                                                                    \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |              \
	 TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

/* PolicyA: TPM2_PolicySecret(TPM_RH_ENDORSEMENT). */
static const uint8_t policy_a[] = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc,
				   0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52,
				   0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

static TPM2B_PUBLIC ek_template(bool ecc)
{
	TPM2B_PUBLIC t = tpm_context_storage_key(ecc, EK_ATTRIBUTES);

	t.publicArea.authPolicy.size = sizeof(policy_a);
	memcpy(t.publicArea.authPolicy.buffer, policy_a, sizeof(policy_a));
	return t;
}

static EVP_PKEY *key_of(struct span certificate)
{
	const uint8_t *at = certificate.data;
	X509 *x = certificate.size ? d2i_X509(NULL, &at, (long)certificate.size) : NULL;
	EVP_PKEY *key = x ? X509_get_pubkey(x) : NULL;

	X509_free(x);
	ERR_clear_error();
	return key;
}

/* True if KEY's number of this NAME is VALUE. */
static bool has_number(const EVP_PKEY *key, const char *name, const uint8_t *value, size_t size)
{
	BIGNUM *has = NULL, *wanted = BN_bin2bn(value, (int)size, NULL);
	bool same = wanted && EVP_PKEY_get_bn_param(key, name, &has) > 0 && BN_cmp(has, wanted) == 0;

	BN_free(has);
	BN_free(wanted);
	ERR_clear_error();
	return same;
}

static bool is_of(const EVP_PKEY *key, const TPMT_PUBLIC *ek)
{
	if (ek->type == TPM2_ALG_RSA)
		return has_number(key, OSSL_PKEY_PARAM_RSA_N, ek->unique.rsa.buffer, ek->unique.rsa.size);
	return has_number(key, OSSL_PKEY_PARAM_EC_PUB_X, ek->unique.ecc.x.buffer, ek->unique.ecc.x.size) &&
	       has_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, ek->unique.ecc.y.buffer, ek->unique.ecc.y.size);
}

static void log_ek(const struct tpm_primary *ek, const EVP_PKEY *key)
{
	char hex[2 * sizeof(ek->name.name) + 1] = "";

	hex_encode(tpm_context_span(&ek->name), hex);
	log_info("platform tpm: its endorsement key is %s (%s)", hex,
		 !key			? "the TPM keeps no certificate of it"
		 : is_of(key, &ek->public) ? "with a certificate, which is for verifiers to judge"
					   : "THE CERTIFICATE THAT THE TPM KEEPS IS OF ANOTHER KEY");
}

CK_RV tpm_ek_primary(const struct tpm_context *c, bool ecc, struct tpm_primary *ek)
{
	TPM2B_PUBLIC template = ek_template(ecc);

	return tpm_context_primary(c, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, &template, ek);
}

CK_RV tpm_ek_authenticate(struct tpm_context *c, struct span certificate)
{
	EVP_PKEY *key = key_of(certificate);
	struct tpm_primary ek, srk = {.handle = ESYS_TR_NONE};
	ESYS_TR session = ESYS_TR_NONE;
	CK_RV rv = tpm_ek_primary(c, c->ecc && !(key && EVP_PKEY_is_a(key, "RSA")), &ek);

	if (rv == CKR_OK) {
		log_ek(&ek, key);
		rv = tpm_context_session(c, &ek, TPM2_SE_HMAC, 0, &session);
		tpm_context_drop(c, &ek);
	}
	if (rv == CKR_OK)
		rv = tpm_context_srk_in(c, session, &srk);
	if (rv == CKR_OK) {
		c->ek = ek.name;
		c->srk = srk.name;
	}
	tpm_context_drop(c, &srk);
	tpm_context_flush(c, &session);
	EVP_PKEY_free(key);
	return rv;
}

CK_RV tpm_ek_check(const struct tpm_context *c, struct span pinned, const char *what)
{
	char then[2 * sizeof(c->ek.name) + 1] = "", now[2 * sizeof(c->ek.name) + 1] = "";

	if (!pinned.size || span_equal(pinned, tpm_context_span(&c->ek)))
		return CKR_OK;
	if (pinned.size <= sizeof(c->ek.name))
		hex_encode(pinned, then);
	hex_encode(tpm_context_span(&c->ek), now);
	log_error("platform tpm: %s was made with another TPM, or somebody is between us and it: its endorsement key was %s, and "
		  "here it is %s",
		  what, then, now);
	return CKR_TOKEN_NOT_RECOGNIZED;
}
