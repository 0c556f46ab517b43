/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signature: the mechanism that fits padding and digest, one round trip, and OpenSSL's encoding of it.
 */
#include "config.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>

#include "common/memory.h"
#include "ossl-provider/signature.h"

#define RAW_MAX 1024 /* RSA of 8192 bits */
#define INFO_MAX 32

size_t signature_salt_size(const struct signature *s)
{
	size_t hash = s->md_row ? s->md_row->output : 0;
	size_t encoded = ((size_t)EVP_PKEY_get_bits(s->key->public) - 1 + 7) / 8;
	size_t max = encoded > hash + 2 ? encoded - hash - 2 : 0;

	switch (s->salt) {
	case RSA_PSS_SALTLEN_DIGEST:
		return hash;
	case RSA_PSS_SALTLEN_AUTO:
	case RSA_PSS_SALTLEN_MAX:
		return max;
	case -4: /* AUTO_DIGEST_MAX: FIPS 186-4 allows no more than the digest's size */
		return hash < max ? hash : max;
	default:
		return (size_t)s->salt;
	}
}

/* The mechanism of this scheme that takes keys of this type and hashes with DIGEST (or not at all). */
static const struct mechanism_row *find_row(CK_KEY_TYPE key_type, enum mechanism_scheme scheme,
					    CK_MECHANISM_TYPE digest)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].scheme == scheme && rows[i].digest == digest && (rows[i].flags & CKF_SIGN) &&
		    mechanism_takes_key(&rows[i], key_type))
			return &rows[i];
	return NULL;
}

static enum mechanism_scheme scheme_of(const struct signature *s)
{
	switch (s->key->type->key_type) {
	case CKK_EC:
		return SCHEME_ECDSA;
	case CKK_EC_EDWARDS:
		return SCHEME_EDDSA;
	default:
		break;
	}
	if (s->padding == RSA_PKCS1_PSS_PADDING)
		return SCHEME_RSA_PSS;
	return s->padding == RSA_NO_PADDING ? SCHEME_RSA_RAW : SCHEME_RSA_PKCS1;
}

static int choose_mechanism(const struct signature *s, struct mechanism *m)
{
	enum mechanism_scheme scheme = scheme_of(s);
	CK_MECHANISM_TYPE digest = s->whole ? s->md_row->type : CK_UNAVAILABLE_INFORMATION;

	m->row = find_row(s->key->type->key_type, scheme, digest);
	if (!m->row)
		return provider_raise(s->provider, PROVIDER_BAD_PARAMETER, "the token has no such mechanism");
	if (scheme != SCHEME_RSA_PSS)
		return 1;
	if (!s->md_row)
		return provider_raise(s->provider, PROVIDER_BAD_DIGEST, "PSS needs a digest");
	m->hash = s->md_row->type;
	m->mgf = (s->mgf1_row ? s->mgf1_row : s->md_row)->mgf;
	m->salt_size = signature_salt_size(s);
	return 1;
}

/* RSA PKCS #1 v1.5 of a digest signs a DigestInfo; without a digest's name TBS is taken as it is. */
static int wrap_digest(const struct signature *s, uint8_t info[INFO_MAX + EVP_MAX_MD_SIZE], struct span *tbs)
{
	if (!s->md_row || s->whole)
		return 1;
	if (tbs->size != s->md_row->output)
		return provider_raise(s->provider, PROVIDER_BAD_DIGEST, "%zu bytes are no %s digest", tbs->size,
				      s->md_row->digest_name);
	if (scheme_of(s) != SCHEME_RSA_PKCS1)
		return 1;
	memcpy(info, s->md_row->digest_info, s->md_row->digest_info_size);
	memcpy(info + s->md_row->digest_info_size, tbs->data, tbs->size);
	*tbs = (struct span){info, s->md_row->digest_info_size + tbs->size};
	return 1;
}

struct sign_call {
	struct mechanism mechanism;
	struct span tbs;
	uint8_t raw[RAW_MAX];
	size_t size;
};

static CK_RV call_sign(struct pkey *key, struct span grant, void *arg)
{
	struct sign_call *call = arg;
	struct operate_request request = {.slot = key->slot,
					  .key = key->handle,
					  .mechanism = call->mechanism,
					  .data = call->tbs,
					  .grant = grant};
	struct client_answer answer = {0};
	struct client *client = provider_client(key->provider);
	struct span data = {0};
	CK_RV rv = client_call(client, REQUEST_SIGN, &request, &answer);

	if (rv == CKR_OK) {
		data = answer.message.operate_response.data;
		descriptor_seen(client, key->descriptor, answer.message.operate_response.version);
		if (data.size > sizeof(call->raw))
			rv = CKR_DEVICE_ERROR;
	}
	if (rv == CKR_OK) {
		memcpy(call->raw, data.data, data.size);
		call->size = data.size;
	}
	client_done(&answer);
	return rv;
}

/* r || s to the SEQUENCE of RFC 3279 section 2.2.3. */
static int encode_ecdsa(struct signature *s, const struct sign_call *call, unsigned char *sig, size_t *siglen,
			size_t sigsize)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(call->raw, (int)(call->size / 2), NULL);
	BIGNUM *t = BN_bin2bn(call->raw + call->size / 2, (int)(call->size / 2), NULL);
	int n = 0, ok = 0;

	if (!pair || !r || !t || !ECDSA_SIG_set0(pair, r, t)) {
		BN_free(r);
		BN_free(t);
		goto out;
	}
	n = i2d_ECDSA_SIG(pair, NULL);
	ok = n > 0 && (size_t)n <= sigsize && i2d_ECDSA_SIG(pair, &sig) == n;
	if (ok)
		*siglen = (size_t)n;
out:
	ECDSA_SIG_free(pair);
	return ok ? 1 : provider_raise(s->provider, PROVIDER_BUFFER_TOO_SMALL, "encoding the signature");
}

int signature_sign_tbs(struct signature *s, unsigned char *sig, size_t *siglen, size_t sigsize, struct span tbs)
{
	uint8_t info[INFO_MAX + EVP_MAX_MD_SIZE];
	struct sign_call call = {0};
	int max = s->key ? EVP_PKEY_get_size(s->key->public) : 0;
	CK_RV rv = CKR_OK;

	if (max <= 0)
		return provider_raise(s->provider, PROVIDER_BAD_KEY, "no key");
	if (!sig) {
		*siglen = (size_t)max;
		return 1;
	}
	if (!wrap_digest(s, info, &tbs) || !choose_mechanism(s, &call.mechanism))
		return 0;
	call.tbs = tbs;
	rv = pkey_call(s->key, CKF_SIGN, call_sign, &call);
	if (rv != CKR_OK)
		return provider_raise_rv(s->provider, rv, "signing");
	if (s->key->type == &pkey_ec)
		return encode_ecdsa(s, &call, sig, siglen, sigsize);
	if (call.size > sigsize)
		return provider_raise(s->provider, PROVIDER_BUFFER_TOO_SMALL, "%zu bytes are needed", call.size);
	memcpy(sig, call.raw, call.size);
	*siglen = call.size;
	return 1;
}
