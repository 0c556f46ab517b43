/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave delete: destroys the objects that a URI names.
 */
#include "config.h"

#include <getopt.h>
#include <stdlib.h>

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

struct delete_options {
	const char *pin_file;
	const char *so_pin_file;
	uint64_t handle; /* of a damaged one; 0: all */
	bool damaged;
	bool all;
};

/* What the store lost has neither label nor id: it is named by its handle. */
static int destroy_damaged(struct cli *cli, const struct cli_token *token, const struct delete_options *o)
{
	struct cli_objects objects = {0};
	int status = CLI_OK;
	CK_RV rv = cli_objects_find_damaged(cli, token, &objects);
	size_t kept = 0;

	for (size_t i = 0; rv == CKR_OK && o->handle && i < objects.count; i++)
		if (objects.handle[i] == o->handle)
			objects.handle[kept++] = o->handle;
	if (o->handle)
		objects.count = kept;
	if (rv != CKR_OK)
		status = cli_error_rv(cli, rv, "looking for damage");
	else if (objects.count == 0)
		status = cli_error(cli, "nothing damaged matches; keyclave list --damaged shows what is");
	else if (!o->handle && !o->all)
		status = cli_error(cli, "%zu objects are damaged: --handle names one, --all all of them",
				   objects.count);
	if (status == CLI_OK) {
		rv = destroy_all(cli, token, &objects);
		status = rv == CKR_OK
				 ? cli_print(cli, json_pack("{s:I}", "destroyed", (json_int_t)objects.count))
				 : cli_error_rv(cli, rv, "destroying");
	}
	cli_objects_free(&objects);
	return status;
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

static int parse(int argc, char **argv, struct delete_options *o)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"damaged", no_argument, NULL, 'd'},
		{"handle", required_argument, NULL, 'h'},
		{"pin-file", required_argument, NULL, 'p'},
		{"so-pin-file", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	char *end = NULL;
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'a':
			o->all = true;
			break;
		case 'd':
			o->damaged = true;
			break;
		case 'h':
			o->handle = strtoull(optarg, &end, 10);
			if (!o->handle || *end)
				return CLI_USAGE;
			break;
		case 'p':
			o->pin_file = optarg;
			break;
		case 's':
			o->so_pin_file = optarg;
			break;
		default:
			return CLI_USAGE;
		}
	}
	return optind + 1 == argc && (o->damaged || (!o->handle && !o->so_pin_file)) ? CLI_OK : CLI_USAGE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct delete_options o = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	int status = parse(argc, argv, &o);

	if (status != CLI_OK) {
		cli_error(cli, "usage: keyclave delete %s", cli_delete.arguments);
		return status;
	}
	status = cli_uri_parse(cli, argv[optind], &uri);
	if (status == CLI_OK && !o.damaged && !uri.object && !uri.has_id)
		status = cli_error(cli, "name an object: object=LABEL or id=%%ID in the URI");
	if (status == CLI_OK)
		status = cli_token_find(cli, &uri, &token);
	if (status == CLI_OK)
		status = cli_login_any(cli, &token, &uri, o.pin_file, o.so_pin_file);
	if (status == CLI_OK)
		status = o.damaged ? destroy_damaged(cli, &token, &o) : destroy(cli, &token, &uri, o.all);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_delete = {
	.name = "delete",
	.arguments = "[--all] [--pin-file FILE] URI | --damaged [--handle NUMBER | --all] "
		     "[--pin-file FILE | --so-pin-file FILE] URI",
	.summary = "Destroy an object; a key that is destroyed is gone for ever",
	.details = "One object must match; --all destroys every one that does (both halves of a pair).\n"
		   "--damaged takes away objects whose records the store lost, which keyclave list --damaged shows.\n",
	.run = run,
};
