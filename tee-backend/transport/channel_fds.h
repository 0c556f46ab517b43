/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors over unix sockets (SCM_RIGHTS), for channel.c and packet.c. What arrives is
 * close-on-exec and never more than the receiver has room for.
 */
#ifndef KEYCLAVE_TRANSPORT_CHANNEL_FDS_H
#define KEYCLAVE_TRANSPORT_CHANNEL_FDS_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "transport/channel.h"

/* sendmsg(2) with the descriptors of FDS (NULL: none), which stay the caller's, and MSG_NOSIGNAL.
 */
ssize_t channel_fds_send(int fd, const struct iovec *parts, size_t count,
			 const struct channel_fds *fds, int flags);

/*
 * recvmsg(2): descriptors that came are added to FDS; those without room (or all, FDS NULL) are
 * closed. *FLAGS are those of recvmsg, and on return those of the message.
 */
ssize_t channel_fds_receive(int fd, void *data, size_t size, struct channel_fds *fds, int *flags);

#endif
