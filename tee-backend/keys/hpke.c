/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9180 in its own words: section 4 (labelled HKDF), 4.1 (DHKEM), 5.1 (key schedule), 5.2 (the first message).
 * No value that is expanded here is longer than one block of SHA-256, so each Expand is one HMAC.
 */
#include "config.h"

#include "keys/hpke.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/hkdf.h"

#define HASH_SIZE 32
#define NONCE_SIZE 12
#define TAG_SIZE 16
#define LABEL_HEAD "HPKE-v1"

static const uint8_t kem_suite[] = {'K', 'E', 'M', 0x00, 0x20};

/* All that is secret of one message; in secret memory as a whole. */
struct schedule {
	enum hpke_aead aead;
	uint8_t dh[HPKE_KEY_SIZE];
	uint8_t shared[HASH_SIZE];
	uint8_t secret[HASH_SIZE];
	uint8_t key[HASH_SIZE];
	uint8_t nonce[HASH_SIZE];
};

static CK_RV failed(const char *what)
{
	log_error("libcrypto: HPKE: %s: %s", what, ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return CKR_DEVICE_ERROR;
}

/* ---- section 4 ---- */

/* An empty KEY is RFC 5869's string of zeros, which HMAC takes for the same key. */
static CK_RV hmac(struct span key, const struct buffer *message, uint8_t out[HASH_SIZE])
{
	static const uint8_t zeros[HASH_SIZE];
	size_t size = 0;

	if (!hkdf_library() || !EVP_Q_mac(hkdf_library(), "HMAC", NULL, "SHA256", NULL, key.size ? key.data : zeros,
					  key.size ? key.size : sizeof(zeros), message->data, message->size, out, HASH_SIZE,
					  &size))
		return failed("HMAC");
	return CKR_OK;
}

static bool append(struct buffer *out, struct span bytes)
{
	return buffer_append(out, bytes.data, bytes.size);
}

static CK_RV extract(struct span suite, struct span salt, const char *label, struct span ikm, uint8_t out[HASH_SIZE])
{
	struct buffer message = {.secret = true};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (append(&message, span_text(LABEL_HEAD)) && append(&message, suite) && append(&message, span_text(label)) &&
	    append(&message, ikm))
		rv = hmac(salt, &message, out);
	buffer_free(&message);
	return rv;
}

/* SIZE goes into the hash; OUT has HASH_SIZE bytes, of which the first SIZE are the result. */
static CK_RV expand(struct span suite, const uint8_t prk[HASH_SIZE], const char *label, struct span info, uint8_t size,
		    uint8_t out[HASH_SIZE])
{
	const uint8_t length[] = {0, size}, one[] = {1};
	struct buffer message = {.secret = true};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (append(&message, (struct span){length, sizeof(length)}) && append(&message, span_text(LABEL_HEAD)) &&
	    append(&message, suite) && append(&message, span_text(label)) && append(&message, info) &&
	    append(&message, (struct span){one, sizeof(one)}))
		rv = hmac((struct span){prk, HASH_SIZE}, &message, out);
	buffer_free(&message);
	return rv;
}

/* ---- section 4.1 ---- */

CK_RV hpke_public(const uint8_t private_key[HPKE_KEY_SIZE], uint8_t public_key[HPKE_KEY_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(hkdf_library(), "X25519", NULL, private_key, HPKE_KEY_SIZE);
	size_t size = HPKE_KEY_SIZE;
	bool done = key && EVP_PKEY_get_raw_public_key(key, public_key, &size) > 0 && size == HPKE_KEY_SIZE;

	EVP_PKEY_free(key);
	return done ? CKR_OK : failed("X25519");
}

/* CKR_DATA_INVALID: all zeros came out, so PUBLIC_KEY is no contribution (RFC 9180, section 7.1.4). */
static CK_RV agree(const uint8_t private_key[HPKE_KEY_SIZE], const uint8_t public_key[HPKE_KEY_SIZE],
		   uint8_t dh[HPKE_KEY_SIZE])
{
	EVP_PKEY *own = EVP_PKEY_new_raw_private_key_ex(hkdf_library(), "X25519", NULL, private_key, HPKE_KEY_SIZE);
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(hkdf_library(), "X25519", NULL, public_key, HPKE_KEY_SIZE);
	EVP_PKEY_CTX *ctx = own ? EVP_PKEY_CTX_new_from_pkey(hkdf_library(), own, NULL) : NULL;
	size_t size = HPKE_KEY_SIZE;
	CK_RV rv = CKR_OK;

	if (!peer || !ctx || EVP_PKEY_derive_init(ctx) <= 0 || EVP_PKEY_derive_set_peer(ctx, peer) <= 0)
		rv = failed("X25519");
	else if (EVP_PKEY_derive(ctx, dh, &size) <= 0 || size != HPKE_KEY_SIZE)
		rv = CKR_DATA_INVALID;
	ERR_clear_error();
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(own);
	return rv;
}

/* The shared secret of ENC and the recipient's key, from s->dh. */
static CK_RV share(struct schedule *s, const uint8_t enc[HPKE_KEY_SIZE], const uint8_t recipient[HPKE_KEY_SIZE])
{
	const struct span suite = {kem_suite, sizeof(kem_suite)};
	uint8_t context[2 * HPKE_KEY_SIZE];
	CK_RV rv = extract(suite, (struct span){0}, "eae_prk", (struct span){s->dh, sizeof(s->dh)}, s->secret);

	memcpy(context, enc, HPKE_KEY_SIZE);
	memcpy(context + HPKE_KEY_SIZE, recipient, HPKE_KEY_SIZE);
	if (rv == CKR_OK)
		rv = expand(suite, s->secret, "shared_secret", (struct span){context, sizeof(context)}, HASH_SIZE, s->shared);
	return rv;
}

/* ---- section 5.1, base mode: no PSK ---- */

static uint8_t key_size(enum hpke_aead aead)
{
	return aead == HPKE_AES_128_GCM ? 16 : 32;
}

static CK_RV schedule_keys(struct schedule *s, struct span info)
{
	const uint8_t suite_bytes[] = {'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, (uint8_t)s->aead};
	const struct span suite = {suite_bytes, sizeof(suite_bytes)}, none = {0};
	uint8_t bytes[1 + 2 * HASH_SIZE] = {0};
	const struct span context = {bytes, sizeof(bytes)};
	CK_RV rv = extract(suite, none, "psk_id_hash", none, bytes + 1);

	if (rv == CKR_OK)
		rv = extract(suite, none, "info_hash", info, bytes + 1 + HASH_SIZE);
	if (rv == CKR_OK)
		rv = extract(suite, (struct span){s->shared, sizeof(s->shared)}, "secret", none, s->secret);
	if (rv == CKR_OK)
		rv = expand(suite, s->secret, "key", context, key_size(s->aead), s->key);
	if (rv == CKR_OK)
		rv = expand(suite, s->secret, "base_nonce", context, NONCE_SIZE, s->nonce);
	return rv;
}

/* ---- section 5.2: the message of sequence number 0, so its nonce is the base nonce ---- */

static EVP_CIPHER_CTX *cipher_new(const struct schedule *s, bool encrypt)
{
	EVP_CIPHER *cipher =
		EVP_CIPHER_fetch(hkdf_library(), s->aead == HPKE_AES_128_GCM ? "AES-128-GCM" : "AES-256-GCM", NULL);
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;

	if (ctx && EVP_CipherInit_ex2(ctx, cipher, s->key, s->nonce, encrypt, NULL) <= 0) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher);
	return ctx;
}

static bool update(EVP_CIPHER_CTX *ctx, uint8_t *out, struct span in)
{
	int size = 0;

	return in.size <= INT_MAX && (!in.size || EVP_CipherUpdate(ctx, out, &size, in.data, (int)in.size) > 0);
}

/* OUT has room for the ciphertext and the tag. */
static CK_RV encrypt(const struct schedule *s, struct span aad, struct span plain, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = cipher_new(s, true);
	int size = 0;
	bool done = ctx && update(ctx, NULL, aad) && update(ctx, out, plain) &&
		    EVP_CipherFinal_ex(ctx, out + plain.size, &size) > 0 &&
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + plain.size) > 0;

	EVP_CIPHER_CTX_free(ctx);
	return done ? CKR_OK : failed("AES-GCM");
}

/* SEALED: ciphertext and tag; OUT has room for the plain text. */
static CK_RV decrypt(const struct schedule *s, struct span aad, struct span sealed, uint8_t *out)
{
	const struct span text = {sealed.data, sealed.size - TAG_SIZE};
	EVP_CIPHER_CTX *ctx = cipher_new(s, false);
	uint8_t tag[TAG_SIZE];
	int size = 0;
	CK_RV rv = CKR_OK;

	memcpy(tag, sealed.data + text.size, sizeof(tag));
	if (!ctx || !update(ctx, NULL, aad) || !update(ctx, out, text) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) <= 0)
		rv = failed("AES-GCM");
	else if (EVP_CipherFinal_ex(ctx, out + text.size, &size) <= 0)
		rv = CKR_DATA_INVALID;
	ERR_clear_error();
	EVP_CIPHER_CTX_free(ctx);
	return rv;
}

