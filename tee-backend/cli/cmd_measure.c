/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave measure: the PCRs of an enclave that is made of an image file, for policies and conditions of KMS keys. Needs
 * no daemon.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/eif.h"

static json_t *measured(const struct eif *eif)
{
	static const char *const names[] = {"pcr0", "pcr1", "pcr2", "pcr8"};
	json_t *result = json_object();
	size_t ramdisks = 0;

	for (int i = 0; i < 4; i++)
		if (i < 3 || eif->is_signed)
			json_object_set_new(result, names[i], cli_json_hex((struct span){eif->pcr[i], EIF_PCR_SIZE}));
	for (size_t i = 0; i < eif->ramdisk_count; i++)
		ramdisks += eif->ramdisk_size[i];
	json_object_set_new(result, "architecture", json_string(eif->arm64 ? "aarch64" : "x86_64"));
	json_object_set_new(result, "command line", cli_json_text(eif->cmdline));
	json_object_set_new(result, "kernel bytes", json_integer((json_int_t)eif->kernel_size));
	json_object_set_new(result, "ramdisks", json_integer((json_int_t)eif->ramdisk_count));
	json_object_set_new(result, "ramdisk bytes", json_integer((json_int_t)ramdisks));
	return result;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct option none[] = {{NULL, 0, NULL, 0}};
	struct buffer file = {0};
	const char *why = NULL;
	struct eif eif;
	int status = CLI_OK;

	if (getopt_long(argc, argv, "", none, NULL) != -1 || optind + 1 != argc) {
		cli_error(cli, "usage: keyclave measure %s", cli_measure.arguments);
		return CLI_USAGE;
	}
	if (!cli_read_file(cli, argv[optind], EIF_FILE_MAX, &file))
		status = CLI_USAGE;
	if (status == CLI_OK && !eif_read(buffer_span(&file), &eif, &why)) {
		cli_error(cli, "%s: %s", argv[optind], why);
		status = CLI_USAGE;
	}
	if (status == CLI_OK)
		status = cli_print(cli, measured(&eif));
	buffer_free(&file);
	return status;
}

const struct cli_command cli_measure = {
	.name = "measure",
	.arguments = "FILE",
	.summary = "Print the PCRs of an enclave made of an enclave image file (EIF)",
	.details = "PCR0, 1 and 2 as AWS reports them, and PCR8 of a signed image: for a policy's \"nitro\" section and for the\n"
		   "conditions of a KMS key. The signature itself is not checked. Status 2: not such a file, or a damaged one.\n",
	.run = run,
};
