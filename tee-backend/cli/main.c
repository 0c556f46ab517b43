/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `keyclave`: the table of sub-commands, and the options before them.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "common/log.h"

static const struct cli_command *const commands[] = {
	&cli_init,   &cli_status, &cli_list,   &cli_keygen, &cli_import,
	&cli_derive, &cli_delete, &cli_pin,    &cli_attest, &cli_verify, &cli_policy, &cli_csr,   &cli_cert, &cli_uri,
	&cli_tpm_policy, &cli_measure, &cli_migrate, &cli_rotate_root,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *out)
{
	fprintf(out, "Usage: keyclave [--endpoint ENDPOINT] [--json] COMMAND [ARGUMENTS]\n\n"
		     "Keys that live in a Trusted Execution Environment.\n\nCommands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\nOptions:\n"
		     "  --endpoint ENDPOINT  where keyclaved listens, as in keyclave.conf(5)\n"
		     "  --json               results and errors as JSON\n"
		     "  --version            print the version\n"
		     "  --help               this text; after a command, that command's\n\n"
		     "See keyclave(1).\n");
}

static void help_command(const struct cli_command *command)
{
	printf("Usage: keyclave %s %s\n\n%s.\n", command->name, command->arguments, command->summary);
	if (command->details)
		printf("\n%s", command->details);
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static const struct cli_command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* The --json that follows a command belongs to all commands alike. */
static int take_json(struct cli *cli, int argc, char **argv)
{
	int kept = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			cli->json = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	return kept;
}

static int run(struct cli *cli, const char *endpoint, int argc, char **argv)
{
	const struct cli_command *command = find_command(argv[0]);
	char reserved[PATH_MAX + 16] = "", why[256] = "";
	int status = CLI_FAILED;
	CK_RV rv = CKR_OK;

	if (!command) {
		cli_error(cli, "there is no command %s; see keyclave --help", argv[0]);
		return CLI_USAGE;
	}
	if (asks_help(argc, argv)) {
		help_command(command);
		return CLI_OK;
	}
	argc = take_json(cli, argc, argv);
	if (endpoint && snprintf(reserved, sizeof(reserved), "endpoint=%s", endpoint) >= (int)sizeof(reserved))
		return cli_error(cli, "the endpoint is too long");
	if (!settings_load(&cli->settings, endpoint ? reserved : NULL, why, sizeof(why)))
		return cli_error(cli, "%s", why);
	rv = client_open(&cli->settings, "keyclave", &cli->client);
	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "starting");
	client_start_policy(cli->client, CLIENT_START_ALWAYS);
	optind = 0; /* getopt starts anew with the command's own arguments */
	status = command->run(cli, argc, argv);
	client_close(&cli->client);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"endpoint", required_argument, NULL, 'e'},
		{"json", no_argument, NULL, 'j'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct cli cli = {0};
	const char *endpoint = NULL;
	int option = 0;

	log_open("keyclave", LOG_LEVEL_WARNING);
	while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		switch (option) {
		case 'e':
			endpoint = optarg;
			break;
		case 'j':
			cli.json = true;
			break;
		case 'V':
			printf("keyclave %s\n", PACKAGE_VERSION);
			return CLI_OK;
		case 'h':
			help(stdout);
			return CLI_OK;
		default:
			return CLI_USAGE;
		}
	}
	if (optind == argc) {
		help(stderr);
		return CLI_USAGE;
	}
	return run(&cli, endpoint, argc - optind, argv + optind);
}
