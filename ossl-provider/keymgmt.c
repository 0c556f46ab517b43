/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KEYMGMT for keys in the token. The public half answers for itself (size, bits, parameters, comparison, export);
 * the private half is never given out (recipes P1 and P2).
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#include "mechanism/keyclave.h"
#include "ossl-provider/generate.h"
#include "ossl-provider/keymgmt.h"

/* ---- evidence, DESIGN 8: a nonce goes in, evidence comes out ---- */

#define PARAM_EVIDENCE "keyclave-evidence"
#define PARAM_NONCE "keyclave-nonce"
#define PARAM_URI "keyclave-uri"

static void *rsa_new(void *context)
{
	return pkey_new_public(context, &pkey_rsa, NULL);
}

static void *rsa_pss_new(void *context)
{
	return pkey_new_public(context, &pkey_rsa_pss, NULL);
}

static void *ec_new(void *context)
{
	return pkey_new_public(context, &pkey_ec, NULL);
}

static void *ed25519_new(void *context)
{
	return pkey_new_public(context, &pkey_ed25519, NULL);
}

static void *x25519_new(void *context)
{
	return pkey_new_public(context, &pkey_x25519, NULL);
}

static void keymgmt_free(void *keydata)
{
	pkey_free(keydata);
}

/* REFERENCE is a pointer that the STORE or a decoder lends; we take a reference of our own (recipe P3). */
static void *keymgmt_load(const void *reference, size_t size)
{
	struct pkey *key = NULL;

	if (size != sizeof(key))
		return NULL;
	memcpy(&key, reference, sizeof(key));
	return key ? pkey_retain(key) : NULL;
}

/* What the copy of less than a whole key holds: a software key of its own, or NULL for types without parameters. */
static EVP_PKEY *copy_public(const struct pkey *key, int selection)
{
	EVP_PKEY *copy = NULL;

	if (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY)
		return EVP_PKEY_dup(key->public);
	copy = EVP_PKEY_new();
	if (copy && EVP_PKEY_copy_parameters(copy, key->public) == 1)
		return copy;
	EVP_PKEY_free(copy);
	return NULL;
}

/* CMS copies the parameters alone, and puts the peer's point into the copy. */
static void *keymgmt_dup(const void *keydata, int selection)
{
	const struct pkey *key = keydata;
	struct pkey *made = NULL;
	EVP_PKEY *public = NULL;

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return pkey_retain((struct pkey *)(uintptr_t)keydata);
	public = key->public ? copy_public(key, selection) : NULL;
	if (!public && key->type == &pkey_ec)
		return NULL;
	made = pkey_new_public(key->provider, key->type, public);
	if (!made)
		EVP_PKEY_free(public);
	return made;
}

static int keymgmt_has(const void *keydata, int selection)
{
	const struct pkey *key = keydata;

	if (!key)
		return 0;
	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) && !key->is_private)
		return 0;
	if (selection & (OSSL_KEYMGMT_SELECT_PUBLIC_KEY | OSSL_KEYMGMT_SELECT_ALL_PARAMETERS))
		return key->public != NULL;
	return 1;
}

/* Equal public halves are equal keys: there is one private key for each. */
static int keymgmt_match(const void *one, const void *other, int selection)
{
	const struct pkey *a = one, *b = other;

	if (!a->public || !b->public)
		return 0;
	if (selection & OSSL_KEYMGMT_SELECT_KEYPAIR)
		return EVP_PKEY_eq(a->public, b->public) == 1;
	return EVP_PKEY_parameters_eq(a->public, b->public) == 1;
}

