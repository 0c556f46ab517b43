/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave rotate-root: the store's root wrapped anew by the KMS. Tokens, keys and logins stay as they are.
 */
#include "config.h"

#include "cli/cli.h"

static int run(struct cli *cli, int argc, char **argv)
{
	const struct empty nothing = {0};
	CK_RV rv = CKR_OK;

	(void)argv;
	if (argc != 1)
		return CLI_USAGE;
	client_start_policy(cli->client, CLIENT_START_STORE);
	rv = client_tell(cli->client, REQUEST_ROTATE_ROOT, &nothing);
	if (rv == CKR_FUNCTION_NOT_SUPPORTED)
		return cli_error(cli, "the root of this store is not protected by a KMS: there is nothing to rotate");
	if (rv == CKR_ACTION_PROHIBITED)
		return cli_error(cli, "only root and the user of keyclaved may do this");
	if (rv != CKR_OK)
		return cli_error_rv(cli, rv, "rotating the root");
	return cli_print(cli, json_pack("{s:b}", "rotated", 1));
}

const struct cli_command cli_rotate_root = {
	.name = "rotate-root",
	.arguments = "",
	.summary = "Wrap the store's root anew under the KMS's key",
	.details = "The KMS makes a fresh data key under kms-key; the old one opens the store no more. All or nothing: what\n"
		   "would not open is not written. Tokens, keys and their evidence stay as they are.\n",
	.run = run,
};
