/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the daemon on demand, as ssh-agent's users know it (DESIGN section 3.1; section 7, rules 8 to
 * 10). From inside a program that we know nothing of: any threads, any descriptors, any signal settings.
 */
#ifndef KEYCLAVE_CLIENT_START_H
#define KEYCLAVE_CLIENT_START_H

#include "client/internal.h"

/*
 * May CLIENT start a daemon now? Its policy, the configuration, the default endpoint, notee only; never in a
 * set-uid program, and not as root under systemd unless the state directory is the caller's own.
 */
bool start_allowed(struct client *client);

/* True if a store exists where this client's daemon would keep it. */
bool start_store_exists(const struct client *client);

/*
 * Under the start lock: starts a daemon unless one listens by now, and waits until it listens. False, with one
 * line logged, when none does by DEADLINE. The host program's wait(2) never sees a child.
 */
bool start_daemon(struct client *client, int64_t deadline);

#endif
