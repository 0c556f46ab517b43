/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave init: makes a token, sets both PINs, and shows the identity that verifiers and clients pin.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "common/memory.h"

struct init_options {
	const char *label;
	const char *so_pin_file;
	const char *pin_file;
	const char *new_pin_file; /* made with a random secret in it */
	const char *token;        /* URI of a token to make anew */
};

static int parse(int argc, char **argv, struct init_options *o)
{
	static const struct option options[] = {
		{"label", required_argument, NULL, 'l'},
		{"so-pin-file", required_argument, NULL, 's'},
		{"pin-file", required_argument, NULL, 'p'},
		{"generate-pin", required_argument, NULL, 'g'},
		{"token", required_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	int option = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'l':
			o->label = optarg;
			break;
		case 's':
			o->so_pin_file = optarg;
			break;
		case 'p':
			o->pin_file = optarg;
			break;
		case 'g':
			o->new_pin_file = optarg;
			break;
		case 't':
			o->token = optarg;
			break;
		default:
			return CLI_USAGE;
		}
	}
	return optind == argc && o->label ? CLI_OK : CLI_USAGE;
}

/* The slot of the token to make anew, or the empty one. */
static int choose_slot(struct cli *cli, const char *text, uint64_t *slot)
{
	struct cli_token token = {0};
	struct numbers slots = {0};
	struct uri uri = {0};
	int status = CLI_OK;
	CK_RV rv = CKR_OK;

	if (!text) {
		rv = client_slots(cli->client, &slots);
		if (rv != CKR_OK || slots.count == 0)
			return cli_error_rv(cli, rv, "listing slots");
		*slot = slots.item[slots.count - 1];
		return CLI_OK;
	}
	status = cli_uri_parse(cli, text, &uri);
	if (status == CLI_OK && uri.slot != UINT64_MAX &&
	    cli_token_read(cli, uri.slot, &token) == CKR_TOKEN_NOT_RECOGNIZED) {
		/* Its head is lost, and with it label and serial: the slot is all that names it. */
		*slot = uri.slot;
		goto out;
	}
	cli_token_free(&token);
	if (status == CLI_OK)
		status = cli_token_find(cli, &uri, &token);
	if (status == CLI_OK) {
		*slot = token.slot;
		(void)client_detach(cli->client, token.slot);
	}
out:
	cli_token_free(&token);
	uri_free(&uri);
	return status;
}

/* 160 random bits in a new file that only its owner reads. */
static int generate_pin(const struct cli *cli, const char *path, struct buffer *pin)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t bytes[32];
	char text[sizeof(bytes) + 1];
	FILE *out = NULL;
	mode_t mask = 0;
	int status = CLI_OK;

	if (!memory_random(bytes, sizeof(bytes)))
		return cli_error(cli, "no random numbers");
	for (size_t i = 0; i < sizeof(bytes); i++)
		text[i] = alphabet[bytes[i] & 31];
	text[sizeof(bytes)] = '\n';
	mask = umask(077);
	out = fopen(path, "wxe"); /* never over a file that exists */
	umask(mask);
	if (!out || fwrite(text, 1, sizeof(text), out) != sizeof(text))
		status = cli_error(cli, "%s: cannot be made: %m", path);
	if (out && fclose(out) != 0)
		status = cli_error(cli, "%s: %m", path);
	if (status == CLI_OK && !buffer_set(pin, text, sizeof(bytes)))
		status = cli_error_rv(cli, CKR_HOST_MEMORY, "making a PIN");
	memory_wipe(bytes, sizeof(bytes));
	memory_wipe(text, sizeof(text));
	return status;
}

static CK_RV set_up(struct cli *cli, uint64_t slot, const char *label, struct span so_pin, struct span pin)
{
	struct token_init_request init = {.slot = slot, .pin = so_pin, .label = span_text(label)};
	struct pin_init_request user = {.slot = slot, .pin = pin};
	CK_RV rv = client_tell(cli->client, REQUEST_TOKEN_INIT, &init);

	if (rv == CKR_OK)
		rv = client_attach(cli->client, slot);
	if (rv == CKR_OK)
		rv = client_login(cli->client, slot, CKU_SO, so_pin);
	if (rv == CKR_OK)
		rv = client_tell(cli->client, REQUEST_PIN_INIT, &user);
	return rv;
}

static int show(struct cli *cli, uint64_t slot)
{
	struct cli_token token = {0};
	json_t *result = NULL;
	CK_RV rv = cli_token_read(cli, slot, &token);
	int status = CLI_OK;

	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "reading the token");
	result = json_pack("{s:s, s:s, s:o, s:s, s:s, s:s, s:o}", "token", token.label, "serial", token.serial, "uri",
			   cli_object_uri(&token, CK_UNAVAILABLE_INFORMATION, (struct span){NULL, 0},
					  (struct span){NULL, 0}),
			   "platform", token.platform, "root protector", token.protector, "rollback",
			   token.rollback, "identity", cli_json_hex(buffer_span(&token.identity)));
	status = cli_print(cli, result);
	if (status == CLI_OK && !cli->json && strcmp(token.platform, "notee") == 0)
		fprintf(stderr, "keyclave: NOT A TEE: whoever reads this machine's disk can read the keys\n");
	cli_token_free(&token);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct buffer so_pin = {.secret = true}, pin = {.secret = true};
	struct init_options o = {0};
	uint64_t slot = 0;
	CK_RV rv = CKR_OK;
	int status = parse(argc, argv, &o);

	if (status != CLI_OK) {
		cli_error(cli, "usage: keyclave init %s", cli_init.arguments);
		return status;
	}
	if (strlen(o.label) > PROTOCOL_LABEL_MAX)
		return cli_error(cli, "a label has at most %d bytes", PROTOCOL_LABEL_MAX);
	status = choose_slot(cli, o.token, &slot);
	if (status == CLI_OK)
		status = cli_secret(cli, NULL, o.so_pin_file, "security officer's PIN", true, &so_pin);
	if (status == CLI_OK && o.new_pin_file)
		status = generate_pin(cli, o.new_pin_file, &pin);
	else if (status == CLI_OK)
		status = cli_secret(cli, NULL, o.pin_file, "user PIN", true, &pin);
	if (status == CLI_OK) {
		rv = set_up(cli, slot, o.label, buffer_span(&so_pin), buffer_span(&pin));
		status = rv == CKR_OK ? show(cli, slot) : cli_error_rv(cli, rv, "making the token");
	}
	buffer_free(&so_pin);
	buffer_free(&pin);
	return status;
}

const struct cli_command cli_init = {
	.name = "init",
	.arguments = "--label LABEL [--so-pin-file FILE] [--pin-file FILE | --generate-pin FILE] [--token URI]",
	.summary = "Make a token, set its PINs, show its identity",
	.details = "PINs that no file gives are asked for. --generate-pin makes FILE with a random PIN in it.\n"
		   "--token makes an existing token anew: all of its objects are destroyed.\n"
		   "One whose head the store lost is named by pkcs11:slot-id=N (keyclave status shows N); only the\n"
		   "daemon's own user and root may do that, since no PIN is left to ask for.\n"
		   "Keep the identity that is shown: keyclave verify --identity pins it.\n",
	.run = run,
};
