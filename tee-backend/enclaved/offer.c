/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform alone, one piece of evidence, and the end.
 */
#include "config.h"

#include "enclaved/offer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/log.h"
#include "enclaved/keeper.h"
#include "enclaved/sandbox.h"
#include "keys/binding.h"
#include "token/token.h"

static int write_out(struct span bytes)
{
	if (isatty(STDOUT_FILENO)) {
		log_error("a request for migration is binary: send standard output to a file");
		return KEEPER_EXIT_USAGE;
	}
	if (fwrite(bytes.data, 1, bytes.size, stdout) == bytes.size && fflush(stdout) == 0)
		return KEEPER_EXIT_OK;
	log_error("standard output: %s", strerror(errno));
	return KEEPER_EXIT_SYSTEM;
}

int offer_run(const struct settings *settings, const char *nonce)
{
	struct platform *platform = NULL;
	struct buffer request = {0};
	uint8_t bytes[UPDATE_CHALLENGE_SIZE];
	int code = KEEPER_EXIT_SETTINGS;
	CK_RV rv = CKR_OK;

	sandbox_harden();
	if (strlen(nonce) != 2 * sizeof(bytes) || !hex_decode(span_text(nonce), bytes)) {
		log_error("--migration-request takes the %zu hexadecimal digits of keyclave migrate challenge", 2 * sizeof(bytes));
		return KEEPER_EXIT_USAGE;
	}
	rv = platform_open(settings, &platform);
	if (rv == CKR_OK)
		rv = binding_settle(platform, settings);
	if (rv == CKR_OK)
		rv = token_migration_request(platform, (struct span){bytes, sizeof(bytes)}, &request);
	if (rv == CKR_OK)
		code = write_out(buffer_span(&request));
	else
		log_error("no request for migration can be made here: CKR 0x%lx", rv);
	buffer_free(&request);
	platform_free(&platform);
	return code;
}
