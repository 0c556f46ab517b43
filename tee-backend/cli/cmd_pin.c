/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave pin: change a PIN, or set a new user PIN as the security officer.
 */
#include "config.h"

#include <getopt.h>
#include <string.h>

#include "cli/cli.h"

struct pin_options {
	const char *action;
	const char *token;
	const char *old_file; /* the PIN that is proven: the old one, or the security officer's */
	const char *new_file;
	bool so;
};

static int parse(int argc, char **argv, struct pin_options *o)
{
	static const struct option options[] = {
		{"so", no_argument, NULL, 's'},
		{"token", required_argument, NULL, 't'},
		{"old-pin-file", required_argument, NULL, 'o'},
		{"so-pin-file", required_argument, NULL, 'o'},
		{"new-pin-file", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			o->so = true;
			break;
		case 't':
			o->token = optarg;
			break;
		case 'o':
			o->old_file = optarg;
			break;
		case 'n':
			o->new_file = optarg;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (optind + 1 != argc)
		return CLI_USAGE;
	o->action = argv[optind];
	return strcmp(o->action, "change") == 0 || strcmp(o->action, "reset") == 0 ? CLI_OK : CLI_USAGE;
}

static CK_RV set_pin(struct cli *cli, uint64_t slot, const struct pin_options *o, struct span old_pin,
		     struct span new_pin)
{
	struct pin_set_request change = {.slot = slot, .old_pin = old_pin, .new_pin = new_pin};
	struct pin_init_request reset = {.slot = slot, .pin = new_pin};
	bool so = o->so || strcmp(o->action, "reset") == 0;
	CK_RV rv = CKR_OK;

	/* C_SetPIN without a login changes the user's PIN; the others need the security officer. */
	if (so)
		rv = client_login(cli->client, slot, CKU_SO, old_pin);
	if (rv != CKR_OK)
		return rv;
	return strcmp(o->action, "reset") == 0 ? client_tell(cli->client, REQUEST_PIN_INIT, &reset)
					       : client_tell(cli->client, REQUEST_PIN_SET, &change);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct buffer old_pin = {.secret = true}, new_pin = {.secret = true};
	struct pin_options o = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	bool officer = false;
	CK_RV rv = CKR_OK;
	int status = parse(argc, argv, &o);

	if (status != CLI_OK) {
		cli_error(cli, "usage: keyclave pin %s", cli_pin.arguments);
		return status;
	}
	officer = o.so || strcmp(o.action, "reset") == 0;
	status = cli_uri_parse(cli, o.token, &uri);
	if (status == CLI_OK)
		status = cli_token_find(cli, &uri, &token);
	if (status == CLI_OK)
		status = cli_secret(cli, NULL, o.old_file, officer ? "security officer's PIN" : "old PIN", false,
				    &old_pin);
	if (status == CLI_OK)
		status = cli_secret(cli, NULL, o.new_file, "new PIN", true, &new_pin);
	if (status == CLI_OK) {
		rv = set_pin(cli, token.slot, &o, buffer_span(&old_pin), buffer_span(&new_pin));
		status = rv == CKR_OK ? cli_print(cli, json_pack("{s:b}", "PIN set", 1))
				      : cli_error_rv(cli, rv, "setting the PIN");
	}
	buffer_free(&old_pin);
	buffer_free(&new_pin);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_pin = {
	.name = "pin",
	.arguments = "{change [--so] [--old-pin-file FILE] | reset [--so-pin-file FILE]} [--new-pin-file FILE]\n"
		     "                    [--token URI]",
	.summary = "Change a PIN, or set a new user PIN as the security officer",
	.details = "change: the user's PIN, or with --so the security officer's.\n"
		   "reset: the security officer gives the user a new PIN; this also unlocks a locked one.\n",
	.run = run,
};
