/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoint texts, and the choice of the transport behind each. A kind that comes later is a value
 * of the enum, a row here and a file of its own.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "transport/endpoint.h"
#include "transport/stream_socket.h"
#include "transport/unix_socket.h"

#define ENDPOINT_SUPPORTED "use unix:/absolute/path, unix+tls:/absolute/path, vsock:CID:PORT or tcp:HOST:PORT"

/* Each parses what follows its scheme; NULL, or what is wrong with it. */
static const char *endpoint_parse_unix(const char *path, struct endpoint *e)
{
	if (*path != '/')
		return "path is not absolute";
	if (strlen(path) >= sizeof(e->path))
		return "path is too long";
	if (path[strlen(path) - 1] == '/')
		return "path has no file name";
	memcpy(e->path, path, strlen(path) + 1);
	return NULL;
}

/* Decimal, of TEXT as a whole. */
static bool endpoint_number(const char *text, unsigned long max, uint32_t *number)
{
	char *end = NULL;
	unsigned long value = 0;

	errno = 0;
	value = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : 0;
	if (!end || *end || errno || value > max)
		return false;
	*number = (uint32_t)value;
	return true;
}

static const char *endpoint_parse_vsock(const char *text, struct endpoint *e)
{
	const char *colon = strchr(text, ':');
	char cid[16] = "";

	if (!colon || (size_t)(colon - text) >= sizeof(cid))
		return "not CID:PORT";
	memcpy(cid, text, (size_t)(colon - text));
	if (!strcmp(cid, "any"))
		e->cid = VMADDR_CID_ANY;
	else if (!endpoint_number(cid, UINT32_MAX - 1, &e->cid))
		return "CID is neither a number nor \"any\"";
	if (!endpoint_number(colon + 1, UINT32_MAX - 1, &e->port))
		return "port is no number";
	return NULL;
}

static const char *endpoint_parse_tcp(const char *text, struct endpoint *e)
{
	const char *colon = strrchr(text, ':');
	const char *end = colon;

	if (!colon || colon == text)
		return "not HOST:PORT";
	if (!endpoint_number(colon + 1, 65535, &e->port) || !e->port)
		return "port is no number from 1 to 65535";
	if (*text == '[' && colon[-1] == ']') {
		text++;
		end--;
	} else if (memchr(text, ':', (size_t)(colon - text))) {
		return "an IPv6 address stands in brackets";
	}
	if (end == text || (size_t)(end - text) >= sizeof(e->host))
		return "host is empty or too long";
	memcpy(e->host, text, (size_t)(end - text));
	return NULL;
}

static const struct {
	const char *scheme;
	enum endpoint_kind kind;
	bool attested;
	const char *(*parse)(const char *rest, struct endpoint *e);
} endpoint_kinds[] = {
	{"unix:", ENDPOINT_UNIX, false, endpoint_parse_unix},
	{"unix+tls:", ENDPOINT_UNIX, true, endpoint_parse_unix},
	{"vsock:", ENDPOINT_VSOCK, true, endpoint_parse_vsock},
	{"tcp:", ENDPOINT_TCP, true, endpoint_parse_tcp},
};

bool endpoint_parse(const char *text, struct endpoint *e, char *why, size_t why_size)
{
	const char *reason = "not supported";

	memset(e, 0, sizeof(*e));
	for (size_t i = 0; i < sizeof(endpoint_kinds) / sizeof(endpoint_kinds[0]); i++) {
		size_t length = strlen(endpoint_kinds[i].scheme);

		if (strncmp(text, endpoint_kinds[i].scheme, length) != 0)
			continue;
		e->kind = endpoint_kinds[i].kind;
		e->attested = endpoint_kinds[i].attested;
		reason = endpoint_kinds[i].parse(text + length, e);
	}
	if (reason && why && why_size)
		snprintf(why, why_size, "endpoint \"%.100s\": %s; " ENDPOINT_SUPPORTED, text, reason);
	return !reason;
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
	case ENDPOINT_VSOCK:
	case ENDPOINT_TCP:
		result = stream_socket_connect(e, timeout_ms, &fd);
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

bool endpoint_listen(const struct endpoint *e, mode_t mode, int backlog, int *fd)
{
	switch (e->kind) {
	case ENDPOINT_UNIX:
		return unix_socket_listen(e->path, mode, backlog, fd);
	case ENDPOINT_VSOCK:
	case ENDPOINT_TCP:
		return stream_socket_listen(e, backlog, fd);
	}
	errno = EINVAL;
	return false;
}
