/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Generates a pair in the token: which token, label and id, a pkcs11: URI says; without one it is the
 * configured or the only token. The private key is born in the enclave and stays there.
 */
#include "config.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "client/uri.h"
#include "common/memory.h"
#include "ossl-provider/generate.h"
#include "ossl-provider/pin.h"
#include "ossl-provider/signature.h"

#define PARAM_URI "keyclave_uri"
#define PARAM_URI_ALIAS "pkcs11_uri" /* what other PKCS#11 providers call it */
#define ID_SIZE 16

struct generation {
	struct provider *provider;
	const struct pkey_type *type;
	struct uri uri;
	bool wants_key; /* false: parameters only (EVP_PKEY_paramgen) */
	size_t bits;
	BIGNUM *exponent;
	const struct mechanism_row *pss_md, *pss_mgf1; /* RSA-PSS: NULL: any */
	int pss_salt;                                  /* the least; -1: not said */
	const struct mechanism_curve *curve;
};

struct generation *generate_new(struct provider *p, const struct pkey_type *type, int selection,
				const OSSL_PARAM params[])
{
	struct generation *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->provider = p;
	g->type = type;
	g->wants_key = (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0;
	g->bits = 2048;
	g->pss_salt = -1;
	g->uri.class = CK_UNAVAILABLE_INFORMATION;
	g->uri.slot = UINT64_MAX;
	if (type == &pkey_ed25519 || type == &pkey_x25519)
		g->curve = mechanism_curve_named(type->name);
	if (params && !generate_set_params(g, params)) {
		generate_free(g);
		return NULL;
	}
	return g;
}

void generate_free(void *context)
{
	struct generation *g = context;

	if (!g)
		return;
	uri_free(&g->uri);
	BN_free(g->exponent);
	free(g);
}

const OSSL_PARAM *generate_settable(void *context, void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(PARAM_URI, NULL, 0),
		OSSL_PARAM_utf8_string(PARAM_URI_ALIAS, NULL, 0),
		OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_BITS, NULL),
		OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, NULL),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return settable;
}

static int set_uri(struct generation *g, const OSSL_PARAM *param)
{
	char why[128] = "";

	if (param->data_type != OSSL_PARAM_UTF8_STRING || !param->data)
		return provider_raise(g->provider, PROVIDER_BAD_PARAMETER, PARAM_URI " is a string");
	uri_free(&g->uri);
	if (uri_parse(param->data, &g->uri, why, sizeof(why)) != CKR_OK)
		return provider_raise(g->provider, PROVIDER_BAD_URI, "%s", why);
	return 1;
}

static int set_group(struct generation *g, const OSSL_PARAM *param)
{
	const char *name = NULL;
	const struct mechanism_curve *curve = NULL;

	if (OSSL_PARAM_get_utf8_string_ptr(param, &name))
		curve = mechanism_curve_named(name);
	if (!curve || curve->key_type != g->type->key_type)
		return provider_raise(g->provider, PROVIDER_BAD_PARAMETER, "curve %s is not one of the token's",
				      name ? name : "?");
	g->curve = curve;
	return 1;
}

/* Only named curves exist here, so the named encoding is the only one. */
static int set_encoding(struct generation *g, const OSSL_PARAM *param)
{
	const char *name = NULL;

	if (OSSL_PARAM_get_utf8_string_ptr(param, &name) && strcmp(name, "named_curve") == 0)
		return 1;
	return provider_raise(g->provider, PROVIDER_BAD_PARAMETER, "only named curves are supported");
}

static int set_pss_digest(struct generation *g, const OSSL_PARAM *param, const struct mechanism_row **row)
{
	EVP_MD *md = NULL;
	const char *name = NULL;

	if (!OSSL_PARAM_get_utf8_string_ptr(param, &name) || !name)
		return provider_raise(g->provider, PROVIDER_BAD_PARAMETER, "a digest's name is a string");
	*row = signature_find_digest(g->provider, name, &md);
	EVP_MD_free(md);
	return *row != NULL;
}

/* rsa_pss_keygen_md, _mgf1_md and _saltlen. */
static int set_pss(struct generation *g, const OSSL_PARAM params[])
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_DIGEST);

	if (param && !set_pss_digest(g, param, &g->pss_md))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_MGF1_DIGEST);
	if (param && !set_pss_digest(g, param, &g->pss_mgf1))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_PSS_SALTLEN);
	return !param || OSSL_PARAM_get_int(param, &g->pss_salt);
}

/*
 * The token holds a key to mechanisms, so to a digest; a mask of another digest, or a least salt of
 * another size than the digest's, could not be kept up after this.
 */
static int check_pss(const struct generation *g)
{
	if (!g->pss_md && !g->pss_mgf1 && g->pss_salt < 0)
		return 1;
	if (!g->pss_md || (g->pss_mgf1 && g->pss_mgf1 != g->pss_md) ||
	    (g->pss_salt >= 0 && (size_t)g->pss_salt != g->pss_md->output))
		return provider_raise(g->provider, PROVIDER_BAD_PARAMETER,
				      "a token can hold an RSA-PSS key to one digest, with MGF1 of the same and a salt "
				      "of at least its size: rsa_pss_keygen_md, and the others as that says");
	return 1;
}

