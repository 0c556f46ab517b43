/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may open a context: our own uid, root, and those of allow-uids and allow-gids (DESIGN section 7,
 * rule 6). Read once at start, for names are looked up in files that the sandbox hides.
 */
#ifndef KEYCLAVE_ENCLAVED_ALLOW_H
#define KEYCLAVE_ENCLAVED_ALLOW_H

#include "common/settings.h"
#include "transport/unix_socket.h"

#define ALLOW_MAX 64

struct allow {
	uid_t uid[ALLOW_MAX];
	size_t uid_count;
	gid_t gid[ALLOW_MAX];
	size_t gid_count;
};

/* False, with one line logged: a name that nobody has, or too many. */
bool allow_load(const struct settings *settings, struct allow *allow);

/* FD is the peer's connection, whose groups the kernel knows. */
bool allow_peer(const struct allow *allow, int fd, const struct unix_socket_peer *peer);

#endif
