/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a signature's context: digest, padding, salt, MGF1, the AlgorithmIdentifier, and the signature
 * that is to be verified. All of it is public; the enclave checks mechanism and parameters again.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "ossl-provider/signature.h"

const struct mechanism_row *signature_find_digest(struct provider *p, const char *name, EVP_MD **md)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	OSSL_LIB_CTX *libctx = provider_libctx(p);

	ERR_set_mark();
	*md = libctx ? EVP_MD_fetch(libctx, name, NULL) : NULL;
	ERR_pop_to_mark();
	for (size_t i = 0; *md && i < count; i++)
		if (rows[i].scheme == SCHEME_DIGEST && EVP_MD_is_a(*md, rows[i].digest_name))
			return &rows[i];
	EVP_MD_free(*md);
	*md = NULL;
	provider_raise(p, PROVIDER_BAD_DIGEST, "%s is not a digest that the token signs", name);
	return NULL;
}

int signature_set_digest(struct signature *s, const char *name)
{
	EVP_MD *md = NULL;
	const struct mechanism_row *row = NULL;

	if (!name || !*name || strcmp(name, "UNDEF") == 0) {
		if (s->digest_fixed && s->md)
			return provider_raise(s->provider, PROVIDER_BAD_DIGEST, "the digest is fixed");
		EVP_MD_free(s->md);
		s->md = NULL;
		s->md_row = NULL;
		return 1;
	}
	if (signature_is_eddsa(s))
		return provider_raise(s->provider, PROVIDER_BAD_DIGEST, "Ed25519 takes no digest");
	row = signature_find_digest(s->provider, name, &md);
	if (!row)
		return 0;
	if (s->key && s->key->pss_md && row != s->key->pss_md) {
		EVP_MD_free(md);
		return provider_raise(s->provider, PROVIDER_NOT_PERMITTED, "the key signs with %s only",
				      s->key->pss_md->digest_name);
	}
	if (s->digest_fixed && row != s->md_row) {
		EVP_MD_free(md);
		return provider_raise(s->provider, PROVIDER_BAD_DIGEST, "the digest is fixed");
	}
	EVP_MD_free(s->md);
	s->md = md;
	s->md_row = row;
	return 1;
}

static int set_mgf1(struct signature *s, const char *name)
{
	EVP_MD *md = NULL;
	const struct mechanism_row *row = signature_find_digest(s->provider, name, &md);

	if (!row)
		return 0;
	if (s->key && s->key->pss_md && row != s->key->pss_md) {
		EVP_MD_free(md);
		return provider_raise(s->provider, PROVIDER_NOT_PERMITTED, "the key signs with MGF1 of %s only",
				      s->key->pss_md->digest_name);
	}
	EVP_MD_free(s->mgf1);
	s->mgf1 = md;
	s->mgf1_row = row;
	return 1;
}

/* Names as the default provider takes them; a number works too. */
struct name_number {
	const char *name;
	int number;
};

static const struct name_number paddings[] = {
	{OSSL_PKEY_RSA_PAD_MODE_PKCSV15, RSA_PKCS1_PADDING},
	{OSSL_PKEY_RSA_PAD_MODE_PSS, RSA_PKCS1_PSS_PADDING},
	{OSSL_PKEY_RSA_PAD_MODE_NONE, RSA_NO_PADDING},
	{NULL, 0},
};

static const struct name_number salts[] = {
	{OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST, RSA_PSS_SALTLEN_DIGEST},
	{OSSL_PKEY_RSA_PSS_SALT_LEN_MAX, RSA_PSS_SALTLEN_MAX},
	{OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO, RSA_PSS_SALTLEN_AUTO},
	{"auto-digestmax", -4}, /* RSA_PSS_SALTLEN_AUTO_DIGEST_MAX of OpenSSL 3.1 */
	{NULL, 0},
};

static int get_number(const OSSL_PARAM *param, const struct name_number *names, int *number)
{
	char *end = NULL;
	long value = 0;

	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_get_int(param, number);
	for (; names->name; names++) {
		if (strcmp(names->name, param->data) == 0) {
			*number = names->number;
			return 1;
		}
	}
	value = strtol(param->data, &end, 10);
	if (end == param->data || *end || value < 0 || value > 65536)
		return 0;
	*number = (int)value;
	return 1;
}

