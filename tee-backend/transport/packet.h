/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole messages with descriptors over a SOCK_SEQPACKET pair: the control socket between keeper,
 * worker and the clients that inherit it (DESIGN 7.5 and 7.6). A message is all or nothing.
 */
#ifndef KEYCLAVE_TRANSPORT_PACKET_H
#define KEYCLAVE_TRANSPORT_PACKET_H

#include "common/buffer.h"
#include "transport/channel.h"
#include "transport/result.h"

#define PACKET_LIMIT 4096U

/* A pair, both close-on-exec and non-blocking. False: errno. */
bool packet_pair(int fd[2]);

/* One message of 1 to PACKET_LIMIT bytes; FDS may be NULL and stays the caller's. No SIGPIPE. */
enum transport_result packet_send(int fd, struct span message, const struct channel_fds *fds,
				  int64_t deadline);

/*
 * One message into DATA (CAPACITY bytes), *SIZE of them; its descriptors, close-on-exec, into FDS
 * (NULL: closed), those beyond CHANNEL_FDS_MAX closed. DEADLINE 0: never waits, TIMEOUT when there
 * is none. TOO_LARGE: cut by CAPACITY; it is gone and its descriptors are closed.
 */
enum transport_result packet_receive(int fd, void *data, size_t capacity, size_t *size,
				     struct channel_fds *fds, int64_t deadline);

#endif