int generate_set_params(void *context, const OSSL_PARAM params[])
{
	struct generation *g = context;
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, PARAM_URI);

	if (!param)
		param = OSSL_PARAM_locate_const(params, PARAM_URI_ALIAS);
	if (param && !set_uri(g, param))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_BITS);
	if (param && !OSSL_PARAM_get_size_t(param, &g->bits))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E);
	if (param && !OSSL_PARAM_get_BN(param, &g->exponent))
		return 0;
	if (g->type == &pkey_rsa_pss && !set_pss(g, params))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_EC_ENCODING);
	if (param && !set_encoding(g, param))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_GROUP_NAME);
	return !param || set_group(g, param);
}

/* Parameters of another key: `EVP_PKEY_keygen` from a template. */
int generate_set_template(void *context, void *template)
{
	struct generation *g = context;
	const struct pkey *key = template;
	char name[64] = "";
	size_t size = 0;

	if (!key || !key->public)
		return 0;
	if (g->type != &pkey_ec)
		return 1;
	if (!EVP_PKEY_get_group_name(key->public, name, sizeof(name), &size))
		return 0;
	g->curve = mechanism_curve_named(name);
	return g->curve != NULL;
}

/* The slot to generate in: 1, or 0 with an error raised. TOKEN's answer needs client_done. */
static int choose_token(struct generation *g, uint64_t *slot, struct client_answer *token)
{
	struct client *client = provider_client(g->provider);
	struct numbers slots = {0};
	size_t matches = 0;
	CK_RV rv = CKR_OK;

	if (!client)
		return 0;
	/* Settings are loaded: the default token's label stands in for one in the URI. */
	if (!g->uri.token && !g->uri.serial && *provider_settings(g->provider)->provider_token) {
		g->uri.token = strdup(provider_settings(g->provider)->provider_token);
		if (!g->uri.token)
			return provider_raise_rv(g->provider, CKR_HOST_MEMORY, "choosing a token");
	}
	rv = client_slots(client, &slots);
	for (size_t i = 0; rv == CKR_OK && i < slots.count; i++) {
		struct client_answer answer = {0};
		const struct token_response *found = &answer.message.token_response;

		rv = client_token(client, slots.item[i], &answer);
		if (rv == CKR_OK && (found->flags & CKF_TOKEN_INITIALIZED) &&
		    uri_matches_token(&g->uri, slots.item[i], found)) {
			*slot = slots.item[i];
			matches++;
		}
		/* One that the store lost does not stand in the way of the others. */
		if (rv == CKR_TOKEN_NOT_RECOGNIZED)
			rv = CKR_OK;
		client_done(&answer);
	}
	if (rv == CKR_OK && matches == 0)
		return provider_raise(g->provider, PROVIDER_NO_TOKEN,
				      "none is initialised that matches; see keyclave init");
	if (rv == CKR_OK && matches > 1)
		return provider_raise(g->provider, PROVIDER_TOKEN_AMBIGUOUS,
				      "say which one: -pkeyopt " PARAM_URI ":pkcs11:token=...");
	if (rv == CKR_OK)
		rv = client_token(client, *slot, token);
	return rv == CKR_OK ? 1 : provider_raise_rv(g->provider, rv, "choosing a token");
}

/* Values that the templates borrow. */
struct generation_values {
	uint8_t yes[1];
	uint8_t bits[8];
	uint8_t exponent[32];
	uint8_t id[ID_SIZE];
	uint8_t mechanisms[8 * 16];
};

static void add(struct attributes *template, CK_ATTRIBUTE_TYPE type, const uint8_t *data, size_t size)
{
	(void)attributes_add(template, type, (struct span){data, size}); /* far below ATTRIBUTES_MAX */
}

/* CKA_ALLOWED_MECHANISMS of a PSS-only key: what the table says is PSS, with MD if that is not NULL. */
static size_t pss_mechanisms(const struct mechanism_row *md, uint8_t *out, size_t size)
{
	size_t count = 0, n = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	for (size_t i = 0; i < count && n + 8 <= size; i++) {
		if (rows[i].scheme != SCHEME_RSA_PSS || (md && rows[i].digest != md->type))
			continue;
		attribute_put_ulong(out + n, rows[i].type);
		n += 8;
	}
	return n;
}

static int rsa_templates(struct generation *g, struct generate_pair_request *request,
			 struct generation_values *values)
{
	int n = 0;
	size_t size = 0;

