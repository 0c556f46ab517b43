/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory: its layout (DESIGN decision 14), the lock that keeps a second daemon out, and the
 * lock that keeps the start on demand and the idle exit apart. Called by the keeper.
 */
#ifndef KEYCLAVE_ENCLAVED_STATE_H
#define KEYCLAVE_ENCLAVED_STATE_H

#include "common/settings.h"

/*
 * Makes the state directory if it is missing: 0711 where its path was given or we are root, for the socket
 * may lie in it; else 0700. False, with one line logged: it cannot be made, or is not ours alone to write.
 */
bool state_prepare(const struct settings *settings);

enum state_lock {
	STATE_LOCKED,
	STATE_TAKEN, /* by another process; one line is logged by state_lock_daemon */
	STATE_FAILED,
};

/* One daemon for each state directory. *FD holds the lock until it is closed or the process ends. */
enum state_lock state_lock_daemon(const struct settings *settings, int *fd);

/* SETTINGS_START_LOCK, without waiting. */
enum state_lock state_lock_start(const struct settings *settings, int *fd);

#endif
