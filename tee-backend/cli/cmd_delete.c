/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave delete: destroys the objects that a URI names.
 */
#include "config.h"

#include <getopt.h>

#include "cli/cli.h"

static CK_RV destroy_all(struct cli *cli, const struct cli_token *token, const struct cli_objects *objects)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < objects->count; i++) {
		struct object_request request = {.slot = token->slot, .handle = objects->handle[i]};

		rv = client_tell(cli->client, REQUEST_DESTROY, &request);
	}
	return rv;
}

static int destroy(struct cli *cli, const struct cli_token *token, const struct uri *uri, bool all)
{
	struct cli_objects objects = {0};
	int status = CLI_OK;
	CK_RV rv = cli_objects_find(cli, token, uri, &objects);

	if (rv != CKR_OK)
		status = cli_error_rv(cli, rv, "looking for objects");
	else if (objects.count == 0)
		status = cli_error(cli, "nothing matches the URI");
	else if (objects.count > 1 && !all)
		status = cli_error(cli, "%zu objects match: add type= to the URI, or --all", objects.count);
	if (status == CLI_OK) {
		rv = destroy_all(cli, token, &objects);
		status = rv == CKR_OK
				 ? cli_print(cli, json_pack("{s:I}", "destroyed", (json_int_t)objects.count))
				 : cli_error_rv(cli, rv, "destroying");
	}
	cli_objects_free(&objects);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"pin-file", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	const char *pin_file = NULL;
	struct cli_token token = {0};
	struct uri uri = {0};
	bool all = false;
	int option = 0, status = CLI_OK;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'a')
			all = true;
		else if (option == 'p')
			pin_file = optarg;
		else
			return CLI_USAGE;
	}
	if (optind + 1 != argc) {
		cli_error(cli, "usage: keyclave delete %s", cli_delete.arguments);
		return CLI_USAGE;
	}
	status = cli_uri_parse(cli, argv[optind], &uri);
	if (status == CLI_OK && !uri.object && !uri.has_id)
		status = cli_error(cli, "name an object: object=LABEL or id=%%ID in the URI");
	if (status == CLI_OK)
		status = cli_token_find(cli, &uri, &token);
	if (status == CLI_OK)
		status = cli_login(cli, &token, &uri, pin_file);
	if (status == CLI_OK)
		status = destroy(cli, &token, &uri, all);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_delete = {
	.name = "delete",
	.arguments = "[--all] [--pin-file FILE] URI",
	.summary = "Destroy an object; a key that is destroyed is gone for ever",
	.details = "One object must match; --all destroys every one that does (both halves of a pair).\n",
	.run = run,
};
