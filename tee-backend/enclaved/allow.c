/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of users and groups, by number or name.
 */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/allow.h"

/* The highest number is no id: chown(2) and setresuid(2) use it for "leave it". */
#define ALLOW_ID_MAX 0xfffffffeUL

static bool allow_number(const char *word, unsigned long *number)
{
	char *end = NULL;

	errno = 0;
	*number = strtoul(word, &end, 10);
	return !errno && end != word && !*end && *number <= ALLOW_ID_MAX;
}

static bool allow_add(struct allow *allow, const char *word, bool group)
{
	unsigned long number = 0;
	bool known = allow_number(word, &number);

	if (!known && group) {
		const struct group *entry = getgrnam(word);

		known = entry != NULL;
		number = entry ? entry->gr_gid : 0;
	} else if (!known) {
		const struct passwd *entry = getpwnam(word);

		known = entry != NULL;
		number = entry ? entry->pw_uid : 0;
	}
	if (!known) {
		log_error("%s: there is no %s %s", group ? "allow-gids" : "allow-uids",
			  group ? "group" : "user", word);
		return false;
	}
	if ((group ? allow->gid_count : allow->uid_count) == ALLOW_MAX) {
		log_error("%s: more than %d", group ? "allow-gids" : "allow-uids", ALLOW_MAX);
		return false;
	}
	if (group)
		allow->gid[allow->gid_count++] = (gid_t)number;
	else
		allow->uid[allow->uid_count++] = (uid_t)number;
	return true;
}

static bool allow_list(struct allow *allow, const char *list, bool group)
{
	char words[SETTINGS_LIST_MAX];
	char *rest = NULL;

	memcpy(words, list, sizeof(words));
	words[sizeof(words) - 1] = '\0';
	for (char *word = strtok_r(words, " \t,", &rest); word; word = strtok_r(NULL, " \t,", &rest)) {
		if (!allow_add(allow, word, group))
			return false;
	}
	return true;
}

bool allow_load(const struct settings *settings, struct allow *allow)
{
	*allow = (struct allow){.uid_count = 0};
	if (!allow_list(allow, settings->allow_uids, false) ||
	    !allow_list(allow, settings->allow_gids, true))
		return false;
	return true;
}

bool allow_peer(const struct allow *allow, int fd, const struct unix_socket_peer *peer)
{
	if (!peer->uid || peer->uid == geteuid())
		return true;
	for (size_t i = 0; i < allow->uid_count; i++) {
		if (allow->uid[i] == peer->uid)
			return true;
	}
	for (size_t i = 0; i < allow->gid_count; i++) {
		if (unix_socket_peer_in_group(fd, allow->gid[i]))
			return true;
	}
	return false;
}