	attribute_put_ulong(values->bits, g->bits);
	add(&request->public_template, CKA_MODULUS_BITS, values->bits, sizeof(values->bits));
	if (g->exponent) {
		if (BN_num_bytes(g->exponent) > (int)sizeof(values->exponent))
			return provider_raise(g->provider, PROVIDER_BAD_PARAMETER, "public exponent is too long");
		n = BN_bn2bin(g->exponent, values->exponent);
		add(&request->public_template, CKA_PUBLIC_EXPONENT, values->exponent, (size_t)n);
	}
	if (g->type == &pkey_rsa_pss) {
		if (!check_pss(g))
			return 0;
		size = pss_mechanisms(g->pss_md, values->mechanisms, sizeof(values->mechanisms));
		add(&request->public_template, CKA_ALLOWED_MECHANISMS, values->mechanisms, size);
		add(&request->private_template, CKA_ALLOWED_MECHANISMS, values->mechanisms, size);
	}
	return 1;
}

/* The generating mechanism of the type's keys, from the table. */
static const struct mechanism_row *pair_mechanism(const struct pkey_type *type)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	for (size_t i = 0; i < count; i++)
		if ((rows[i].flags & CKF_GENERATE_KEY_PAIR) && mechanism_takes_key(&rows[i], type->key_type))
			return &rows[i];
	return NULL;
}

/* OpenSSL knows no usages: an EC key signs and agrees, an X25519 key agrees. RSA and Ed25519 have the token's. */
static void add_usage(const struct generation *g, struct attributes *private, const uint8_t *yes)
{
	if (g->type == &pkey_ec)
		add(private, CKA_SIGN, yes, 1);
	if (g->type == &pkey_ec || g->type == &pkey_x25519)
		add(private, CKA_DERIVE, yes, 1);
}

static int fill_request(struct generation *g, struct generate_pair_request *request,
			struct generation_values *values)
{
	struct attributes *templates[] = {&request->public_template, &request->private_template};

	request->mechanism.row = pair_mechanism(g->type);
	if (!request->mechanism.row)
		return provider_raise(g->provider, PROVIDER_BAD_PARAMETER, "%s keys are not made here",
				      g->type->name);
	values->yes[0] = 1;
	if (!g->uri.has_id && !memory_random(values->id, sizeof(values->id)))
		return provider_raise_rv(g->provider, CKR_DEVICE_ERROR, "choosing an id");
	for (size_t i = 0; i < 2; i++) {
		add(templates[i], CKA_TOKEN, values->yes, 1);
		if (g->uri.object)
			(void)attributes_add(templates[i], CKA_LABEL, span_text(g->uri.object));
		if (g->uri.has_id)
			(void)attributes_add(templates[i], CKA_ID, buffer_span(&g->uri.id));
		else
			add(templates[i], CKA_ID, values->id, sizeof(values->id));
	}
	add_usage(g, &request->private_template, values->yes);
	if (g->type == &pkey_rsa || g->type == &pkey_rsa_pss)
		return rsa_templates(g, request, values);
	if (!g->curve)
		return provider_raise(g->provider, PROVIDER_BAD_PARAMETER,
				      "name a curve: -pkeyopt ec_paramgen_curve:P-256");
	add(&request->public_template, CKA_EC_PARAMS, g->curve->params, g->curve->params_size);
	return 1;
}

/* EVP_PKEY_paramgen: a key with parameters and nothing else. */
static struct pkey *parameters_only(struct generation *g)
{
	EVP_PKEY *public = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(provider_libctx(g->provider), g->type->name, NULL);
	struct pkey *key = NULL;

	if (g->curve && ctx && EVP_PKEY_paramgen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_group_name(ctx, g->curve->name) == 1 && EVP_PKEY_paramgen(ctx, &public) == 1)
		key = pkey_new_public(g->provider, g->type, public);
	if (!key)
		EVP_PKEY_free(public);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

void *generate_run(void *context, OSSL_CALLBACK *progress, void *progress_arg)
{
	struct generation *g = context;
	struct generate_pair_request request = {0};
	struct generation_values values = {0};
	struct client_answer token = {0}, answer = {0};
	struct buffer pin = {.secret = true};
	struct pkey *key = NULL;
	int logged_in = 0;
	CK_RV rv = CKR_OK;

	(void)progress; /* the enclave does not report candidates */
	(void)progress_arg;
	if (!g->wants_key)
		return parameters_only(g);
	if (!choose_token(g, &request.slot, &token) || !fill_request(g, &request, &values))
		goto out;
	logged_in = pin_login(g->provider, request.slot, &token.message.token_response, &g->uri, NULL, NULL, &pin);
	if (logged_in == -1)
		provider_raise(g->provider, PROVIDER_LOGIN_FAILED,
			       "no PIN: add ?pin-source=file:... to the URI, or pin-source to the configuration");
	if (logged_in != 1)
		goto out;
	rv = client_call(provider_client(g->provider), REQUEST_GENERATE_PAIR, &request, &answer);
	if (rv != CKR_OK) {
		provider_raise_rv(g->provider, rv, "generating a key pair");
		goto out;
	}
	key = pkey_load(g->provider, request.slot, answer.message.generate_pair_response.private_key, true,
			&token.message.token_response, buffer_span(&pin));
out:
	client_done(&answer);
	client_done(&token);
	buffer_free(&pin);
	return key;
}
