/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One datagram to the socket that NOTIFY_SOCKET names, which may be in the abstract name space.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/notify.h"

void notify_manager(const char *state)
{
	const char *path = secure_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = 0;
	int fd = -1;

	if (!path || (path[0] != '/' && path[0] != '@') || !path[1])
		return;
	size = strlen(path);
	if (size >= sizeof(address.sun_path)) {
		log_warning("NOTIFY_SOCKET is too long");
		return;
	}
	memcpy(address.sun_path, path, size);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)) < 0)
		log_warning("cannot notify the service manager: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}