static int set_padding(struct signature *s, const OSSL_PARAM *param)
{
	int padding = 0;

	if (!get_number(param, paddings, &padding) ||
	    (padding != RSA_PKCS1_PADDING && padding != RSA_PKCS1_PSS_PADDING && padding != RSA_NO_PADDING))
		return provider_raise(s->provider, PROVIDER_BAD_PARAMETER, "padding mode");
	if (s->composite && padding != s->padding)
		return provider_raise(s->provider, PROVIDER_BAD_PARAMETER, "the padding is the algorithm's own");
	if (s->key && s->key->type == &pkey_rsa_pss && padding != RSA_PKCS1_PSS_PADDING)
		return provider_raise(s->provider, PROVIDER_NOT_PERMITTED, "the key signs with PSS only");
	s->padding = padding;
	return 1;
}

int signature_set_params(void *context, const OSSL_PARAM params[])
{
	struct signature *s = context;
	const OSSL_PARAM *param = NULL;

	if (!params)
		return 1;
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
	if (param && (param->data_type != OSSL_PARAM_UTF8_STRING || !signature_set_digest(s, param->data)))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (param && !set_padding(s, param))
		return 0;
#ifdef OSSL_SIGNATURE_PARAM_SIGNATURE
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_SIGNATURE);
	if (param && (param->data_type != OSSL_PARAM_OCTET_STRING ||
		      !buffer_set(&s->signature, param->data, param->data_size)))
		return provider_raise(s->provider, PROVIDER_BAD_PARAMETER, "signature");
#endif
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	if (param && (!get_number(param, salts, &s->salt) || s->salt < -4))
		return provider_raise(s->provider, PROVIDER_BAD_PARAMETER, "salt length");
	if (param && s->key && s->key->pss_md && s->salt >= 0 && (size_t)s->salt < s->key->pss_md->output)
		return provider_raise(s->provider, PROVIDER_NOT_PERMITTED, "the key's salt has at least %zu bytes",
				      (size_t)s->key->pss_md->output);
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	return !param || (param->data_type == OSSL_PARAM_UTF8_STRING && set_mgf1(s, param->data));
}

const OSSL_PARAM *signature_settable(void *context, void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PROPERTIES, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, NULL, 0),
#ifdef OSSL_SIGNATURE_PARAM_SIGNATURE
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_SIGNATURE, NULL, 0),
#endif
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return settable;
}

static int get_algorithm_id(const struct signature *s, OSSL_PARAM *param)
{
	unsigned char *der = NULL;
	int size = signature_algorithm_id(s, &der), ok = 0;

	if (size > 0)
		ok = OSSL_PARAM_set_octet_string(param, der, (size_t)size);
	OPENSSL_free(der);
	return ok;
}

static int put_number(OSSL_PARAM *param, const struct name_number *names, int number)
{
	if (param->data_type != OSSL_PARAM_UTF8_STRING)
		return OSSL_PARAM_set_int(param, number);
	for (; names->name; names++)
		if (names->number == number)
			return OSSL_PARAM_set_utf8_string(param, names->name);
	return 0;
}

int signature_get_params(void *context, OSSL_PARAM params[])
{
	struct signature *s = context;
	OSSL_PARAM *param = NULL;

	param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID);
	if (param && !get_algorithm_id(s, param))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
	if (param && !OSSL_PARAM_set_utf8_string(param, s->md ? EVP_MD_get0_name(s->md) : ""))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (param && !put_number(param, paddings, s->padding))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	if (param && !put_number(param, salts, s->salt))
		return 0;
	param = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	if (param && (s->mgf1 || s->md) &&
	    !OSSL_PARAM_set_utf8_string(param, EVP_MD_get0_name(s->mgf1 ? s->mgf1 : s->md)))
		return 0;
	return 1;
}

const OSSL_PARAM *signature_gettable(void *context, void *provider)
{
	static const OSSL_PARAM gettable[] = {
		OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	(void)provider;
	return gettable;
}
