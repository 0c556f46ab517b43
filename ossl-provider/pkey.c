/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token keys: loaded by handle, shared by counted references, called with login renewed when it was lost.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "client/uri.h"
#include "common/memory.h"
#include "ossl-provider/pin.h"
#include "ossl-provider/pkey.h"
#include "ossl-provider/refusal.h"

const struct pkey_type pkey_rsa = {"RSA", CKK_RSA, "KEYCLAVE-RSA"};
const struct pkey_type pkey_rsa_pss = {"RSA-PSS", CKK_RSA, "KEYCLAVE-RSA"};
const struct pkey_type pkey_ec = {"EC", CKK_EC, "KEYCLAVE-EC"};
const struct pkey_type pkey_ed25519 = {"ED25519", CKK_EC_EDWARDS, "KEYCLAVE-ED25519"};
const struct pkey_type pkey_x25519 = {"X25519", CKK_EC_MONTGOMERY, "KEYCLAVE-X25519"};

/* A key that may only sign with PSS is an RSA-PSS key to OpenSSL. */
static bool only_pss(const struct descriptor *d)
{
	for (size_t i = 0; i < d->mechanisms.count; i++) {
		const struct mechanism_row *row = mechanism_find(d->mechanisms.item[i]);

		if (row && row->scheme != SCHEME_RSA_PSS)
			return false;
	}
	return d->mechanisms.count > 0;
}

/*
 * The digest of a key whose mechanisms all hash with the same one: RSASSA-PSS-params, as far as
 * PKCS#11 can hold a key to them. Its salt is at least as long as the digest.
 */
static const struct mechanism_row *only_digest(const struct descriptor *d)
{
	const struct mechanism_row *only = NULL;

	for (size_t i = 0; i < d->mechanisms.count; i++) {
		const struct mechanism_row *row = mechanism_find(d->mechanisms.item[i]);
		const struct mechanism_row *digest = row ? mechanism_find(row->digest) : NULL;

		if (!digest || (only && digest != only))
			return NULL;
		only = digest;
	}
	return only;
}

static const struct pkey_type *type_of(const struct descriptor *d)
{
	static const struct pkey_type *const types[] = {&pkey_ec, &pkey_ed25519, &pkey_x25519};

	if (d->key_type == CKK_RSA)
		return only_pss(d) ? &pkey_rsa_pss : &pkey_rsa;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i]->key_type == d->key_type)
			return types[i];
	return NULL;
}

static struct pkey *pkey_new(struct provider *p)
{
	struct pkey *key = calloc(1, sizeof(*key));

	if (!key)
		return NULL;
	key->lock = CRYPTO_THREAD_lock_new();
	if (!key->lock) {
		free(key);
		return NULL;
	}
	key->references = 1;
	key->provider = p;
	key->pin.secret = true;
	return key;
}

static EVP_PKEY *decode_public(struct provider *p, struct span info)
{
	const unsigned char *der = info.data;
	OSSL_LIB_CTX *libctx = provider_libctx(p);
	EVP_PKEY *public = NULL;

	if (!libctx || info.size == 0 || info.size > LONG_MAX)
		return NULL;
	public = d2i_PUBKEY_ex(NULL, &der, (long)info.size, libctx, NULL);
	if (!public)
		provider_raise(p, PROVIDER_BAD_KEY, "CKA_PUBLIC_KEY_INFO is unreadable");
	return public;
}

/*
 * The same public key as RSA-PSS, held to DIGEST unless that is NULL: to libcrypto that is another
 * type, which is equal to none of the first.
 */
static EVP_PKEY *as_rsa_pss(struct provider *p, EVP_PKEY *rsa, const struct mechanism_row *digest)
{
	char *name = digest ? (char *)(uintptr_t)digest->digest_name : NULL;
	int salt = digest ? (int)digest->output : 0;
	OSSL_PARAM held[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_RSA_DIGEST, name, 0),
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_RSA_MGF1_DIGEST, name, 0),
		OSSL_PARAM_construct_int(OSSL_PKEY_PARAM_RSA_PSS_SALTLEN, &salt),
		OSSL_PARAM_construct_end(),
	};
	OSSL_PARAM *merged = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(provider_libctx(p), pkey_rsa_pss.name, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pss = NULL;

	if (EVP_PKEY_todata(rsa, EVP_PKEY_PUBLIC_KEY, &params) == 1)
		merged = digest ? OSSL_PARAM_merge(params, held) : OSSL_PARAM_dup(params);
	if (!ctx || !merged || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pss, EVP_PKEY_PUBLIC_KEY, merged) != 1)
		provider_raise(p, PROVIDER_LIBCRYPTO, "RSA-PSS public key");
	/* Shallow: what it points to is PARAMS' or ours. */
	if (digest)
		OPENSSL_free(merged);
	else
		OSSL_PARAM_free(merged);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(rsa);
	return pss;
}

/* The canonical URI of the object: what a PEM reference says. It carries no PIN. */
static char *format_uri(const struct descriptor *d, const struct token_response *token, bool is_private)
{
	char label[64] = "", serial[32] = "", object[256] = "";
	struct uri uri = {.token = label,
			  .serial = serial,
			  .class = is_private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY,
			  .slot = UINT64_MAX};
	struct buffer text = {0};
	char *copy = NULL;

	memcpy(label, token->label.data, token->label.size < 63 ? token->label.size : 63);
	memcpy(serial, token->serial.data, token->serial.size < 31 ? token->serial.size : 31);
	if (d->label.size && d->label.size < sizeof(object)) {
		memcpy(object, d->label.data, d->label.size);
		uri.object = object;
	}
	if (d->id.size) {
		uri.has_id = true;
		uri.id = (struct buffer){.data = (uint8_t *)(uintptr_t)d->id.data, .size = d->id.size};
	}
	if (uri_format(&uri, &text) == CKR_OK)
		copy = strdup((const char *)text.data);
	buffer_free(&text);
	return copy;
}

