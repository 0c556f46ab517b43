/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoint texts, and the choice of the transport behind each. A kind that comes later is a value
 * of the enum, a branch here and a file of its own.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "transport/endpoint.h"
#include "transport/unix_socket.h"

#define ENDPOINT_SUPPORTED "this build supports unix:/absolute/path"

bool endpoint_parse(const char *text, struct endpoint *e, char *why, size_t why_size)
{
	static const char scheme[] = "unix:";
	const char *path = text + sizeof(scheme) - 1;
	const char *reason = NULL;

	memset(e, 0, sizeof(*e));
	if (strncmp(text, scheme, sizeof(scheme) - 1))
		reason = "not supported";
	else if (*path != '/')
		reason = "path is not absolute";
	else if (strlen(path) >= sizeof(e->path))
		reason = "path is too long";
	else if (path[strlen(path) - 1] == '/')
		reason = "path has no file name";
	if (reason) {
		if (why && why_size)
			snprintf(why, why_size, "endpoint \"%.100s\": %s; " ENDPOINT_SUPPORTED,
				 text, reason);
		return false;
	}
	e->kind = ENDPOINT_UNIX;
	memcpy(e->path, path, strlen(path) + 1);
	return true;
}

enum transport_result endpoint_connect(const struct endpoint *e, unsigned timeout_ms,
				       struct channel *channel)
{
	enum transport_result result = TRANSPORT_FAILED;
	int fd = -1;

	switch (e->kind) {
	case ENDPOINT_UNIX:
		result = unix_socket_connect(e->path, timeout_ms, &fd);
		break;
	}
	if (result == TRANSPORT_OK && !channel_open_socket(channel, fd)) {
		int saved = errno;

		close(fd);
		errno = saved;
		result = TRANSPORT_FAILED;
	}
	return result;
}
