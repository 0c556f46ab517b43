/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TPM2_MakeCredential in software (TPM 2.0 Library Part 1, section 24), and TPM2_ActivateCredential.
 */
#include "config.h"

#include "platform/vtpm_challenge.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/hkdf.h"

#define SECRET_SIZE 32 /* and of the seed: SHA-256's */
#define STORAGE_KEY_SIZE 16

/* ---- the credential ---- */

static bool hmac(const uint8_t *key, size_t key_size, const struct span *parts, size_t count, uint8_t out[SECRET_SIZE])
{
	EVP_MAC *mac = EVP_MAC_fetch(hkdf_library(), "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_END};
	size_t size = 0;
	bool done = ctx && EVP_MAC_init(ctx, key, key_size, params) > 0;

	for (size_t i = 0; done && i < count; i++)
		done = EVP_MAC_update(ctx, parts[i].data, parts[i].size) > 0;
	done = done && EVP_MAC_final(ctx, out, &size, SECRET_SIZE) > 0;
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return done;
}

/* KDFa (Part 1, section 11.4.10.2) of one block: label with its NUL, context, bits. */
static bool kdfa(const uint8_t seed[SECRET_SIZE], const char *label, struct span context, uint8_t bits_high, uint8_t bits_low,
		 uint8_t out[SECRET_SIZE])
{
	static const uint8_t counter[4] = {0, 0, 0, 1};
	const uint8_t bits[4] = {0, 0, bits_high, bits_low};
	const struct span parts[] = {{counter, sizeof(counter)},
				     {(const uint8_t *)label, strlen(label) + 1},
				     context,
				     {bits, sizeof(bits)}};

	return hmac(seed, SECRET_SIZE, parts, 4, out);
}

static EVP_PKEY *key_of(const TPMT_PUBLIC *public)
{
	const TPM2B_PUBLIC_KEY_RSA *modulus = &public->unique.rsa;
	UINT32 exponent = public->parameters.rsaDetail.exponent;
	BIGNUM *n = BN_bin2bn(modulus->buffer, modulus->size, NULL), *e = BN_new();
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(hkdf_library(), "RSA", NULL);
	EVP_PKEY *key = NULL;

	if (n && e && build && ctx && modulus->size == 256 && BN_set_word(e, exponent ? exponent : 65537) &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e))
		params = OSSL_PARAM_BLD_to_param(build);
	if (!params || EVP_PKEY_fromdata_init(ctx) <= 0 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(e);
	return key;
}

/* The seed, by OAEP with SHA-256 and the label IDENTITY (annex B.10.3). */
static bool encrypt_seed(const TPMT_PUBLIC *public, const uint8_t seed[SECRET_SIZE], TPM2B_ENCRYPTED_SECRET *out)
{
	static const char label[] = "IDENTITY";
	EVP_PKEY *key = key_of(public);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(hkdf_library(), key, NULL) : NULL;
	char digest[] = "SHA256", padding[] = OSSL_PKEY_RSA_PAD_MODE_OAEP;
	char octets[sizeof(label)];
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, padding, 0),
	    OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, digest, 0),
	    OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, digest, 0),
	    OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, octets, sizeof(octets)),
	    OSSL_PARAM_END,
	};
	size_t size = sizeof(out->secret);
	bool done = false;

	memcpy(octets, label, sizeof(label));
	done = ctx && EVP_PKEY_encrypt_init_ex(ctx, params) > 0 &&
	       EVP_PKEY_encrypt(ctx, out->secret, &size, seed, SECRET_SIZE) > 0;
	out->size = done ? (UINT16)size : 0;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return done;
}

/* AES-128-CFB under an IV of zeros: the key is of one use. */
static bool encrypt_identity(const uint8_t key[STORAGE_KEY_SIZE], const uint8_t *plain, int size, uint8_t *out)
{
	static const uint8_t iv[16];
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(hkdf_library(), "AES-128-CFB", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int got = 0;
	bool done = cipher && ctx && EVP_EncryptInit_ex2(ctx, cipher, key, iv, NULL) > 0 &&
		    EVP_EncryptUpdate(ctx, out, &got, plain, size) > 0 && got == size;

	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return done;
}

struct credential {
	uint8_t secret[SECRET_SIZE], seed[SECRET_SIZE], key[SECRET_SIZE];
	uint8_t plain[2 + SECRET_SIZE];
};

/* SECRET for the object of this name. */
static bool make_credential(struct credential *w, const TPMT_PUBLIC *ek, struct span name, TPM2B_ID_OBJECT *object,
			    TPM2B_ENCRYPTED_SECRET *encrypted)
{
	uint8_t *out = object->credential;
	uint8_t *identity = out + 2 + SECRET_SIZE; /* after the HMAC, a TPM2B_DIGEST */

	if (!memory_random(w->secret, SECRET_SIZE) || !memory_random(w->seed, SECRET_SIZE) ||
	    !encrypt_seed(ek, w->seed, encrypted) || !kdfa(w->seed, "STORAGE", name, 0, 128, w->key))
		return false;
	w->plain[0] = 0;
	w->plain[1] = SECRET_SIZE;
	memcpy(w->plain + 2, w->secret, SECRET_SIZE);
	if (!encrypt_identity(w->key, w->plain, sizeof(w->plain), identity) ||
	    !kdfa(w->seed, "INTEGRITY", (struct span){0}, 1, 0, w->key) ||
	    !hmac(w->key, SECRET_SIZE, (struct span[]){{identity, sizeof(w->plain)}, name}, 2, out + 2))
		return false;
	out[0] = 0;
	out[1] = SECRET_SIZE;
	object->size = (UINT16)(2 + SECRET_SIZE + sizeof(w->plain));
	return true;
}

/* ---- the challenge ---- */

static CK_RV ek_session(const struct tpm_context *c, ESYS_TR *session)
{
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = tpm_context_session(c, NULL, TPM2_SE_POLICY, 0, session);

	if (rv != CKR_OK)
		return rv;
	rc = Esys_PolicySecret(c->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL,
			       NULL, NULL, 0, NULL, NULL);
	return rc == TSS2_RC_SUCCESS ? CKR_OK : tpm_context_failed(rc, "TPM2_PolicySecret");
}

CK_RV vtpm_challenge(const struct tpm_context *c, const struct tpm_primary *ek, const struct tpm_primary *object)
{
	struct credential *w = memory_secret_new(sizeof(*w));
	TPM2B_ID_OBJECT blob = {.size = 0};
	TPM2B_ENCRYPTED_SECRET encrypted = {.size = 0};
	TPM2B_DIGEST *answer = NULL;
	ESYS_TR session = ESYS_TR_NONE;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	CK_RV rv = w ? CKR_OK : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK && !make_credential(w, &ek->public, tpm_context_span(&object->name), &blob, &encrypted)) {
		ERR_clear_error();
		log_error("libcrypto: no credential can be made for the TPM's EK");
		rv = CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK)
		rv = ek_session(c, &session);
	if (rv == CKR_OK) {
		rc = Esys_ActivateCredential(c->esys, object->handle, ek->handle, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, &blob,
					     &encrypted, &answer);
		if (rc != TSS2_RC_SUCCESS || answer->size != SECRET_SIZE ||
		    !memory_equal(answer->buffer, w->secret, SECRET_SIZE)) {
			log_error("platform tpm: it does not answer the challenge of its EK (0x%x)", rc);
			rv = CKR_DATA_INVALID;
		}
	}
	if (answer)
		memory_wipe(answer, sizeof(*answer));
	Esys_Free(answer);
	tpm_context_flush(c, &session);
	memory_secret_free(w);
	return rv;
}
