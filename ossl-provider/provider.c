/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OSSL_provider_init, the provider's context, and everything that is made at first use only: the private
 * library context, the client context, attached tokens.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "ossl-provider/algorithms.h"
#include "ossl-provider/provider.h"
#include "ossl-provider/refusal.h"

struct provider {
	const OSSL_CORE_HANDLE *core;
	OSSL_FUNC_core_get_libctx_fn *get_libctx;
	OSSL_FUNC_core_new_error_fn *new_error;
	OSSL_FUNC_core_set_error_debug_fn *set_error_debug;
	OSSL_FUNC_core_vset_error_fn *vset_error;
	OSSL_FUNC_BIO_read_ex_fn *bio_read;
	OSSL_FUNC_BIO_write_ex_fn *bio_write;
	/* From the provider's section of openssl.cnf; the core keeps the strings. */
	const char *endpoint;
	const char *token;
	const char *pin_source;
	struct refusals *refusals;

	_Atomic pid_t pid;          /* whose the locks are; negative while a child makes them anew */
	pthread_mutex_t lock;       /* guards what follows */
	pthread_mutex_t login_lock; /* held across a login; taken before .lock */
	OSSL_LIB_CTX *libctx;
	OSSL_PROVIDER *libctx_default; /* its only provider, loaded by us and so ours to unload */
	struct client *client;
	struct settings settings;
	uint64_t attached[PROTOCOL_NUMBERS_MAX];
	size_t attached_count;
};

static const OSSL_ITEM reasons[] = {
	{PROVIDER_NO_MEMORY, (void *)"out of memory"},
	{PROVIDER_BAD_CONFIGURATION, (void *)"the configuration is unusable"},
	{PROVIDER_BAD_URI, (void *)"not a usable pkcs11: URI"},
	{PROVIDER_NO_DAEMON, (void *)"keyclaved cannot be reached"},
	{PROVIDER_NO_TOKEN, (void *)"no such token"},
	{PROVIDER_TOKEN_AMBIGUOUS, (void *)"several tokens match: name one"},
	{PROVIDER_NOT_ENFORCED, (void *)"the platform is not what the configuration demands"},
	{PROVIDER_LOGIN_FAILED, (void *)"login failed"},
	{PROVIDER_PIN_LAST_TRY, (void *)"one PIN try is left: log in by hand first"},
	{PROVIDER_PIN_LOCKED, (void *)"the PIN is locked"},
	{PROVIDER_PIN_REFUSED, (void *)"this PIN was refused before: it is not tried again"},
	{PROVIDER_NOT_FOUND, (void *)"no such object"},
	{PROVIDER_BAD_KEY, (void *)"unusable key"},
	{PROVIDER_NOT_PERMITTED, (void *)"the key's policy does not permit it"},
	{PROVIDER_BAD_PARAMETER, (void *)"bad parameter"},
	{PROVIDER_BAD_DIGEST, (void *)"digest not usable here"},
	{PROVIDER_OPERATION_FAILED, (void *)"the enclave refused the operation"},
	{PROVIDER_BAD_SIGNATURE_LENGTH, (void *)"wrong signature length"},
	{PROVIDER_BUFFER_TOO_SMALL, (void *)"buffer too small"},
	{PROVIDER_NOT_EXPORTABLE, (void *)"private keys do not leave the enclave"},
	{PROVIDER_LIBCRYPTO, (void *)"libcrypto failed"},
	{0, NULL},
};

int provider_raise_at(struct provider *p, const char *file, int line, const char *function,
		      enum provider_reason reason, const char *format, ...)
{
	va_list args;

	if (!p->new_error || !p->vset_error)
		return 0;
	p->new_error(p->core);
	if (p->set_error_debug)
		p->set_error_debug(p->core, file, line, function);
	va_start(args, format);
	p->vset_error(p->core, reason, format, args);
	va_end(args);
	return 0;
}