struct pkey *pkey_load(struct provider *p, uint64_t slot, CK_OBJECT_HANDLE handle, bool is_private,
		       const struct token_response *token, struct span pin)
{
	struct pkey *key = pkey_new(p);
	CK_RV rv = CKR_HOST_MEMORY;

	if (!key)
		goto out;
	key->slot = slot;
	key->handle = handle;
	key->is_private = is_private;
	rv = descriptor_get(provider_client(p), slot, handle, &key->descriptor);
	if (rv != CKR_OK)
		goto out;
	key->type = type_of(key->descriptor);
	if (!key->type) {
		rv = CKR_KEY_TYPE_INCONSISTENT;
		goto out;
	}
	key->public = decode_public(p, key->descriptor->public_info);
	if (key->type == &pkey_rsa_pss)
		key->pss_md = only_digest(key->descriptor);
	if (key->public && key->type == &pkey_rsa_pss)
		key->public = as_rsa_pss(p, key->public, key->pss_md);
	if (!key->public) {
		pkey_free(key);
		return NULL;
	}
	key->uri = format_uri(key->descriptor, token, is_private);
	rv = key->uri && (!pin.size || buffer_set(&key->pin, pin.data, pin.size)) ? CKR_OK : CKR_HOST_MEMORY;
out:
	if (rv != CKR_OK) {
		provider_raise_rv(p, rv, "loading the key");
		pkey_free(key);
		return NULL;
	}
	return key;
}

struct pkey *pkey_new_public(struct provider *p, const struct pkey_type *type, EVP_PKEY *public)
{
	struct pkey *key = pkey_new(p);

	if (!key)
		return NULL;
	key->type = type;
	key->public = public;
	return key;
}

struct pkey *pkey_retain(struct pkey *key)
{
	int now = 0;

	(void)CRYPTO_atomic_add(&key->references, 1, &now, key->lock);
	return key;
}

void pkey_free(struct pkey *key)
{
	int now = 0;

	if (!key)
		return;
	if (!CRYPTO_atomic_add(&key->references, -1, &now, key->lock) || now > 0)
		return;
	if (key->descriptor)
		descriptor_free(&key->descriptor);
	EVP_PKEY_free(key->public);
	free(key->uri);
	buffer_free(&key->nonce);
	buffer_free(&key->pin);
	CRYPTO_THREAD_lock_free(key->lock);
	free(key);
}

/* The login was lost (a restart where tickets are off, somebody's PIN change): renew it with what we have. */
static CK_RV renew_login(struct pkey *key)
{
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;

	if (!provider_client(key->provider) || key->pin.size == 0)
		return CKR_USER_NOT_LOGGED_IN;
	provider_login_lock(key->provider);
	rv = pin_try(key->provider, key->slot, buffer_span(&key->pin));
	provider_login_unlock(key->provider);
	return rv;
}

static CK_RV get_grant(struct pkey *key, CK_FLAGS usage, uint8_t grant[PROTOCOL_GRANT_SIZE])
{
	struct grant_request request = {.slot = key->slot,
					.key = key->handle,
					.usage = usage,
					.pin = buffer_span(&key->pin)};
	struct client_answer answer = {0};
	CK_RV rv = CKR_USER_NOT_LOGGED_IN;

	if (key->pin.size == 0)
		return rv;
	/* One signature after another with a PIN that was changed would lock the token. */
	if (refusal_holds(key->provider, key->slot, request.pin))
		return CKR_PIN_INCORRECT;
	rv = client_call(provider_client(key->provider), REQUEST_GRANT, &request, &answer);
	if (rv == CKR_PIN_INCORRECT)
		refusal_add(key->provider, key->slot, request.pin);
	else if (rv == CKR_OK)
		memcpy(grant, answer.message.grant_response.grant.data, PROTOCOL_GRANT_SIZE);
	client_done(&answer);
	return rv;
}

static CK_RV call_once(struct pkey *key, CK_FLAGS usage,
		       CK_RV (*call)(struct pkey *key, struct span grant, void *arg), void *arg)
{
	uint8_t grant[PROTOCOL_GRANT_SIZE];
	CK_RV rv = CKR_OK;

	if (!key->descriptor->always_authenticate)
		return call(key, (struct span){NULL, 0}, arg);
	rv = get_grant(key, usage, grant);
	if (rv == CKR_OK)
		rv = call(key, (struct span){grant, sizeof(grant)}, arg);
	memory_wipe(grant, sizeof(grant));
	return rv;
}

CK_RV pkey_call(struct pkey *key, CK_FLAGS usage,
		CK_RV (*call)(struct pkey *key, struct span grant, void *arg), void *arg)
{
	CK_RV rv = call_once(key, usage, call, arg);

	if (rv != CKR_USER_NOT_LOGGED_IN && rv != CKR_KEY_HANDLE_INVALID)
		return rv;
	return renew_login(key) == CKR_OK ? call_once(key, usage, call, arg) : rv;
}
