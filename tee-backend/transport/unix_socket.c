/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix stream sockets. A path longer than sun_path is reached through its directory's descriptor in
 * /proc, so that no working directory has to change, which other threads would see.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "transport/channel.h"
#include "transport/unix_socket.h"

/* Where the socket is: its directory, opened, its name there, and what to tell the kernel. */
struct unix_place {
	int directory;
	const char *name; /* part of the path given */
	struct sockaddr_un address;
	socklen_t address_size;
};

static bool unix_place_directory(const char *path, char *directory, size_t size, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t length = 0;

	if (!slash || !slash[1] || (size_t)(slash - path) >= size) {
		errno = !slash || !slash[1] ? EINVAL : ENAMETOOLONG;
		return false;
	}
	length = slash == path ? 1 : (size_t)(slash - path);
	memcpy(directory, path, length);
	directory[length] = 0;
	*name = slash + 1;
	return true;
}

static bool unix_place_set(struct unix_place *place, const char *path)
{
	struct sockaddr_un *address = &place->address;
	int n = snprintf(address->sun_path, sizeof(address->sun_path), "%s", path);

	address->sun_family = AF_UNIX;
	if (n >= (int)sizeof(address->sun_path))
		n = snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
			     place->directory, place->name);
	if (n < 0 || n >= (int)sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	place->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1);
	return true;
}

static void unix_place_close(struct unix_place *place)
{
	int saved = errno;

	if (place->directory >= 0)
		close(place->directory);
	place->directory = -1;
	errno = saved;
}

/* FLAGS: of open(2). The directory is opened only where it is needed, or when FLAGS ask for it. */
static bool unix_place_open(struct unix_place *place, const char *path, int flags)
{
	char directory[PATH_MAX] = "";

	*place = (struct unix_place){.directory = -1};
	if (!unix_place_directory(path, directory, sizeof(directory), &place->name))
		return false;
	if (flags || strlen(path) >= sizeof(place->address.sun_path)) {
		place->directory = open(directory, flags | O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (place->directory < 0)
			return false;
	}
	if (unix_place_set(place, path))
		return true;
	unix_place_close(place);
	return false;
}

/* connect(2) of a unix socket waits for room in the backlog, at most for the send timeout. */
static enum transport_result unix_connect_until(int fd, const struct unix_place *place,
						int64_t deadline)
{
	for (;;) {
		int left = result_time_left(deadline);
		struct timeval timeout = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000L};

		if (!left)
			return TRANSPORT_TIMEOUT;
		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
			return TRANSPORT_FAILED;
		if (!connect(fd, (const struct sockaddr *)&place->address, place->address_size))
			return TRANSPORT_OK;
		if (errno != EINTR && errno != EAGAIN)
			return TRANSPORT_FAILED;
	}
}

enum transport_result unix_socket_connect(const char *path, unsigned timeout_ms, int *fd)
{
	enum transport_result result = TRANSPORT_FAILED;
	struct unix_place place;
	int s = -1;
	int saved = 0;

	*fd = -1;
	if (!unix_place_open(&place, path, 0))
		return TRANSPORT_FAILED;
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0 || !channel_fd_raise(&s))
		goto out;
	result = unix_connect_until(s, &place, result_deadline(timeout_ms ? timeout_ms : 1));
	if (result == TRANSPORT_OK) {
		*fd = s;
		s = -1;
	}
out:
	saved = errno;
	if (s >= 0)
		close(s);
	errno = saved;
	unix_place_close(&place);
	return result;
}

/* The last directory of PATH with mode 0755, which the umask and a set-group bit do not change. */
static bool unix_make_directory(const char *path)
{
	char directory[PATH_MAX] = "";
	const char *name = NULL;
	int fd = -1;
	bool made = false;

	if (!unix_place_directory(path, directory, sizeof(directory), &name))
		return false;
	if (mkdir(directory, 0755))
		return errno == EEXIST;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	made = !fchmod(fd, 0755);
	close(fd);
	return made;
}

static bool unix_bind(int fd, const struct unix_place *place)
{
	const struct sockaddr *address = (const struct sockaddr *)&place->address;
	struct stat st = {0};

	if (!bind(fd, address, place->address_size))
		return true;
	if (errno != EADDRINUSE)
		return false;
	if (fstatat(place->directory, place->name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	if (!S_ISSOCK(st.st_mode)) {
		errno = EEXIST;
		return false;
	}
	return !unlinkat(place->directory, place->name, 0) &&
	       !bind(fd, address, place->address_size);
}

bool unix_socket_listen(const char *path, mode_t mode, int backlog, int *fd)
{
	struct unix_place place = {.directory = -1};
	int s = -1;
	int saved = 0;
	bool listening = false;

	*fd = -1;
	if (!unix_make_directory(path) || !unix_place_open(&place, path, O_PATH))
		return false;
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* The descriptor's mode less the umask is what bind(2) gives the file: never more than
	 * MODE. */
	if (s < 0 || fchmod(s, mode) || !unix_bind(s, &place))
		goto out;
	if (fchmodat(place.directory, place.name, mode, 0) || listen(s, backlog))
		goto out;
	listening = true;
	*fd = s;
	s = -1;
out:
	saved = errno;
	if (s >= 0)
		close(s);
	errno = saved;
	unix_place_close(&place);
	return listening;
}

enum transport_result unix_socket_accept(int listener, int *fd)
{
	do
		*fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (*fd < 0 && errno == EINTR);
	if (*fd >= 0)
		return TRANSPORT_OK;
	if (errno == EAGAIN || errno == ECONNABORTED)
		return TRANSPORT_WANT_MORE;
	return TRANSPORT_FAILED;
}

bool unix_socket_peer(int fd, struct unix_socket_peer *peer)
{
	struct ucred credentials = {0};
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size))
		return false;
	if (size != sizeof(credentials) || credentials.uid == (uid_t)-1) {
		errno = ENOTCONN;
		return false;
	}
	*peer = (struct unix_socket_peer){
	    .pid = credentials.pid, .uid = credentials.uid, .gid = credentials.gid};
	return true;
}

bool unix_socket_peer_in_group(int fd, gid_t gid)
{
	struct unix_socket_peer peer = {0};
	gid_t few[64];
	gid_t *groups = few;
	socklen_t size = sizeof(few);
	bool found = false;
	int failed = 0;

	if (!unix_socket_peer(fd, &peer))
		return false;
	if (peer.gid == gid)
		return true;
	failed = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);
	if (failed && errno == ERANGE) {
		/* SIZE is now what it takes; the peer's list is fixed since connect(2). */
		groups = malloc(size);
		failed = !groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);
	}
	for (size_t i = 0; !failed && i < size / sizeof(*groups); i++)
		found = found || groups[i] == gid;
	if (groups != few)
		free(groups);
	return found;
}