static enum provider_reason reason_of(CK_RV rv)
{
	switch (rv) {
	case CKR_HOST_MEMORY:
	case CKR_DEVICE_MEMORY:
		return PROVIDER_NO_MEMORY;
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_DEVICE_ERROR:
		return PROVIDER_NO_DAEMON;
	case CKR_SLOT_ID_INVALID:
	case CKR_TOKEN_NOT_RECOGNIZED:
		return PROVIDER_NO_TOKEN;
	case CKR_PIN_INCORRECT:
	case CKR_PIN_LEN_RANGE:
	case CKR_USER_NOT_LOGGED_IN:
	case CKR_USER_PIN_NOT_INITIALIZED:
		return PROVIDER_LOGIN_FAILED;
	case CKR_PIN_LOCKED:
		return PROVIDER_PIN_LOCKED;
	case CKR_KEY_HANDLE_INVALID:
	case CKR_OBJECT_HANDLE_INVALID:
		return PROVIDER_NOT_FOUND;
	case CKR_KEY_FUNCTION_NOT_PERMITTED:
	case CKR_KEY_TYPE_INCONSISTENT:
	case CKR_MECHANISM_INVALID:
		return PROVIDER_NOT_PERMITTED;
	default:
		return PROVIDER_OPERATION_FAILED;
	}
}

int provider_raise_rv(struct provider *p, CK_RV rv, const char *what)
{
	return provider_raise(p, reason_of(rv), "%s: PKCS#11 error 0x%08lx", what, rv);
}

/* Under p->lock. Options of the provider's section go the way of C_Initialize's pReserved. */
static CK_RV load_settings(struct provider *p, char *why, size_t why_size)
{
	char reserved[PATH_MAX + 16] = "";

	if (p->endpoint &&
	    snprintf(reserved, sizeof(reserved), "endpoint=%s", p->endpoint) >= (int)sizeof(reserved)) {
		snprintf(why, why_size, "endpoint is too long");
		return CKR_ARGUMENTS_BAD;
	}
	if (!settings_load(&p->settings, *reserved ? reserved : NULL, why, why_size))
		return CKR_ARGUMENTS_BAD;
	if (p->token && snprintf(p->settings.provider_token, sizeof(p->settings.provider_token), "%s",
				 p->token) >= (int)sizeof(p->settings.provider_token)) {
		snprintf(why, why_size, "token label is too long");
		return CKR_ARGUMENTS_BAD;
	}
	return CKR_OK;
}

static void make_locks(struct provider *p)
{
	pthread_mutex_init(&p->lock, NULL);
	pthread_mutex_init(&p->login_lock, NULL);
}

/*
 * A thread may be in the middle of a login while another one forks, and the child has only that one: it makes
 * the locks anew, at first use and not in an atfork handler (recipe P12).
 */
static void check_fork(struct provider *p)
{
	pid_t now = getpid(), seen = atomic_load(&p->pid);

	while (seen != now) {
		if (seen != -now && atomic_compare_exchange_strong(&p->pid, &seen, -now)) {
			make_locks(p);
			refusal_forked(p->refusals);
			atomic_store(&p->pid, now);
			return;
		}
		sched_yield();
		seen = atomic_load(&p->pid);
	}
}

static void lock(struct provider *p)
{
	check_fork(p);
	pthread_mutex_lock(&p->lock);
}

struct client *provider_client(struct provider *p)
{
	char why[256] = "";
	struct client *client = NULL;
	CK_RV rv = CKR_OK;

	lock(p);
	if (!p->client) {
		rv = load_settings(p, why, sizeof(why));
		if (rv == CKR_OK)
			rv = client_open(&p->settings, "openssl provider", &p->client);
	}
	client = p->client;
	pthread_mutex_unlock(&p->lock);
	if (rv != CKR_OK)
		provider_raise(p, rv == CKR_HOST_MEMORY ? PROVIDER_NO_MEMORY : PROVIDER_BAD_CONFIGURATION, "%s",
			       *why ? why : "keyclave.conf");
	return client;
}

