/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which token and which objects a command is about: pkcs11: URIs resolved.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "mechanism/keyclave.h"

static const struct {
	CK_OBJECT_CLASS class;
	const char *name;
} classes[] = {
	{CKO_PRIVATE_KEY, "private"}, {CKO_PUBLIC_KEY, "public"}, {CKO_SECRET_KEY, "secret-key"},
	{CKO_CERTIFICATE, "cert"},    {CKO_DATA, "data"},
};

const char *cli_class_name(CK_OBJECT_CLASS class)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].class == class)
			return classes[i].name;
	return NULL;
}

int cli_uri_parse(const struct cli *cli, const char *text, struct uri *uri)
{
	char why[128] = "";
	CK_RV rv = uri_parse(text ? text : "pkcs11:", uri, why, sizeof(why));

	if (rv == CKR_ARGUMENTS_BAD) {
		cli_error(cli, "%s: not a pkcs11: URI: %s", text, why);
		return CLI_USAGE;
	}
	return rv == CKR_OK ? CLI_OK : cli_error_rv(cli, rv, "reading the URI");
}

static void copy_text(char *to, size_t size, struct span from)
{
	size_t n = from.size < size - 1 ? from.size : size - 1;

	if (n)
		memcpy(to, from.data, n);
	to[n] = '\0';
}

void cli_token_free(struct cli_token *token)
{
	buffer_free(&token->identity);
	memset(token, 0, sizeof(*token));
}

static CK_RV token_take(uint64_t slot, const struct token_response *from, struct cli_token *token)
{
	memset(token, 0, sizeof(*token));
	token->slot = slot;
	token->flags = from->flags;
	token->pin_min = (unsigned)from->pin_min;
	token->weak_pin = from->weak_pin;
	token->objects = from->objects;
	copy_text(token->label, sizeof(token->label), from->label);
	copy_text(token->serial, sizeof(token->serial), from->serial);
	copy_text(token->platform, sizeof(token->platform), from->platform);
	copy_text(token->protector, sizeof(token->protector), from->protector);
	copy_text(token->rollback, sizeof(token->rollback), from->rollback);
	return buffer_set(&token->identity, from->identity.data, from->identity.size) ? CKR_OK : CKR_HOST_MEMORY;
}

CK_RV cli_token_read(struct cli *cli, uint64_t slot, struct cli_token *token)
{
	struct client_answer answer = {0};
	CK_RV rv = client_token(cli->client, slot, &answer);

	if (rv == CKR_OK)
		rv = token_take(slot, &answer.message.token_response, token);
	client_done(&answer);
	return rv;
}

/* Counts the initialised tokens that match; the last of them is *SLOT. */
static CK_RV token_search(struct cli *cli, const struct uri *uri, uint64_t *slot, size_t *matches)
{
	struct numbers slots = {0};
	CK_RV rv = client_slots(cli->client, &slots);

	*matches = 0;
	for (size_t i = 0; rv == CKR_OK && i < slots.count; i++) {
		struct client_answer answer = {0};
		const struct token_response *token = &answer.message.token_response;

		rv = client_token(cli->client, slots.item[i], &answer);
		if (rv == CKR_OK && (token->flags & CKF_TOKEN_INITIALIZED) &&
		    (!uri || uri_matches_token(uri, slots.item[i], token))) {
			*slot = slots.item[i];
			(*matches)++;
		}
		/* One that the store lost does not stand in the way of the others. */
		if (rv == CKR_TOKEN_NOT_RECOGNIZED)
			rv = CKR_OK;
		client_done(&answer);
	}
	return rv;
}

int cli_token_find(struct cli *cli, const struct uri *uri, struct cli_token *token)
{
	uint64_t slot = 0;
	size_t matches = 0;
	CK_RV rv = token_search(cli, uri, &slot, &matches);

	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "listing tokens");
	if (matches == 0)
		return cli_error(cli, "no token matches; keyclave init makes one, keyclave status lists them");
	if (matches > 1)
		return cli_error(cli, "%zu tokens match: name one with pkcs11:token=LABEL", matches);
	rv = cli_token_read(cli, slot, token);
	if (rv == CKR_OK)
		rv = client_attach(cli->client, slot);
	return rv == CKR_OK ? CLI_OK : cli_error_rv(cli, rv, "opening the token");
}

