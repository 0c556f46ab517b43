/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private library context and the reading of libcrypto's error queue. Enclave only.
 */
#include "config.h"

#include "crypto/library.h"

#include <pthread.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

#include "common/log.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static OSSL_LIB_CTX *context;
static OSSL_PROVIDER *provider;

static bool library_open(void)
{
	/*
	 * Settles for the whole process that no configuration is loaded: openssl.cnf may name any module
	 * (our own provider too), and nothing outside the measured image may choose the enclave's code.
	 */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return false;
	context = OSSL_LIB_CTX_new();
	if (!context)
		return false;
	provider = OSSL_PROVIDER_load(context, "default");
	if (!provider) {
		OSSL_LIB_CTX_free(context);
		context = NULL;
		return false;
	}
	return true;
}

bool library_start(void)
{
	bool ok = false;

	if (pthread_mutex_lock(&lock) != 0)
		return false;
	ok = context || library_open();
	pthread_mutex_unlock(&lock);
	if (!ok)
		(void)library_failure(CKR_DEVICE_ERROR);
	return ok;
}

OSSL_LIB_CTX *library_context(void)
{
	return context;
}

CK_RV library_failure(CK_RV otherwise)
{
	char text[160] = "";
	unsigned long code = 0;
	CK_RV rv = otherwise;

	while ((code = ERR_get_error()) != 0) {
		if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
			rv = CKR_DEVICE_MEMORY;
		if (rv == CKR_DEVICE_MEMORY || rv == CKR_DEVICE_ERROR)
			ERR_error_string_n(code, text, sizeof(text));
	}
	if (rv == CKR_DEVICE_MEMORY || rv == CKR_DEVICE_ERROR)
		log_error("libcrypto: %s", text[0] ? text : "failed without a reason");
	return rv;
}
