/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of AES: ECB, CBC, CTR, GCM (NIST SP 800-38A, 38D), key wrap (RFC 3394, RFC 5649) and key
 * generation, in the enclave.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/memory.h"
#include "crypto/aes_mode.h"
#include "crypto/library.h"
#include "crypto/secret.h"

#define KEY_SIZES 3 /* 128, 192, 256 bits */
#define SEMIBLOCK 8 /* RFC 3394 section 2 */

static const struct {
	enum mechanism_scheme scheme;
	const char *name;
} modes[] = {
	{SCHEME_AES_ECB, "ECB"},       {SCHEME_AES_CBC, "CBC"},
	{SCHEME_AES_CTR, "CTR"},       {SCHEME_AES_GCM, "GCM"},
	{SCHEME_AES_KEY_WRAP, "WRAP"}, {SCHEME_AES_KEY_WRAP_KWP, "WRAP-PAD"},
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

static EVP_CIPHER *ciphers[MODES][KEY_SIZES];

static bool aes_start(void)
{
	char name[32];
	size_t i = 0;
	size_t j = 0;

	for (i = 0; i < MODES; i++) {
		for (j = 0; j < KEY_SIZES; j++) {
			if (ciphers[i][j])
				continue;
			(void)snprintf(name, sizeof(name), "AES-%zu-%s", 128 + 64 * j,
				       modes[i].name);
			ciphers[i][j] =
				EVP_CIPHER_fetch(library_context(), name, LIBRARY_PROPERTIES);
			if (!ciphers[i][j])
				return false;
		}
	}
	return true;
}

static bool size_valid(size_t size)
{
	return size == 16 || size == 24 || size == 32;
}

static const EVP_CIPHER *cipher_of(enum mechanism_scheme scheme, size_t key_size)
{
	size_t i = 0;

	for (i = 0; i < MODES; i++) {
		if (modes[i].scheme == scheme)
			return ciphers[i][key_size / 8 - 2];
	}
	return NULL;
}

/* CBC_PAD is CBC: the padding is ours (aes_mode.h), so that chained parts share it. */
static enum mechanism_scheme mode_of(const struct mechanism *m)
{
	return m->row->scheme == SCHEME_AES_CBC_PAD ? SCHEME_AES_CBC : m->row->scheme;
}

static CK_RV make(const struct key *key, const struct context_class *class, struct context **context)
{
	const EVP_CIPHER *cipher = cipher_of(class->scheme, key->value.size);
	EVP_CIPHER_CTX *ctx = NULL;

	if (!cipher)
		return CKR_MECHANISM_INVALID;
	*context = context_new(class);
	if (!*context)
		return CKR_DEVICE_MEMORY;
	ctx = (*context)->cipher = EVP_CIPHER_CTX_new();
	if (!ctx) {
		context_free(context);
		return CKR_DEVICE_MEMORY;
	}
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	if (EVP_CipherInit_ex2(ctx, cipher, key->value.data, NULL, class->use == CONTEXT_ENCRYPT,
			       NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
		return CKR_OK;
	context_free(context);
	return library_failure(CKR_DEVICE_ERROR);
}

/* A context for KEY with IV set; its key schedule is there already, most of the time. */
static CK_RV context_for(const struct key *key, const struct mechanism *m, bool encrypt,
			 struct span iv, struct context **context)
{
	const struct context_class class = {.use = encrypt ? CONTEXT_ENCRYPT : CONTEXT_DECRYPT,
					    .scheme = mode_of(m)};
	CK_RV rv = CKR_OK;

	*context = context_take(key->pool, &class);
	if (!*context)
		rv = make(key, &class, context);
	if (rv != CKR_OK || class.scheme == SCHEME_AES_ECB)
		return rv;
	if ((class.scheme != SCHEME_AES_GCM ||
	     EVP_CIPHER_CTX_ctrl((*context)->cipher, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.size, NULL) ==
		     1) &&
	    EVP_CipherInit_ex2((*context)->cipher, NULL, NULL, iv.data, -1, NULL) == 1)
		return CKR_OK;
	context_free(context);
	return library_failure(CKR_DEVICE_ERROR);
}

/* Appends what DATA gives. ROOM: more bytes than DATA that the mode may write. */
static CK_RV update(EVP_CIPHER_CTX *ctx, struct span data, size_t room, struct buffer *out,
		    CK_RV otherwise)
{
	const size_t start = out->size;
	int written = 0;

	if (data.size == 0)
		return CKR_OK;
	if (data.size > INT_MAX - room)
		return CKR_DATA_LEN_RANGE;
	if (!buffer_resize(out, start + data.size + room))
		return CKR_DEVICE_MEMORY;
	if (EVP_CipherUpdate(ctx, out->data + start, &written, data.data, (int)data.size) != 1 ||
	    written < 0)
		return library_failure(otherwise);
	return buffer_resize(out, start + (size_t)written) ? CKR_OK : CKR_DEVICE_MEMORY;
}

/* Whole blocks, or a stream; then TAIL, which completes the last block. */
static CK_RV run_blocks(const struct key *key, const struct mechanism *m, bool encrypt,
			struct span data, struct span tail, struct buffer *out)
{
	struct context *context = NULL;
	CK_RV rv = context_for(key, m, encrypt, m->iv, &context);

	/* One allocation, as growing moves the plaintext. */
	if (rv == CKR_OK && !buffer_reserve(out, data.size + tail.size + AES_MODE_BLOCK))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = update(context->cipher, data, 0, out, CKR_DEVICE_ERROR);
	if (rv == CKR_OK)
		rv = update(context->cipher, tail, 0, out, CKR_DEVICE_ERROR);
	if (rv == CKR_OK)
		context_give(key->pool, &context);
	context_free(&context);
	return rv;
}

static CK_RV length_error(bool encrypt)
{
	return encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE;
}

static CK_RV cbc_pad(const struct key *key, const struct mechanism *m, bool encrypt,
		     struct span data, struct buffer *out)
{
	uint8_t block[AES_MODE_BLOCK];
	struct span tail = {0};
	CK_RV rv = CKR_OK;

	if (encrypt) {
		const size_t whole = data.size - data.size % AES_MODE_BLOCK;

		aes_mode_pad((struct span){data.data + whole, data.size - whole}, block);
		data.size = whole;
		tail = (struct span){block, sizeof(block)};
	} else if (data.size == 0 || data.size % AES_MODE_BLOCK != 0) {
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	}
	rv = run_blocks(key, m, encrypt, data, tail, out);
	if (rv == CKR_OK && !encrypt && !aes_mode_strip(out))
		rv = CKR_ENCRYPTED_DATA_INVALID;
	memory_wipe(block, sizeof(block));
	return rv;
}

static CK_RV gcm_check(const struct mechanism *m)
{
	/* SP 800-38D section 5.2.1.2 and appendix C: 32 bits are the least that it knows. */
	if (m->tag_bits < 32 || m->tag_bits > 128 || m->tag_bits % 8 != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	if (m->iv.size == 0 || m->iv.size > MECHANISM_IV_MAX || m->aad.size > INT_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

static CK_RV gcm_open(const struct key *key, const struct mechanism *m, bool encrypt,
		      struct context **context)
{
	int ignored = 0;
	CK_RV rv = gcm_check(m);

	if (rv == CKR_OK)
		rv = context_for(key, m, encrypt, m->iv, context);
	if (rv != CKR_OK || m->aad.size == 0)
		return rv;
	if (EVP_CipherUpdate((*context)->cipher, NULL, &ignored, m->aad.data, (int)m->aad.size) == 1)
		return CKR_OK;
	context_free(context);
	return library_failure(CKR_DEVICE_ERROR);
}

/* Appends the tag. */
static CK_RV gcm_close(struct context *context, const struct mechanism *m, struct buffer *out)
{
	const size_t start = out->size;
	const size_t tag = m->tag_bits / 8;
	uint8_t none[AES_MODE_BLOCK];
	int written = 0;

	if (!buffer_resize(out, start + tag))
		return CKR_DEVICE_MEMORY;
	if (EVP_EncryptFinal_ex(context->cipher, none, &written) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context->cipher, EVP_CTRL_AEAD_GET_TAG, (int)tag,
				out->data + start) != 1)
		return library_failure(CKR_DEVICE_ERROR);
	return CKR_OK;
}

static CK_RV gcm_encrypt(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out)
{
	struct context *context = NULL;
	CK_RV rv = gcm_open(key, m, true, &context);

	if (rv == CKR_OK && !buffer_reserve(out, data.size + AES_MODE_BLOCK))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = update(context->cipher, data, 0, out, CKR_DEVICE_ERROR);
	if (rv == CKR_OK)
		rv = gcm_close(context, m, out);
	if (rv == CKR_OK)
		context_give(key->pool, &context);
	context_free(&context);
	return rv;
}

static CK_RV gcm_decrypt(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out)
{
	const size_t size = m->tag_bits / 8;
	struct context *context = NULL;
	uint8_t none[AES_MODE_BLOCK];
	uint8_t tag[AES_MODE_BLOCK];
	int written = 0;
	CK_RV rv = gcm_check(m);

	if (rv == CKR_OK && data.size < size)
		rv = CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (rv == CKR_OK)
		rv = gcm_open(key, m, false, &context);
	if (rv != CKR_OK)
		return rv;
	data.size -= size;
	memcpy(tag, data.data + data.size, size);
	rv = update(context->cipher, data, 0, out, CKR_DEVICE_ERROR);
	if (rv == CKR_OK &&
	    EVP_CIPHER_CTX_ctrl(context->cipher, EVP_CTRL_AEAD_SET_TAG, (int)size, tag) != 1)
		rv = library_failure(CKR_DEVICE_ERROR);
	if (rv == CKR_OK && EVP_DecryptFinal_ex(context->cipher, none, &written) != 1)
		rv = library_failure(CKR_ENCRYPTED_DATA_INVALID);
	if (rv == CKR_OK)
		context_give(key->pool, &context);
	context_free(&context);
	return rv;
}

static CK_RV key_wrap(const struct key *key, const struct mechanism *m, bool encrypt,
		      struct span data, struct buffer *out)
{
	static const uint8_t rfc3394[] = {0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6};
	static const uint8_t rfc5649[] = {0xa6, 0x59, 0x59, 0xa6};
	const bool padded = m->row->scheme == SCHEME_AES_KEY_WRAP_KWP;
	struct span iv = padded ? (struct span){rfc5649, sizeof(rfc5649)}
				: (struct span){rfc3394, sizeof(rfc3394)};
	const size_t least = (padded ? 1U : 2U) + (encrypt ? 0U : 1U); /* semiblocks */
	struct context *context = NULL;
	CK_RV rv = CKR_OK;

	if (m->iv.size != 0 && m->iv.size != iv.size)
		return CKR_MECHANISM_PARAM_INVALID;
	if (m->iv.size != 0)
		iv = m->iv;
	if (padded && encrypt ? data.size == 0
			      : data.size < least * SEMIBLOCK || data.size % SEMIBLOCK != 0)
		return length_error(encrypt);
	rv = context_for(key, m, encrypt, iv, &context);
	if (rv == CKR_OK)
		rv = update(context->cipher, data, 2 * SEMIBLOCK, out,
			    encrypt ? CKR_DEVICE_ERROR : CKR_ENCRYPTED_DATA_INVALID);
	if (rv == CKR_OK)
		context_give(key->pool, &context);
	context_free(&context);
	return rv;
}

/* ECB, CBC and CTR: LAST as in stream_chain. */
static CK_RV blocks(const struct key *key, const struct mechanism *m, bool encrypt, bool last,
		    struct span data, struct buffer *out)
{
	CK_RV rv = CKR_OK;

	if (m->row->scheme != SCHEME_AES_ECB && m->iv.size != AES_MODE_BLOCK)
		return CKR_MECHANISM_PARAM_INVALID;
	if (m->row->scheme == SCHEME_AES_CTR)
		rv = aes_mode_counter_check(m, data.size, last, length_error(encrypt));
	else if (data.size % AES_MODE_BLOCK != 0)
		rv = length_error(encrypt);
	return rv == CKR_OK ? run_blocks(key, m, encrypt, data, (struct span){0}, out) : rv;
}

static CK_RV crypt(const struct key *key, const struct mechanism *m, bool encrypt,
		   struct span data, struct buffer *out)
{
	switch (m->row->scheme) {
	case SCHEME_AES_ECB:
	case SCHEME_AES_CBC:
	case SCHEME_AES_CTR:
		return blocks(key, m, encrypt, true, data, out);
	case SCHEME_AES_CBC_PAD:
		if (m->iv.size != AES_MODE_BLOCK)
			return CKR_MECHANISM_PARAM_INVALID;
		return cbc_pad(key, m, encrypt, data, out);
	case SCHEME_AES_GCM:
		return encrypt ? gcm_encrypt(key, m, data, out) : gcm_decrypt(key, m, data, out);
	case SCHEME_AES_KEY_WRAP:
	case SCHEME_AES_KEY_WRAP_KWP:
		return key_wrap(key, m, encrypt, data, out);
	default:
		return CKR_MECHANISM_INVALID;
	}
}

static CK_RV aes_encrypt(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out)
{
	return crypt(key, m, true, data, out);
}

static CK_RV aes_decrypt(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out)
{
	return crypt(key, m, false, data, out);
}

static CK_RV aes_chain(const struct key *key, const struct mechanism *m, bool encrypt, bool last,
		       struct span data, uint8_t next_iv[16], struct buffer *out)
{
	const enum mechanism_scheme mode = mode_of(m);
	CK_RV rv = CKR_OK;

	if (mode != SCHEME_AES_ECB && mode != SCHEME_AES_CBC && mode != SCHEME_AES_CTR)
		return CKR_MECHANISM_INVALID;
	if (mode != SCHEME_AES_ECB && m->iv.size != AES_MODE_BLOCK)
		return CKR_MECHANISM_PARAM_INVALID;
	if (m->row->scheme == SCHEME_AES_CBC_PAD && !encrypt && last)
		rv = cbc_pad(key, m, false, data, out);
	else
		rv = blocks(key, m, encrypt, last, data, out);
	if (rv == CKR_OK)
		aes_mode_next_iv(mode, m->iv, encrypt ? buffer_span(out) : data, data.size, next_iv);
	return rv;
}

static CK_RV aes_open(const struct key *key, const struct mechanism *m, bool encrypt,
		      struct context **context)
{
	/* Plaintext is held back until its tag has been checked. */
	if (m->row->scheme != SCHEME_AES_GCM || !encrypt)
		return CKR_FUNCTION_NOT_SUPPORTED;
	return gcm_open(key, m, true, context);
}

static CK_RV aes_feed(struct context *context, struct span data, struct buffer *out)
{
	return update(context->cipher, data, 0, out, CKR_DATA_LEN_RANGE);
}

static CK_RV aes_load(const struct attribute_set *object, struct key *key)
{
	if (!size_valid(attribute_set_get(object, CKA_VALUE).size))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return secret_load(object, key);
}

/* The check value is the encryption of a block of zeros: PKCS#11 v3.1 section 4.10.2. */
static CK_RV aes_complete(struct attribute_set *object)
{
	static const uint8_t zeros[AES_MODE_BLOCK];
	const struct span value = attribute_set_get(object, CKA_VALUE);
	EVP_CIPHER_CTX *ctx = NULL;
	uint8_t block[AES_MODE_BLOCK];
	int written = 0;
	CK_RV rv = CKR_DEVICE_ERROR;

	if (!value.data)
		return CKR_TEMPLATE_INCOMPLETE;
	if (!size_valid(value.size))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	ctx = EVP_CIPHER_CTX_new();
	if (!ctx)
		return CKR_DEVICE_MEMORY;
	if (EVP_EncryptInit_ex2(ctx, cipher_of(SCHEME_AES_ECB, value.size), value.data, NULL,
				NULL) == 1 &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	    EVP_EncryptUpdate(ctx, block, &written, zeros, sizeof(zeros)) == 1)
		rv = secret_put_computed(object, block);
	else
		rv = library_failure(CKR_DEVICE_ERROR);
	EVP_CIPHER_CTX_free(ctx);
	return rv;
}

static CK_RV aes_generate(const struct mechanism *m, struct attribute_set *object)
{
	const CK_ULONG size = attribute_set_ulong(object, CKA_VALUE_LEN, 0);
	CK_RV rv = CKR_OK;

	if (!attribute_set_has(object, CKA_VALUE_LEN))
		return CKR_TEMPLATE_INCOMPLETE;
	if (size < m->row->min_key || size > m->row->max_key || !size_valid(size))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	rv = secret_put_random(object, size);
	return rv == CKR_OK ? aes_complete(object) : rv;
}

static CK_RV aes_decode(struct span encoded, struct attribute_set *object)
{
	const CK_RV rv = secret_put_unwrapped(object, encoded);

	return rv == CKR_OK ? aes_complete(object) : rv;
}

const struct family_ops aes_family = {
	.family = FAMILY_AES,
	.key_type = CKK_AES,
	.start = aes_start,
	.load = aes_load,
	.complete = aes_complete,
	.generate = aes_generate,
	.encode = secret_encode,
	.decode = aes_decode,
	.encrypt = aes_encrypt,
	.decrypt = aes_decrypt,
	.chain = aes_chain,
	.open = aes_open,
	.feed = aes_feed,
	.close = gcm_close,
};