/* ---- section 6.1 ---- */

/* A key pair for one message: the private half into PRIVATE_KEY (secret memory). */
static CK_RV make_ephemeral(uint8_t *private_key, uint8_t enc[HPKE_KEY_SIZE])
{
	EVP_PKEY *key = hkdf_library() ? EVP_PKEY_Q_keygen(hkdf_library(), NULL, "X25519") : NULL;
	size_t size = HPKE_KEY_SIZE, public_size = HPKE_KEY_SIZE;
	bool done = key && EVP_PKEY_get_raw_private_key(key, private_key, &size) > 0 &&
		    EVP_PKEY_get_raw_public_key(key, enc, &public_size) > 0;

	EVP_PKEY_free(key);
	return done ? CKR_OK : failed("X25519");
}

CK_RV hpke_seal(enum hpke_aead aead, const uint8_t public_key[HPKE_KEY_SIZE], struct span info, struct span aad,
		struct span plain, struct buffer *sealed)
{
	struct schedule *s = memory_secret_new(sizeof(*s));
	uint8_t *private_key = memory_secret_new(HPKE_KEY_SIZE);
	CK_RV rv = CKR_DEVICE_MEMORY;

	buffer_reset(sealed);
	if (s && private_key && buffer_resize(sealed, plain.size + HPKE_OVERHEAD)) {
		s->aead = aead;
		rv = make_ephemeral(private_key, sealed->data);
	}
	if (rv == CKR_OK)
		rv = agree(private_key, public_key, s->dh);
	if (rv == CKR_OK)
		rv = share(s, sealed->data, public_key);
	if (rv == CKR_OK)
		rv = schedule_keys(s, info);
	if (rv == CKR_OK)
		rv = encrypt(s, aad, plain, sealed->data + HPKE_KEY_SIZE);
	if (rv != CKR_OK)
		buffer_reset(sealed);
	memory_secret_free(private_key);
	memory_secret_free(s);
	return rv;
}

