/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of records that were refused, each named in a line for the log, the CLI and token_damage.
 * Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_DAMAGE_H
#define KEYCLAVE_TOKEN_DAMAGE_H

#include <stddef.h>

#include "keys/seal.h"

struct damage {
	char **line;
	size_t lines;
	size_t count; /* of refused records; more than .lines when memory was short */
};

/*
 * Logs and keeps "token 1 object 7: WHY". NAME.token 0 is left out.
 */
void damage_add(struct damage *damage, struct blob_name name, const char *why);
void damage_free(struct damage *damage);

/*
 * Why a record that was read at version HAVE and should be at WANT is refused: "was removed", "was replaced by
 * an older one (version 3, not 5)", ... into TEXT.
 */
void damage_version(char *text, size_t size, uint64_t have, uint64_t want);

#endif
