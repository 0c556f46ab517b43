/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker: the process that holds keys. Started by the keeper with one end of a socket pair, over
 * which it gets its listeners.
 */
#ifndef KEYCLAVE_ENCLAVED_WORKER_H
#define KEYCLAVE_ENCLAVED_WORKER_H

#include "common/settings.h"

/*
 * First thing of all, before anything calls libcrypto: its memory is ours, wiped and locked. False:
 * libcrypto has allocated already.
 */
bool worker_memory(void);

/* Runs until the keeper says stop or is gone; returns an exit code of keeper.h. */
int worker_run(const struct settings *settings, int keeper);

#endif
