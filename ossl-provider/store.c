/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STORE for pkcs11: URIs: keys by reference, certificates by value, a whole token when the URI names no object.
 * All that match, private key before public before certificate, in the order of handles. Recipes P3 and P4.
 */
#include "config.h"

#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/store.h>
#include <stdlib.h>
#include <string.h>

#include "client/uri.h"
#include "ossl-provider/pin.h"
#include "ossl-provider/pkey.h"
#include "ossl-provider/store.h"

/* A token that the URI matches; its texts are copies. */
struct store_token {
	uint64_t slot;
	char label[64];
	char serial[32];
	CK_FLAGS flags;
	struct buffer pin; /* .secret */
};

struct store_result {
	size_t token;
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class;
	bool as_public; /* a private key that stands in for its public one */
};

struct store {
	struct provider *provider;
	struct uri uri;
	int expect;
	struct buffer subject, issuer; /* DER, of certificates looked for */
	struct store_token *tokens;
	size_t token_count;
	struct store_result *results;
	size_t result_count, next;
	bool searched, failed;
};

void *store_open(void *context, const char *uri)
{
	struct provider *p = context;
	struct store *store = calloc(1, sizeof(*store));
	char why[128] = "";

	if (!store)
		return NULL;
	store->provider = p;
	if (uri_parse(uri, &store->uri, why, sizeof(why)) != CKR_OK) {
		provider_raise(p, PROVIDER_BAD_URI, "%s", why);
		free(store);
		return NULL;
	}
	return store;
}

int store_close(void *loader)
{
	struct store *store = loader;

	for (size_t i = 0; i < store->token_count; i++)
		buffer_free(&store->tokens[i].pin);
	free(store->tokens);
	free(store->results);
	buffer_free(&store->subject);
	buffer_free(&store->issuer);
	uri_free(&store->uri);
	free(store);
	return 1;
}

const OSSL_PARAM *store_settable(void *context)
{
	static const OSSL_PARAM settable[] = {
		OSSL_PARAM_int(OSSL_STORE_PARAM_EXPECT, NULL),
		OSSL_PARAM_octet_string(OSSL_STORE_PARAM_SUBJECT, NULL, 0),
		OSSL_PARAM_octet_string(OSSL_STORE_PARAM_ISSUER, NULL, 0),
		OSSL_PARAM_utf8_string(OSSL_STORE_PARAM_PROPERTIES, NULL, 0),
		OSSL_PARAM_END,
	};

	(void)context;
	return settable;
}

static int set_octets(const OSSL_PARAM params[], const char *name, struct buffer *value)
{
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, name);

	return !param || (param->data_type == OSSL_PARAM_OCTET_STRING &&
			  buffer_set(value, param->data, param->data_size));
}

int store_set_params(void *loader, const OSSL_PARAM params[])
{
	struct store *store = loader;
	const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, OSSL_STORE_PARAM_EXPECT);

	if (param && !OSSL_PARAM_get_int(param, &store->expect))
		return 0;
	return set_octets(params, OSSL_STORE_PARAM_SUBJECT, &store->subject) &&
	       set_octets(params, OSSL_STORE_PARAM_ISSUER, &store->issuer);
}

void store_wants_private(void *loader)
{
	struct store *store = loader;

	if (store->uri.class == CK_UNAVAILABLE_INFORMATION)
		store->expect = OSSL_STORE_INFO_PKEY;
}

static bool wants(const struct store *store, CK_OBJECT_CLASS class)
{
	static const struct {
		CK_OBJECT_CLASS class;
		int expect;
	} expected[] = {
		{CKO_PRIVATE_KEY, OSSL_STORE_INFO_PKEY},
		{CKO_PUBLIC_KEY, OSSL_STORE_INFO_PUBKEY},
		{CKO_CERTIFICATE, OSSL_STORE_INFO_CERT},
	};
	bool certificate_search = store->subject.size || store->issuer.size;

	if (store->uri.class != CK_UNAVAILABLE_INFORMATION && store->uri.class != class)
		return false;
	if (certificate_search && class != CKO_CERTIFICATE)
		return false;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		if (expected[i].class == class)
			return store->expect == 0 || store->expect == expected[i].expect;
	return false;
}

