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

/* What is in the error queue, which is emptied. */
struct findings {
	bool any;
	bool memory;
	bool internal; /* libcrypto blames itself */
	bool refused;  /* by an algorithm, for a reason of its own */
	char text[160];
};

static bool is_refusal(unsigned long code)
{
	const int lib = ERR_GET_LIB(code);

	return (lib == ERR_LIB_RSA || lib == ERR_LIB_EC || lib == ERR_LIB_PROV) &&
	       !(ERR_GET_REASON(code) & ERR_RFLAG_COMMON);
}

static void read_queue(struct findings *f)
{
	unsigned long code = 0;

	while ((code = ERR_get_error()) != 0) {
		f->any = true;
		if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
			f->memory = true;
		else if (ERR_GET_REASON(code) == ERR_R_INTERNAL_ERROR)
			f->internal = true;
		else if (is_refusal(code))
			f->refused = true;
		ERR_error_string_n(code, f->text, sizeof(f->text));
	}
}

static CK_RV report(const struct findings *f, CK_RV rv)
{
	/*
	 * libcrypto 3.0 raises nothing where one of its constructors gets no memory, and gives a reason for
	 * all else: a device error without one is that.
	 */
	if (f->memory || (rv == CKR_DEVICE_ERROR && !f->any))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_DEVICE_MEMORY || rv == CKR_DEVICE_ERROR)
		log_error("libcrypto: %s", f->any ? f->text : "no memory");
	return rv;
}

CK_RV library_failure(CK_RV otherwise)
{
	struct findings f = {.any = false};

	read_queue(&f);
	return report(&f, otherwise);
}

CK_RV library_refusal(CK_RV invalid)
{
	struct findings f = {.any = false};

	read_queue(&f);
	return report(&f, f.refused && !f.internal ? invalid : CKR_DEVICE_ERROR);
}
