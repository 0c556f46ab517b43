/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KEYEXCH: ECDH and X25519 with a token key, plain or with the X9.63 KDF that CMS uses. The shared secret comes
 * out, so the key's policy must allow a derived key to be extractable (docs/architecture.md).
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "ossl-provider/keyexch.h"
#include "ossl-provider/signature.h"

struct keyexch {
	struct provider *provider;
	struct pkey *key;
	EVP_PKEY *peer;
	bool kdf;               /* X9.63 */
	EVP_MD *kdf_md;
	const struct mechanism_row *kdf_row;
	size_t kdf_size;
	struct buffer ukm;
};

static void *keyexch_new(void *context)
{
	struct keyexch *x = calloc(1, sizeof(*x));

	if (x)
		x->provider = context;
	return x;
}

static void keyexch_free(void *context)
{
	struct keyexch *x = context;

	if (!x)
		return;
	pkey_free(x->key);
	EVP_PKEY_free(x->peer);
	EVP_MD_free(x->kdf_md);
	buffer_free(&x->ukm);
	free(x);
}

static void *keyexch_dup(void *context)
{
	const struct keyexch *from = context;
	struct keyexch *x = malloc(sizeof(*x));

	if (!x)
		return NULL;
	*x = *from;
	x->ukm = (struct buffer){0};
	if (x->key)
		pkey_retain(x->key);
	if (x->peer)
		EVP_PKEY_up_ref(x->peer);
	if (x->kdf_md)
		EVP_MD_up_ref(x->kdf_md);
	if (from->ukm.size && !buffer_set(&x->ukm, from->ukm.data, from->ukm.size)) {
		keyexch_free(x);
		return NULL;
	}
	return x;
}

static int set_kdf(struct keyexch *x, const OSSL_PARAM *param)
{
	if (!param)
		return 1;
	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return 0;
	if (*(const char *)param->data && strcmp(param->data, OSSL_KDF_NAME_X963KDF) != 0)
		return provider_raise(x->provider, PROVIDER_BAD_PARAMETER, "KDF %s", (const char *)param->data);
	x->kdf = *(const char *)param->data != '\0';
	return 1;
}

static int set_kdf_digest(struct keyexch *x, const OSSL_PARAM *param)
{
	if (!param)
		return 1;
	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return 0;
	EVP_MD_free(x->kdf_md);
	x->kdf_row = signature_find_digest(x->provider, param->data, &x->kdf_md);
	return x->kdf_row != NULL;
}

/* Plain ECDH is what the enclave does; on prime curves the cofactor is 1, so the mode makes no difference. */
static int keyexch_set_params(void *context, const OSSL_PARAM params[])
{
	struct keyexch *x = context;
	const OSSL_PARAM *param = NULL;

	if (!params)
		return 1;
	if (!set_kdf(x, OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_TYPE)) ||
	    !set_kdf_digest(x, OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_DIGEST)))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_OUTLEN);
	if (param && !OSSL_PARAM_get_size_t(param, &x->kdf_size))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_EXCHANGE_PARAM_KDF_UKM);
	return !param ||
	       (param->data_type == OSSL_PARAM_OCTET_STRING && buffer_set(&x->ukm, param->data, param->data_size));
}

static const OSSL_PARAM *keyexch_settable(void *context, void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_int(OSSL_EXCHANGE_PARAM_EC_ECDH_COFACTOR_MODE, NULL),
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST_PROPS, NULL, 0),
		OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
		OSSL_PARAM_octet_string(OSSL_EXCHANGE_PARAM_KDF_UKM, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return settable;
}

static int keyexch_get_params(void *context, OSSL_PARAM params[])
{
	const struct keyexch *x = context;
	OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_EXCHANGE_PARAM_KDF_TYPE);

	if (param && !OSSL_PARAM_set_utf8_string(param, x->kdf ? OSSL_KDF_NAME_X963KDF : ""))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_EXCHANGE_PARAM_KDF_DIGEST);
	if (param && !OSSL_PARAM_set_utf8_string(param, x->kdf_md ? EVP_MD_get0_name(x->kdf_md) : ""))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_EXCHANGE_PARAM_KDF_OUTLEN);
	if (param && !OSSL_PARAM_set_size_t(param, x->kdf_size))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_EXCHANGE_PARAM_KDF_UKM);
	return !param || OSSL_PARAM_set_octet_ptr(param, x->ukm.data, x->ukm.size);
}

static const OSSL_PARAM *keyexch_gettable(void *context, void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_TYPE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_EXCHANGE_PARAM_KDF_DIGEST, NULL, 0),
		OSSL_PARAM_size_t(OSSL_EXCHANGE_PARAM_KDF_OUTLEN, NULL),
		OSSL_PARAM_octet_ptr(OSSL_EXCHANGE_PARAM_KDF_UKM, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return gettable;
}

static int keyexch_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	struct keyexch *x = context;
	struct pkey *key = keydata;

	if (!key || !key->is_private)
		return provider_raise(x->provider, PROVIDER_BAD_KEY, "there is no private key to derive with");
	pkey_retain(key);
	pkey_free(x->key);
	x->key = key;
	return keyexch_set_params(x, params);
}

static int keyexch_set_peer(void *context, void *keydata)
{
	struct keyexch *x = context;
	struct pkey *peer = keydata;

	if (!x->key || !peer || !peer->public || !EVP_PKEY_up_ref(peer->public))
		return provider_raise(x->provider, PROVIDER_BAD_KEY, "the peer's key is unusable");
	EVP_PKEY_free(x->peer);
	x->peer = peer->public;
	/* The curve is checked here, the point by the software key's import and again by the enclave. */
	if (EVP_PKEY_parameters_eq(x->key->public, x->peer) == 1 || x->key->type == &pkey_x25519)
		return 1;
	return provider_raise(x->provider, PROVIDER_BAD_KEY, "the peer's key is on another curve");
}

