/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EVP_PKEY: import, generation, and operations in pooled contexts. Enclave only.
 */
#include "config.h"

#include "crypto/pkey.h"

#include <openssl/evp.h>

#include "crypto/library.h"

CK_RV pkey_import(const char *name, int selection, OSSL_PARAM *params, EVP_PKEY **pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(library_context(), name, LIBRARY_PROPERTIES);
	CK_RV rv = CKR_OK;

	*pkey = NULL;
	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1)
		rv = library_failure(CKR_DEVICE_ERROR);
	else if (EVP_PKEY_fromdata(ctx, pkey, selection, params) != 1)
		rv = library_refusal(CKR_ATTRIBUTE_VALUE_INVALID);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}

CK_RV pkey_generate(const char *name, const OSSL_PARAM *params, EVP_PKEY **pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(library_context(), name, LIBRARY_PROPERTIES);
	CK_RV rv = CKR_OK;

	*pkey = NULL;
	if (!ctx || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
	    EVP_PKEY_generate(ctx, pkey) != 1)
		rv = library_failure(CKR_DEVICE_ERROR);
	EVP_PKEY_CTX_free(ctx);
	return rv;
}

static int initialise(EVP_PKEY_CTX *ctx, enum context_use use, const OSSL_PARAM *params)
{
	switch (use) {
	case CONTEXT_SIGN:
		return EVP_PKEY_sign_init_ex(ctx, params);
	case CONTEXT_VERIFY:
		return EVP_PKEY_verify_init_ex(ctx, params);
	case CONTEXT_RECOVER:
		return EVP_PKEY_verify_recover_init_ex(ctx, params);
	case CONTEXT_ENCRYPT:
		return EVP_PKEY_encrypt_init_ex(ctx, params);
	case CONTEXT_DECRYPT:
		return EVP_PKEY_decrypt_init_ex(ctx, params);
	case CONTEXT_DERIVE:
		return EVP_PKEY_derive_init_ex(ctx, params);
	}
	return 0;
}

CK_RV pkey_context(EVP_PKEY *pkey, struct context_pool *pool, const struct context_class *class,
		   const OSSL_PARAM *params, struct context **context)
{
	*context = context_take(pool, class);
	if (*context)
		return CKR_OK;
	*context = context_new(class);
	if (!*context)
		return CKR_DEVICE_MEMORY;
	(*context)->pkey = EVP_PKEY_CTX_new_from_pkey(library_context(), pkey, LIBRARY_PROPERTIES);
	if ((*context)->pkey && initialise((*context)->pkey, class->use, params) == 1)
		return CKR_OK;
	context_free(context);
	return library_failure(CKR_DEVICE_ERROR);
}

static int run(const struct context *context, struct span input, uint8_t *out, size_t *size)
{
	switch (context->class.use) {
	case CONTEXT_SIGN:
		return EVP_PKEY_sign(context->pkey, out, size, input.data, input.size);
	case CONTEXT_RECOVER:
		return EVP_PKEY_verify_recover(context->pkey, out, size, input.data, input.size);
	case CONTEXT_ENCRYPT:
		return EVP_PKEY_encrypt(context->pkey, out, size, input.data, input.size);
	case CONTEXT_DECRYPT:
		return EVP_PKEY_decrypt(context->pkey, out, size, input.data, input.size);
	case CONTEXT_DERIVE:
		return EVP_PKEY_derive(context->pkey, out, size);
	case CONTEXT_VERIFY:
		break;
	}
	return 0;
}

CK_RV pkey_run(struct context_pool *pool, struct context **context, struct span input, uint8_t *out,
	       size_t *size, CK_RV invalid)
{
	static const uint8_t nothing = 0;

	/* A NULL input would be taken for a question. */
	if (!input.data)
		input.data = &nothing;
	if (run(*context, input, out, size) == 1) {
		context_give(pool, context);
		return CKR_OK;
	}
	context_free(context);
	return library_refusal(invalid);
}

CK_RV pkey_verify(struct context_pool *pool, struct context **context, struct span input,
		  struct span signature)
{
	static const uint8_t nothing = 0;
	int verdict = 0;

	if (!input.data)
		input.data = &nothing;
	verdict = EVP_PKEY_verify((*context)->pkey, signature.data, signature.size, input.data,
				  input.size);
	if (verdict == 1) {
		context_give(pool, context);
		return CKR_OK;
	}
	context_free(context);
	/* Below zero libcrypto came to no verdict; a reason of the algorithm's own is one all the same. */
	if (verdict < 0)
		return library_refusal(CKR_SIGNATURE_INVALID);
	return library_failure(CKR_SIGNATURE_INVALID);
}
