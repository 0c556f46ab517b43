/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave uri: the canonical URIs of what a URI matches, one a line, for scripts and configuration files.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"

static CK_RV add_uri(struct cli *cli, const struct cli_token *token, CK_OBJECT_HANDLE handle, json_t *list)
{
	struct get_request request = {.slot = token->slot, .handle = handle};
	struct client_answer answer = {0};
	const struct attributes *found = &answer.message.get_response.attributes;
	CK_ULONG class = CK_UNAVAILABLE_INFORMATION;
	CK_RV rv = CKR_OK;

	request.types.item[request.types.count++] = CKA_CLASS;
	request.types.item[request.types.count++] = CKA_LABEL;
	request.types.item[request.types.count++] = CKA_ID;
	rv = client_call(cli->client, REQUEST_GET, &request, &answer);
	if (rv == CKR_OK && attributes_ulong(found, CKA_CLASS, &class) && found->count == 3)
		json_array_append_new(list,
				      cli_object_uri(token, class, found->item[1].value, found->item[2].value));
	client_done(&answer);
	return rv;
}

static int print_uris(const struct cli *cli, json_t *list)
{
	json_t *uri = NULL;
	size_t i = 0;

	if (cli->json)
		return cli_print(cli, json_pack("{s:O}", "uris", list));
	json_array_foreach(list, i, uri)
		puts(json_string_value(uri));
	return CLI_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{"pin-file", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	const char *pin_file = NULL;
	struct cli_objects objects = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	json_t *list = json_array();
	int option = 0, status = CLI_OK;
	CK_RV rv = CKR_OK;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'p')
			status = CLI_USAGE;
		pin_file = optarg;
	}
	if (status == CLI_OK && optind + 1 < argc)
		status = CLI_USAGE;
	if (status != CLI_OK)
		cli_error(cli, "usage: keyclave uri %s", cli_uri.arguments);
	if (status == CLI_OK)
		status = cli_login_token(cli, optind < argc ? argv[optind] : NULL, pin_file, false, &uri, &token);
	if (status == CLI_OK) {
		rv = cli_objects_find(cli, &token, &uri, &objects);
		for (size_t i = 0; rv == CKR_OK && i < objects.count; i++)
			rv = add_uri(cli, &token, objects.handle[i], list);
		status = rv == CKR_OK ? print_uris(cli, list) : cli_error_rv(cli, rv, "listing objects");
	}
	cli_objects_free(&objects);
	json_decref(list);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_uri = {
	.name = "uri",
	.arguments = "[--pin-file FILE] [URI]",
	.summary = "Print the canonical pkcs11: URIs of what a URI matches",
	.details = "Private objects are found after a login only: give --pin-file or a pin-source in the URI.\n",
	.run = run,
};
