/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one seal of the store: a key and IV of its own for each write, identity in key and AAD.
 * Layout and identities are in docs/store.md, section 2; what is opened here was written by nobody
 * we trust.
 */
#include "config.h"

#include "keys/seal.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <string.h>

#include "common/cbor_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "platform/hkdf.h"

#define LAYOUT 1
#define RANDOM_SIZE 32
#define KEY_SIZE 32
#define IV_SIZE 12
#define TAG_SIZE 16
_Static_assert(1 + RANDOM_SIZE + TAG_SIZE == SEAL_OVERHEAD, "docs/store.md, section 2");

#define RECORD_LABEL "keyclave/1/record"
#define MESSAGE_LABEL "keyclave/1/message"
#define PURPOSE_MAX 32
/* EVP counts in int; nothing that is sealed comes near. */
#define PLAIN_MAX (1U << 30)

static pthread_once_t cipher_once = PTHREAD_ONCE_INIT;
static EVP_CIPHER *cipher;
static pthread_key_t thread_key; /* frees a thread's context when the thread ends */
static bool thread_key_made;

static void free_thread_context(void *ctx)
{
	EVP_CIPHER_CTX_free(ctx);
}

static void fetch_cipher(void)
{
	if (hkdf_library())
		cipher = EVP_CIPHER_fetch(hkdf_library(), "AES-256-GCM", NULL);
	thread_key_made = pthread_key_create(&thread_key, free_thread_context) == 0;
	if (!cipher || !thread_key_made)
		log_error("libcrypto is not usable: no AES-256-GCM");
}

/* This thread's context; empty between uses. */
static EVP_CIPHER_CTX *thread_context(void)
{
	EVP_CIPHER_CTX *ctx = NULL;

	pthread_once(&cipher_once, fetch_cipher);
	if (!cipher || !thread_key_made)
		return NULL;
	ctx = pthread_getspecific(thread_key);
	if (ctx)
		return ctx;
	ctx = EVP_CIPHER_CTX_new();
	if (ctx && pthread_setspecific(thread_key, ctx) != 0) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* One line for what libcrypto could not do. */
static CK_RV libcrypto_failed(const char *what)
{
	log_error("libcrypto: cannot %s: %s", what, ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return CKR_DEVICE_ERROR;
}

/* SEALED (1 + 32 + plain + 16 bytes) from PLAIN; its layout and random bytes are there already. */
static bool encrypt(EVP_CIPHER_CTX *ctx, const uint8_t key[KEY_SIZE + IV_SIZE],
		    struct span identity, struct span plain, uint8_t *out)
{
	int size = 0;
	bool done = EVP_EncryptInit_ex2(ctx, cipher, key, key + KEY_SIZE, NULL) > 0 &&
		    EVP_EncryptUpdate(ctx, NULL, &size, identity.data, (int)identity.size) > 0 &&
		    (plain.size == 0 ||
		     EVP_EncryptUpdate(ctx, out, &size, plain.data, (int)plain.size) > 0) &&
		    EVP_EncryptFinal_ex(ctx, out + plain.size, &size) > 0 &&
		    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, out + plain.size) > 0;

	/* Wipes the key that it expanded. */
	EVP_CIPHER_CTX_reset(ctx);
	return done;
}

/* OUT (SIZE bytes) from the ciphertext and tag at IN. */
static bool decrypt(EVP_CIPHER_CTX *ctx, const uint8_t key[KEY_SIZE + IV_SIZE],
		    struct span identity, const uint8_t *in, size_t size, uint8_t *out)
{
	uint8_t tag[TAG_SIZE];
	int done_size = 0;
	bool done = false;

	memcpy(tag, in + size, TAG_SIZE);
	done = EVP_DecryptInit_ex2(ctx, cipher, key, key + KEY_SIZE, NULL) > 0 &&
	       EVP_DecryptUpdate(ctx, NULL, &done_size, identity.data, (int)identity.size) > 0 &&
	       (size == 0 || EVP_DecryptUpdate(ctx, out, &done_size, in, (int)size) > 0) &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) > 0 &&
	       EVP_DecryptFinal_ex(ctx, tag, &done_size) > 0;
	EVP_CIPHER_CTX_reset(ctx);
	return done;
}

/* key || iv for one write: info and AAD are the same bytes. */
static CK_RV derive(const uint8_t key[SEAL_KEY_SIZE], const uint8_t *random, struct span info,
		    uint8_t out[KEY_SIZE + IV_SIZE])
{
	return hkdf_derive((struct span){key, SEAL_KEY_SIZE}, (struct span){random, RANDOM_SIZE},
			   info, out, KEY_SIZE + IV_SIZE);
}

static CK_RV close_seal(const uint8_t key[SEAL_KEY_SIZE], struct span identity, struct span plain,
			struct buffer *sealed)
{
	uint8_t once[KEY_SIZE + IV_SIZE];
	EVP_CIPHER_CTX *ctx = thread_context();
	CK_RV rv = CKR_DEVICE_MEMORY;

