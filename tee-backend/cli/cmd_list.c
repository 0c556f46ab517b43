/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave list: the objects of a token.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

struct list_options {
	const char *pin_file;
	const char *so_pin_file;
	const char *uri;
	bool login;
	bool damaged;
};

static int parse(int argc, char **argv, struct list_options *o)
{
	static const struct option options[] = {
		{"login", no_argument, NULL, 'l'},
		{"pin-file", required_argument, NULL, 'p'},
		{"so-pin-file", required_argument, NULL, 's'},
		{"damaged", no_argument, NULL, 'd'},
		{NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			o->login = true;
			break;
		case 'p':
			o->pin_file = optarg;
			o->login = true;
			break;
		case 's':
			o->so_pin_file = optarg;
			o->login = true;
			break;
		case 'd':
			o->damaged = o->login = true;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		o->uri = argv[optind++];
	return optind == argc ? CLI_OK : CLI_USAGE;
}

/* The attributes shown, in the order of the request. */
static const CK_ATTRIBUTE_TYPE shown[] = {CKA_CLASS, CKA_LABEL, CKA_ID, CKA_KEY_TYPE, CKA_EXTRACTABLE, CKA_LOCAL};

static void add_key_facts(json_t *entry, const struct attributes *found)
{
	CK_ULONG key_type = 0;
	bool flag = false;

	if (attributes_ulong(found, CKA_KEY_TYPE, &key_type))
		json_object_set_new(entry, "key type", json_string(mechanism_key_type_name(key_type)));
	if (attributes_bool(found, CKA_EXTRACTABLE, &flag))
		json_object_set_new(entry, "extractable", json_boolean(flag));
	if (attributes_bool(found, CKA_LOCAL, &flag))
		json_object_set_new(entry, "generated here", json_boolean(flag));
}

static CK_RV describe(struct cli *cli, const struct cli_token *token, CK_OBJECT_HANDLE handle, json_t **entry)
{
	struct get_request request = {.slot = token->slot, .handle = handle};
	struct client_answer answer = {0};
	const struct attributes *found = &answer.message.get_response.attributes;
	const struct attribute *label = NULL, *id = NULL;
	CK_ULONG class = CK_UNAVAILABLE_INFORMATION;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		request.types.item[request.types.count++] = shown[i];
	rv = client_call(cli->client, REQUEST_GET, &request, &answer);
	if (rv != CKR_OK)
		return rv;
	(void)attributes_ulong(found, CKA_CLASS, &class);
	label = attributes_find(found, CKA_LABEL);
	id = attributes_find(found, CKA_ID);
	*entry = json_pack("{s:s, s:o, s:o}", "class", cli_class_name(class) ? cli_class_name(class) : "other", "label",
			   cli_json_text(label ? label->value : (struct span){NULL, 0}), "id",
			   cli_json_hex(id ? id->value : (struct span){NULL, 0}));
	if (*entry) {
		add_key_facts(*entry, found);
		json_object_set_new(*entry, "uri",
				    cli_object_uri(token, class, label ? label->value : (struct span){NULL, 0},
						   id ? id->value : (struct span){NULL, 0}));
	}
	client_done(&answer);
	return *entry ? CKR_OK : CKR_HOST_MEMORY;
}

static CK_RV list(struct cli *cli, const struct cli_token *token, const struct uri *uri, json_t *result)
{
	struct cli_objects objects = {0};
	CK_RV rv = cli_objects_find(cli, token, uri, &objects);

	for (size_t i = 0; rv == CKR_OK && i < objects.count; i++) {
		json_t *entry = NULL;

		rv = describe(cli, token, objects.handle[i], &entry);
		if (rv == CKR_OK)
			json_array_append_new(result, entry);
		else if (rv == CKR_OBJECT_HANDLE_INVALID)
			rv = CKR_OK; /* somebody was faster and destroyed it */
	}
	cli_objects_free(&objects);
	return rv;
}

/* Nothing but the handle is known of these; keyclave status has a line for each that says why. */
static CK_RV list_damaged(struct cli *cli, const struct cli_token *token, json_t *result)
{
	struct cli_objects objects = {0};
	CK_RV rv = cli_objects_find_damaged(cli, token, &objects);

	for (size_t i = 0; rv == CKR_OK && i < objects.count; i++)
		json_array_append_new(result, json_pack("{s:s, s:I}", "class", "damaged", "handle",
							(json_int_t)objects.handle[i]));
	cli_objects_free(&objects);
	return rv;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct list_options o = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	json_t *objects = json_array();
	CK_RV rv = CKR_OK;
	int status = parse(argc, argv, &o);

	if (status == CLI_OK)
		status = cli_uri_parse(cli, o.uri, &uri);
	else
		cli_error(cli, "usage: keyclave list %s", cli_list.arguments);
	if (status == CLI_OK)
		status = cli_token_find(cli, &uri, &token);
	if (status == CLI_OK && (o.login || uri.has_pin_value || uri.pin_source))
		status = cli_login_any(cli, &token, &uri, o.pin_file, o.so_pin_file);
	if (status == CLI_OK) {
		rv = o.damaged ? list_damaged(cli, &token, objects) : list(cli, &token, &uri, objects);
		status = rv == CKR_OK ? cli_print(cli, json_pack("{s:O}", "objects", objects))
				      : cli_error_rv(cli, rv, "listing objects");
	}
	json_decref(objects);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_list = {
	.name = "list",
	.arguments = "[--login] [--damaged] [--pin-file FILE | --so-pin-file FILE] [URI]",
	.summary = "List the objects of a token",
	.details = "Private objects are listed after a login: --login asks for the PIN, --pin-file or the URI's\n"
		   "pin-source give it. --damaged lists objects whose records the store lost, by their handles.\n",
	.run = run,
};
