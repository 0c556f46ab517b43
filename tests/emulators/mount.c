/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts and serves, see mount.h. Other users see the file system too, with the modes that its files have.
 */
#include "config.h"

#include "mount.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const char *value_of(const char *argument, const char *option)
{
	size_t size = strlen(option);

	return strncmp(argument, option, size) == 0 ? argument + size : NULL;
}

bool mount_parse(int argc, char **argv, struct mount_options *options)
{
	*options = (struct mount_options){0};
	for (int i = 1; i < argc; i++) {
		const char *control = value_of(argv[i], "--control=");
		const char *ca = value_of(argv[i], "--ca=");
		const char *kind = value_of(argv[i], "--kind=");
		const char *state = value_of(argv[i], "--state=");

		if (control)
			options->control = control;
		else if (ca)
			options->ca = ca;
		else if (kind)
			options->kind = kind;
		else if (state)
			options->state = state;
		else if (argv[i][0] != '-' && !options->point)
			options->point = argv[i];
		else
			break;
		if (i + 1 == argc && options->point)
			return true;
	}
	fprintf(stderr, "usage: %s MOUNTPOINT [--control=FILE] [--ca=DIR] [--kind=WORD] [--state=DIR]\n", argv[0]);
	return false;
}

int mount_serve(const struct mount_options *options, const char *name,
		const struct fuse_operations *operations, size_t size)
{
	char words[128];
	char *argv[] = {(char *)(uintptr_t) "emulate", (char *)(uintptr_t) "-o", words, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	struct fuse_loop_config config = {.clone_fd = 0, .max_idle_threads = 8};
	struct fuse *fuse = NULL;
	int code = 1;

	/* A test that is killed takes its emulators along. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(words, sizeof(words), "allow_other,default_permissions,fsname=%s", name);
	fuse = fuse_new(&args, operations, size, NULL);
	if (!fuse)
		return 1;
	if (fuse_mount(fuse, options->point) == 0) {
		if (fuse_set_signal_handlers(fuse_get_session(fuse)) == 0)
			code = fuse_loop_mt(fuse, &config) == 0 ? 0 : 1;
		fuse_remove_signal_handlers(fuse_get_session(fuse));
		fuse_unmount(fuse);
	}
	fuse_destroy(fuse);
	fuse_opt_free_args(&args);
	return code;
}
