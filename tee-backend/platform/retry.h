/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking a device again that says that it is busy: pauses that grow, and an end to them. Inside the enclave; used
 * by the files of the devices.
 */
#ifndef KEYCLAVE_PLATFORM_RETRY_H
#define KEYCLAVE_PLATFORM_RETRY_H

#include <stdbool.h>
#include <time.h>

struct retry {
	struct timespec end; /* CLOCK_MONOTONIC */
	unsigned pause_ms;
};

/* From now on for DEADLINE_MS at most. */
void retry_begin(struct retry *retry, unsigned deadline_ms);

/* Sleeps for the next pause, 10 ms at first and doubled up to 2 s. False, at once: the time is over. Keeps errno. */
bool retry_again(struct retry *retry);

#endif
