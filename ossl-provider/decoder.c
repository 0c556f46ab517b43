/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DECODER of key references, so that programs which only read key files work: PEM to DER, and DER to a key
 * of one type through the STORE. A decoder that the input is not for returns 1 and the core goes on to the next.
 */
#include "config.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "ossl-provider/decoder.h"
#include "ossl-provider/pkey.h"
#include "ossl-provider/reference.h"
#include "ossl-provider/store.h"

#define INPUT_MAX (64 * 1024)

/* The type of key that a DER decoder gives; PEM: NULL. */
struct decoder {
	struct provider *provider;
	const struct pkey_type *type;
};

static struct decoder *decoder_new(void *context, const struct pkey_type *type)
{
	struct decoder *d = calloc(1, sizeof(*d));

	if (d) {
		d->provider = context;
		d->type = type;
	}
	return d;
}

static void *pem_new(void *context)
{
	return decoder_new(context, NULL);
}

static void *rsa_new(void *context)
{
	return decoder_new(context, &pkey_rsa);
}

static void *rsa_pss_new(void *context)
{
	return decoder_new(context, &pkey_rsa_pss);
}

static void *ec_new(void *context)
{
	return decoder_new(context, &pkey_ec);
}

static void *ed25519_new(void *context)
{
	return decoder_new(context, &pkey_ed25519);
}

static void *x25519_new(void *context)
{
	return decoder_new(context, &pkey_x25519);
}

static void decoder_free(void *context)
{
	free(context);
}

static int decoder_selection(void *context, int selection)
{
	(void)context;
	return selection == 0 || (selection & OSSL_KEYMGMT_SELECT_ALL) != 0;
}

/* True when the last line in INPUT, just ended, is a PEM END line. */
static bool ends_block(const struct buffer *input)
{
	static const char end[] = "-----END ";
	size_t start = input->size - 1;

	while (start > 0 && input->data[start - 1] != '\n')
		start--;
	return input->size - start > sizeof(end) && memcmp(input->data + start, end, sizeof(end) - 1) == 0;
}

/*
 * Reads one PEM block and not a byte more: what follows belongs to the application's next read.
 * False: there is none, or it is too large.
 */
static bool read_block(struct provider *p, OSSL_CORE_BIO *in, struct buffer *input)
{
	size_t got = 0;
	char c = 0;

	while (input->size < INPUT_MAX) {
		if (!provider_bio_read(p, in, &c, 1, &got) || got == 0)
			return input->size && ends_block(input);
		if (!buffer_append(input, &c, 1))
			return false;
		if (c == '\n' && ends_block(input))
			return true;
	}
	return false;
}

static int give_der(unsigned char *der, size_t size, OSSL_CALLBACK *give, void *give_arg)
{
	int type = OSSL_OBJECT_PKEY;
	OSSL_PARAM params[4];

	params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_STRUCTURE,
						     (char *)(uintptr_t)DECODER_STRUCTURE, 0);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA, der, size);
	params[3] = OSSL_PARAM_construct_end();
	return give(params, give_arg);
}

static int decode_pem(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *give, void *give_arg,
		      OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	struct decoder *d = context;
	struct buffer input = {0};
	unsigned char *der = NULL;
	char *name = NULL, *header = NULL;
	long size = 0;
	BIO *memory = NULL;
	int ok = 1;

	(void)selection;
	(void)callback;
	(void)callback_arg;
	ERR_set_mark();
	if (read_block(d->provider, in, &input))
		memory = BIO_new_mem_buf(input.data, (int)input.size);
	if (memory && PEM_read_bio(memory, &name, &header, &der, &size) && strcmp(name, REFERENCE_PEM_NAME) == 0) {
		ERR_clear_last_mark();
		ok = give_der(der, (size_t)size, give, give_arg);
	} else {
		ERR_pop_to_mark();
	}
	BIO_free(memory);
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_free(der);
	buffer_free(&input);
	return ok;
}

struct forward {
	const struct pkey_type *type;
	OSSL_CALLBACK *give;
	void *give_arg;
};

/* What the STORE found goes on to the core if it is of this decoder's type. */
static int forward_key(const OSSL_PARAM params[], void *arg)
{
	const struct forward *f = arg;
	const OSSL_PARAM *type = OSSL_PARAM_locate_const(params, OSSL_OBJECT_PARAM_DATA_TYPE);
	const char *name = NULL;

	if (!type || !OSSL_PARAM_get_utf8_string_ptr(type, &name) || strcmp(name, f->type->name) != 0)
		return 1;
	return f->give(params, f->give_arg);
}

static int decode_reference(struct decoder *d, const char *uri, int selection, OSSL_CALLBACK *give,
			    void *give_arg, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	struct forward f = {d->type, give, give_arg};
	void *store = store_open(d->provider, uri);
	int ok = 0;

	if (store && (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY))
		store_wants_private(store);
	ok = store && store_load(store, forward_key, &f, callback, callback_arg);

	if (store)
		store_close(store);
	return ok;
}

static int decode_der(void *context, OSSL_CORE_BIO *in, int selection, OSSL_CALLBACK *give, void *give_arg,
		      OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	struct decoder *d = context;
	struct buffer input = {0};
	uint8_t chunk[1024];
	size_t got = 0;
	char *uri = NULL;
	int ok = 1;

	do {
		if (!provider_bio_read(d->provider, in, chunk, sizeof(chunk), &got) ||
		    !buffer_append(&input, chunk, got))
			goto out;
	} while (got && input.size < INPUT_MAX);
	ERR_set_mark();
	uri = reference_decode(input.data, input.size);
	ERR_pop_to_mark();
	if (uri)
		ok = decode_reference(d, uri, selection, give, give_arg, callback, callback_arg);
out:
	free(uri);
	buffer_free(&input);
	return ok;
}

#define DECODER_COMMON                                                                             \
	{OSSL_FUNC_DECODER_FREECTX, (void (*)(void))decoder_free},                                 \
	{OSSL_FUNC_DECODER_DOES_SELECTION, (void (*)(void))decoder_selection}

#define DECODER_DER                                                                                \
	DECODER_COMMON,                                                                            \
	{OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_der},                                    \
	{OSSL_FUNC_DECODER_EXPORT_OBJECT, (void (*)(void))store_export}

const OSSL_DISPATCH decoder_pem_functions[] = {
	{OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))pem_new},
	DECODER_COMMON,
	{OSSL_FUNC_DECODER_DECODE, (void (*)(void))decode_pem},
	{0, NULL},
};

const OSSL_DISPATCH decoder_rsa_functions[] = {
	{OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))rsa_new},
	DECODER_DER,
	{0, NULL},
};

const OSSL_DISPATCH decoder_rsa_pss_functions[] = {
	{OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))rsa_pss_new},
	DECODER_DER,
	{0, NULL},
};

const OSSL_DISPATCH decoder_ec_functions[] = {
	{OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))ec_new},
	DECODER_DER,
	{0, NULL},
};

const OSSL_DISPATCH decoder_ed25519_functions[] = {
	{OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))ed25519_new},
	DECODER_DER,
	{0, NULL},
};

const OSSL_DISPATCH decoder_x25519_functions[] = {
	{OSSL_FUNC_DECODER_NEWCTX, (void (*)(void))x25519_new},
	DECODER_DER,
	{0, NULL},
};
