/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plain sockets as channels, and what holds for every descriptor of ours: close-on-exec, out of the
 * host program's way, and checked to be still the one that we opened.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/channel.h"
#include "transport/channel_fds.h"

static ssize_t channel_socket_receive(struct channel *c, void *data, size_t size,
				      struct channel_fds *fds, bool wait, short *events)
{
	int flags = wait ? 0 : MSG_DONTWAIT;

	*events = POLLIN;
	if (fds)
		return channel_fds_receive(c->fd, data, size, fds, &flags);
	/* Without room for them the kernel closes descriptors that a peer sends along. */
	return recv(c->fd, data, size, flags);
}

static ssize_t channel_socket_send(struct channel *c, const struct iovec *parts, size_t count,
				   const struct channel_fds *fds, bool wait, short *events)
{
	*events = POLLOUT;
	return channel_fds_send(c->fd, parts, count, fds, wait ? 0 : MSG_DONTWAIT);
}

static const struct channel_ops channel_socket_ops = {
    .receive = channel_socket_receive,
    .send = channel_socket_send,
};

/* A blocking call then comes back to look at its deadline without a poll(2) before each. */
static bool channel_set_slice(int fd)
{
	struct timeval slice = {.tv_usec = CHANNEL_SLICE_MS * 1000L};
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return false;
	if (flags & O_NONBLOCK)
		return true;
	return !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof(slice)) &&
	       !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof(slice));
}

bool channel_open_socket(struct channel *c, int fd)
{
	struct stat st = {0};

	if (fstat(fd, &st))
		return false;
	if (!S_ISSOCK(st.st_mode)) {
		errno = ENOTSOCK;
		return false;
	}
	if (!channel_set_slice(fd))
		return false;
	*c = (struct channel){
	    .fd = fd, .device = st.st_dev, .inode = st.st_ino, .ops = &channel_socket_ops};
	return true;
}

bool channel_intact(const struct channel *c)
{
	struct stat st = {0};

	return c->fd >= 0 && !fstat(c->fd, &st) && st.st_dev == c->device && st.st_ino == c->inode;
}

bool channel_pending(const struct channel *c)
{
	return c->ops && c->ops->pending && c->ops->pending(c);
}

void channel_forget(struct channel *c)
{
	if (c->ops && c->ops->close)
		c->ops->close(c);
	*c = (struct channel)CHANNEL_INIT;
}

void channel_close(struct channel *c)
{
	int saved = errno;
	int fd = c->fd;

	channel_forget(c);
	if (fd >= 0)
		close(fd);
	errno = saved;
}

bool channel_fd_raise(int *fd)
{
	int high = -1;

	if (*fd >= CHANNEL_FD_MIN)
		return !fcntl(*fd, F_SETFD, FD_CLOEXEC);
	high = fcntl(*fd, F_DUPFD_CLOEXEC, CHANNEL_FD_MIN);
	if (high < 0)
		return false;
	close(*fd);
	*fd = high;
	return true;
}
