/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test's own folder under TMPDIR, removed with all that is in it. Included by the unit tests that need
 * files; as static inline functions, so that a test program stays one source file.
 */
#ifndef KEYCLAVE_TESTS_SCRATCH_H
#define KEYCLAVE_TESTS_SCRATCH_H

#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct scratch {
	char path[PATH_MAX - 256]; /* leaves room for names in it */
};

static inline bool scratch_make(struct scratch *s)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(s->path, sizeof(s->path), "%s/kc-test-XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(s->path))
		return true;
	s->path[0] = '\0';
	return false;
}

static inline int scratch_remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void scratch_remove(struct scratch *s)
{
	if (s->path[0])
		nftw(s->path, scratch_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	s->path[0] = '\0';
}

/* LEAF in the folder, into PATH. */
static inline const char *scratch_path(const struct scratch *s, const char *leaf, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", s->path, leaf);
	return path;
}

#endif
