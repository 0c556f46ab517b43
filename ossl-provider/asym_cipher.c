/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ASYM_CIPHER for RSA: decryption in the enclave (PKCS #1 v1.5, OAEP, raw, and the premaster secret of TLS,
 * whose padding is checked in there in constant time, recipe P16); encryption in software.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/prov_ssl.h>
#include <stdlib.h>
#include <string.h>

#include "ossl-provider/asym_cipher.h"
#include "ossl-provider/signature.h"

#define PREMASTER_SIZE 48

struct asym_cipher {
	struct provider *provider;
	struct pkey *key;
	bool decrypting;
	int padding;
	EVP_MD *oaep_md, *mgf1_md;
	const struct mechanism_row *oaep_row, *mgf1_row;
	struct buffer label;
	unsigned client_version, negotiated_version;
};

static void *asym_cipher_new(void *context)
{
	struct asym_cipher *c = calloc(1, sizeof(*c));

	if (c) {
		c->provider = context;
		c->padding = RSA_PKCS1_PADDING;
	}
	return c;
}

static void asym_cipher_free(void *context)
{
	struct asym_cipher *c = context;

	if (!c)
		return;
	pkey_free(c->key);
	EVP_MD_free(c->oaep_md);
	EVP_MD_free(c->mgf1_md);
	buffer_free(&c->label);
	free(c);
}

static void *asym_cipher_dup(void *context)
{
	const struct asym_cipher *from = context;
	struct asym_cipher *c = malloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *from;
	c->label = (struct buffer){0};
	if (c->key)
		pkey_retain(c->key);
	if (c->oaep_md)
		EVP_MD_up_ref(c->oaep_md);
	if (c->mgf1_md)
		EVP_MD_up_ref(c->mgf1_md);
	if (from->label.size && !buffer_set(&c->label, from->label.data, from->label.size)) {
		asym_cipher_free(c);
		return NULL;
	}
	return c;
}

static int set_md(struct asym_cipher *c, const OSSL_PARAM *param, EVP_MD **md, const struct mechanism_row **row)
{
	EVP_MD *found = NULL;
	const struct mechanism_row *found_row = NULL;

	if (!param)
		return 1;
	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return 0;
	found_row = signature_find_digest(c->provider, param->data, &found);
	if (!found_row)
		return 0;
	EVP_MD_free(*md);
	*md = found;
	*row = found_row;
	return 1;
}

static int get_padding(const OSSL_PARAM *param, int *padding)
{
	static const struct {
		const char *name;
		int padding;
	} names[] = {
		{OSSL_PKEY_RSA_PAD_MODE_PKCSV15, RSA_PKCS1_PADDING},
		{OSSL_PKEY_RSA_PAD_MODE_OAEP, RSA_PKCS1_OAEP_PADDING},
		{"oeap", RSA_PKCS1_OAEP_PADDING}, /* as OpenSSL 3.0 spelt it */
		{OSSL_PKEY_RSA_PAD_MODE_NONE, RSA_NO_PADDING},
	};

	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_int(param, padding);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].name, param->data) == 0) {
			*padding = names[i].padding;
			return 1;
		}
	}
	return 0;
}

static int set_padding(struct asym_cipher *c, const OSSL_PARAM *param)
{
	int padding = 0;

	if (!param)
		return 1;
	if (!get_padding(param, &padding))
		return provider_raise(c->provider, PROVIDER_BAD_PARAMETER, "padding mode");
	switch (padding) {
	case RSA_PKCS1_PADDING:
	case RSA_PKCS1_OAEP_PADDING:
	case RSA_NO_PADDING:
	case RSA_PKCS1_WITH_TLS_PADDING:
		c->padding = padding;
		return 1;
	default:
		return provider_raise(c->provider, PROVIDER_BAD_PARAMETER, "padding mode %d", padding);
	}
}

static int set_label(struct asym_cipher *c, const OSSL_PARAM *param)
{
	if (!param)
		return 1;
	return param->data_type == OSSL_PARAM_OCTET_STRING && buffer_set(&c->label, param->data, param->data_size);
}

static int set_version(const OSSL_PARAM *param, unsigned *version)
{
	return !param || OSSL_PARAM_get_uint(param, version);
}

