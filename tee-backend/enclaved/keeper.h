/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper: the process that stays. It owns the listeners and its copies of the control sockets' ends,
 * starts a worker and starts it again when it dies, and ends when it is told to or when the worker has been
 * idle. It has no key and opens no store.
 */
#ifndef KEYCLAVE_ENCLAVED_KEEPER_H
#define KEYCLAVE_ENCLAVED_KEEPER_H

#include "common/settings.h"

/* Exit codes of keyclaved, of <sysexits.h>; keyclaved(8) lists them. */
enum keeper_exit {
	KEEPER_EXIT_OK = 0,
	KEEPER_EXIT_USAGE = 64,
	KEEPER_EXIT_TAKEN = 69,     /* another daemon serves this state directory */
	KEEPER_EXIT_SYSTEM = 71,    /* the system refused something */
	KEEPER_EXIT_RETRY = 75,     /* of a worker: the store is in use, perhaps only for a moment more */
	KEEPER_EXIT_SETTINGS = 78,  /* settings or store are such that no start will work */
};

/* Runs until the end; returns the exit code. SELF: what to execute as worker, as given to execveat(2). */
int keeper_run(const struct settings *settings);

/* The hidden option by which a worker is told its end of the pair. */
#define KEEPER_WORKER_OPTION "--worker-socket"

#endif
