/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all emulators share: their command line, and a FUSE file system that is there until SIGTERM. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_MOUNT_H
#define KEYCLAVE_TESTS_EMULATORS_MOUNT_H

#define FUSE_USE_VERSION 35
#include <fuse.h>
#include <stdbool.h>

struct mount_options {
	const char *point;
	const char *control; /* --control=FILE, or NULL */
	const char *ca;	     /* --ca=DIR, or NULL */
	const char *kind;    /* --kind=WORD, or NULL */
	const char *state;   /* --state=DIR, or NULL */
};

/* False, with a line on stderr. */
bool mount_parse(int argc, char **argv, struct mount_options *options);

/* The process's exit code. */
int mount_serve(const struct mount_options *options, const char *name,
		const struct fuse_operations *operations, size_t size);

#endif
