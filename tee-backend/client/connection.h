/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to the daemon: made, checked, asked, closed. Knows frames and the codec, not why
 * something is asked. The peer is checked before a byte leaves; it is believed only within the schema.
 */
#ifndef KEYCLAVE_CLIENT_CONNECTION_H
#define KEYCLAVE_CLIENT_CONNECTION_H

#include "client/internal.h"

struct connection {
	struct connection *next; /* among the idle ones */
	struct connection *newer, *older; /* among all of its client's */
	struct client *client;
	struct channel channel;
	struct frame_reader reader;
	struct spin spin;
	struct buffer out;
	uint64_t epoch;  /* of the link that it belongs to */
	bool busy;       /* checked out */
	bool orphan;     /* busy when this process was forked: its descriptor is closed, its answer may be in use */
};

/*
 * Reaches the daemon by its path or, where that leads nowhere (chroot, dropped privileges), by the control
 * socket. REACH_ABSENT, REACH_FOREIGN, REACH_BROKEN, REACH_TIMEOUT, REACH_NO_MEMORY. Enters the
 * client's list of connections. Says no hello.
 */
enum reach connection_open(struct client *client, int64_t deadline, struct connection **connection);

/* Closes and frees; a descriptor that is not ours any more is left alone. NULL is accepted. */
void connection_free(struct connection **connection);

/* True while it can be used; a host program may have closed it under our feet. */
bool connection_intact(const struct connection *connection);

enum ask {
	ASK_ANSWERED, /* *RV is the enclave's verdict */
	ASK_LOCAL,    /* *RV: the request is beyond its schema, or no memory; nothing was sent */
	ASK_UNSENT,   /* the connection broke before the request was whole at the other end */
	ASK_BROKEN,   /* it broke afterwards: nobody knows */
};

/*
 * One round trip within DEADLINE (RESULT_NO_DEADLINE: as long as it takes). LIMIT bounds the answer's
 * frame. ANSWER's spans lie in the connection until the next call with it.
 */
enum ask connection_ask(struct connection *connection, const struct request_row *row,
			uint64_t sequence, const void *request, size_t limit, int64_t deadline,
			union message *answer, CK_RV *rv);

/* The descriptor that came with the last answer, or -1. Owned by the caller. */
int connection_take_fd(struct connection *connection);

#endif