static struct token_response token_view(const struct store_token *token)
{
	return (struct token_response){
		.label = span_text(token->label),
		.serial = span_text(token->serial),
		.flags = token->flags,
	};
}

static void copy_text(char *to, size_t size, struct span from)
{
	size_t n = from.size < size - 1 ? from.size : size - 1;

	if (n)
		memcpy(to, from.data, n);
	to[n] = '\0';
}

/* Fills store->tokens with those that the URI matches. */
static CK_RV find_tokens(struct store *store, struct client *client)
{
	struct numbers slots = {0};
	CK_RV rv = client_slots(client, &slots);

	if (rv != CKR_OK)
		return rv;
	store->tokens = calloc(slots.count ? slots.count : 1, sizeof(*store->tokens));
	if (!store->tokens)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < slots.count; i++) {
		struct client_answer answer = {0};
		const struct token_response *found = &answer.message.token_response;
		struct store_token *token = &store->tokens[store->token_count];

		if (client_token(client, slots.item[i], &answer) != CKR_OK)
			continue;
		if ((found->flags & CKF_TOKEN_INITIALIZED) &&
		    uri_matches_token(&store->uri, slots.item[i], found)) {
			token->slot = slots.item[i];
			token->flags = found->flags;
			copy_text(token->label, sizeof(token->label), found->label);
			copy_text(token->serial, sizeof(token->serial), found->serial);
			token->pin.secret = true;
			store->token_count++;
		}
		client_done(&answer);
	}
	return CKR_OK;
}

static CK_RV add_results(struct store *store, size_t token, CK_OBJECT_CLASS class, bool as_public,
			 struct span handles)
{
	size_t count = handles.size / 4;
	struct store_result *grown = NULL;

	if (count == 0)
		return CKR_OK;
	grown = realloc(store->results, (store->result_count + count) * sizeof(*grown));
	if (!grown)
		return CKR_HOST_MEMORY;
	store->results = grown;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *h = handles.data + 4 * i;
		CK_OBJECT_HANDLE handle = (CK_OBJECT_HANDLE)h[0] << 24 | (CK_OBJECT_HANDLE)h[1] << 16 |
					  (CK_OBJECT_HANDLE)h[2] << 8 | h[3];

		store->results[store->result_count++] =
			(struct store_result){token, handle, class, as_public};
	}
	return CKR_OK;
}

static CK_RV find_class(struct store *store, size_t token, CK_OBJECT_CLASS class, bool as_public)
{
	struct find_request request = {.slot = store->tokens[token].slot};
	struct client *client = provider_client(store->provider);
	uint8_t class_value[8];
	bool more = true;
	CK_RV rv = CKR_OK;

	attribute_put_ulong(class_value, class);
	attributes_add(&request.template, CKA_CLASS, (struct span){class_value, sizeof(class_value)});
	if (store->uri.object)
		attributes_add(&request.template, CKA_LABEL, span_text(store->uri.object));
	if (store->uri.has_id)
		attributes_add(&request.template, CKA_ID, buffer_span(&store->uri.id));
	if (store->subject.size)
		attributes_add(&request.template, CKA_SUBJECT, buffer_span(&store->subject));
	if (store->issuer.size)
		attributes_add(&request.template, CKA_ISSUER, buffer_span(&store->issuer));
	while (rv == CKR_OK && more) {
		struct client_answer answer = {0};
		const struct find_response *found = &answer.message.find_response;

		rv = client_call(client, REQUEST_FIND, &request, &answer);
		if (rv != CKR_OK)
			break;
		rv = add_results(store, token, class, as_public, found->handles);
		more = found->more && store->result_count;
		client_done(&answer);
		if (more)
			request.after = store->results[store->result_count - 1].handle;
	}
	return rv;
}

