/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages over SOCK_SEQPACKET. The sender may be hostile: any program that inherited its end. So a
 * message is bounded, descriptors never pile up, and an empty message is not taken for the end.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "transport/channel_fds.h"
#include "transport/packet.h"

bool packet_pair(int fd[2])
{
	return !socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd);
}

/* After a call that failed: OK to call again, else what became of it. */
static enum transport_result packet_retry(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	if (errno == EINTR)
		return TRANSPORT_OK;
	if (errno == EPIPE || errno == ECONNRESET)
		return TRANSPORT_CLOSED;
	if (errno != EAGAIN)
		return TRANSPORT_FAILED;
	if (!result_time_left(deadline))
		return TRANSPORT_TIMEOUT;
	if (poll(&p, 1, result_time_left(deadline)) < 0 && errno != EINTR)
		return TRANSPORT_FAILED;
	return TRANSPORT_OK;
}

enum transport_result packet_send(int fd, struct span message, const struct channel_fds *fds,
				  int64_t deadline)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)message.data, .iov_len = message.size};
	enum transport_result result = TRANSPORT_OK;

	if (!message.size || message.size > PACKET_LIMIT)
		return TRANSPORT_TOO_LARGE;
	do {
		if (channel_fds_send(fd, &part, 1, fds, MSG_DONTWAIT) >= 0)
			return TRANSPORT_OK;
		result = packet_retry(fd, POLLOUT, deadline);
	} while (result == TRANSPORT_OK);
	return result;
}

/* recv(2) says 0 both for an empty message and when all senders are gone. */
static bool packet_hung_up(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLRDHUP | POLLERR));
}

enum transport_result packet_receive(int fd, void *data, size_t capacity, size_t *size,
				     struct channel_fds *fds, int64_t deadline)
{
	enum transport_result result = TRANSPORT_OK;
	struct channel_fds came = {.count = 0};

	*size = 0;
	if (fds)
		fds->count = 0;
	do {
		int flags = MSG_DONTWAIT;
		ssize_t n = channel_fds_receive(fd, data, capacity, fds ? &came : NULL, &flags);

		if (n > 0 && !(flags & MSG_TRUNC)) {
			*size = (size_t)n;
			if (fds)
				*fds = came;
			return TRANSPORT_OK;
		}
		channel_fds_close(&came);
		if (n > 0)
			return TRANSPORT_TOO_LARGE;
		if (!n && packet_hung_up(fd))
			return TRANSPORT_CLOSED;
		if (!n)
			errno = EAGAIN; /* passed over, but never beyond the deadline */
		result = packet_retry(fd, POLLIN, deadline);
	} while (result == TRANSPORT_OK);
	return result;
}
