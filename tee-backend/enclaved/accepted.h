/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection that the worker has accepted: frames in, frames out, blocking only in accepted_stay. Worked on by one
 * thread at a time, which epoll's EPOLLONESHOT sees to.
 */
#ifndef KEYCLAVE_ENCLAVED_ACCEPTED_H
#define KEYCLAVE_ENCLAVED_ACCEPTED_H

#include <pthread.h>

#include "service/service.h"
#include "transport/frame.h"
#include "transport/tls.h"

struct accepted {
	/* Of the server's lists, under its lock. */
	struct accepted *next;
	struct accepted *previous;
	int64_t hello_by; /* when hello must be done */
	bool authorised;

	/* Held by the one thread that works on it; given back just before the descriptor is armed for the next. */
	pthread_mutex_t turn;

	int64_t used; /* when it last was */
	bool trimmed;
	uid_t uid;    /* of the peer's process; (uid_t)-1: remote */
	bool secured; /* its TLS handshake is done, or it has none */
	struct channel channel;
	struct frame_reader reader;
	struct spin spin;
	struct link *link;
	struct buffer out; /* an answer that the peer does not take at once */
	size_t sent;
};

/* Takes FD. TLS: a context of tls.h for a remote peer, else NULL. NULL: no memory; FD is closed. */
struct accepted *accepted_new(struct service *service, int fd, const struct service_peer *peer, SSL_CTX *tls);
void accepted_free(struct accepted **connection);

/* Gives memory back if it has not been used since BEFORE. The caller holds .turn. */
void accepted_trim(struct accepted *connection, int64_t before);

enum accepted_state {
	ACCEPTED_READ,  /* call again when there is something to read */
	ACCEPTED_WRITE, /* call again when it can be written to */
	ACCEPTED_OVER,
};

/* Serves what has come. OUT is the thread's buffer (.secret), empty before and after. */
enum accepted_state accepted_work(struct accepted *connection, struct service *service,
				      struct buffer *out);

/*
 * Waits for what comes next and serves it, for as long as requests follow each other within ACCEPTED_PAUSE_MS, and
 * for ACCEPTED_STAY_MS at most. The thread's next request then costs one recv(2) and one sendmsg(2), and the
 * sender's wake-up is for it alone, which lets the scheduler run it where the sender waits.
 */
#define ACCEPTED_PAUSE_MS 20
#define ACCEPTED_STAY_MS 20
enum accepted_state accepted_stay(struct accepted *connection, struct service *service,
				      struct buffer *out);

#endif
