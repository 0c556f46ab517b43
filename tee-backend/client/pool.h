/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections, checked out for one request each (DESIGN section 7, rule 16), and the link: one thread
 * reconnects or starts the daemon, the others wait for it and share what comes of it (rule 11).
 */
#ifndef KEYCLAVE_CLIENT_POOL_H
#define KEYCLAVE_CLIENT_POOL_H

#include "client/connection.h"

/*
 * A connection on which hello is done. Waits for one until the caller's patience (patience.h) is at its end, which is
 * shorter by this wait afterwards.
 */
enum reach pool_take(struct client *client, struct connection **connection);

/* Back to the idle ones, its last answer wiped. */
void pool_give(struct connection **connection);

/* It broke: it goes, and so do the idle ones of the same link, which most likely broke too. */
void pool_discard(struct connection **connection);

/* When the process lets go of CLIENT: all connections, also those checked out. */
void pool_close(struct client *client);

#endif
