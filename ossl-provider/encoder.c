/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ENCODER of private keys: the reference, never the key (recipe P6: genpkey and req -newkey always write one), and a
 * text for `openssl pkey -text`. Public halves are exported, and the default provider encodes them.
 */
#include "config.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "ossl-provider/encoder.h"
#include "ossl-provider/pkey.h"
#include "ossl-provider/reference.h"

/* The provider's context is all that an encoder needs. */
static void *encoder_new(void *context)
{
	return context;
}

static void encoder_free(void *context)
{
	(void)context;
}

static int encoder_selection(void *context, int selection)
{
	(void)context;
	return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
}

static int write_memory(struct provider *p, OSSL_CORE_BIO *out, BIO *memory)
{
	char *data = NULL;
	long size = BIO_get_mem_data(memory, &data);

	return size > 0 && provider_bio_write(p, out, data, (size_t)size);
}

static const struct pkey *referable(struct provider *p, const void *object, int selection)
{
	const struct pkey *key = object;

	if (!key || !(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY))
		return NULL;
	if (key->is_private && key->uri)
		return key;
	provider_raise(p, PROVIDER_BAD_KEY, "the key has no place in a token");
	return NULL;
}

static int encode_der(void *context, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[],
		      int selection, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	const struct pkey *key = referable(context, object, selection);
	unsigned char *der = NULL;
	size_t size = key && !abstract ? reference_encode(key->uri, &der) : 0;
	int ok = size && provider_bio_write(context, out, der, size);

	(void)callback; /* a reference is no secret: there is nothing to encrypt */
	(void)callback_arg;
	OPENSSL_free(der);
	return ok;
}

static int encode_pem(void *context, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[],
		      int selection, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	const struct pkey *key = referable(context, object, selection);
	unsigned char *der = NULL;
	size_t size = key && !abstract ? reference_encode(key->uri, &der) : 0;
	BIO *memory = size ? BIO_new(BIO_s_mem()) : NULL;
	int ok = 0;

	(void)callback;
	(void)callback_arg;
	if (memory && PEM_write_bio(memory, REFERENCE_PEM_NAME, "", der, (long)size) > 0)
		ok = write_memory(context, out, memory);
	BIO_free(memory);
	OPENSSL_free(der);
	return ok;
}

static int encode_text(void *context, OSSL_CORE_BIO *out, const void *object, const OSSL_PARAM abstract[],
		       int selection, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	const struct pkey *key = referable(context, object, selection);
	BIO *memory = key && !abstract ? BIO_new(BIO_s_mem()) : NULL;
	int ok = 0;

	(void)callback;
	(void)callback_arg;
	if (memory && BIO_printf(memory, "%s private key in a Keyclave token (%d bit)\nURI: %s\n", key->type->name,
				 EVP_PKEY_get_bits(key->public), key->uri) > 0 &&
	    EVP_PKEY_print_public(memory, key->public, 0, NULL) > 0)
		ok = write_memory(context, out, memory);
	BIO_free(memory);
	return ok;
}

#define ENCODER_COMMON                                                                             \
	{OSSL_FUNC_ENCODER_NEWCTX, (void (*)(void))encoder_new},                                   \
	{OSSL_FUNC_ENCODER_FREECTX, (void (*)(void))encoder_free},                                 \
	{OSSL_FUNC_ENCODER_DOES_SELECTION, (void (*)(void))encoder_selection}

const OSSL_DISPATCH encoder_pem_functions[] = {
	ENCODER_COMMON,
	{OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))encode_pem},
	{0, NULL},
};

const OSSL_DISPATCH encoder_der_functions[] = {
	ENCODER_COMMON,
	{OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))encode_der},
	{0, NULL},
};

const OSSL_DISPATCH encoder_text_functions[] = {
	ENCODER_COMMON,
	{OSSL_FUNC_ENCODER_ENCODE, (void (*)(void))encode_text},
	{0, NULL},
};
