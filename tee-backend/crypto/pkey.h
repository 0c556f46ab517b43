/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few steps with EVP_PKEY that all families of key pairs share. Enclave only.
 */
#ifndef KEYCLAVE_CRYPTO_PKEY_H
#define KEYCLAVE_CRYPTO_PKEY_H

#include <openssl/types.h>

#include "crypto/context.h"

/*
 * A key of libcrypto's type NAME from its components; SELECTION: EVP_PKEY_KEYPAIR or
 * EVP_PKEY_PUBLIC_KEY. CKR_ATTRIBUTE_VALUE_INVALID: a point that is not on its curve.
 */
CK_RV pkey_import(const char *name, int selection, OSSL_PARAM *params, EVP_PKEY **pkey);

CK_RV pkey_generate(const char *name, const OSSL_PARAM *params, EVP_PKEY **pkey);

/*
 * A context for PKEY from its POOL, or a new one initialised for CLASS.use with PARAMS. Give it back
 * with context_give, or free it.
 */
CK_RV pkey_context(EVP_PKEY *pkey, struct context_pool *pool, const struct context_class *class,
		   const OSSL_PARAM *params, struct context **context);

/*
 * Runs CONTEXT's use over INPUT into OUT, which has room for *SIZE bytes; *SIZE becomes the result's.
 * CONTEXT goes back to POOL (NULL: nowhere), or is freed after a failure: then INVALID when it was the
 * input's, else CKR_DEVICE_MEMORY or CKR_DEVICE_ERROR.
 */
CK_RV pkey_run(struct context_pool *pool, struct context **context, struct span input, uint8_t *out,
	       size_t *size, CK_RV invalid);

/*
 * EVP_PKEY_verify likewise. CKR_SIGNATURE_INVALID: also when libcrypto took lack of memory for a bad
 * signature, as it does in places.
 */
CK_RV pkey_verify(struct context_pool *pool, struct context **context, struct span input,
		  struct span signature);

#endif
