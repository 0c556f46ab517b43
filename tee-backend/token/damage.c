/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names what the store lost or forged. Called while a store is loaded. Inside the enclave.
 */
#include "config.h"

#include "token/damage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"

#define LINES_MAX 1000 /* kept; all are logged and counted */

static const char *const kinds[] = {
    [RECORD_STORE] = "store head", [RECORD_SLOTS] = "slots",   [RECORD_TOKEN] = "head",
    [RECORD_PAGE] = "page",	   [RECORD_OBJECT] = "object", [RECORD_ONCE] = "once",
    [RECORD_ENDED] = "ended logins",
};

void damage_add(struct damage *damage, struct blob_name name, const char *why)
{
	char **grown = NULL;
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
	if (damage->lines < LINES_MAX)
		grown = reallocarray(damage->line, damage->lines + 1, sizeof(*grown));
	if (!grown) {
		free(line);
		return;
	}
	damage->line = grown;
	damage->line[damage->lines++] = line;
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
	for (size_t i = 0; i < damage->lines; i++)
		free(damage->line[i]);
	free(damage->line);
	*damage = (struct damage){NULL, 0, 0};
}
