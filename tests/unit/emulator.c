/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See emulator.h.
 */
#include "config.h"

#include "emulator.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void write_line(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		ssize_t wrote = write(fd, text, strlen(text));

		(void)wrote;
		close(fd);
	}
}

/* Root in a namespace of our own, where we were somebody else. */
static bool enter_namespace(void)
{
	char map[64];
	uid_t user = geteuid();
	gid_t group = getegid();

	if (user == 0 && unshare(CLONE_NEWNS) == 0)
		return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	write_line("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)user);
	write_line("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)group);
	write_line("/proc/self/gid_map", map);
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void program_path(const char *program, char path[PATH_MAX])
{
	const char *build = getenv("KC_BUILDDIR");

	snprintf(path, PATH_MAX, "%s/tests/emulators/%s", build ? build : ".", program);
}

const char *emulator_begin(void)
{
	char path[PATH_MAX];
	int fd = -1;

	program_path("emulate-nsm", path);
	if (access(path, X_OK) != 0)
		return "the emulators are not built (libfuse3)";
	if (!enter_namespace())
		return "no mount namespace of our own";
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return "/dev/fuse cannot be opened";
	close(fd);
	return NULL;
}

/* One authority for the program: its keys take time. */
static struct scratch authority;

static void remove_authority(void)
{
	scratch_remove(&authority);
}

bool emulator_make(struct emulator *e)
{
	memset(e, 0, sizeof(*e));
	if (!authority.path[0] && (!scratch_make(&authority) || atexit(remove_authority) != 0))
		return false;
	if (!scratch_make(&e->folder))
		return false;
	scratch_path(&e->folder, "root", e->root);
	scratch_path(&e->folder, "control", e->control);
	snprintf(e->ca, sizeof(e->ca), "%s", authority.path);
	emulator_control(e, "");
	return mkdir(e->root, 0755) == 0;
}

static bool is_mounted(const char *point)
{
	struct stat st = {0};
	struct stat above = {0};
	char path[PATH_MAX + 128];

	snprintf(path, sizeof(path), "%s/..", point);
	return stat(point, &st) == 0 && stat(path, &above) == 0 && st.st_dev != above.st_dev;
}

bool emulator_start(struct emulator *e, const char *program, const char *where, const char *kind)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	char path[PATH_MAX];
	char point[PATH_MAX + 64];
	char control[PATH_MAX + 16];
	char ca[PATH_MAX + 16];
	pid_t *pid = e->pids[0] ? &e->pids[1] : &e->pids[0];

	program_path(program, path);
	snprintf(point, sizeof(point), "%s/%s", e->root, where);
	snprintf(control, sizeof(control), "--control=%s", e->control);
	snprintf(ca, sizeof(ca), "--ca=%s", e->ca);
	mkdir(point, 0755);
	*pid = fork();
	if (*pid == 0) {
		execl(path, program, point, control, ca, kind, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; *pid > 0 && i < 2000; i++) {
		if (is_mounted(point))
			return true;
		if (waitpid(*pid, NULL, WNOHANG) == *pid) {
			*pid = 0;
			return false;
		}
		nanosleep(&pause, NULL);
	}
	return false;
}

void emulator_control(struct emulator *e, const char *text)
{
	char other[PATH_MAX + 8];
	FILE *file = NULL;

	snprintf(other, sizeof(other), "%s.new", e->control);
	file = fopen(other, "we");
	if (file) {
		fputs(text, file);
		fclose(file);
		rename(other, e->control);
	}
}

void emulator_kill(struct emulator *e)
{
	for (int i = 0; i < 2; i++) {
		if (e->pids[i] <= 0)
			continue;
		kill(e->pids[i], SIGTERM);
		waitpid(e->pids[i], NULL, 0);
		e->pids[i] = 0;
	}
}

void emulator_stop(struct emulator *e)
{
	emulator_kill(e);
	scratch_remove(&e->folder);
}
