/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we are to the daemon: context key, tickets, attachments and logins, and how they come back after
 * a restart or a fork (DESIGN section 7, rules 4, 5, 11 and 12). Inside the host's process.
 */
#ifndef KEYCLAVE_CLIENT_MEMBERSHIP_H
#define KEYCLAVE_CLIENT_MEMBERSHIP_H

#include "client/connection.h"

/* A key of its own; no context yet. False: the kernel gives no random bytes. */
bool membership_init(struct client *client);
void membership_free(struct client *client);

/*
 * In a child, which nobody else uses yet: the next hello clones the parent's context, or begins one if the
 * parent had none.
 */
void membership_fork(struct client *client);

/*
 * By the thread that has the link busy: hello as it is due, then control socket, attachments and logins
 * as far as the daemon does not have them. On anything but REACH_OK the connection is of no more use;
 * what was still to be done is remembered.
 */
enum reach membership_enter(struct connection *connection, int64_t deadline);

/*
 * By any thread while the link is up: one more connection of the context. REACH_BROKEN also when the daemon is
 * not the one it was: the link is down then.
 */
enum reach membership_join(struct connection *connection, int64_t deadline);

/* The next sequence number, and the *LINEAGE of the context that it counts in (NULL: not wanted). */
uint64_t membership_sequence(struct client *client, uint64_t *lineage);
uint64_t membership_lineage(struct client *client);

#endif
