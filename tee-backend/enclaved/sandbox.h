/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keyclaved gives up: being dumped and traced, new privileges, the file system but for its store, and
 * system calls that it has no use for. A kernel that lacks one of them is told of in the log.
 */
#ifndef KEYCLAVE_ENCLAVED_SANDBOX_H
#define KEYCLAVE_ENCLAVED_SANDBOX_H

#include "common/settings.h"

/* First thing in keeper and worker: no core dumps, not dumpable (so not to be traced), no new privileges. */
void sandbox_harden(void);

/*
 * Landlock: only the state directory and PATHS (up to NULL) may be written, FOLDER ("": none) and little else be read.
 * Before there are threads.
 */
void sandbox_files(const struct settings *settings, const char *const *paths, const char *folder);

/*
 * The whole sandbox of the process that opens connections (transport/dialer.h): it looks names up and connects, which takes
 * reading; it writes no file, executes nothing and reaches into no other process.
 */
void sandbox_dialer(void);

/*
 * seccomp: an allow list for this and all other threads (which must have been started by then).
 * Others fail with EPERM; those that only an attacker makes end the process.
 */
void sandbox_calls(void);

#endif
