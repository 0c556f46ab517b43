/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HKDF in the enclave's own library context. One context object a thread, so that a derivation
 * costs no fetch; it holds zeros between derivations.
 */
#include "config.h"

#include "platform/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "common/log.h"
#include "common/memory.h"

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *library;
static EVP_KDF *hkdf;
static pthread_key_t thread_key; /* frees a thread's context when the thread ends */
static bool thread_key_made;

static void free_thread_context(void *ctx)
{
	EVP_KDF_CTX_free(ctx);
}

static void open_library(void)
{
	library = OSSL_LIB_CTX_new();
	if (library)
		hkdf = EVP_KDF_fetch(library, OSSL_KDF_NAME_HKDF, NULL);
	thread_key_made = pthread_key_create(&thread_key, free_thread_context) == 0;
	if (!hkdf || !thread_key_made)
		log_error("libcrypto is not usable: no HKDF");
}

OSSL_LIB_CTX *hkdf_library(void)
{
	pthread_once(&library_once, open_library);
	return library;
}

/* The primary generator's reseeding makes those of the threads below it reseed too. */
bool hkdf_seed(OSSL_LIB_CTX *to, struct span entropy)
{
	EVP_RAND_CTX *primary = to ? RAND_get0_primary(to) : NULL;

	if (primary && EVP_RAND_reseed(primary, 0, NULL, 0, entropy.data, entropy.size) > 0)
		return true;
	log_error("libcrypto: cannot seed the random generator: %s",
		  ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return false;
}

/* This thread's context, with the digest set. */
static EVP_KDF_CTX *thread_context(void)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};
	EVP_KDF_CTX *ctx = NULL;

	if (!hkdf_library() || !hkdf || !thread_key_made)
		return NULL;
	ctx = pthread_getspecific(thread_key);
	if (ctx)
		return ctx;
	ctx = EVP_KDF_CTX_new(hkdf);
	if (!ctx || EVP_KDF_CTX_set_params(ctx, params) <= 0 ||
	    pthread_setspecific(thread_key, ctx) != 0) {
		EVP_KDF_CTX_free(ctx);
		return NULL;
	}
	return ctx;
}

/* OSSL_PARAM is not const; what it points to is only read. */
static OSSL_PARAM octets(const char *name, struct span value)
{
	static uint8_t nothing;

	return OSSL_PARAM_construct_octet_string(
	    name, value.size ? (void *)(uintptr_t)value.data : (void *)&nothing, value.size);
}

CK_RV hkdf_derive(struct span ikm, struct span salt, struct span info, uint8_t *out, size_t size)
{
	static const uint8_t zeros[32];
	const struct span zero = {zeros, sizeof(zeros)};
	OSSL_PARAM params[] = {
	    octets(OSSL_KDF_PARAM_KEY, ikm),
	    octets(OSSL_KDF_PARAM_SALT, salt.size ? salt : zero),
	    octets(OSSL_KDF_PARAM_INFO, info),
	    OSSL_PARAM_construct_end(),
	};
	OSSL_PARAM forget[] = {octets(OSSL_KDF_PARAM_KEY, zero), OSSL_PARAM_construct_end()};
	EVP_KDF_CTX *ctx = thread_context();
	bool done = false;

	if (ctx) {
		done = EVP_KDF_derive(ctx, out, size, params) > 0;
		/* Replacing the key wipes the old one. */
		if (EVP_KDF_CTX_set_params(ctx, forget) <= 0)
			done = false;
	}
	if (done)
		return CKR_OK;
	memory_wipe(out, size);
	log_error("libcrypto: HKDF failed: %s", ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return ctx ? CKR_DEVICE_ERROR : CKR_DEVICE_MEMORY;
}
