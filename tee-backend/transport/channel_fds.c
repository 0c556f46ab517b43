/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SCM_RIGHTS in one place. The control buffer holds exactly what a message may carry, so that the
 * kernel itself closes what a hostile peer sends beyond that.
 */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/channel_fds.h"

/* Room for the descriptors of one message, aligned as CMSG_FIRSTHDR wants it. */
union channel_control {
	char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_FDS_MAX)];
	struct cmsghdr align;
};

void channel_fds_close(struct channel_fds *fds)
{
	int saved = errno;

	for (size_t i = 0; i < fds->count; i++)
		close(fds->fd[i]);
	fds->count = 0;
	errno = saved;
}

static void channel_fds_collect(struct msghdr *message, struct channel_fds *fds)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = 0;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd = -1;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (fds && fds->count < CHANNEL_FDS_MAX)
				fds->fd[fds->count++] = fd;
			else
				close(fd);
		}
	}
}

ssize_t channel_fds_send(int fd, const struct iovec *parts, size_t count,
			 const struct channel_fds *fds, int flags)
{
	union channel_control control = {{0}};
	struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = count};

	if (fds && fds->count) {
		size_t size = sizeof(int) * fds->count;
		struct cmsghdr *c = NULL;

		if (fds->count > CHANNEL_FDS_MAX) {
			errno = EINVAL;
			return -1;
		}
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(size);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(c), fds->fd, size);
	}
	return sendmsg(fd, &message, flags | MSG_NOSIGNAL);
}

ssize_t channel_fds_receive(int fd, void *data, size_t size, struct channel_fds *fds, int *flags)
{
	union channel_control control = {{0}};
	struct iovec part = {.iov_base = data, .iov_len = size};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	ssize_t n = recvmsg(fd, &message, *flags | MSG_CMSG_CLOEXEC);

	if (n >= 0)
		channel_fds_collect(&message, fds);
	*flags = message.msg_flags;
	return n;
}