const struct settings *provider_settings(struct provider *p)
{
	return provider_client(p) ? &p->settings : NULL;
}

OSSL_LIB_CTX *provider_libctx(struct provider *p)
{
	OSSL_LIB_CTX *libctx = NULL;

	/* Before p->lock: it may load openssl.cnf, which may load us (recipe P11). */
	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	lock(p);
	if (!p->libctx) {
		libctx = OSSL_LIB_CTX_new();
		p->libctx_default = libctx ? OSSL_PROVIDER_load(libctx, "default") : NULL;
		if (!p->libctx_default) {
			OSSL_LIB_CTX_free(libctx);
			libctx = NULL;
		}
		p->libctx = libctx;
	}
	libctx = p->libctx;
	pthread_mutex_unlock(&p->lock);
	if (!libctx)
		provider_raise(p, PROVIDER_LIBCRYPTO, "private library context");
	return libctx;
}

void provider_login_lock(struct provider *p)
{
	check_fork(p);
	pthread_mutex_lock(&p->login_lock);
}

void provider_login_unlock(struct provider *p)
{
	pthread_mutex_unlock(&p->login_lock);
}

/* One condition of provider-properties, e.g. "tee=snp" or "attested=yes", against the token's own word. */
static bool condition_holds(const char *condition, size_t size, const struct token_response *token)
{
	const char *equals = memchr(condition, '=', size);
	struct span name = {(const uint8_t *)condition, equals ? (size_t)(equals - condition) : size};
	struct span value = span_text("yes");
	bool tee = !span_equal(token->platform, span_text("notee"));

	if (equals)
		value = (struct span){(const uint8_t *)equals + 1, size - name.size - 1};
	if (span_equal(name, span_text("tee")) && span_equal(value, span_text("yes")))
		return tee;
	if (span_equal(name, span_text("tee")) && span_equal(value, span_text("no")))
		return !tee;
	if (span_equal(name, span_text("tee")))
		return span_equal(value, token->platform);
	/* An unattested channel is a local one to our own machine's daemon: no remote attestation took place. */
	if (span_equal(name, span_text("attested")))
		return span_equal(value, span_text("no"));
	return false;
}

/* DESIGN section 7, rule 20: enforced at the first connection, never discovered. */
static int enforce(struct provider *p, uint64_t slot)
{
	const char *at = p->settings.provider_properties;
	struct client_answer answer = {0};
	int ok = 1;
	CK_RV rv = CKR_OK;

	if (!*at)
		return 1;
	rv = client_token(p->client, slot, &answer);
	if (rv != CKR_OK)
		return provider_raise_rv(p, rv, "reading the token");
	while (ok && *at) {
		size_t size = strcspn(at, ",");

		if (size && !condition_holds(at, size, &answer.message.token_response))
			ok = provider_raise(p, PROVIDER_NOT_ENFORCED, "%.*s is demanded", (int)size, at);
		at += size + (at[size] == ',');
	}
	client_done(&answer);
	return ok;
}

int provider_attach(struct provider *p, uint64_t slot)
{
	struct client *client = provider_client(p);
	bool known = false;
	CK_RV rv = CKR_OK;

	if (!client)
		return 0;
	provider_login_lock(p);
	for (size_t i = 0; i < p->attached_count; i++)
		known = known || p->attached[i] == slot;
	if (!known && p->attached_count == PROTOCOL_NUMBERS_MAX)
		rv = CKR_SESSION_COUNT;
	else if (!known)
		rv = client_attach(client, slot);
	if (!known && rv == CKR_OK && enforce(p, slot)) {
		p->attached[p->attached_count++] = slot;
		known = true;
	} else if (!known && rv == CKR_OK) {
		(void)client_detach(client, slot);
	}
	provider_login_unlock(p);
	if (rv != CKR_OK)
		provider_raise_rv(p, rv, "opening the token");
	return known;
}