static bool takes_pin(const struct store_token *token)
{
	return (token->flags & CKF_LOGIN_REQUIRED) && (token->flags & CKF_USER_PIN_INITIALIZED);
}

/* Which attribute would tell the tokens apart. */
static const char *telling_attribute(const struct store *store)
{
	for (size_t i = 0; i < store->token_count; i++)
		for (size_t j = i + 1; j < store->token_count; j++)
			if (strcmp(store->tokens[i].label, store->tokens[j].label) == 0)
				return "serial";
	return "token";
}

/*
 * A PIN belongs to one token and costs a try at each other one, so it is given to none where several match: 0 with an
 * error raised that says what to add to the URI; -1 when the URI brings no PIN and what is public will do; 1: log in.
 */
static int may_log_in(const struct store *store, OSSL_PASSPHRASE_CALLBACK *callback)
{
	bool insists = store->expect == OSSL_STORE_INFO_PKEY || store->uri.class == CKO_PRIVATE_KEY;
	bool brings = store->uri.has_pin_value || store->uri.pin_source;
	bool has_other = callback || provider_pin_source(store->provider);
	size_t takers = 0, waiting = 0;

	for (size_t i = 0; i < store->token_count; i++) {
		if (!takes_pin(&store->tokens[i]))
			continue;
		takers++;
		if (client_user(provider_client(store->provider), store->tokens[i].slot) != CKU_USER)
			waiting++;
	}
	if (takers < 2 || (!waiting && !brings))
		return 1;
	if (brings || (insists && has_other))
		return provider_raise(store->provider, PROVIDER_TOKEN_AMBIGUOUS,
				      "a PIN is given to one token only: add %s=... to the URI",
				      telling_attribute(store));
	return -1;
}

/* 1; 0 with an error raised. Nobody having a PIN is no error: public objects are looked for all the same. */
static int log_in(struct store *store, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	int ok = may_log_in(store, callback);

	for (size_t i = 0; ok == 1 && i < store->token_count; i++) {
		struct token_response view = token_view(&store->tokens[i]);

		if (pin_login(store->provider, store->tokens[i].slot, &view, &store->uri, callback, callback_arg,
			      &store->tokens[i].pin) == 0)
			return 0;
	}
	return ok != 0;
}

/* AFTER_LOGIN: where nothing was found, private keys stand in for public ones (recipe P4). */
static CK_RV find_objects(struct store *store, bool after_login)
{
	static const CK_OBJECT_CLASS order[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE};
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < store->token_count; i++) {
		for (size_t j = 0; rv == CKR_OK && j < sizeof(order) / sizeof(order[0]); j++)
			if (wants(store, order[j]))
				rv = find_class(store, i, order[j], false);
		if (rv == CKR_OK && after_login && wants(store, CKO_PUBLIC_KEY))
			rv = find_class(store, i, CKO_PRIVATE_KEY, true);
	}
	return rv;
}

static int search(struct store *store, OSSL_PASSPHRASE_CALLBACK *callback, void *callback_arg)
{
	struct client *client = provider_client(store->provider);
	CK_RV rv = client ? find_tokens(store, client) : CKR_OK;
	bool private = wants(store, CKO_PRIVATE_KEY);

	if (!client)
		return 0;
	if (rv != CKR_OK)
		return provider_raise_rv(store->provider, rv, "listing tokens");
	if (store->token_count == 0)
		return provider_raise(store->provider, PROVIDER_NO_TOKEN, "none matches the URI");
	for (size_t i = 0; i < store->token_count; i++)
		if (!provider_attach(store->provider, store->tokens[i].slot))
			return 0;
	if (private && !log_in(store, callback, callback_arg))
		return 0;
	rv = find_objects(store, false);
	/* Public things are not asked a PIN for, unless there is nothing without it (recipe P4). */
	if (rv == CKR_OK && store->result_count == 0 && !private) {
		if (!log_in(store, callback, callback_arg))
			return 0;
		rv = find_objects(store, true);
	}
	if (rv != CKR_OK)
		return provider_raise_rv(store->provider, rv, "looking for objects");
	if (store->result_count == 0)
		return provider_raise(store->provider, PROVIDER_NOT_FOUND, "none matches the URI");
	return 1;
}

