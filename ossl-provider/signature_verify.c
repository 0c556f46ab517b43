/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification in software with the public half: the enclave is not asked about what is no secret.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "ossl-provider/signature.h"

static int set_rsa(const struct signature *s, EVP_PKEY_CTX *ctx)
{
	if (s->key->type->key_type != CKK_RSA)
		return 1;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, s->padding) != 1)
		return 0;
	if (s->md && EVP_PKEY_CTX_set_signature_md(ctx, s->md) != 1)
		return 0;
	if (s->padding != RSA_PKCS1_PSS_PADDING)
		return 1;
	if (EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, s->salt == -4 ? RSA_PSS_SALTLEN_AUTO : s->salt) != 1)
		return 0;
	return !s->mgf1 || EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, s->mgf1) == 1;
}

static EVP_PKEY_CTX *software(struct signature *s)
{
	OSSL_LIB_CTX *libctx = provider_libctx(s->provider);

	return libctx ? EVP_PKEY_CTX_new_from_pkey(libctx, s->key->public, NULL) : NULL;
}

/* Ed25519 has no pre-hashed form here: the message itself is verified. */
static int verify_message(struct signature *s, struct span sig, struct span message)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = 0;

	if (ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, provider_libctx(s->provider), NULL, s->key->public,
					   NULL) == 1)
		ok = EVP_DigestVerify(ctx, sig.data, sig.size, message.data, message.size) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}

int signature_verify_tbs(struct signature *s, struct span sig, struct span tbs)
{
	EVP_PKEY_CTX *ctx = NULL;
	int ok = 0;

	if (!s->key || !s->key->public)
		return 0;
	if (s->key->type == &pkey_ed25519)
		return verify_message(s, sig, tbs);
	ctx = software(s);
	if (ctx && EVP_PKEY_verify_init(ctx) == 1 && set_rsa(s, ctx))
		ok = EVP_PKEY_verify(ctx, sig.data, sig.size, tbs.data, tbs.size) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

int signature_recover(struct signature *s, unsigned char *out, size_t *outlen, size_t outsize, struct span sig)
{
	EVP_PKEY_CTX *ctx = NULL;
	int ok = 0;

	if (!s->key || !s->key->public)
		return 0;
	ctx = software(s);
	*outlen = outsize;
	if (ctx && EVP_PKEY_verify_recover_init(ctx) == 1 && set_rsa(s, ctx))
		ok = EVP_PKEY_verify_recover(ctx, out, outlen, sig.data, sig.size) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}
