/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcrypto reads all forms; what it makes of them is written in the one that the families read.
 */
#include "config.h"

#include "crypto/private_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/library.h"

static const struct {
	const char *name;
	CK_KEY_TYPE type;
} types[] = {
	{"RSA", CKK_RSA},		 {"EC", CKK_EC},		  {"ED25519", CKK_EC_EDWARDS},
	{"ED448", CKK_EC_EDWARDS},	 {"X25519", CKK_EC_MONTGOMERY}, {"X448", CKK_EC_MONTGOMERY},
};

/* Never from a terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
	(void)buffer;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *parse(struct span file)
{
	const unsigned char *at = file.data;
	BIO *memory = BIO_new_mem_buf(file.data, (int)file.size);
	EVP_PKEY *key = NULL;

	if (memory)
		key = PEM_read_bio_PrivateKey_ex(memory, NULL, no_passphrase, NULL, library_context(), LIBRARY_PROPERTIES);
	if (!key)
		key = d2i_AutoPrivateKey_ex(NULL, &at, (long)file.size, library_context(), LIBRARY_PROPERTIES);
	BIO_free(memory);
	return key;
}

static CK_RV write_pkcs8(EVP_PKEY *key, struct buffer *pkcs8)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
	unsigned char *der = NULL;
	int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
	CK_RV rv = CKR_DEVICE_ERROR;

	if (size > 0)
		rv = buffer_set(pkcs8, der, (size_t)size) ? CKR_OK : CKR_DEVICE_MEMORY;
	if (size > 0)
		OPENSSL_clear_free(der, (size_t)size);
	PKCS8_PRIV_KEY_INFO_free(info);
	return rv;
}

CK_RV private_key_read(struct span file, struct buffer *pkcs8, CK_KEY_TYPE *type)
{
	EVP_PKEY *key = NULL;
	CK_RV rv = CKR_WRAPPED_KEY_INVALID;

	buffer_reset(pkcs8);
	if (!file.size || file.size > INT32_MAX || !library_start())
		return rv;
	key = parse(file);
	for (size_t i = 0; key && i < sizeof(types) / sizeof(types[0]); i++) {
		if (!EVP_PKEY_is_a(key, types[i].name))
			continue;
		*type = types[i].type;
		rv = write_pkcs8(key, pkcs8);
	}
	EVP_PKEY_free(key);
	ERR_clear_error();
	return rv;
}
