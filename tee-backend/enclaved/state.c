/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state directory and its two locks. The store's own lock is blobstore/'s; this one is taken before the
 * socket is touched, so that a second daemon never disturbs the first.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/state.h"

#define STATE_DAEMON_LOCK "daemon.lock"

/* The parents of PATH that are missing, for their owner only. */
static bool state_make_parents(const char *path)
{
	char parent[PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int n = snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);

		if (n < 0 || (size_t)n >= sizeof(parent))
			return false;
		if (mkdir(parent, 0700) && errno != EEXIST && errno != EROFS && errno != EACCES)
			return false;
	}
	return true;
}

bool state_prepare(const struct settings *settings)
{
	const char *path = settings->state_dir;
	mode_t mode = settings->state_dir_override || !geteuid() ? 0711 : 0700;
	struct stat st = {0};

	if (path[0] != '/') {
		log_error("state directory %s: must be an absolute path", path);
		return false;
	}
	if (!state_make_parents(path) || (mkdir(path, 0700) && errno != EEXIST)) {
		log_error("state directory %s: %s", path, strerror(errno));
		return false;
	}
	if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
		log_error("state directory %s: %s", path, strerror(errno ? errno : ENOTDIR));
		return false;
	}
	if ((st.st_uid != geteuid() && st.st_uid) || st.st_mode & (S_IWGRP | S_IWOTH)) {
		log_error("state directory %s: uid %lu or others may write to it (mode %04o); "
			  "it must belong to uid %lu alone",
			  path, (unsigned long)st.st_uid, (unsigned)(st.st_mode & 07777),
			  (unsigned long)geteuid());
		return false;
	}
	/* The path was made by whoever started us, perhaps with another mode. */
	if (st.st_uid == geteuid() && (st.st_mode & 0777) != mode && chmod(path, mode)) {
		log_error("state directory %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

static enum state_lock state_lock_leaf(const struct settings *settings, const char *leaf, int *fd)
{
	char path[PATH_MAX];
	enum state_lock result = STATE_FAILED;

	*fd = -1;
	if (!settings_path(settings, leaf, path, sizeof(path)))
		return result;
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0) {
		log_error("%s: %s", path, strerror(errno));
		return result;
	}
	if (!flock(*fd, LOCK_EX | LOCK_NB))
		return STATE_LOCKED;
	if (errno == EWOULDBLOCK)
		result = STATE_TAKEN;
	else
		log_error("%s: %s", path, strerror(errno));
	close(*fd);
	*fd = -1;
	return result;
}

enum state_lock state_lock_daemon(const struct settings *settings, int *fd)
{
	enum state_lock result = state_lock_leaf(settings, STATE_DAEMON_LOCK, fd);

	if (result == STATE_TAKEN)
		log_error("another keyclaved serves %s already", settings->state_dir);
	return result;
}

enum state_lock state_lock_start(const struct settings *settings, int *fd)
{
	return state_lock_leaf(settings, SETTINGS_START_LOCK, fd);
}
