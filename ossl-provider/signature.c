/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGNATURE: contexts, parameters, and hashing in this process with the private library context, so that a
 * context can be copied in mid-stream and the enclave keeps no state (recipe P7).
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

#include "ossl-provider/signature.h"

static bool is_eddsa(const struct signature *s)
{
	return s->key && s->key->type == &pkey_ed25519;
}

static void *signature_new(void *context, const char *propq)
{
	struct signature *s = calloc(1, sizeof(*s));

	(void)propq; /* public work is the default provider's, private work ours: nothing to choose */
	if (!s)
		return NULL;
	s->provider = context;
	s->padding = RSA_PKCS1_PADDING;
	s->salt = RSA_PSS_SALTLEN_AUTO;
	return s;
}

static void signature_free(void *context)
{
	struct signature *s = context;

	if (!s)
		return;
	pkey_free(s->key);
	EVP_MD_free(s->md);
	EVP_MD_free(s->mgf1);
	EVP_MD_CTX_free(s->hash);
	buffer_free(&s->message);
	free(s);
}

static void *signature_dup(void *context)
{
	const struct signature *from = context;
	struct signature *s = malloc(sizeof(*s));

	if (!s)
		return NULL;
	*s = *from;
	s->hash = NULL;
	s->message = (struct buffer){0};
	if (s->key)
		pkey_retain(s->key);
	if (s->md)
		EVP_MD_up_ref(s->md);
	if (s->mgf1)
		EVP_MD_up_ref(s->mgf1);
	if (from->hash) {
		s->hash = EVP_MD_CTX_new();
		if (!s->hash || !EVP_MD_CTX_copy_ex(s->hash, from->hash))
			goto fail;
	}
	if (from->message.size && !buffer_set(&s->message, from->message.data, from->message.size))
		goto fail;
	return s;
fail:
	signature_free(s);
	return NULL;
}

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

static int set_digest(struct signature *s, const char *name)
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
	if (is_eddsa(s))
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
	if (s->key && s->key->type == &pkey_rsa_pss && padding != RSA_PKCS1_PSS_PADDING)
		return provider_raise(s->provider, PROVIDER_NOT_PERMITTED, "the key signs with PSS only");
	s->padding = padding;
	return 1;
}

static int signature_set_params(void *context, const OSSL_PARAM params[])
{
	struct signature *s = context;
	const OSSL_PARAM *param = NULL;

	if (!params)
		return 1;
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST);
	if (param && (param->data_type != OSSL_PARAM_UTF8_STRING || !set_digest(s, param->data)))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
	if (param && !set_padding(s, param))
		return 0;
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
	if (param && (!get_number(param, salts, &s->salt) || s->salt < -4))
		return provider_raise(s->provider, PROVIDER_BAD_PARAMETER, "salt length");
	if (param && s->key && s->key->pss_md && s->salt >= 0 && (size_t)s->salt < s->key->pss_md->output)
		return provider_raise(s->provider, PROVIDER_NOT_PERMITTED, "the key's salt has at least %zu bytes",
				      (size_t)s->key->pss_md->output);
	param = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
	return !param || (param->data_type == OSSL_PARAM_UTF8_STRING && set_mgf1(s, param->data));
}

static const OSSL_PARAM *signature_settable(void *context, void *provider)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PROPERTIES, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, NULL, 0),
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

static int signature_get_params(void *context, OSSL_PARAM params[])
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

static const OSSL_PARAM *signature_gettable(void *context, void *provider)
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

static int begin(struct signature *s, void *keydata, const OSSL_PARAM params[], int operation)
{
	struct pkey *key = keydata;

	if (key && operation == EVP_PKEY_OP_SIGN && !key->is_private)
		return provider_raise(s->provider, PROVIDER_BAD_KEY, "there is no private key to sign with");
	if (key && !key->public)
		return provider_raise(s->provider, PROVIDER_BAD_KEY, "the key is empty");
	if (key) {
		pkey_retain(key);
		pkey_free(s->key);
		s->key = key;
	}
	if (!s->key)
		return provider_raise(s->provider, PROVIDER_BAD_KEY, "no key was given");
	s->operation = operation;
	s->digest_fixed = false;
	s->whole = false;
	buffer_reset(&s->message);
	if (s->key->type == &pkey_rsa_pss)
		s->padding = RSA_PKCS1_PSS_PADDING;
	if (s->key->pss_md && !s->md && !set_digest(s, s->key->pss_md->digest_name))
		return 0;
	/* As OpenSSL's own: the least salt, which is also what it expects of a signature by such a key. */
	if (s->key->pss_md)
		s->salt = RSA_PSS_SALTLEN_DIGEST;
	return signature_set_params(s, params);
}

