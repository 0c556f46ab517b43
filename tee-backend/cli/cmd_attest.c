/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave attest: evidence of a key or of the token.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "mechanism/keyclave.h"

struct attest_options {
	const char *uri;
	const char *out;
	const char *pin_file;
	struct buffer nonce;
};

static int parse(const struct cli *cli, int argc, char **argv, struct attest_options *o)
{
	static const struct option options[] = {
		{"nonce", required_argument, NULL, 'n'},
		{"out", required_argument, NULL, 'o'},
		{"pin-file", required_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			if (!cli_hex(optarg, &o->nonce, KEYCLAVE_NONCE_MAX)) {
				cli_error(cli, "--nonce takes at most %d bytes in hexadecimal", KEYCLAVE_NONCE_MAX);
				return CLI_USAGE;
			}
			break;
		case 'o':
			o->out = optarg;
			break;
		case 'p':
			o->pin_file = optarg;
			break;
		default:
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		o->uri = argv[optind++];
	return optind == argc ? CLI_OK : CLI_USAGE;
}

/* 0: the URI names no object, so the token. */
static int choose_object(struct cli *cli, const struct cli_token *token, struct uri *uri, CK_OBJECT_HANDLE *handle)
{
	*handle = 0;
	if (!uri->object && !uri->has_id && uri->class == CK_UNAVAILABLE_INFORMATION)
		return CLI_OK;
	return cli_key_find(cli, token, uri, handle);
}

static int attest(struct cli *cli, const struct cli_token *token, CK_OBJECT_HANDLE handle,
		  const struct attest_options *o)
{
	struct evidence_request request = {
		.slot = token->slot, .handle = handle, .nonce = buffer_span(&o->nonce)};
	struct client_answer answer = {0};
	int status = CLI_OK;
	CK_RV rv = client_call(cli->client, REQUEST_EVIDENCE, &request, &answer);

	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "reading evidence");
	if (cli->json)
		status = cli_print(cli, json_pack("{s:o}", "evidence",
						  cli_json_hex(answer.message.evidence_response.evidence)));
	else if (!o->out && isatty(STDOUT_FILENO))
		status = cli_error(cli, "evidence is binary: give --out FILE, or --json");
	else if (!cli_write_file(cli, o->out, answer.message.evidence_response.evidence))
		status = CLI_FAILED;
	client_done(&answer);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct attest_options o = {0};
	struct cli_token token = {0};
	struct uri uri = {0};
	CK_OBJECT_HANDLE handle = 0;
	int status = parse(cli, argc, argv, &o);

	if (status == CLI_OK)
		status = cli_login_token(cli, o.uri, o.pin_file, false, &uri, &token);
	else
		cli_error(cli, "usage: keyclave attest %s", cli_attest.arguments);
	if (status == CLI_OK)
		status = choose_object(cli, &token, &uri, &handle);
	if (status == CLI_OK)
		status = attest(cli, &token, handle, &o);
	buffer_free(&o.nonce);
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

const struct cli_command cli_attest = {
	.name = "attest",
	.arguments = "[--nonce HEX] [--out FILE] [--pin-file FILE] [URI]",
	.summary = "Write evidence of a key, or of the token",
	.details = "The evidence says what the key is, what its policy is, where it was made, and which platform vouches\n"
		   "for it. Give a fresh random nonce and verify with the same: keyclave verify --nonce.\n",
	.run = run,
};