static int keymgmt_validate(const void *keydata, int selection, int checktype)
{
	const struct pkey *key = keydata;
	EVP_PKEY_CTX *ctx = NULL;
	int ok = 0;

	(void)checktype;
	if (!key->public)
		return 0;
	/* The enclave has made or checked the pair; the public half can be checked here. */
	if (!(selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY))
		return 1;
	ctx = EVP_PKEY_CTX_new_from_pkey(provider_libctx(key->provider), key->public, NULL);
	ok = ctx && EVP_PKEY_public_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/*
 * 0 whenever the private half is asked for, even with public parts: the core then comes to our own
 * operations instead of using half a key elsewhere (recipe P1).
 */
static int keymgmt_export(void *keydata, int selection, OSSL_CALLBACK *give, void *give_arg)
{
	struct pkey *key = keydata;
	OSSL_PARAM *params = NULL;
	int ok = 0;

	if (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return 0;
	if (!key->public)
		return 0;
	if (EVP_PKEY_todata(key->public, EVP_PKEY_PUBLIC_KEY, &params))
		ok = give(params, give_arg);
	OSSL_PARAM_free(params);
	return ok;
}

static const OSSL_PARAM *keymgmt_export_types(int selection)
{
	static const OSSL_PARAM types[] = {
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_END,
	};

	return selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY ? NULL : types;
}

/*
 * A public key from elsewhere becomes a software key here, so that it can be compared with ours, verified
 * with, and be a peer. A private one is refused: the core then goes back to the provider it came from
 * (recipe P10). The core selects everything whatever it has, so what counts is what there is.
 */
static int keymgmt_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	struct pkey *key = keydata;
	EVP_PKEY_CTX *ctx = NULL;
	OSSL_PARAM *copy = NULL;
	int ok = 0;

	if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) &&
	    (OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_PRIV_KEY) ||
	     OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_D)))
		return 0;
	if (key->public || key->descriptor)
		return 0;
	ctx = EVP_PKEY_CTX_new_from_name(provider_libctx(key->provider), key->type->name, NULL);
	copy = OSSL_PARAM_dup(params);
	if (ctx && copy && EVP_PKEY_fromdata_init(ctx) == 1)
		ok = EVP_PKEY_fromdata(ctx, &key->public, EVP_PKEY_PUBLIC_KEY, copy) == 1;
	OSSL_PARAM_free(copy);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

/* What EVP_PKEY_set_params has left, copied: another thread may set another one. */
static struct span kept_nonce(struct pkey *key, uint8_t copy[PROTOCOL_NONCE_MAX])
{
	struct span nonce = {copy, 0};

	if (!CRYPTO_THREAD_read_lock(key->lock))
		return nonce;
	nonce.size = key->nonce.size;
	if (nonce.size)
		memcpy(copy, key->nonce.data, nonce.size);
	CRYPTO_THREAD_unlock(key->lock);
	return nonce;
}

static int set_nonce(struct pkey *key, const OSSL_PARAM *param)
{
	int ok = 0;

	if (!key->descriptor || param->data_type != OSSL_PARAM_OCTET_STRING || param->data_size > PROTOCOL_NONCE_MAX)
		return provider_raise(key->provider, PROVIDER_BAD_PARAMETER,
				      PARAM_NONCE " is an octet string of at most %d bytes, for a key in a token",
				      PROTOCOL_NONCE_MAX);
	if (!CRYPTO_THREAD_write_lock(key->lock))
		return 0;
	ok = buffer_set(&key->nonce, param->data, param->data_size);
	CRYPTO_THREAD_unlock(key->lock);
	return ok ? 1 : provider_raise_rv(key->provider, CKR_HOST_MEMORY, PARAM_NONCE);
}