	buffer_reset(sealed);
	if (plain.size > PLAIN_MAX)
		return CKR_DATA_LEN_RANGE;
	if (!ctx || !buffer_resize(sealed, SEAL_OVERHEAD + plain.size))
		goto out;
	sealed->data[0] = LAYOUT;
	if (RAND_bytes_ex(hkdf_library(), sealed->data + 1, RANDOM_SIZE, 0) <= 0) {
		rv = libcrypto_failed("get random bytes");
		goto out;
	}
	rv = derive(key, sealed->data + 1, identity, once);
	if (rv == CKR_OK && !encrypt(ctx, once, identity, plain, sealed->data + 1 + RANDOM_SIZE))
		rv = libcrypto_failed("seal");
out:
	memory_wipe(once, sizeof(once));
	if (rv != CKR_OK)
		buffer_reset(sealed);
	return rv;
}

static CK_RV open_seal(const uint8_t key[SEAL_KEY_SIZE], struct span identity, struct span sealed,
		       struct buffer *plain)
{
	uint8_t once[KEY_SIZE + IV_SIZE];
	EVP_CIPHER_CTX *ctx = thread_context();
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!plain->data)
		plain->secret = true;
	buffer_reset(plain);
	if (sealed.size < SEAL_OVERHEAD || sealed.size > PLAIN_MAX || sealed.data[0] != LAYOUT)
		return CKR_DATA_INVALID;
	if (!ctx || !buffer_resize(plain, sealed.size - SEAL_OVERHEAD))
		goto out;
	rv = derive(key, sealed.data + 1, identity, once);
	if (rv == CKR_OK && !decrypt(ctx, once, identity, sealed.data + 1 + RANDOM_SIZE,
				     plain->size, plain->data)) {
		/* Expected of a hostile store; who called knows the record's name and logs it. */
		ERR_clear_error();
		rv = CKR_DATA_INVALID;
	}
out:
	memory_wipe(once, sizeof(once));
	/* Bytes without a good tag are nobody's. */
	if (rv != CKR_OK)
		buffer_reset(plain);
	return rv;
}

/* record-identity. At most 1 + 1 + 17 + 1 + 5 + 3 * 9 bytes, so the fixed buffer never fails. */
static struct span record_identity(struct blob_name name, uint64_t version, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, 6);
	cbor_writer_text(&w, RECORD_LABEL);
	cbor_writer_uint(&w, LAYOUT);
	cbor_writer_uint(&w, name.kind);
	cbor_writer_uint(&w, name.token);
	cbor_writer_uint(&w, name.id);
	cbor_writer_uint(&w, version);
	return w.failed ? (struct span){0} : buffer_span(out);
}

/* message-identity; empty when PURPOSE is not acceptable or there is no memory. */
static struct span message_identity(const char *purpose, struct span context, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, 4);
	cbor_writer_text(&w, MESSAGE_LABEL);
	cbor_writer_uint(&w, LAYOUT);
	cbor_writer_text(&w, purpose);
	cbor_writer_bytes(&w, context);
	return w.failed ? (struct span){0} : buffer_span(out);
}

static bool purpose_valid(const char *purpose)
{
	size_t size = strnlen(purpose, PURPOSE_MAX + 1);

	return size > 0 && size <= PURPOSE_MAX;
}

CK_RV seal_close(const uint8_t key[SEAL_KEY_SIZE], struct blob_name name, uint64_t version,
		 struct span plain, struct buffer *sealed)
{
	struct buffer identity = {0};
	struct span bytes = record_identity(name, version, &identity);
	CK_RV rv = bytes.size ? close_seal(key, bytes, plain, sealed) : CKR_DEVICE_MEMORY;

	buffer_free(&identity);
	return rv;
}

CK_RV seal_open(const uint8_t key[SEAL_KEY_SIZE], struct blob_name name, uint64_t version,
		struct span sealed, struct buffer *plain)
{
	struct buffer identity = {0};
	struct span bytes = record_identity(name, version, &identity);
	CK_RV rv = bytes.size ? open_seal(key, bytes, sealed, plain) : CKR_DEVICE_MEMORY;

	buffer_free(&identity);
	return rv;
}

CK_RV seal_message_close(const uint8_t key[SEAL_KEY_SIZE], const char *purpose, struct span aad,
			 struct span plain, struct buffer *sealed)
{
	struct buffer identity = {0};
	struct span bytes = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!purpose_valid(purpose))
		return CKR_ARGUMENTS_BAD;
	bytes = message_identity(purpose, aad, &identity);
	if (bytes.size)
		rv = close_seal(key, bytes, plain, sealed);
	buffer_free(&identity);
	return rv;
}

CK_RV seal_message_open(const uint8_t key[SEAL_KEY_SIZE], const char *purpose, struct span aad,
			struct span sealed, struct buffer *plain)
{
	struct buffer identity = {0};
	struct span bytes = {0};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!purpose_valid(purpose))
		return CKR_ARGUMENTS_BAD;
	bytes = message_identity(purpose, aad, &identity);
	if (bytes.size)
		rv = open_seal(key, bytes, sealed, plain);
	buffer_free(&identity);
	return rv;
}
