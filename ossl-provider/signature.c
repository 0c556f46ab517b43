/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGNATURE: contexts, and hashing in this process with the private library context, so that a context can be
 * copied in mid-stream and the enclave keeps no state (recipe P7). Its dispatch tables are below.
 */
#include "config.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "ossl-provider/signature.h"

bool signature_is_eddsa(const struct signature *s)
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
	buffer_free(&s->signature);
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
	s->signature = (struct buffer){0};
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
	if (from->signature.size && !buffer_set(&s->signature, from->signature.data, from->signature.size))
		goto fail;
	return s;
fail:
	signature_free(s);
	return NULL;
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
	s->of_message = false;
	buffer_reset(&s->message);
	buffer_reset(&s->signature);
	if (s->key->type == &pkey_rsa_pss)
		s->padding = RSA_PKCS1_PSS_PADDING;
	if (s->composite && !signature_set_digest(s, mechanism_find(s->composite->digest)->digest_name))
		return 0;
	s->digest_fixed = s->composite != NULL;
	if (s->key->pss_md && !s->md && !signature_set_digest(s, s->key->pss_md->digest_name))
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
	if (signature_is_eddsa(s) && mdname && *mdname)
		return provider_raise(s->provider, PROVIDER_BAD_DIGEST, "Ed25519 takes no digest");
	if (!signature_is_eddsa(s) && !signature_set_digest(s, mdname && *mdname ? mdname : s->md ? EVP_MD_get0_name(s->md) : "SHA2-256"))
		return 0;
	s->digest_fixed = !signature_is_eddsa(s);
	if (!signature_set_params(s, params))
		return 0;
	if (signature_is_eddsa(s))
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

	if (signature_is_eddsa(s) || !s->hash)
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

	if (!sig || signature_is_eddsa(s))
		return signature_sign_tbs(s, sig, siglen, sigsize, (struct span){data, size});
	return digest_update(s, data, size) && digest_sign_final(s, sig, siglen, sigsize);
}

static int digest_verify(void *context, const unsigned char *sig, size_t siglen, const unsigned char *data,
			 size_t size)
{
	struct signature *s = context;

	if (signature_is_eddsa(s))
		return signature_verify_tbs(s, (struct span){sig, siglen}, (struct span){data, size});
	return digest_update(s, data, size) && digest_verify_final(s, sig, siglen);
}

/* Of a digest after sign_init, of a message after sign_message_init. */
static int sign(void *context, unsigned char *sig, size_t *siglen, size_t sigsize, const unsigned char *tbs,
		size_t tbslen)
{
	struct signature *s = context;

	if (s->of_message)
		return digest_sign(s, sig, siglen, sigsize, tbs, tbslen);
	return signature_sign_tbs(s, sig, siglen, sigsize, (struct span){tbs, tbslen});
}

static int verify(void *context, const unsigned char *sig, size_t siglen, const unsigned char *tbs,
		  size_t tbslen)
{
	struct signature *s = context;

	if (s->of_message)
		return digest_verify(s, sig, siglen, tbs, tbslen);
	return signature_verify_tbs(s, (struct span){sig, siglen}, (struct span){tbs, tbslen});
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

/* What OpenSSL 3.4 asks for by EVP_PKEY_sign_message_init (recipe P1). */
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
static int sign_message_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	struct signature *s = context;

	s->of_message = digest_begin(s, NULL, keydata, params, EVP_PKEY_OP_SIGN) == 1;
	return s->of_message;
}

static int verify_message_init(void *context, void *keydata, const OSSL_PARAM params[])
{
	struct signature *s = context;

	s->of_message = digest_begin(s, NULL, keydata, params, EVP_PKEY_OP_VERIFY) == 1;
	return s->of_message;
}

/* The signature came before the message, as a parameter. */
static int verify_message_final(void *context)
{
	struct signature *s = context;

	return digest_verify_final(s, s->signature.data, s->signature.size);
}

static const char **rsa_key_types(void)
{
	static const char *types[] = {"RSA", NULL};

	return types;
}

static const char **ec_key_types(void)
{
	static const char *types[] = {"EC", NULL};

	return types;
}

static const char **ed25519_key_types(void)
{
	static const char *types[] = {"ED25519", NULL};

	return types;
}

/* An algorithm with a digest of its own: TYPE is the token's mechanism that hashes and signs. */
static void *composite_new(void *context, CK_MECHANISM_TYPE type)
{
	struct signature *s = signature_new(context, NULL);

	if (s)
		s->composite = mechanism_find(type);
	return s;
}

static void *rsa_sha1_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_SHA1_RSA_PKCS);
}

static void *rsa_sha224_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_SHA224_RSA_PKCS);
}