static int sign_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	return begin(context, keydata, params, EVP_PKEY_OP_SIGN);
}

static int verify_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	return begin(context, keydata, params, EVP_PKEY_OP_VERIFY);
}

static int recover_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	return begin(context, keydata, params, EVP_PKEY_OP_VERIFYRECOVER);
}

static int sign(void *context, unsigned char *sig, size_t *siglen, size_t sigsize, const unsigned char *tbs,
		size_t tbslen)
{
	return signature_sign_tbs(context, sig, siglen, sigsize, (struct span){tbs, tbslen});
}

static int verify(void *context, const unsigned char *sig, size_t siglen, const unsigned char *tbs,
		  size_t tbslen)
{
	return signature_verify_tbs(context, (struct span){sig, siglen}, (struct span){tbs, tbslen});
}

static int recover(void *context, unsigned char *out, size_t *outlen, size_t outsize,
		   const unsigned char *sig, size_t siglen)
{
	return signature_recover(context, out, outlen, outsize, (struct span){sig, siglen});
}

/*
 * Whether the key permits the mechanism that takes a digest. If not, the message goes to the enclave, and
 * is hashed there (DESIGN decision 2).
 */
static bool raw_permitted(const struct signature *s)
{
	const struct descriptor *d = s->key->descriptor;

	if (!d || d->mechanisms.count == 0)
		return true;
	for (size_t i = 0; i < d->mechanisms.count; i++) {
		const struct mechanism_row *row = mechanism_find(d->mechanisms.item[i]);

		if (!row || !(row->flags & CKF_SIGN) || row->digest != CK_UNAVAILABLE_INFORMATION)
			continue;
		if (row->scheme == SCHEME_ECDSA ||
		    (row->scheme == SCHEME_RSA_PSS && s->padding == RSA_PKCS1_PSS_PADDING) ||
		    (row->scheme == SCHEME_RSA_PKCS1 && s->padding == RSA_PKCS1_PADDING))
			return true;
	}
	return false;
}

static int digest_begin(struct signature *s, const char *mdname, void *keydata, const OSSL_PARAM params[],
			int operation)
{
	if (!begin(s, keydata, NULL, operation))
		return 0;
	if (is_eddsa(s) && mdname && *mdname)
		return provider_raise(s->provider, PROVIDER_BAD_DIGEST, "Ed25519 takes no digest");
	if (!is_eddsa(s) && !set_digest(s, mdname && *mdname ? mdname : s->md ? EVP_MD_get0_name(s->md) : "SHA2-256"))
		return 0;
	s->digest_fixed = !is_eddsa(s);
	if (!signature_set_params(s, params))
		return 0;
	if (is_eddsa(s))
		return 1;
	if (!s->hash)
		s->hash = EVP_MD_CTX_new();
	if (!s->hash || !EVP_DigestInit_ex2(s->hash, s->md, NULL))
		return provider_raise(s->provider, PROVIDER_LIBCRYPTO, "starting the digest");
	return 1;
}

static int digest_sign_init(void *context, const char *mdname, void *keydata, const OSSL_PARAM params[])
{
	return digest_begin(context, mdname, keydata, params, EVP_PKEY_OP_SIGN);
}

static int digest_verify_init(void *context, const char *mdname, void *keydata, const OSSL_PARAM params[])
{
	return digest_begin(context, mdname, keydata, params, EVP_PKEY_OP_VERIFY);
}