static int get_evidence(struct pkey *key, OSSL_PARAM *param, const OSSL_PARAM *nonce)
{
	struct evidence_request request = {.slot = key->slot, .handle = key->handle};
	struct client_answer answer = {0};
	uint8_t kept[PROTOCOL_NONCE_MAX];
	int ok = 0;
	CK_RV rv = CKR_OK;

	if (!key->descriptor)
		return 0;
	if (nonce)
		request.nonce = (struct span){nonce->data, nonce->data_size};
	else
		request.nonce = kept_nonce(key, kept);
	rv = client_call(provider_client(key->provider), REQUEST_EVIDENCE, &request, &answer);
	if (rv != CKR_OK)
		return provider_raise_rv(key->provider, rv, "reading evidence");
	ok = OSSL_PARAM_set_octet_string(param, answer.message.evidence_response.evidence.data,
					 answer.message.evidence_response.evidence.size);
	client_done(&answer);
	return ok;
}

static const char *default_digest(const struct pkey *key)
{
	if (key->pss_md)
		return key->pss_md->digest_name;
	return key->type == &pkey_ed25519 ? "" : "SHA256";
}

/* A parameter array of the core's to a nonce in it: octets in the same call's array (docs/evidence.md). */
static int get_own(struct pkey *key, OSSL_PARAM params[])
{
	OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_DEFAULT_DIGEST);

	if (param && key->type != &pkey_ed25519 && key->type != &pkey_x25519 &&
	    !OSSL_PARAM_set_utf8_string(param, default_digest(key)))
		return 0;
	/* Ed25519 does its own hashing and takes no digest's name (recipe P8). */
	param = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_MANDATORY_DIGEST);
	if (param && key->type == &pkey_ed25519 && !OSSL_PARAM_set_utf8_string(param, ""))
		return 0;
	param = OSSL_PARAM_locate(params, PARAM_URI);
	if (param && (!key->uri || !OSSL_PARAM_set_utf8_string(param, key->uri)))
		return 0;
	param = OSSL_PARAM_locate(params, PARAM_EVIDENCE);
	if (param && !get_evidence(key, param, OSSL_PARAM_locate(params, PARAM_NONCE)))
		return 0;
	return 1;
}

static int keymgmt_get_params(void *keydata, OSSL_PARAM params[])
{
	struct pkey *key = keydata;

	if (!key->public)
		return 0;
	/* Bits, sizes, group, public point, modulus: the software key knows them all. */
	ERR_set_mark();
	(void)EVP_PKEY_get_params(key->public, params);
	ERR_pop_to_mark();
	return get_own(key, params);
}

static const OSSL_PARAM *keymgmt_gettable(void *context)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_utf8_string(PARAM_URI, NULL, 0),
		OSSL_PARAM_octet_string(PARAM_NONCE, NULL, 0),
		OSSL_PARAM_octet_string(PARAM_EVIDENCE, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	return gettable;
}

/* A peer's point, put into a copy of the parameters, or a nonce for evidence. Keys in the token do not change. */
static int keymgmt_set_params(void *keydata, const OSSL_PARAM params[])
{
	struct pkey *key = keydata;
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY);

	const OSSL_PARAM *nonce = OSSL_PARAM_locate_const(params, PARAM_NONCE);

	if (nonce && !set_nonce(key, nonce))
		return 0;
	if (!param)
		return 1;
	if (key->descriptor || param->data_type != OSSL_PARAM_OCTET_STRING)
		return provider_raise(key->provider, PROVIDER_NOT_PERMITTED, "a token's key stays as it is");
	if (key->public)
		return EVP_PKEY_set1_encoded_public_key(key->public, param->data, param->data_size) == 1;
	key->public = EVP_PKEY_new_raw_public_key_ex(provider_libctx(key->provider), key->type->name, NULL,
						     param->data, param->data_size);
	return key->public != NULL;
}

static const OSSL_PARAM *keymgmt_settable(void *context)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
		OSSL_PARAM_octet_string(PARAM_NONCE, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	return settable;
}

/* The alias that only we have, so that the core's first fetch finds us and exports nothing (recipe P1). */
static const char *rsa_operation(int operation)
{
	(void)operation;
	return pkey_rsa.operation;
}

static const char *ec_operation(int operation)
{
	(void)operation;
	return pkey_ec.operation;
}