static int give_key(struct store *store, const struct store_result *result, OSSL_CALLBACK *give, void *give_arg)
{
	const struct store_token *token = &store->tokens[result->token];
	struct token_response view = token_view(token);
	int type = OSSL_OBJECT_PKEY, ok = 0;
	OSSL_PARAM params[4];
	struct pkey *key = pkey_load(store->provider, token->slot, result->handle,
				     result->class == CKO_PRIVATE_KEY && !result->as_public, &view,
				     buffer_span(&token->pin));

	if (!key)
		return 0;
	params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
	params[1] = OSSL_PARAM_construct_utf8_string(OSSL_OBJECT_PARAM_DATA_TYPE,
						     (char *)(uintptr_t)key->type->name, 0);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_REFERENCE, &key, sizeof(key));
	params[3] = OSSL_PARAM_construct_end();
	ok = give(params, give_arg);
	pkey_free(key); /* keymgmt_load has taken its own reference */
	return ok;
}

static int give_certificate(struct store *store, const struct store_result *result, OSSL_CALLBACK *give,
			    void *give_arg)
{
	struct get_request request = {.slot = store->tokens[result->token].slot, .handle = result->handle};
	struct client_answer answer = {0};
	int type = OSSL_OBJECT_CERT, ok = 0;
	OSSL_PARAM params[3];
	CK_RV rv = CKR_OK;

	request.types.item[request.types.count++] = CKA_VALUE;
	rv = client_call(provider_client(store->provider), REQUEST_GET, &request, &answer);
	if (rv == CKR_OK) {
		struct span value = answer.message.get_response.attributes.item[0].value;

		params[0] = OSSL_PARAM_construct_int(OSSL_OBJECT_PARAM_TYPE, &type);
		params[1] = OSSL_PARAM_construct_octet_string(OSSL_OBJECT_PARAM_DATA,
							      (void *)(uintptr_t)value.data, value.size);
		params[2] = OSSL_PARAM_construct_end();
		ok = value.size && give(params, give_arg);
	}
	client_done(&answer);
	return rv == CKR_OK ? ok : provider_raise_rv(store->provider, rv, "reading a certificate");
}

int store_load(void *loader, OSSL_CALLBACK *give, void *give_arg, OSSL_PASSPHRASE_CALLBACK *callback,
	       void *callback_arg)
{
	struct store *store = loader;
	const struct store_result *result = NULL;

	if (!store->searched) {
		store->searched = true;
		store->failed = !search(store, callback, callback_arg);
	}
	if (store->failed || store->next >= store->result_count) {
		store->failed = true;
		return 0;
	}
	result = &store->results[store->next++];
	return result->class == CKO_CERTIFICATE ? give_certificate(store, result, give, give_arg)
						: give_key(store, result, give, give_arg);
}

/* After an error too: applications loop until it (recipe P4). */
int store_eof(void *loader)
{
	const struct store *store = loader;

	return store->failed || (store->searched && store->next >= store->result_count);
}

/* Asked when another provider's KEYMGMT is to take the key: only what is public goes (recipe P3). */
int store_export(void *loader, const void *reference, size_t size, OSSL_CALLBACK *give, void *give_arg)
{
	struct pkey *key = NULL;
	OSSL_PARAM *params = NULL;
	int ok = 0;

	(void)loader;
	if (size != sizeof(key))
		return 0;
	memcpy(&key, reference, sizeof(key));
	if (!key || key->is_private)
		return 0;
	if (EVP_PKEY_todata(key->public, EVP_PKEY_PUBLIC_KEY, &params))
		ok = give(params, give_arg);
	OSSL_PARAM_free(params);
	return ok;
}