static void *rsa_sha256_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_SHA256_RSA_PKCS);
}

static void *rsa_sha384_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_SHA384_RSA_PKCS);
}

static void *rsa_sha512_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_SHA512_RSA_PKCS);
}

static void *ecdsa_sha1_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_ECDSA_SHA1);
}

static void *ecdsa_sha224_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_ECDSA_SHA224);
}

static void *ecdsa_sha256_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_ECDSA_SHA256);
}

static void *ecdsa_sha384_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_ECDSA_SHA384);
}

static void *ecdsa_sha512_new(void *context, const char *propq)
{
	(void)propq;
	return composite_new(context, CKM_ECDSA_SHA512);
}

#define SIGNATURE_OF_MESSAGE                                                                       \
	{OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT, (void (*)(void))sign_message_init},                \
	{OSSL_FUNC_SIGNATURE_VERIFY_MESSAGE_INIT, (void (*)(void))verify_message_init}

/* All of a composite but its newctx: everything else asks the context which digest it is of. */
#define COMPOSITE                                                                                  \
	{OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signature_free},                             \
	{OSSL_FUNC_SIGNATURE_DUPCTX, (void (*)(void))signature_dup},                               \
	{OSSL_FUNC_SIGNATURE_SIGN_INIT, (void (*)(void))sign_init},                                \
	{OSSL_FUNC_SIGNATURE_SIGN, (void (*)(void))sign},                                          \
	{OSSL_FUNC_SIGNATURE_VERIFY_INIT, (void (*)(void))verify_init},                            \
	{OSSL_FUNC_SIGNATURE_VERIFY, (void (*)(void))verify},                                      \
	SIGNATURE_OF_MESSAGE,                                                                      \
	{OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_UPDATE, (void (*)(void))digest_update},                  \
	{OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_FINAL, (void (*)(void))digest_sign_final},               \
	{OSSL_FUNC_SIGNATURE_VERIFY_MESSAGE_UPDATE, (void (*)(void))digest_update},                \
	{OSSL_FUNC_SIGNATURE_VERIFY_MESSAGE_FINAL, (void (*)(void))verify_message_final},          \
	{OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, (void (*)(void))signature_get_params},                \
	{OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, (void (*)(void))signature_gettable},             \
	{OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))signature_set_params},                \
	{OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))signature_settable}

#define COMPOSITE_RSA                                                                              \
	COMPOSITE,                                                                                 \
	{OSSL_FUNC_SIGNATURE_VERIFY_RECOVER_INIT, (void (*)(void))recover_init},                   \
	{OSSL_FUNC_SIGNATURE_VERIFY_RECOVER, (void (*)(void))recover},                             \
	{OSSL_FUNC_SIGNATURE_QUERY_KEY_TYPES, (void (*)(void))rsa_key_types},                      \
	{0, NULL}

#define COMPOSITE_ECDSA                                                                            \
	COMPOSITE,                                                                                 \
	{OSSL_FUNC_SIGNATURE_QUERY_KEY_TYPES, (void (*)(void))ec_key_types},                       \
	{0, NULL}

const OSSL_DISPATCH signature_rsa_sha1_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))rsa_sha1_new},
	COMPOSITE_RSA,
};

const OSSL_DISPATCH signature_rsa_sha224_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))rsa_sha224_new},
	COMPOSITE_RSA,
};

const OSSL_DISPATCH signature_rsa_sha256_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))rsa_sha256_new},
	COMPOSITE_RSA,
};

const OSSL_DISPATCH signature_rsa_sha384_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))rsa_sha384_new},
	COMPOSITE_RSA,
};

const OSSL_DISPATCH signature_rsa_sha512_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))rsa_sha512_new},
	COMPOSITE_RSA,
};

const OSSL_DISPATCH signature_ecdsa_sha1_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))ecdsa_sha1_new},
	COMPOSITE_ECDSA,
};

const OSSL_DISPATCH signature_ecdsa_sha224_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))ecdsa_sha224_new},
	COMPOSITE_ECDSA,
};

const OSSL_DISPATCH signature_ecdsa_sha256_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))ecdsa_sha256_new},
	COMPOSITE_ECDSA,
};

const OSSL_DISPATCH signature_ecdsa_sha384_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))ecdsa_sha384_new},
	COMPOSITE_ECDSA,
};

const OSSL_DISPATCH signature_ecdsa_sha512_functions[] = {
	{OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))ecdsa_sha512_new},
	COMPOSITE_ECDSA,
};
#endif

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
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
	SIGNATURE_OF_MESSAGE,
	{OSSL_FUNC_SIGNATURE_QUERY_KEY_TYPES, (void (*)(void))ed25519_key_types},
#endif
	{0, NULL},
};
