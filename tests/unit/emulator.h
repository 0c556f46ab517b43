/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulators of kernel interfaces for a test program: started in a mount namespace of the program's own (with a user
 * namespace where it is not root), each in a folder of the test's, with a control file for faults.
 */
#ifndef KEYCLAVE_TESTS_UNIT_EMULATOR_H
#define KEYCLAVE_TESTS_UNIT_EMULATOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "../lib/scratch.h"

/* Called once in main, before there are threads. NULL, or why such tests have to be skipped here. */
const char *emulator_begin(void);

struct emulator {
	struct scratch folder;
	char root[PATH_MAX];  /* a platform-root */
	char control[PATH_MAX];
	char ca[PATH_MAX];
	pid_t pids[2];
};

/* A folder with an empty control file and no emulator. */
bool emulator_make(struct emulator *e);

/* PROGRAM ("emulate-nsm") at ROOT/WHERE ("dev"); KIND: "--kind=sev" or NULL. Returns when it is mounted. */
bool emulator_start(struct emulator *e, const char *program, const char *where, const char *kind);

/* What it does from the next request on. */
void emulator_control(struct emulator *e, const char *text);

/* Ends all of them and removes the folder. */
void emulator_stop(struct emulator *e);

/* Ends them, as at a restart of the guest; the folder stays. */
void emulator_kill(struct emulator *e);

#endif
