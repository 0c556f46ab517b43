/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeper and worker say to each other over their SOCK_SEQPACKET pair: one byte of kind, and what
 * belongs to it. Both are the same program; neither trusts a client with this socket.
 */
#ifndef KEYCLAVE_ENCLAVED_HANDOVER_H
#define KEYCLAVE_ENCLAVED_HANDOVER_H

#include "service/service.h"
#include "transport/packet.h"

enum handover_kind {
	HANDOVER_LISTENER = 1, /* keeper to worker, with a listening socket */
	HANDOVER_CONTEXT = 2,  /* either way, with the enclave's end of a control socket */
	HANDOVER_START = 3,    /* keeper to worker: that was all, begin */
	HANDOVER_READY = 4,    /* worker to keeper: serving */
	HANDOVER_OVER = 5,     /* worker to keeper: a control socket reached its end, close yours */
	HANDOVER_IDLE = 6,     /* worker to keeper: nothing to do for idle-exit */
	HANDOVER_STOP = 7,     /* keeper to worker: serve what has come, then exit */
};

/* One control socket: a context may have more than one in its life. */
struct handover_name {
	uint8_t context[PROTOCOL_CONTEXT_ID_SIZE];
	uint64_t serial; /* given by the worker that made it */
};

struct handover {
	enum handover_kind kind;
	struct handover_name name; /* CONTEXT, OVER */
	int fd;                    /* LISTENER, CONTEXT: received ones are the caller's; else -1 */
};

/* FD of MESSAGE stays the caller's. Waits for at most a few seconds. False: the other side is gone or stuck. */
bool handover_send(int socket, const struct handover *message);

/* TIMEOUT: none within DEADLINE (0: none now). A malformed one is FAILED. */
enum transport_result handover_receive(int socket, struct handover *message, int64_t deadline);

#endif
