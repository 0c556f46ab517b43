/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark's yardstick: the same work by libcrypto in this process, as quick as its interface allows.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct raw {
	enum work work;
	size_t size;
	EVP_PKEY *key;
	EVP_PKEY_CTX *sign; /* or that generates */
	EVP_MD_CTX *digest;
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *encrypt;
	EVP_MAC *mac;
	EVP_MAC_CTX *authenticate;
	uint8_t iv[12];
	uint8_t in[BENCH_SIZE_MAX], out[BENCH_SIZE_MAX + 512];
};

static bool raw_new_sign(struct raw *raw)
{
	raw->key = raw->work == WORK_RSA ? EVP_RSA_gen(2048) :
					   EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	raw->sign = raw->key ? EVP_PKEY_CTX_new_from_pkey(NULL, raw->key, NULL) : NULL;
	if (!raw->sign || EVP_PKEY_sign_init(raw->sign) != 1)
		return false;
	return raw->work != WORK_RSA ||
	       (EVP_PKEY_CTX_set_rsa_padding(raw->sign, RSA_PKCS1_PADDING) == 1 &&
		EVP_PKEY_CTX_set_signature_md(raw->sign, EVP_sha256()) == 1);
}

static bool raw_new_gcm(struct raw *raw)
{
	raw->cipher = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
	raw->encrypt = EVP_CIPHER_CTX_new();
	return raw->cipher && raw->encrypt &&
	       EVP_EncryptInit_ex2(raw->encrypt, raw->cipher, raw->in, raw->iv, NULL) == 1;
}

static bool raw_new_hmac(struct raw *raw)
{
	char sha256[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
			       OSSL_PARAM_construct_end()};

	raw->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	raw->authenticate = raw->mac ? EVP_MAC_CTX_new(raw->mac) : NULL;
	return raw->authenticate && EVP_MAC_init(raw->authenticate, raw->in, 32, params) == 1;
}

static bool raw_begin(struct raw *raw)
{
	switch (raw->work) {
	case WORK_RSA:
	case WORK_P256:
		return raw_new_sign(raw);
	case WORK_ED25519:
		raw->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		raw->digest = EVP_MD_CTX_new();
		return raw->key && raw->digest && EVP_DigestSignInit(raw->digest, NULL, NULL, NULL, raw->key) == 1;
	case WORK_GCM:
		return raw_new_gcm(raw);
	case WORK_HMAC:
		return raw_new_hmac(raw);
	case WORK_RANDOM:
		return true;
	case WORK_KEYGEN:
		raw->sign = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
		return raw->sign && EVP_PKEY_keygen_init(raw->sign) == 1 &&
		       EVP_PKEY_CTX_set_group_name(raw->sign, "P-256") == 1;
	case WORK_FIND:
		break;
	}
	return false;
}

struct raw *raw_new(const struct row *row)
{
	struct raw *raw = calloc(1, sizeof(*raw));

	if (!raw)
		return NULL;
	raw->work = row->work;
	raw->size = row->size;
	if (!raw_begin(raw))
		raw_free(&raw);
	return raw;
}

static bool raw_gcm(struct raw *raw)
{
	int size = 0, last = 0;

	raw->iv[0]++;
	raw->iv[1] = (uint8_t)(raw->iv[1] + !raw->iv[0]);
	return EVP_EncryptInit_ex2(raw->encrypt, NULL, NULL, raw->iv, NULL) == 1 &&
	       EVP_EncryptUpdate(raw->encrypt, raw->out, &size, raw->in, (int)raw->size) == 1 &&
	       EVP_EncryptFinal_ex(raw->encrypt, raw->out + size, &last) == 1 &&
	       EVP_CIPHER_CTX_ctrl(raw->encrypt, EVP_CTRL_AEAD_GET_TAG, 16, raw->out + size) == 1;
}

bool raw_do(struct raw *raw)
{
	size_t size = sizeof(raw->out);
	EVP_PKEY *made = NULL;

	switch (raw->work) {
	case WORK_RSA:
	case WORK_P256:
		return EVP_PKEY_sign(raw->sign, raw->out, &size, raw->in, 32) == 1;
	case WORK_ED25519:
		/* Its context serves once. */
		return EVP_DigestSignInit(raw->digest, NULL, NULL, NULL, raw->key) == 1 &&
		       EVP_DigestSign(raw->digest, raw->out, &size, raw->in, 32) == 1;
	case WORK_GCM:
		return raw_gcm(raw);
	case WORK_HMAC:
		return EVP_MAC_init(raw->authenticate, NULL, 0, NULL) == 1 &&
		       EVP_MAC_update(raw->authenticate, raw->in, raw->size) == 1 &&
		       EVP_MAC_final(raw->authenticate, raw->out, &size, size) == 1;
	case WORK_RANDOM:
		return RAND_bytes(raw->out, (int)raw->size) == 1;
	case WORK_KEYGEN:
		if (EVP_PKEY_generate(raw->sign, &made) != 1)
			return false;
		EVP_PKEY_free(made);
		return true;
	case WORK_FIND:
		break;
	}
	return false;
}

void raw_free(struct raw **raw)
{
	struct raw *freed = *raw;

	*raw = NULL;
	if (!freed)
		return;
	EVP_PKEY_CTX_free(freed->sign);
	EVP_MD_CTX_free(freed->digest);
	EVP_CIPHER_CTX_free(freed->encrypt);
	EVP_CIPHER_free(freed->cipher);
	EVP_MAC_CTX_free(freed->authenticate);
	EVP_MAC_free(freed->mac);
	EVP_PKEY_free(freed->key);
	free(freed);
}
