/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address of a daemon, as text ("unix:/run/keyclave/keyclave.sock") and parsed, and the
 * client's way to it. The text comes from configuration, the environment or a command line.
 */
#ifndef KEYCLAVE_TRANSPORT_ENDPOINT_H
#define KEYCLAVE_TRANSPORT_ENDPOINT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "transport/channel.h"
#include "transport/result.h"

enum endpoint_kind {
	ENDPOINT_UNIX = 1,
};

struct endpoint {
	enum endpoint_kind kind;
	char path[PATH_MAX]; /* of a UNIX endpoint: absolute */
};

/*
 * False when TEXT is no endpoint of a kind that this build has; WHY (may be NULL) then holds a line
 * without a line feed that names the kinds supported.
 */
bool endpoint_parse(const char *text, struct endpoint *e, char *why, size_t why_size);

/*
 * Connects CHANNEL (CHANNEL_INIT or closed) within TIMEOUT_MS. The descriptor is close-on-exec from
 * the start, blocking, and at CHANNEL_FD_MIN or above. Not OK: errno keeps the cause; ENOENT and
 * ECONNREFUSED mean that no daemon listens. Never creates anything.
 */
enum transport_result endpoint_connect(const struct endpoint *e, unsigned timeout_ms,
				       struct channel *channel);

#endif
