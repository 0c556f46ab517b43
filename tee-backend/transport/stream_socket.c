/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream sockets of vsock and TCP.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "transport/channel.h"
#include "transport/stream_socket.h"

static int stream_socket_errno(int error)
{
	switch (error) {
	case EAI_SYSTEM:
		return errno;
	case EAI_MEMORY:
		return ENOMEM;
	default:
		return ENOENT;
	}
}

/* NULL: errno. The caller frees with freeaddrinfo(3). */
static struct addrinfo *stream_socket_resolve(const struct endpoint *e, int flags)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char port[16];
	int error = 0;

	snprintf(port, sizeof(port), "%u", (unsigned)e->port);
	error = getaddrinfo(e->host, port, &hints, &found);
	if (!error)
		return found;
	errno = stream_socket_errno(error);
	return NULL;
}

static struct sockaddr_vm stream_socket_vm(const struct endpoint *e)
{
	return (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = e->cid, .svm_port = e->port};
}

/* ---- client ---- */

static enum transport_result stream_socket_finish(int fd, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(errno);
	int n = 0;

	do
		n = poll(&p, 1, result_time_left(deadline));
	while (n < 0 && errno == EINTR);
	if (!n) {
		errno = ETIMEDOUT;
		return TRANSPORT_TIMEOUT;
	}
	if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &errno, &size))
		return TRANSPORT_FAILED;
	return errno ? TRANSPORT_FAILED : TRANSPORT_OK;
}

/* A small request waits for no other; and a peer that vanished is noticed within minutes, not never. */
static void stream_socket_tune(int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static enum transport_result stream_socket_connect_to(const struct sockaddr *address, socklen_t size, int64_t deadline,
						      int *fd)
{
	enum transport_result result = TRANSPORT_FAILED;
	int s = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved = 0;

	if (s < 0 || !channel_fd_raise(&s))
		goto out;
	if (!connect(s, address, size))
		result = TRANSPORT_OK;
	else if (errno == EINPROGRESS)
		result = stream_socket_finish(s, deadline);
	if (result == TRANSPORT_OK && fcntl(s, F_SETFL, fcntl(s, F_GETFL) & ~O_NONBLOCK))
		result = TRANSPORT_FAILED;
	if (result == TRANSPORT_OK) {
		if (address->sa_family != AF_VSOCK)
			stream_socket_tune(s);
		*fd = s;
		s = -1;
	}
out:
	saved = errno;
	if (s >= 0)
		close(s);
	errno = saved;
	return result;
}

enum transport_result stream_socket_connect(const struct endpoint *e, unsigned timeout_ms, int *fd)
{
	int64_t deadline = result_deadline(timeout_ms ? timeout_ms : 1);
	enum transport_result result = TRANSPORT_FAILED;
	struct addrinfo *found = NULL;

	*fd = -1;
	if (e->kind == ENDPOINT_VSOCK) {
		const struct sockaddr_vm vm = stream_socket_vm(e);

		return stream_socket_connect_to((const struct sockaddr *)&vm, sizeof(vm), deadline, fd);
	}
	found = stream_socket_resolve(e, AI_ADDRCONFIG);
	for (struct addrinfo *a = found; a && result != TRANSPORT_OK; a = a->ai_next) {
		int left = result_time_left(deadline);

		/* Half of what is left, where another may answer. */
		result = stream_socket_connect_to(a->ai_addr, a->ai_addrlen,
						  a->ai_next ? result_deadline((unsigned)left / 2) : deadline, fd);
	}
	if (found) {
		int saved = errno;

		freeaddrinfo(found);
		errno = saved;
	}
	return result;
}

/* ---- listener ---- */

static bool stream_socket_listen_on(const struct sockaddr *address, socklen_t size, int backlog, int *fd)
{
	const int on = 1;
	int s = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int saved = 0;

	if (s >= 0 && address->sa_family != AF_VSOCK) {
		/* A daemon that is started again must not wait for its old connections to be forgotten. */
		(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		/* Accepted sockets have it from their listener. */
		stream_socket_tune(s);
	}
	if (s >= 0 && !bind(s, address, size) && !listen(s, backlog)) {
		*fd = s;
		return true;
	}
	saved = errno;
	if (s >= 0)
		close(s);
	errno = saved;
	return false;
}

bool stream_socket_listen(const struct endpoint *e, int backlog, int *fd)
{
	struct addrinfo *found = NULL;
	bool listening = false;
	int saved = 0;

	*fd = -1;
	if (e->kind == ENDPOINT_VSOCK) {
		const struct sockaddr_vm vm = stream_socket_vm(e);

		return stream_socket_listen_on((const struct sockaddr *)&vm, sizeof(vm), backlog, fd);
	}
	found = stream_socket_resolve(e, AI_PASSIVE | AI_NUMERICHOST);
	if (found)
		listening = stream_socket_listen_on(found->ai_addr, found->ai_addrlen, backlog, fd);
	saved = errno;
	if (found)
		freeaddrinfo(found);
	errno = saved;
	return listening;
}