static int asym_cipher_set_params(void *context, const OSSL_PARAM params[])
{
	struct asym_cipher *c = context;

	if (!params)
		return 1;
	return set_padding(c, OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE)) &&
	       set_md(c, OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST), &c->oaep_md,
		      &c->oaep_row) &&
	       set_md(c, OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST), &c->mgf1_md,
		      &c->mgf1_row) &&
	       set_label(c, OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL)) &&
	       set_version(OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION),
			   &c->client_version) &&
	       set_version(OSSL_PARAM_locate_const(params, OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION),
			   &c->negotiated_version);
}

static const OSSL_PARAM *asym_cipher_settable(void *context, void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0),
		OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_CLIENT_VERSION, NULL),
		OSSL_PARAM_uint(OSSL_ASYM_CIPHER_PARAM_TLS_NEGOTIATED_VERSION, NULL),
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return settable;
}

static int asym_cipher_get_params(void *context, OSSL_PARAM params[])
{
	const struct asym_cipher *c = context;
	OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_ASYM_CIPHER_PARAM_PAD_MODE);

	if (param && !OSSL_PARAM_set_int(param, c->padding))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST);
	if (param && !OSSL_PARAM_set_utf8_string(param, c->oaep_md ? EVP_MD_get0_name(c->oaep_md) : "SHA1"))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST);
	if (param && c->mgf1_md && !OSSL_PARAM_set_utf8_string(param, EVP_MD_get0_name(c->mgf1_md)))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL);
	return !param || OSSL_PARAM_set_octet_ptr(param, c->label.data, c->label.size);
}

static const OSSL_PARAM *asym_cipher_gettable(void *context, void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_int(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, NULL),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_octet_ptr(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return gettable;
}

static int begin(struct asym_cipher *c, struct pkey *key, const OSSL_PARAM params[], bool decrypting)
{
	if (!key || !key->public || (decrypting && !key->is_private))
		return provider_raise(c->provider, PROVIDER_BAD_KEY, "the key does not serve for this");
	pkey_retain(key);
	pkey_free(c->key);
	c->key = key;
	c->decrypting = decrypting;
	return asym_cipher_set_params(c, params);
}

static int decrypt_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	return begin(context, keydata, params, true);
}

static int encrypt_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	return begin(context, keydata, params, false);
}

static int encrypt(void *context, unsigned char *out, size_t *outlen, size_t outsize, const unsigned char *in,
		   size_t inlen)
{
	struct asym_cipher *c = context;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(provider_libctx(c->provider), c->key->public, NULL);
	unsigned char *label = NULL;
	int ok = 0;

	*outlen = outsize;
	if (!ctx || EVP_PKEY_encrypt_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, c->padding) != 1)
		goto out;
	if (c->padding == RSA_PKCS1_OAEP_PADDING) {
		if (c->oaep_md && EVP_PKEY_CTX_set_rsa_oaep_md(ctx, c->oaep_md) != 1)
			goto out;
		if (c->mgf1_md && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, c->mgf1_md) != 1)
			goto out;
		label = c->label.size ? OPENSSL_memdup(c->label.data, c->label.size) : NULL;
		if (label && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)c->label.size) != 1) {
			OPENSSL_free(label);
			goto out;
		}
	}
	ok = EVP_PKEY_encrypt(ctx, out, outlen, in, inlen) == 1;
out:
	EVP_PKEY_CTX_free(ctx);
	return ok ? 1 : provider_raise(c->provider, PROVIDER_LIBCRYPTO, "encrypting");
}

struct decrypt_call {
	struct asym_cipher *cipher;
	struct mechanism mechanism;
	struct span in;
	struct buffer out; /* .secret */
};

static CK_RV take_plain(struct decrypt_call *call, struct span plain)
{
	return buffer_set(&call->out, plain.data, plain.size) ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV call_decrypt(struct pkey *key, struct span grant, void *arg)
{
	struct decrypt_call *call = arg;
	struct operate_request request = {.slot = key->slot,
					  .key = key->handle,
					  .mechanism = call->mechanism,
					  .data = call->in,
					  .grant = grant};
	struct client_answer answer = {0};
	/* What comes of a wrong padding must not be told from a message: recipes of OpenSSL 3.2 and later. */
	CK_RV rv = client_call(provider_client(key->provider), REQUEST_DECRYPT_IMPLICIT, &request, &answer);

	if (rv == CKR_OK)
		rv = take_plain(call, answer.message.operate_response.data);
	client_done(&answer);
	return rv;
}

static CK_RV call_decrypt_tls(struct pkey *key, struct span grant, void *arg)
{
	struct decrypt_call *call = arg;
	struct decrypt_tls_request request = {.slot = key->slot,
					      .key = key->handle,
					      .data = call->in,
					      .client_version = call->cipher->client_version,
					      .negotiated_version = call->cipher->negotiated_version,
					      .grant = grant};
	struct client_answer answer = {0};
	CK_RV rv = client_call(provider_client(key->provider), REQUEST_DECRYPT_TLS, &request, &answer);

	if (rv == CKR_OK)
		rv = take_plain(call, answer.message.operate_response.data);
	client_done(&answer);
	return rv;
}

static const struct mechanism_row *find_row(enum mechanism_scheme scheme)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].scheme == scheme && rows[i].family == FAMILY_RSA && (rows[i].flags & CKF_DECRYPT))
			return &rows[i];
	return NULL;
}