CK_RV hpke_open(enum hpke_aead aead, const uint8_t private_key[HPKE_KEY_SIZE], struct span info, struct span aad,
		struct span sealed, struct buffer *plain)
{
	struct schedule *s = NULL;
	uint8_t recipient[HPKE_KEY_SIZE];
	CK_RV rv = CKR_DATA_INVALID;

	if (!plain->data)
		plain->secret = true;
	buffer_reset(plain);
	if (sealed.size < HPKE_OVERHEAD)
		return rv;
	s = memory_secret_new(sizeof(*s));
	rv = s && buffer_resize(plain, sealed.size - HPKE_OVERHEAD) ? CKR_OK : CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = hpke_public(private_key, recipient);
	if (rv == CKR_OK)
		rv = agree(private_key, sealed.data, s->dh);
	if (rv == CKR_OK)
		rv = share(s, sealed.data, recipient);
	if (rv == CKR_OK) {
		s->aead = aead;
		rv = schedule_keys(s, info);
	}
	if (rv == CKR_OK)
		rv = decrypt(s, aad, (struct span){sealed.data + HPKE_KEY_SIZE, sealed.size - HPKE_KEY_SIZE}, plain->data);
	if (rv != CKR_OK)
		buffer_reset(plain);
	memory_secret_free(s);
	return rv;
}
