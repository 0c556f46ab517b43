/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations in many parts: four ways to take the data. A digest (alone or signed at the end), one that a
 * client began, a context of the family that gives its result as it goes, or holding it all back. Enclave
 * only.
 */
#include "config.h"

#include "crypto/stream.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/digest.h"
#include "crypto/digest_state.h"
#include "crypto/family.h"
#include "crypto/operate.h"

/* One of .digest, .state and .context is set, or none: the data is held. */
struct stream {
	enum stream_kind kind;
	bool finished;
	struct key *key;
	const struct family_ops *family;
	struct mechanism m;       /* its spans lie in .parameters */
	struct buffer parameters;
	EVP_MD_CTX *digest;
	struct digest_state *state;
	struct context *context;
	struct buffer held;
};

static CK_RV check_fit(const struct stream *s)
{
	static const CK_FLAGS flags[] = {
		[STREAM_SIGN] = CKF_SIGN,       [STREAM_VERIFY] = CKF_VERIFY,
		[STREAM_ENCRYPT] = CKF_ENCRYPT, [STREAM_DECRYPT] = CKF_DECRYPT,
		[STREAM_DIGEST] = CKF_DIGEST,
	};
	const bool public_side = s->kind == STREAM_VERIFY || s->kind == STREAM_ENCRYPT;

	if (!s->m.row->multi_part || !(s->m.row->flags & flags[s->kind]))
		return CKR_MECHANISM_INVALID;
	if (s->kind == STREAM_DIGEST)
		return CKR_OK;
	if (!s->key || !mechanism_takes_key(s->m.row, s->key->type))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (s->key->class != (public_side ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY) &&
	    s->key->class != CKO_SECRET_KEY)
		return CKR_KEY_TYPE_INCONSISTENT;
	return CKR_OK;
}

/* The mechanism's bytes are borrowed from a frame that is gone at the next part. */
static bool own_parameters(struct stream *s, const struct mechanism *m)
{
	struct span iv = {0};
	struct span aad = {0};

	switch (m->row->parameter) {
	case PARAMETER_GCM:
		aad = m->aad;
		iv = m->iv;
		break;
	case PARAMETER_IV:
	case PARAMETER_CTR:
		iv = m->iv;
		break;
	default:
		break;
	}
	if (!buffer_reserve(&s->parameters, iv.size + aad.size) ||
	    !buffer_append(&s->parameters, iv.data, iv.size) ||
	    !buffer_append(&s->parameters, aad.data, aad.size))
		return false;
	s->m = *m;
	s->m.label = s->m.shared = s->m.peer = (struct span){0};
	s->m.iv = (struct span){s->parameters.data, iv.size};
	s->m.aad = iv.size > 0 ? (struct span){s->parameters.data + iv.size, aad.size}
			       : (struct span){0};
	return true;
}

static CK_RV stream_open(struct stream *s)
{
	const struct mechanism_row *digest = digest_row(s->m.row->digest);
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;

	if (digest && (s->kind == STREAM_DIGEST || s->family->takes_digest))
		return digest_open(digest, &s->digest);
	if (s->family->open)
		rv = s->family->open(s->key, &s->m, s->kind == STREAM_ENCRYPT, &s->context);
	/* Held: what comes out of encryption is expected with each part, so that is not possible. */
	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		rv = s->kind == STREAM_ENCRYPT ? CKR_MECHANISM_INVALID : CKR_OK;
	return rv;
}

CK_RV stream_new(enum stream_kind kind, struct key *key, const struct mechanism *m,
		 struct stream **stream)
{
	struct stream *s = OPENSSL_zalloc(sizeof(*s));
	CK_RV rv = CKR_OK;

	*stream = NULL;
	if (!s)
		return CKR_DEVICE_MEMORY;
	s->kind = kind;
	s->key = key ? key_retain(key) : NULL;
	s->m = *m;
	s->family = family_of(m->row);
	/* A message to be signed may be as secret as a plaintext; a ciphertext is not. */
	s->held.secret = kind == STREAM_SIGN;
	rv = check_fit(s);
	if (rv == CKR_OK && !own_parameters(s, m))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = stream_open(s);
	if (rv != CKR_OK) {
		stream_free(&s);
		return rv;
	}
	*stream = s;
	return CKR_OK;
}

CK_RV stream_new_digest(const struct mechanism *m, struct span state, struct stream **stream)
{
	struct stream *s = NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	*stream = NULL;
	if (m->row->family != FAMILY_DIGEST)
		return CKR_MECHANISM_INVALID;
	s = OPENSSL_zalloc(sizeof(*s));
	if (!s)
		return rv;
	s->kind = STREAM_DIGEST;
	s->m = (struct mechanism){.row = m->row};
	s->family = family_of(m->row);
	rv = digest_state_open(m->row, state, &s->state);
	if (rv == CKR_OK)
		*stream = s;
	else
		stream_free(&s);
	return rv;
}

