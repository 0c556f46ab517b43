/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave migrate: moves the store to the next version of the enclave before the machine is started with it.
 */
#include "config.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define CHALLENGE_SIZE 32

struct migrate_options {
	const char *action;
	const char *uri;
	const char *so_pin_file;
	const char *to;
	const char *out;
	struct buffer nonce;
	struct buffer request;
	struct buffer endorsements; /* files, one after the other */
};

/* ---- status ---- */

static json_t *slot_json(uint64_t kind, struct span binding)
{
	static const char *const kinds[] = {"unknown", "platform", "recovery", "migration", "kms"};
	json_t *slot = json_object();

	json_object_set_new(slot, "kind", json_string(kinds[kind < sizeof(kinds) / sizeof(kinds[0]) ? kind : 0]));
	if (binding.size)
		json_object_set_new(slot, "bound to", cli_json_text(binding));
	return slot;
}

static int show_status(struct cli *cli)
{
	const struct empty request = {0};
	struct client_answer answer = {0};
	const struct migrate_status_response *s = &answer.message.migrate_status_response;
	json_t *result = NULL, *slots = NULL;
	CK_RV rv = client_call(cli->client, REQUEST_MIGRATE_STATUS, &request, &answer);

	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "asking for wrap slots");
	result = json_object();
	slots = json_array();
	json_object_set_new(result, "policy", s->policy.size ? cli_json_hex(s->policy) : json_string("none"));
	json_object_set_new(result, "migrations are granted", json_boolean(s->may_migrate));
	json_object_set_new(result, "challenge waits for a request", json_boolean(s->challenged));
	for (size_t i = 0; i < s->kinds.count && i < s->bindings.count; i++)
		json_array_append_new(slots, slot_json(s->kinds.item[i], s->bindings.item[i]));
	json_object_set_new(result, "slots", slots);
	client_done(&answer);
	return cli_print(cli, result);
}

/* ---- the next version ---- */

static int make_request(struct cli *cli, const struct migrate_options *o)
{
	struct migrate_request_request request = {.nonce = buffer_span(&o->nonce)};
	struct client_answer answer = {0};
	int status = CLI_OK;
	CK_RV rv = client_call(cli->client, REQUEST_MIGRATE_REQUEST, &request, &answer);

	if (rv == CKR_TOKEN_NOT_PRESENT)
		return cli_error(cli, "no keyclaved answers; where the store does not open under this version, run as the "
				      "daemon's user: keyclaved --migration-request=NONCE > FILE");
	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		return cli_error(cli, "no store can move to this platform: it has no key that is bound to the enclave's code");
	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "asking for evidence");
	if (cli->json)
		status = cli_print(cli, json_pack("{s:o}", "request", cli_json_hex(answer.message.evidence_response.evidence)));
	else if (!o->out && isatty(STDOUT_FILENO))
		status = cli_error(cli, "a request is binary: give --out FILE, or --json");
	else if (!cli_write_file(cli, o->out, answer.message.evidence_response.evidence))
		status = CLI_FAILED;
	client_done(&answer);
	return status;
}

/* ---- the running version ---- */

static int refused(struct cli *cli, CK_RV rv, const char *what)
{
	if (rv == CKR_ACTION_PROHIBITED)
		return cli_error(cli, "%s: the store was made without migration-policy, or its file has changed since: "
				      "keyclave migrate status, and the daemon's log",
				 what);
	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		return cli_error(cli, "%s: this daemon has no store that could move", what);
	if (rv == CKR_DEVICE_MEMORY)
		return cli_error(cli, "%s: no room for another wrap slot; keyclave migrate cancel takes those of migrations away",
				 what);
	return cli_error_rv(cli, rv, what);
}

static int ask_challenge(struct cli *cli, const struct cli_token *token)
{
	struct slot_request request = {.slot = token->slot};
	struct client_answer answer = {0};
	int status = CLI_OK;
	CK_RV rv = client_call(cli->client, REQUEST_MIGRATE_CHALLENGE, &request, &answer);

	if (rv != CKR_OK)
		return refused(cli, rv, "asking for a challenge");
	status = cli_print(cli, json_pack("{s:o}", "nonce", cli_json_hex(answer.message.migrate_challenge_response.nonce)));
	client_done(&answer);
	return status;
}

static int ask_grant(struct cli *cli, const struct cli_token *token, const struct migrate_options *o)
{
	struct migrate_grant_request request = {
		.slot = token->slot, .evidence = buffer_span(&o->request), .endorsements = buffer_span(&o->endorsements)};
	struct client_answer answer = {0};
	const struct migrate_grant_response *response = &answer.message.migrate_grant_response;
	int status = CLI_OK;
	CK_RV rv = client_call(cli->client, REQUEST_MIGRATE_GRANT, &request, &answer);

	if (rv != CKR_OK)
		return refused(cli, rv, "granting");
	if (response->granted)
		status = cli_print(cli, json_pack("{s:b}", "granted", 1));
	else
		status = cli_error(cli, "refused: %.*s", (int)response->detail.size, (const char *)response->detail.data);
	client_done(&answer);
	return status;
}