struct refusals *provider_refusals(struct provider *p)
{
	check_fork(p);
	return p->refusals;
}

const char *provider_pin_source(const struct provider *p)
{
	return p->pin_source;
}

int provider_bio_write(struct provider *p, OSSL_CORE_BIO *bio, const void *data, size_t size)
{
	const uint8_t *at = data;
	size_t n = 0;

	while (size) {
		if (!p->bio_write || !p->bio_write(bio, (const char *)at, size, &n) || n == 0)
			return provider_raise(p, PROVIDER_LIBCRYPTO, "writing to the application's BIO");
		at += n;
		size -= n;
	}
	return 1;
}

int provider_bio_read(struct provider *p, OSSL_CORE_BIO *bio, void *data, size_t size, size_t *got)
{
	*got = 0;
	if (!p->bio_read)
		return provider_raise(p, PROVIDER_LIBCRYPTO, "the core has no BIO_read_ex");
	/* 0 is also how the end of the input is told. */
	if (!p->bio_read(bio, data, size, got))
		*got = 0;
	return 1;
}

static const OSSL_PARAM *provider_gettable(void *context)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_NAME, OSSL_PARAM_UTF8_PTR, NULL, 0),
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_VERSION, OSSL_PARAM_UTF8_PTR, NULL, 0),
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_BUILDINFO, OSSL_PARAM_UTF8_PTR, NULL, 0),
		OSSL_PARAM_DEFN(OSSL_PROV_PARAM_STATUS, OSSL_PARAM_INTEGER, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	return gettable;
}

static int provider_get_params(void *context, OSSL_PARAM params[])
{
	OSSL_PARAM *param = NULL;

	(void)context;
	param = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_NAME);
	if (param && !OSSL_PARAM_set_utf8_ptr(param, "Keyclave"))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_VERSION);
	if (param && !OSSL_PARAM_set_utf8_ptr(param, PACKAGE_VERSION))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_BUILDINFO);
	if (param && !OSSL_PARAM_set_utf8_ptr(param, PACKAGE_STRING))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
	if (param && !OSSL_PARAM_set_int(param, 1))
		return 0;
	return 1;
}

/*
 * Where nobody asks for a provider, OpenSSL takes the one whose algorithms it saw first: with us loaded
 * first, every ephemeral key and every foreign public key would come here (recipe P10). So when we are asked
 * for an operation for the first time, all other providers are asked before us: a fetch of the same operation
 * by another name brings that about, and finds us silent.
 */
static void let_others_first(struct provider *p, int operation)
{
	OSSL_LIB_CTX *application = p->get_libctx ? (OSSL_LIB_CTX *)p->get_libctx(p->core) : NULL;
	EVP_KEYMGMT *keymgmt = NULL;
	EVP_SIGNATURE *signature = NULL;
	EVP_ASYM_CIPHER *cipher = NULL;
	EVP_KEYEXCH *exchange = NULL;

	ERR_set_mark();
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		keymgmt = EVP_KEYMGMT_fetch(application, "RSA", NULL);
		break;
	case OSSL_OP_SIGNATURE:
		signature = EVP_SIGNATURE_fetch(application, "RSA", NULL);
		break;
	case OSSL_OP_ASYM_CIPHER:
		cipher = EVP_ASYM_CIPHER_fetch(application, "RSA", NULL);
		break;
	case OSSL_OP_KEYEXCH:
		exchange = EVP_KEYEXCH_fetch(application, "ECDH", NULL);
		break;
	default:
		break;
	}
	EVP_KEYMGMT_free(keymgmt);
	EVP_SIGNATURE_free(signature);
	EVP_ASYM_CIPHER_free(cipher);
	EVP_KEYEXCH_free(exchange);
	ERR_pop_to_mark();
}

