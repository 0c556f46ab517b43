/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names what the store lost or forged. Called while a store is loaded, and when something of it is thrown away
 * for good. Inside the enclave.
 */
#include "config.h"

#include "token/damage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

#define ITEMS_MAX 100000 /* kept; all are logged and counted */

static const char *const kinds[] = {
    [RECORD_STORE] = "store head", [RECORD_SLOTS] = "slots",   [RECORD_TOKEN] = "head",
    [RECORD_PAGE] = "page",	   [RECORD_OBJECT] = "object", [RECORD_ONCE] = "once",
    [RECORD_ENDED] = "ended logins",
};

static bool damage_room(struct damage *damage)
{
	size_t capacity = damage->capacity ? 2 * damage->capacity : 8;
	struct damage_item *grown = NULL;

	if (damage->items < damage->capacity)
		return true;
	if (capacity <= ITEMS_MAX)
		grown = reallocarray(damage->item, capacity, sizeof(*grown));
	if (!grown)
		return false;
	damage->item = grown;
	damage->capacity = capacity;
	return true;
}

void damage_add(struct damage *damage, struct blob_name name, const char *why)
{
	char *line = NULL;
	int n = 0;

	damage->count++;
	if (name.kind == RECORD_TOKEN)
		n = asprintf(&line, "token %" PRIu64 " head: %s", name.token, why);
	else if (name.token)
		n = asprintf(&line, "token %" PRIu64 " %s %" PRIu64 ": %s", name.token,
			     kinds[name.kind], name.id, why);
	else
		n = asprintf(&line, "%s: %s", kinds[name.kind], why);
	if (n < 0) {
		log_error("%s %" PRIu64 ": %s", kinds[name.kind], name.id, why);
		return;
	}
	log_error("%s", line);
	if (damage_room(damage))
		damage->item[damage->items++] = (struct damage_item){name, line};
	else
		free(line);
}

bool damage_has(const struct damage *damage, enum record_kind kind, uint64_t id)
{
	for (size_t i = 0; i < damage->items; i++)
		if (damage->item[i].name.kind == kind && damage->item[i].name.id == id)
			return true;
	return false;
}

/* Takes out item I; the order of the others stays. */
static void take_out(struct damage *damage, size_t i)
{
	free(damage->item[i].line);
	damage->items--;
	damage->count--;
	memmove(&damage->item[i], &damage->item[i + 1],
		(damage->items - i) * sizeof(damage->item[0]));
}

void damage_remove(struct damage *damage, enum record_kind kind, uint64_t id)
{
	for (size_t i = damage->items; i-- > 0;)
		if (damage->item[i].name.kind == kind && damage->item[i].name.id == id)
			take_out(damage, i);
}

void damage_remove_kind(struct damage *damage, enum record_kind kind)
{
	for (size_t i = damage->items; i-- > 0;)
		if (damage->item[i].name.kind == kind)
			take_out(damage, i);
}

void damage_remove_token(struct damage *damage, uint64_t token)
{
	for (size_t i = damage->items; i-- > 0;)
		if (damage->item[i].name.token == token)
			take_out(damage, i);
}

void damage_move(struct damage *to, struct damage *from)
{
	for (size_t i = 0; i < from->items; i++) {
		if (damage_room(to))
			to->item[to->items++] = from->item[i];
		else
			free(from->item[i].line);
	}
	to->count += from->count;
	free(from->item);
	*from = (struct damage){NULL, 0, 0, 0};
}

void damage_version(char *text, size_t size, uint64_t have, uint64_t want)
{
	if (!have)
		snprintf(text, size, "was removed");
	else if (have < want)
		snprintf(text, size,
			 "was replaced by an older one (version %" PRIu64 ", not %" PRIu64 ")",
			 have, want);
	else
		snprintf(text, size, "is of another version (%" PRIu64 ", not %" PRIu64 ")", have,
			 want);
}

void damage_free(struct damage *damage)
{
	for (size_t i = 0; i < damage->items; i++)
		free(damage->item[i].line);
	free(damage->item);
	*damage = (struct damage){NULL, 0, 0, 0};
}