static int digest_update(void *context, const unsigned char *data, size_t size)
{
	struct signature *s = context;

	if (is_eddsa(s) || !s->hash)
		return provider_raise(s->provider, PROVIDER_BAD_PARAMETER,
				      "this key signs whole messages, in one call");
	/* Not before there is data: paddings are set after the init. */
	s->whole = s->operation == EVP_PKEY_OP_SIGN && !raw_permitted(s);
	if (s->whole && s->message.size + size > PROTOCOL_CHUNK_MAX)
		return provider_raise(s->provider, PROVIDER_NOT_PERMITTED,
				      "the key's allowed mechanisms need the message whole, at most %zu bytes",
				      (size_t)PROTOCOL_CHUNK_MAX);
	if (s->whole)
		return buffer_append(&s->message, data, size);
	return EVP_DigestUpdate(s->hash, data, size);
}

static int digest_sign_final(void *context, unsigned char *sig, size_t *siglen, size_t sigsize)
{
	struct signature *s = context;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	s->whole = !raw_permitted(s); /* no byte may have come */
	if (!sig || s->whole)
		return signature_sign_tbs(s, sig, siglen, sigsize, buffer_span(&s->message));
	if (!s->hash || !EVP_DigestFinal_ex(s->hash, digest, &size))
		return provider_raise(s->provider, PROVIDER_LIBCRYPTO, "finishing the digest");
	return signature_sign_tbs(s, sig, siglen, sigsize, (struct span){digest, size});
}

static int digest_verify_final(void *context, const unsigned char *sig, size_t siglen)
{
	struct signature *s = context;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (!s->hash || !EVP_DigestFinal_ex(s->hash, digest, &size))
		return provider_raise(s->provider, PROVIDER_LIBCRYPTO, "finishing the digest");
	return signature_verify_tbs(s, (struct span){sig, siglen}, (struct span){digest, size});
}

static int digest_sign(void *context, unsigned char *sig, size_t *siglen, size_t sigsize,
		       const unsigned char *data, size_t size)
{
	struct signature *s = context;

	if (!sig || is_eddsa(s))
		return signature_sign_tbs(s, sig, siglen, sigsize, (struct span){data, size});
	return digest_update(s, data, size) && digest_sign_final(s, sig, siglen, sigsize);
}

static int digest_verify(void *context, const unsigned char *sig, size_t siglen, const unsigned char *data,
			 size_t size)
{
	struct signature *s = context;

	if (is_eddsa(s))
		return signature_verify_tbs(s, (struct span){sig, siglen}, (struct span){data, size});
	return digest_update(s, data, size) && digest_verify_final(s, sig, siglen);
}

#define SIGNATURE_COMMON                                                                           \
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))signature_new},                               \
	{OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signature_free},                             \
	{OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))signature_dup},                               \
	{OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*)(void))sign_init},                                \
	{OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))sign},                                          \
	{OSSL_FUNC_SIGNATURE_VERIFY_INIT, (void (*)(void))verify_init},                            \
	{OSSL_FUNC_SIGNATURE_VERIFY, (void (*)(void))verify},                                      \
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))digest_sign_init},                  \
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))digest_sign},                            \
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, (void (*)(void))digest_verify_init},              \
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, (void (*)(void))digest_verify},                        \
	{OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))signature_get_params},                \
	{OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))signature_gettable},             \
	{OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))signature_set_params},                \
	{OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))signature_settable}

#define SIGNATURE_STREAMED                                                                         \
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, (void (*)(void))digest_update},                   \
	{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, (void (*)(void))digest_sign_final},                \
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, (void (*)(void))digest_update},                 \
	{OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, (void (*)(void))digest_verify_final}

const OSSL_DISPATCH signature_rsa_functions[] = {
	SIGNATURE_COMMON,
	SIGNATURE_STREAMED,
	{OSSL_FUNC_SIGNATURE_VERIFY_RECOVER_INIT, (void (*)(void))recover_init},
	{OSSL_FUNC_SIGNATURE_VERIFY_RECOVER, (void (*)(void))recover},
	{0, NULL},
};

const OSSL_DISPATCH signature_ecdsa_functions[] = {
	SIGNATURE_COMMON,
	SIGNATURE_STREAMED,
	{0, NULL},
};

/* Ed25519 signs whole messages: no update, no final. */
const OSSL_DISPATCH signature_eddsa_functions[] = {
	SIGNATURE_COMMON,
	{0, NULL},
};