/* The tables never change (recipe P9), but see let_others_first. */
static const OSSL_ALGORITHM *provider_query(void *context, int operation, int *no_cache)
{
	static _Thread_local struct provider *asking;
	struct provider *p = context;

	*no_cache = 0;
	if (asking == p) {
		*no_cache = 1;
		return NULL;
	}
	asking = p;
	let_others_first(p, operation);
	asking = NULL;
	return algorithms_find(operation);
}

static const OSSL_ITEM *provider_reasons(void *context)
{
	(void)context;
	return reasons;
}

/* May never be called, and may be called late in an exit (recipe P13): frees memory, tells nobody anything. */
static void provider_teardown(void *context)
{
	struct provider *p = context;

	client_close(&p->client);
	refusal_free(&p->refusals);
	if (p->libctx_default)
		OSSL_PROVIDER_unload(p->libctx_default);
	OSSL_LIB_CTX_free(p->libctx);
	pthread_mutex_destroy(&p->lock);
	pthread_mutex_destroy(&p->login_lock);
	free(p);
}

static const OSSL_DISPATCH provider_functions[] = {
	{OSSL_FUNC_PROVIDER_TEARDOWN, (void (*)(void))provider_teardown},
	{OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, (void (*)(void))provider_gettable},
	{OSSL_FUNC_PROVIDER_GET_PARAMS, (void (*)(void))provider_get_params},
	{OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))provider_query},
	{OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, (void (*)(void))provider_reasons},
	{0, NULL},
};

static void take_upcalls(struct provider *p, const OSSL_DISPATCH *in, OSSL_FUNC_core_get_params_fn **get)
{
	for (; in->function_id; in++) {
		switch (in->function_id) {
		case OSSL_FUNC_CORE_GET_PARAMS:
			*get = OSSL_FUNC_core_get_params(in);
			break;
		case OSSL_FUNC_CORE_GET_LIBCTX:
			p->get_libctx = OSSL_FUNC_core_get_libctx(in);
			break;
		case OSSL_FUNC_CORE_NEW_ERROR:
			p->new_error = OSSL_FUNC_core_new_error(in);
			break;
		case OSSL_FUNC_CORE_SET_ERROR_DEBUG:
			p->set_error_debug = OSSL_FUNC_core_set_error_debug(in);
			break;
		case OSSL_FUNC_CORE_VSET_ERROR:
			p->vset_error = OSSL_FUNC_core_vset_error(in);
			break;
		case OSSL_FUNC_BIO_READ_EX:
			p->bio_read = OSSL_FUNC_BIO_read_ex(in);
			break;
		case OSSL_FUNC_BIO_WRITE_EX:
			p->bio_write = OSSL_FUNC_BIO_write_ex(in);
			break;
		default:
			break;
		}
	}
}

__attribute__((visibility("default"))) OSSL_provider_init_fn OSSL_provider_init;

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out,
		       void **context)
{
	OSSL_FUNC_core_get_params_fn *get_params = NULL;
	struct provider *p = calloc(1, sizeof(*p));

	if (!p)
		return 0;
	p->refusals = refusal_new();
	if (!p->refusals) {
		free(p);
		return 0;
	}
	p->core = handle;
	take_upcalls(p, in, &get_params);
	if (get_params) {
		OSSL_PARAM options[] = {
			OSSL_PARAM_DEFN("endpoint", OSSL_PARAM_UTF8_PTR, &p->endpoint, sizeof(p->endpoint)),
			OSSL_PARAM_DEFN("token", OSSL_PARAM_UTF8_PTR, &p->token, sizeof(p->token)),
			OSSL_PARAM_DEFN("pin-source", OSSL_PARAM_UTF8_PTR, &p->pin_source,
					sizeof(p->pin_source)),
			OSSL_PARAM_END,
		};

		if (!get_params(handle, options)) {
			refusal_free(&p->refusals);
			free(p);
			return 0;
		}
	}
	make_locks(p);
	atomic_init(&p->pid, getpid());
	*out = provider_functions;
	*context = p;
	return 1;
}