CK_RV stream_update(struct stream *s, struct span data, struct buffer *out)
{
	CK_RV rv = CKR_OK;

	buffer_reset(out);
	if (s->finished)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (s->digest) {
		rv = digest_feed(s->digest, data);
	} else if (s->state) {
		digest_state_feed(s->state, data);
	} else if (s->context) {
		rv = s->family->feed(s->context, data, out);
	} else {
		if (data.size > STREAM_HELD_MAX - s->held.size)
			rv = s->kind == STREAM_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE
						       : CKR_DATA_LEN_RANGE;
		else if (!buffer_append(&s->held, data.data, data.size))
			rv = CKR_DEVICE_MEMORY;
	}
	if (rv != CKR_OK) {
		buffer_reset(out);
		s->finished = true;
	}
	return rv;
}

CK_RV stream_update_key(struct stream *s, const struct key *key)
{
	if (s->finished)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (s->kind != STREAM_DIGEST || key->class != CKO_SECRET_KEY)
		return CKR_KEY_INDIGESTIBLE;
	if (s->digest)
		return digest_feed(s->digest, buffer_span(&key->value));
	digest_state_feed(s->state, buffer_span(&key->value));
	return CKR_OK;
}

/* The digest's end: the result itself, or what is signed. */
static CK_RV final_digest(struct stream *s, struct span signature, struct buffer *out)
{
	uint8_t digest[DIGEST_MAX];
	const struct span value = {digest, digest_row(s->m.row->digest)->output};
	CK_RV rv = CKR_OK;

	if (s->digest)
		rv = digest_close(s->digest, digest);
	else
		digest_state_close(s->state, digest);
	if (rv != CKR_OK)
		return rv;
	if (s->kind == STREAM_SIGN)
		return s->family->sign(s->key, &s->m, value, out);
	if (s->kind == STREAM_VERIFY)
		return s->family->verify(s->key, &s->m, value, signature);
	return buffer_set(out, value.data, value.size) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV final_context(struct stream *s, struct span signature, struct buffer *out)
{
	CK_RV rv = s->family->close(s->context, &s->m, out);

	if (rv != CKR_OK)
		return rv;
	context_give(s->key->pool, &s->context);
	if (s->kind != STREAM_VERIFY)
		return CKR_OK;
	if (signature.size != out->size)
		rv = CKR_SIGNATURE_LEN_RANGE;
	else if (CRYPTO_memcmp(signature.data, out->data, out->size) != 0)
		rv = CKR_SIGNATURE_INVALID;
	buffer_reset(out);
	return rv;
}

static CK_RV final_held(struct stream *s, struct span signature, struct buffer *out)
{
	const struct span data = buffer_span(&s->held);

	switch (s->kind) {
	case STREAM_SIGN:
		return s->family->sign(s->key, &s->m, data, out);
	case STREAM_VERIFY:
		return s->family->verify(s->key, &s->m, data, signature);
	case STREAM_DECRYPT:
		return s->family->decrypt(s->key, &s->m, data, out);
	case STREAM_ENCRYPT:
	case STREAM_DIGEST:
		break;
	}
	return CKR_MECHANISM_INVALID;
}

CK_RV stream_final(struct stream *s, struct span signature, struct buffer *out)
{
	CK_RV rv = CKR_OK;

	buffer_reset(out);
	if (s->finished)
		return CKR_OPERATION_NOT_INITIALIZED;
	s->finished = true;
	if (s->digest || s->state)
		rv = final_digest(s, signature, out);
	else if (s->context)
		rv = final_context(s, signature, out);
	else
		rv = final_held(s, signature, out);
	if (rv != CKR_OK)
		buffer_reset(out);
	return rv;
}

CK_RV stream_chain(const struct key *key, const struct mechanism *m, bool encrypt, bool last,
		   struct span data, uint8_t next_iv[16], struct buffer *out)
{
	const struct family_ops *family = family_of(m->row);
	CK_RV rv = CKR_OK;

	buffer_reset(out);
	if (!family->chain)
		return CKR_MECHANISM_INVALID;
	if (key->class != CKO_SECRET_KEY || !mechanism_takes_key(m->row, key->type))
		return CKR_KEY_TYPE_INCONSISTENT;
	rv = family->chain(key, m, encrypt, last, data, next_iv, out);
	if (rv != CKR_OK)
		buffer_reset(out);
	return rv;
}

void stream_free(struct stream **stream)
{
	struct stream *old = *stream;

	*stream = NULL;
	if (!old)
		return;
	context_free(&old->context);
	EVP_MD_CTX_free(old->digest);
	digest_state_free(&old->state);
	key_free(&old->key);
	buffer_free(&old->held);
	buffer_free(&old->parameters);
	OPENSSL_clear_free(old, sizeof(*old));
}