static int cancel(struct cli *cli, const struct cli_token *token)
{
	struct slot_request request = {.slot = token->slot};
	struct client_answer answer = {0};
	int status = CLI_OK;
	CK_RV rv = client_call(cli->client, REQUEST_MIGRATE_CANCEL, &request, &answer);

	if (rv != CKR_OK)
		return refused(cli, rv, "cancelling");
	status = cli_print(cli, json_pack("{s:I}", "cancelled", (json_int_t)answer.message.migrate_cancel_response.count));
	client_done(&answer);
	return status;
}

/* ---- options ---- */

static int parse(const struct cli *cli, int argc, char **argv, struct migrate_options *o)
{
	static const struct option options[] = {
		{"nonce", required_argument, NULL, 'n'},       {"to", required_argument, NULL, 't'},
		{"endorsements", required_argument, NULL, 'e'}, {"out", required_argument, NULL, 'o'},
		{"so-pin-file", required_argument, NULL, 's'},  {NULL, 0, NULL, 0},
	};
	struct buffer file = {0};
	int option = 0;
	bool good = true;

	while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			good = cli_hex(optarg, &o->nonce, CHALLENGE_SIZE) && o->nonce.size == CHALLENGE_SIZE;
			if (!good)
				cli_error(cli, "--nonce takes the %d hexadecimal digits of keyclave migrate challenge",
					  2 * CHALLENGE_SIZE);
			break;
		case 't':
			o->to = optarg;
			break;
		case 'e':
			good = cli_read_file(cli, optarg, PROTOCOL_CHUNK_MAX, &file) &&
			       buffer_append(&o->endorsements, file.data, file.size);
			break;
		case 'o':
			o->out = optarg;
			break;
		case 's':
			o->so_pin_file = optarg;
			break;
		default:
			good = false;
		}
	}
	buffer_free(&file);
	if (good && optind < argc)
		o->action = argv[optind++];
	if (good && optind < argc)
		o->uri = argv[optind++];
	return good && o->action && optind == argc ? CLI_OK : CLI_USAGE;
}

static int run_as_officer(struct cli *cli, const struct migrate_options *o)
{
	struct cli_token token = {0};
	struct uri uri = {0};
	int status = cli_uri_parse(cli, o->uri, &uri);

	if (status == CLI_OK)
		status = cli_token_find(cli, &uri, &token);
	if (status == CLI_OK)
		status = cli_login_any(cli, &token, &uri, NULL, o->so_pin_file);
	if (status == CLI_OK && strcmp(o->action, "challenge") == 0)
		status = ask_challenge(cli, &token);
	else if (status == CLI_OK && strcmp(o->action, "grant") == 0)
		status = ask_grant(cli, &token, o);
	else if (status == CLI_OK)
		status = cancel(cli, &token);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

/* CLI_USAGE when the options do not fit the action. */
static int run_action(struct cli *cli, struct migrate_options *o)
{
	if (strcmp(o->action, "status") == 0)
		return show_status(cli);
	if (strcmp(o->action, "request") == 0)
		return o->nonce.size ? make_request(cli, o) : CLI_USAGE;
	if (!o->so_pin_file)
		return CLI_USAGE;
	if (strcmp(o->action, "grant") == 0) {
		if (!o->to)
			return CLI_USAGE;
		return cli_read_file(cli, o->to, PROTOCOL_CHUNK_MAX, &o->request) ? run_as_officer(cli, o) : CLI_FAILED;
	}
	if (strcmp(o->action, "challenge") == 0 || strcmp(o->action, "cancel") == 0)
		return run_as_officer(cli, o);
	return CLI_USAGE;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct migrate_options o = {0};
	int status = parse(cli, argc, argv, &o);

	if (status == CLI_OK)
		status = run_action(cli, &o);
	if (status == CLI_USAGE)
		cli_error(cli, "usage: keyclave migrate %s", cli_migrate.arguments);
	buffer_free(&o.nonce);
	buffer_free(&o.request);
	buffer_free(&o.endorsements);
	return status;
}

const struct cli_command cli_migrate = {
	.name = "migrate",
	.arguments = "status\n"
		     "       keyclave migrate challenge --so-pin-file FILE [URI]\n"
		     "       keyclave migrate request --nonce HEX [--out FILE]\n"
		     "       keyclave migrate grant --to FILE [--endorsements FILE]... --so-pin-file FILE [URI]\n"
		     "       keyclave migrate cancel --so-pin-file FILE [URI]",
	.summary = "Let the next version of the enclave open the store",
	.details = "status     the store's wrap slots: what each is bound to, without its secret\n"
		   "challenge  a fresh nonce, from the version that runs\n"
		   "request    evidence of the next version over that nonce; run under that version, with or without a store\n"
		   "grant      verifies the request by the policy that the store was made with (migration-policy in\n"
		   "           keyclave.conf(5)) and wraps the store's root for that version\n"
		   "cancel     takes such wrap slots, and the challenge, away again\n"
		   "The next version opens the store at its first start, makes a wrap slot of its own, and the old one goes.\n",
	.run = run,
};