static const char *ed25519_operation(int operation)
{
	(void)operation;
	return pkey_ed25519.operation;
}

static const char *x25519_operation(int operation)
{
	(void)operation;
	return pkey_x25519.operation;
}

static void *rsa_generate(void *context, int selection, const OSSL_PARAM params[])
{
	return generate_new(context, &pkey_rsa, selection, params);
}

static void *rsa_pss_generate(void *context, int selection, const OSSL_PARAM params[])
{
	return generate_new(context, &pkey_rsa_pss, selection, params);
}

static void *ec_generate(void *context, int selection, const OSSL_PARAM params[])
{
	return generate_new(context, &pkey_ec, selection, params);
}

static void *ed25519_generate(void *context, int selection, const OSSL_PARAM params[])
{
	return generate_new(context, &pkey_ed25519, selection, params);
}

static void *x25519_generate(void *context, int selection, const OSSL_PARAM params[])
{
	return generate_new(context, &pkey_x25519, selection, params);
}

/* What all types have in common; it stands in each table once. */
#define KEYMGMT_COMMON                                                                             \
	{OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))keymgmt_free},                                    \
	{OSSL_FUNC_KEYMGMT_LOAD, (void (*)(void))keymgmt_load},                                    \
	{OSSL_FUNC_KEYMGMT_DUP, (void (*)(void))keymgmt_dup},                                      \
	{OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))keymgmt_has},                                      \
	{OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))keymgmt_match},                                  \
	{OSSL_FUNC_KEYMGMT_VALIDATE, (void (*)(void))keymgmt_validate},                            \
	{OSSL_FUNC_KEYMGMT_EXPORT, (void (*)(void))keymgmt_export},                                \
	{OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (void (*)(void))keymgmt_export_types},                    \
	{OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))keymgmt_import},                                \
	{OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))keymgmt_export_types},                    \
	{OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))keymgmt_get_params},                        \
	{OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))keymgmt_gettable},                     \
	{OSSL_FUNC_KEYMGMT_SET_PARAMS, (void (*)(void))keymgmt_set_params},                        \
	{OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, (void (*)(void))keymgmt_settable},                     \
	{OSSL_FUNC_KEYMGMT_GEN_SET_TEMPLATE, (void (*)(void))generate_set_template},               \
	{OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, (void (*)(void))generate_set_params},                   \
	{OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, (void (*)(void))generate_settable},                \
	{OSSL_FUNC_KEYMGMT_GEN, (void (*)(void))generate_run},                                     \
	{OSSL_FUNC_KEYMGMT_GEN_CLEANUP, (void (*)(void))generate_free}

const OSSL_DISPATCH keymgmt_rsa_functions[] = {
	{OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))rsa_new},
	{OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))rsa_generate},
	{OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))rsa_operation},
	KEYMGMT_COMMON,
	{0, NULL},
};

const OSSL_DISPATCH keymgmt_rsa_pss_functions[] = {
	{OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))rsa_pss_new},
	{OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))rsa_pss_generate},
	{OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))rsa_operation},
	KEYMGMT_COMMON,
	{0, NULL},
};

const OSSL_DISPATCH keymgmt_ec_functions[] = {
	{OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))ec_new},
	{OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))ec_generate},
	{OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))ec_operation},
	KEYMGMT_COMMON,
	{0, NULL},
};

const OSSL_DISPATCH keymgmt_ed25519_functions[] = {
	{OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))ed25519_new},
	{OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))ed25519_generate},
	{OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))ed25519_operation},
	KEYMGMT_COMMON,
	{0, NULL},
};

const OSSL_DISPATCH keymgmt_x25519_functions[] = {
	{OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))x25519_new},
	{OSSL_FUNC_KEYMGMT_GEN_INIT, (void (*)(void))x25519_generate},
	{OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))x25519_operation},
	KEYMGMT_COMMON,
	{0, NULL},
};