struct agree_call {
	struct agree_request request;
	struct buffer secret; /* .secret */
};

static CK_RV call_agree(struct pkey *key, struct span grant, void *arg)
{
	struct agree_call *call = arg;
	struct client_answer answer = {0};
	CK_RV rv = CKR_OK;

	call->request.grant = grant;
	rv = client_call(provider_client(key->provider), REQUEST_AGREE, &call->request, &answer);
	if (rv == CKR_OK && !buffer_set(&call->secret, answer.message.operate_response.data.data,
					answer.message.operate_response.data.size))
		rv = CKR_HOST_MEMORY;
	client_done(&answer);
	return rv;
}

/* CKD_SHA256_KDF and its like, by the digest's row. */
static CK_EC_KDF_TYPE kdf_of(const struct mechanism_row *digest)
{
	static const CK_EC_KDF_TYPE kdfs[] = {CKD_SHA1_KDF, CKD_SHA224_KDF, CKD_SHA256_KDF, CKD_SHA384_KDF,
					      CKD_SHA512_KDF};

	for (size_t i = 0; i < sizeof(kdfs) / sizeof(kdfs[0]); i++)
		if (mechanism_find_kdf(kdfs[i]) == digest)
			return kdfs[i];
	return CKD_NULL;
}

static int natural_size(const struct keyexch *x)
{
	return (EVP_PKEY_get_bits(x->key->public) + 7) / 8;
}

static int fill_request(struct keyexch *x, struct agree_call *call, struct span peer)
{
	struct mechanism *m = &call->request.mechanism;

	call->request.slot = x->key->slot;
	call->request.key = x->key->handle;
	m->row = mechanism_find(CKM_ECDH1_DERIVE);
	m->kdf = CKD_NULL;
	m->peer = peer;
	if (!x->kdf)
		return 1;
	if (!x->kdf_row || x->kdf_size == 0)
		return provider_raise(x->provider, PROVIDER_BAD_PARAMETER, "the KDF needs a digest and a length");
	m->kdf = kdf_of(x->kdf_row);
	m->shared = buffer_span(&x->ukm);
	call->request.size = x->kdf_size;
	return 1;
}

static int keyexch_derive(void *context, unsigned char *secret, size_t *secretlen, size_t outsize)
{
	struct keyexch *x = context;
	struct agree_call call = {.secret = {.secret = true}};
	unsigned char *peer = NULL;
	size_t peer_size = 0, want = 0;
	int ok = 0;
	CK_RV rv = CKR_OK;

	if (!x->key || !x->peer)
		return provider_raise(x->provider, PROVIDER_BAD_KEY, "the peer's key is missing");
	want = x->kdf ? x->kdf_size : (size_t)natural_size(x);
	if (!secret) {
		*secretlen = want;
		return 1;
	}
	if (outsize < want)
		return provider_raise(x->provider, PROVIDER_BUFFER_TOO_SMALL, "%zu bytes are needed", want);
	peer_size = EVP_PKEY_get1_encoded_public_key(x->peer, &peer);
	if (peer_size == 0)
		return provider_raise(x->provider, PROVIDER_LIBCRYPTO, "encoding the peer's key");
	if (fill_request(x, &call, (struct span){peer, peer_size})) {
		rv = pkey_call(x->key, CKF_DERIVE, call_agree, &call);
		if (rv == CKR_OK && call.secret.size != want)
			rv = CKR_DEVICE_ERROR;
		if (rv != CKR_OK)
			provider_raise_rv(x->provider, rv, "key agreement");
		ok = rv == CKR_OK;
	}
	if (ok) {
		memcpy(secret, call.secret.data, want);
		*secretlen = want;
	}
	buffer_free(&call.secret);
	OPENSSL_free(peer);
	return ok;
}

#define KEYEXCH_COMMON                                                                             \
	{OSSL_FUNC_KEYEXCH_NEWCTX, (void (*)(void))keyexch_new},                                   \
	{OSSL_FUNC_KEYEXCH_FREECTX, (void (*)(void))keyexch_free},                                 \
	{OSSL_FUNC_KEYEXCH_DUPCTX, (void (*)(void))keyexch_dup},                                   \
	{OSSL_FUNC_KEYEXCH_INIT, (void (*)(void))keyexch_init},                                    \
	{OSSL_FUNC_KEYEXCH_SET_PEER, (void (*)(void))keyexch_set_peer},                            \
	{OSSL_FUNC_KEYEXCH_DERIVE, (void (*)(void))keyexch_derive}

const OSSL_DISPATCH keyexch_ecdh_functions[] = {
	KEYEXCH_COMMON,
	{OSSL_FUNC_KEYEXCH_SET_CTX_PARAMS, (void (*)(void))keyexch_set_params},
	{OSSL_FUNC_KEYEXCH_SETTABLE_CTX_PARAMS, (void (*)(void))keyexch_settable},
	{OSSL_FUNC_KEYEXCH_GET_CTX_PARAMS, (void (*)(void))keyexch_get_params},
	{OSSL_FUNC_KEYEXCH_GETTABLE_CTX_PARAMS, (void (*)(void))keyexch_gettable},
	{0, NULL},
};

const OSSL_DISPATCH keyexch_x25519_functions[] = {
	KEYEXCH_COMMON,
	{0, NULL},
};
