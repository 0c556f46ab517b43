/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of records that were refused, each named in a line for the log, the CLI and token_damage.
 * Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_DAMAGE_H
#define KEYCLAVE_TOKEN_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "keys/seal.h"

struct damage_item {
	struct blob_name name;
	char *line;
};

struct damage {
	struct damage_item *item;
	size_t items, capacity;
	size_t count; /* of refused records; more than .items when memory was short */
};

/*
 * Logs and keeps "token 1 object 7: WHY". NAME.token 0 is left out.
 */
void damage_add(struct damage *damage, struct blob_name name, const char *why);
void damage_free(struct damage *damage);

/* Whether the record KIND, ID was refused. */
bool damage_has(const struct damage *damage, enum record_kind kind, uint64_t id);

/* It is gone now; of a KIND: all of them; of a TOKEN: all of it. */
void damage_remove(struct damage *damage, enum record_kind kind, uint64_t id);
void damage_remove_kind(struct damage *damage, enum record_kind kind);
void damage_remove_token(struct damage *damage, uint64_t token);

/* FROM is empty afterwards. */
void damage_move(struct damage *to, struct damage *from);

/*
 * Why a record that was read at version HAVE and should be at WANT is refused: "was removed", "was replaced by
 * an older one (version 3, not 5)", ... into TEXT.
 */
void damage_version(char *text, size_t size, uint64_t have, uint64_t want);

#endif
