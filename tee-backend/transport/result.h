/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of a transport call, and the deadlines that such calls take. Every file of this
 * folder and its callers on both sides use these; nothing here knows what a frame means.
 */
#ifndef KEYCLAVE_TRANSPORT_RESULT_H
#define KEYCLAVE_TRANSPORT_RESULT_H

#include <stdint.h>

enum transport_result {
	TRANSPORT_OK = 0,
	TRANSPORT_WANT_MORE, /* non-blocking calls only: wait for the descriptor, then call again */
	TRANSPORT_CLOSED,    /* the peer closed or reset the connection */
	TRANSPORT_TIMEOUT, /* the deadline passed; a frame cut in the middle ruins the connection */
	TRANSPORT_TOO_LARGE, /* a frame above the limit, before it was read or sent */
	TRANSPORT_NO_MEMORY,
	TRANSPORT_FAILED, /* errno says why */
};

/* An instant in milliseconds of CLOCK_MONOTONIC. */
#define RESULT_NO_DEADLINE INT64_MAX

/* The instant TIMEOUT_MS from now. */
int64_t result_deadline(unsigned timeout_ms);

/* Milliseconds left, 0 when it has passed, -1 for RESULT_NO_DEADLINE: what poll(2) takes. */
int result_time_left(int64_t deadline);

#endif
