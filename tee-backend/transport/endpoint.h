/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address of a daemon, as text ("unix:/run/keyclave/keyclave.sock") and parsed, and both sides' way to it: connect
 * and listen. The text comes from configuration, the environment or a command line.
 */
#ifndef KEYCLAVE_TRANSPORT_ENDPOINT_H
#define KEYCLAVE_TRANSPORT_ENDPOINT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "transport/channel.h"
#include "transport/result.h"

#define ENDPOINT_HOST_MAX 255

enum endpoint_kind {
	ENDPOINT_UNIX = 1,
	ENDPOINT_VSOCK,
	ENDPOINT_TCP,
};

struct endpoint {
	enum endpoint_kind kind;
	bool attested;       /* what goes over it is the attested channel: TLS. Always so of vsock and TCP */
	char path[PATH_MAX]; /* of a UNIX endpoint: absolute */
	char host[ENDPOINT_HOST_MAX + 1]; /* of TCP: name or number, without brackets */
	uint32_t cid;        /* of vsock; VMADDR_CID_ANY to listen on */
	uint32_t port;
};

/*
 * unix:/PATH            a local daemon, which the kernel's word on its uid vouches for
 * unix+tls:/PATH        a relay to a daemon elsewhere (keyclave-host): evidence vouches for it
 * vsock:CID:PORT        CID a number, or "any" to listen on
 * tcp:HOST:PORT         HOST a name or address, an IPv6 address in brackets
 *
 * False when TEXT is none of these; WHY (may be NULL) then holds a line without a line feed that says what is wrong.
 */
bool endpoint_parse(const char *text, struct endpoint *e, char *why, size_t why_size);

/*
 * Connects CHANNEL (CHANNEL_INIT or closed) within TIMEOUT_MS, plainly: TLS is its caller's. The descriptor is
 * close-on-exec from the start, blocking, and at CHANNEL_FD_MIN or above. Not OK: errno keeps the cause; ENOENT and
 * ECONNREFUSED mean that no daemon listens. Never creates anything.
 */
enum transport_result endpoint_connect(const struct endpoint *e, unsigned timeout_ms,
				       struct channel *channel);

/* Listens on E, a UNIX one as unix_socket_listen does with MODE. *FD is close-on-exec and non-blocking. False: errno. */
bool endpoint_listen(const struct endpoint *e, mode_t mode, int backlog, int *fd);

#endif
