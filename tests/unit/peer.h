/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon for the tests of client/: speaks the protocol by the codec, from a process of its own that can be
 * killed and started again, and misbehaves on request. Has no keys and no security whatever.
 */
#ifndef KEYCLAVE_TESTS_UNIT_PEER_H
#define KEYCLAVE_TESTS_UNIT_PEER_H

#include <stdatomic.h>
#include <sys/types.h>

#include "common/settings.h"
#include "protocol/request.h"

#define PEER_ONCE_MAX 4096
#define PEER_SLOT 7
#define PEER_PIN "1234"

/* Shared by the test and all generations of the peer: what a store keeps, what is counted, what is asked for. */
struct peer_state {
	char dir[4096];
	pid_t pid; /* of the peer; 0: none */

	/* Kept over restarts. */
	struct {
		_Atomic(uint64_t) name; /* of context and sequence */
		_Atomic(uint64_t) handle;
	} once[PEER_ONCE_MAX];
	atomic_ulong handles; /* objects made so far */

	/* Counted, by request id. */
	atomic_uint asked[128];    /* requests that came */
	atomic_uint executed[128]; /* and were not answered from memory */
	atomic_uint hellos[3];     /* by mode, accepted ones */
	atomic_uint by_control;    /* connections that came over a control socket */
	atomic_uint connections;   /* open now */
	atomic_uint starts;
	atomic_uint contexts; /* known now */

	/* How it shall misbehave. */
	atomic_uint cut_before; /* id: closes the connection once, before it is carried out */
	atomic_uint cut_after;  /* id: closes it once, after that and before the answer */
	atomic_uint cut_always; /* id: the same, while it is set */
	atomic_uint die_on;     /* id: the process ends once, after it is carried out */
	atomic_uint mute;       /* id: not carried out (hello: not answered) while it is set */
	atomic_uint nonsense;   /* id: an answer that is no CBOR, once */
	atomic_uint delay_ms;   /* before each answer but hello's */
	atomic_uint hello_count;   /* hellos since the test set it to 0 */
	atomic_uint late_hello;    /* the one of them whose answer comes late; 0: none */
	atomic_uint late_hello_ms;
	atomic_bool no_tickets;
	atomic_bool distrust;   /* tickets of every kind are refused */
	atomic_bool no_control;
	atomic_uint version;    /* of every object */
};

/* A folder of its own with the state in it; no process yet. */
struct peer_state *peer_new(void);
void peer_free(struct peer_state **peer);

/* As a child of the caller, listening when it returns. Not while there are threads. */
void peer_start(struct peer_state *peer);
/* The same by running this program again, which calls peer_main: also from threads. */
void peer_spawn(struct peer_state *peer);
/* With SIGKILL. */
void peer_kill(struct peer_state *peer);

/* First in main: this process may be a peer ("--daemon DIR"), which then does not return. */
void peer_main(int argc, char **argv);

/* In the calling process, until it is killed. */
_Noreturn void peer_serve(const char *dir);

/* Settings of a client of PEER: its socket as the default endpoint of its folder as the state directory. */
void peer_settings(const struct peer_state *peer, struct settings *settings);

#endif
