/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OpenSSL provider's context: core upcalls, the private library context in which public halves and
 * digests live, and the client context. Nothing is opened before the first use (DESIGN section 7, rules 8
 * and 14): loading the provider from openssl.cnf costs every program nothing. In the host program's process.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_PROVIDER_H
#define KEYCLAVE_OSSL_PROVIDER_PROVIDER_H

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>

#include "client/client.h"

struct provider; /* opaque; thread-safe */

/* Reasons, as `openssl errstr` and the error queue show them; the texts are in provider.c. */
enum provider_reason {
	PROVIDER_NO_MEMORY = 1,
	PROVIDER_BAD_CONFIGURATION,
	PROVIDER_BAD_URI,
	PROVIDER_NO_DAEMON,
	PROVIDER_NO_TOKEN,
	PROVIDER_TOKEN_AMBIGUOUS,
	PROVIDER_NOT_ENFORCED, /* the platform is not what the configuration demands */
	PROVIDER_LOGIN_FAILED,
	PROVIDER_PIN_LAST_TRY,
	PROVIDER_PIN_LOCKED,
	PROVIDER_PIN_REFUSED,
	PROVIDER_NOT_FOUND,
	PROVIDER_BAD_KEY,
	PROVIDER_NOT_PERMITTED,
	PROVIDER_BAD_PARAMETER,
	PROVIDER_BAD_DIGEST,
	PROVIDER_OPERATION_FAILED,
	PROVIDER_BAD_SIGNATURE_LENGTH,
	PROVIDER_BUFFER_TOO_SMALL,
	PROVIDER_NOT_EXPORTABLE,
	PROVIDER_LIBCRYPTO,
};

/* Puts REASON with a formatted text on the core's error queue. Always returns 0, so that callers can return it. */
int provider_raise_at(struct provider *p, const char *file, int line, const char *function,
		      enum provider_reason reason, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
#define provider_raise(p, reason, ...) \
	provider_raise_at((p), __FILE__, __LINE__, __func__, (reason), __VA_ARGS__)

/* The same for a CK_RV that came back from WHAT ("signing"): picks the reason and names the code. */
int provider_raise_rv(struct provider *p, CK_RV rv, const char *what);

/*
 * The client context, connected to nothing yet, and the settings; NULL with an error raised when the
 * configuration is unusable.
 */
struct client *provider_client(struct provider *p);
const struct settings *provider_settings(struct provider *p);

/* The private library context (default provider only, no openssl.cnf); NULL with an error raised. */
OSSL_LIB_CTX *provider_libctx(struct provider *p);

/*
 * Attaches the context to SLOT, once. At the first one it also checks what the configuration enforces
 * (tee=, attested=: rule 20). 0 with an error raised.
 */
int provider_attach(struct provider *p, uint64_t slot);

/* Held across a login of this provider's context (rule 12). */
void provider_login_lock(struct provider *p);
void provider_login_unlock(struct provider *p);

/* The PINs that were refused: refusal.h. */
struct refusals *provider_refusals(struct provider *p);

/* PIN file of the provider's section in openssl.cnf (pin-source), or NULL. */
const char *provider_pin_source(const struct provider *p);

/* Writes to an application's BIO; 0 with an error raised. */
int provider_bio_write(struct provider *p, OSSL_CORE_BIO *bio, const void *data, size_t size);
/* Reads at most SIZE bytes; *GOT 0 at the end of the input. */
int provider_bio_read(struct provider *p, OSSL_CORE_BIO *bio, void *data, size_t size, size_t *got);

#endif