static int choose_mechanism(struct asym_cipher *c, struct mechanism *m)
{
	const struct mechanism_row *sha1 = mechanism_find(CKM_SHA_1);

	switch (c->padding) {
	case RSA_PKCS1_OAEP_PADDING:
		m->row = find_row(SCHEME_RSA_OAEP);
		m->hash = (c->oaep_row ? c->oaep_row : sha1)->type;
		m->mgf = (c->mgf1_row ? c->mgf1_row : c->oaep_row ? c->oaep_row : sha1)->mgf;
		m->label = buffer_span(&c->label);
		break;
	case RSA_NO_PADDING:
		m->row = find_row(SCHEME_RSA_RAW);
		break;
	default:
		m->row = find_row(SCHEME_RSA_PKCS1);
	}
	return m->row != NULL;
}

static int decrypt(void *context, unsigned char *out, size_t *outlen, size_t outsize, const unsigned char *in,
		   size_t inlen)
{
	struct asym_cipher *c = context;
	struct decrypt_call call = {.cipher = c, .in = {in, inlen}, .out = {.secret = true}};
	bool tls = c->padding == RSA_PKCS1_WITH_TLS_PADDING;
	int ok = 0;
	CK_RV rv = CKR_OK;

	if (!out) {
		*outlen = tls ? PREMASTER_SIZE : (size_t)EVP_PKEY_get_size(c->key->public);
		return 1;
	}
	if (tls && c->client_version == 0)
		return provider_raise(c->provider, PROVIDER_BAD_PARAMETER, "TLS padding needs the client's version");
	if (!tls && !choose_mechanism(c, &call.mechanism))
		return provider_raise(c->provider, PROVIDER_BAD_PARAMETER, "the token has no such mechanism");
	rv = pkey_call(c->key, CKF_DECRYPT, tls ? call_decrypt_tls : call_decrypt, &call);
	if (rv != CKR_OK) {
		provider_raise_rv(c->provider, rv, "decrypting");
	} else if (call.out.size > outsize) {
		provider_raise(c->provider, PROVIDER_BUFFER_TOO_SMALL, "%zu bytes are needed", call.out.size);
	} else {
		if (call.out.size)
			memcpy(out, call.out.data, call.out.size);
		*outlen = call.out.size;
		ok = 1;
	}
	buffer_free(&call.out);
	return ok;
}

const OSSL_DISPATCH asym_cipher_rsa_functions[] = {
	{OSSL_FUNC_ASYM_CIPHER_NEWCTX, (void (*)(void))asym_cipher_new},
	{OSSL_FUNC_ASYM_CIPHER_FREECTX, (void (*)(void))asym_cipher_free},
	{OSSL_FUNC_ASYM_CIPHER_DUPCTX, (void (*)(void))asym_cipher_dup},
	{OSSL_FUNC_ASYM_CIPHER_ENCRYPT_INIT, (void (*)(void))encrypt_init},
	{OSSL_FUNC_ASYM_CIPHER_ENCRYPT, (void (*)(void))encrypt},
	{OSSL_FUNC_ASYM_CIPHER_DECRYPT_INIT, (void (*)(void))decrypt_init},
	{OSSL_FUNC_ASYM_CIPHER_DECRYPT, (void (*)(void))decrypt},
	{OSSL_FUNC_ASYM_CIPHER_GET_CTX_PARAMS, (void (*)(void))asym_cipher_get_params},
	{OSSL_FUNC_ASYM_CIPHER_GETTABLE_CTX_PARAMS, (void (*)(void))asym_cipher_gettable},
	{OSSL_FUNC_ASYM_CIPHER_SET_CTX_PARAMS, (void (*)(void))asym_cipher_set_params},
	{OSSL_FUNC_ASYM_CIPHER_SETTABLE_CTX_PARAMS, (void (*)(void))asym_cipher_settable},
	{0, NULL},
};
