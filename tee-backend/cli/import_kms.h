/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave import --kms-ciphertext: a key that is encrypted under a key of a KMS. This side never sees it in the clear.
 */
#ifndef KEYCLAVE_CLI_IMPORT_KMS_H
#define KEYCLAVE_CLI_IMPORT_KMS_H

#include "cli/cli.h"

struct import_kms {
	const char *file; /* NULL: not this way of importing */
	const char *key;
	const char *cert;
	const char *value_type; /* "aes", "generic"; NULL: a private key */
	uint64_t version;   /* 0: not given */
	bool unbound;
	bool only; /* an option was given that has a meaning for this way only */
};

/* Takes an OPTION of getopt_long's that cmd_import.c has in its list. False: not one of these, or of a wrong form. */
bool import_kms_option(struct import_kms *kms, int option, const char *value);

/* An enum cli_exit; TOKEN is logged in to. */
int import_kms(struct cli *cli, const struct cli_token *token, const struct import_kms *kms, const char *label,
	       struct span id);

#endif
