/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `keyclave verify` and `keyclave policy` share: the options that make a policy, the files around it, and
 * the verification. Needs a daemon only where the evidence is named by a pkcs11: URI.
 */
#ifndef KEYCLAVE_CLI_APPRAISE_H
#define KEYCLAVE_CLI_APPRAISE_H

#include "cli/cli.h"
#include "verifier/verifier.h"

struct appraise {
	const char *source; /* file, or "-" */
	const char *bare;   /* platform of evidence without claims, or NULL */
	struct policy policy;
	struct endorsements endorsements;
	int64_t time;
	struct buffer nonce, public_key, report_data;
	struct buffer evidence;
	struct verifier_verdict verdict; /* borrows from all of the above */
};

/* The options, for --help. */
extern const char appraise_arguments[];
extern const char appraise_details[];

/* Options of ARGV into A (start with {0}), then reads the evidence and verifies. CLI_OK; CLI_USAGE: an error was printed. */
int appraise_run(struct cli *cli, int argc, char **argv, struct appraise *a);
void appraise_free(struct appraise *a);

#endif
