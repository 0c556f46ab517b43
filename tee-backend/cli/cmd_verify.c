/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave verify: evidence to a verdict, offline. 0: good; 1: refused; 2: unusable input.
 */
#include "config.h"

#include <stdio.h>

#include "cli/appraise.h"
#include "mechanism/mechanism.h"
#include "verifier/report.h"

static void print_checks(const struct appraisal *a)
{
	for (size_t i = 0; i < a->check_count; i++)
		printf("%-7s %s: %s\n", a->check[i].passed ? "ok" : "REFUSED", a->check[i].name, a->check[i].detail);
}

/* The verifier knows numbers; the names are in the mechanism tables. */
static void name_key_type(json_t *report, const struct claims *claims)
{
	json_t *shown = json_object_get(report, "claims");

	if (claims->is_key && json_object_get(shown, "key type"))
		json_object_set_new(shown, "key type", json_string(mechanism_key_type_name(claims->key_type)));
}

static int show(const struct cli *cli, const struct verifier_verdict *verdict)
{
	json_t *report = report_json(verdict);

	name_key_type(report, &verdict->claims);
	if (!cli->json) {
		print_checks(&verdict->appraisal);
		json_object_del(report, "checks");
		json_object_del(report, "events"); /* hundreds of lines */
	}
	(void)cli_print(cli, report);
	return (int)verdict->outcome;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct appraise a = {0};
	int status = appraise_run(cli, argc, argv, &a);

	if (status == CLI_OK)
		status = show(cli, &a.verdict);
	appraise_free(&a);
	return status;
}

const struct cli_command cli_verify = {
	.name = "verify",
	.arguments = appraise_arguments,
	.summary = "Verify evidence offline, without a daemon",
	.details = appraise_details,
	.run = run,
};
