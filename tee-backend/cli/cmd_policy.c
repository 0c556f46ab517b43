/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave policy from-evidence: a first policy file out of a piece of evidence that holds by itself. This is trust
 * on first use, and the command says so.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cli/appraise.h"
#include "verifier/report.h"

static int print_policy(const struct cli *cli, const struct verifier_verdict *verdict)
{
	const struct appraisal *a = &verdict->appraisal;
	json_t *policy = report_policy(verdict);
	const struct appraisal_check *last = a->check_count ? &a->check[a->check_count - 1] : NULL;

	if (!policy) {
		cli_error(cli, "the evidence does not hold by itself: %s: %s", last ? last->name : "form",
			  last ? last->detail : "no memory");
		return verdict->outcome == VERIFIER_UNUSABLE ? CLI_USAGE : CLI_FAILED;
	}
	fprintf(stderr, "keyclave: trust on first use: this policy accepts what the evidence says now; compare its "
			"measurements with those of your own build\n");
	json_dumpf(policy, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(policy);
	return CLI_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct appraise a = {0};
	int status = CLI_USAGE;

	if (argc < 2 || strcmp(argv[1], "from-evidence") != 0) {
		cli_error(cli, "usage: keyclave policy from-evidence [OPTION of keyclave verify]... FILE");
		return CLI_USAGE;
	}
	status = appraise_run(cli, argc - 1, argv + 1, &a);
	if (status == CLI_OK)
		status = print_policy(cli, &a.verdict);
	appraise_free(&a);
	return status;
}

const struct cli_command cli_policy = {
	.name = "policy",
	.arguments = "from-evidence [OPTION of keyclave verify]... FILE",
	.summary = "Begin a policy file from a piece of evidence",
	.details = "Writes a policy (keyclave-policy(5)) that pins the measurements, the token identity and the key policy\n"
		   "of this evidence, whose signature, chain and platform are checked first. Trust on first use: compare\n"
		   "the measurements with those of your own build before you rely on it.\n",
	.run = run,
};
