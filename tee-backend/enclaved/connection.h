/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection of the worker: frames in, frames out, never blocking. Worked on by one thread at a time,
 * which epoll's EPOLLONESHOT sees to.
 */
#ifndef KEYCLAVE_ENCLAVED_CONNECTION_H
#define KEYCLAVE_ENCLAVED_CONNECTION_H

#include <pthread.h>

#include "service/service.h"
#include "transport/frame.h"
#include "transport/unix_socket.h"

struct connection {
	/* Of the server's lists, under its lock. */
	struct connection *next;
	struct connection *previous;
	int64_t hello_by; /* when hello must be done */
	bool authorised;

	/* Held by the one thread that works on it; given back just before the descriptor is armed for the next. */
	pthread_mutex_t turn;

	int64_t used; /* when it last was */
	bool trimmed;
	uid_t uid;
	struct channel channel;
	struct frame_reader reader;
	struct link *link;
	struct buffer out; /* an answer that the peer does not take at once */
	size_t sent;
};

/* Takes FD. NULL: no memory; it is closed. */
struct connection *connection_new(struct service *service, int fd,
				  const struct unix_socket_peer *peer, bool allowed);
void connection_free(struct connection **connection);

/* Gives memory back if it has not been used since BEFORE. The caller holds .turn. */
void connection_trim(struct connection *connection, int64_t before);

enum connection_state {
	CONNECTION_READ,  /* call again when there is something to read */
	CONNECTION_WRITE, /* call again when it can be written to */
	CONNECTION_OVER,
};

/* Serves what has come. OUT is the thread's buffer (.secret), empty before and after. */
enum connection_state connection_work(struct connection *connection, struct service *service,
				      struct buffer *out);

#endif