void cli_objects_free(struct cli_objects *objects)
{
	free(objects->handle);
	memset(objects, 0, sizeof(*objects));
}

static CK_RV objects_take(struct cli_objects *objects, struct span handles)
{
	size_t count = handles.size / 4;
	CK_OBJECT_HANDLE *grown = NULL;

	if (!count)
		return CKR_OK;
	grown = realloc(objects->handle, (objects->count + count) * sizeof(*grown));
	if (!grown)
		return CKR_HOST_MEMORY;
	objects->handle = grown;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *h = handles.data + 4 * i;

		objects->handle[objects->count++] = (CK_OBJECT_HANDLE)h[0] << 24 | (CK_OBJECT_HANDLE)h[1] << 16 |
						    (CK_OBJECT_HANDLE)h[2] << 8 | h[3];
	}
	return CKR_OK;
}

/* All pages of what REQUEST finds. */
static CK_RV objects_find(struct cli *cli, struct find_request *request, struct cli_objects *objects)
{
	bool more = true;
	CK_RV rv = CKR_OK;

	memset(objects, 0, sizeof(*objects));
	while (rv == CKR_OK && more) {
		struct client_answer answer = {0};

		rv = client_call(cli->client, REQUEST_FIND, request, &answer);
		if (rv == CKR_OK)
			rv = objects_take(objects, answer.message.find_response.handles);
		more = rv == CKR_OK && answer.message.find_response.more && objects->count;
		client_done(&answer);
		if (more)
			request->after = objects->handle[objects->count - 1];
	}
	return rv;
}

CK_RV cli_objects_find(struct cli *cli, const struct cli_token *token, const struct uri *uri,
		       struct cli_objects *objects)
{
	struct find_request request = {.slot = token->slot};
	uint8_t class[8];

	attribute_put_ulong(class, uri->class);
	if (uri->class != CK_UNAVAILABLE_INFORMATION)
		(void)attributes_add(&request.template, CKA_CLASS, (struct span){class, sizeof(class)});
	if (uri->object)
		(void)attributes_add(&request.template, CKA_LABEL, span_text(uri->object));
	if (uri->has_id)
		(void)attributes_add(&request.template, CKA_ID, buffer_span(&uri->id));
	return objects_find(cli, &request, objects);
}

CK_RV cli_objects_find_damaged(struct cli *cli, const struct cli_token *token, struct cli_objects *objects)
{
	static const uint8_t yes[] = {1};
	struct find_request request = {.slot = token->slot};

	(void)attributes_add(&request.template, CKA_KEYCLAVE_DAMAGED, (struct span){yes, sizeof(yes)});
	return objects_find(cli, &request, objects);
}

int cli_key_find(struct cli *cli, const struct cli_token *token, struct uri *uri, CK_OBJECT_HANDLE *handle)
{
	struct cli_objects objects = {0};
	int status = CLI_OK;
	CK_RV rv = CKR_OK;

	if (uri->class == CK_UNAVAILABLE_INFORMATION)
		uri->class = CKO_PRIVATE_KEY;
	rv = cli_objects_find(cli, token, uri, &objects);
	if (rv != CKR_OK)
		status = cli_error_rv(cli, rv, "looking for the key");
	else if (objects.count != 1)
		status = cli_error(cli, "%zu keys match the URI%s", objects.count,
				   objects.count ? ": name one" : "; private keys are found after a login only");
	else
		*handle = objects.handle[0];
	cli_objects_free(&objects);
	return status;
}

json_t *cli_object_uri(const struct cli_token *token, CK_OBJECT_CLASS class, struct span label, struct span id)
{
	/* Borrowed by uri_format, which changes nothing. */
	struct uri uri = {.token = (char *)(uintptr_t)token->label,
			  .serial = (char *)(uintptr_t)token->serial,
			  .class = cli_class_name(class) ? class : CK_UNAVAILABLE_INFORMATION,
			  .slot = UINT64_MAX,
			  .has_id = id.size > 0,
			  .id = {.data = (uint8_t *)(uintptr_t)id.data, .size = id.size}};
	struct buffer text = {0};
	char *object = label.size ? strndup((const char *)label.data, label.size) : NULL;
	json_t *value = NULL;

	uri.object = object;
	if (uri_format(&uri, &text) == CKR_OK)
		value = json_string((const char *)text.data);
	buffer_free(&text);
	free(object);
	return value;
}
