/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections outwards, opened by a process of their own that is started before there are keys and can do nothing else:
 * the worker, whose sandbox has no socket(2) and no connect(2), gets connected sockets to the addresses of the settings
 * and to no others. Inside the enclave; what answers is untrusted.
 */
#ifndef KEYCLAVE_TRANSPORT_DIALER_H
#define KEYCLAVE_TRANSPORT_DIALER_H

#include <stdbool.h>

#include "transport/result.h"

enum dialer_target {
	DIALER_KMS = 0,
	DIALER_CREDENTIALS = 1,
};
#define DIALER_TARGETS 2

#define DIALER_ADDRESS_MAX 4200

/*
 * An ADDRESS is "tcp:HOST:PORT" (an IPv6 address in brackets), "unix:/PATH" or "vsock:CID:PORT". False when TEXT is none
 * of these, or of a kind that this build has not.
 */
bool dialer_address_valid(const char *text);

/*
 * Starts the process, with ADDRESSES (NULL or "": nothing there); it calls CONFINE first, and ends with the caller's
 * process. Before there are threads. False: errno.
 */
bool dialer_start(const char *const addresses[DIALER_TARGETS], void (*confine)(void));

/*
 * A connected socket to TARGET, close-on-exec; from the process that dialer_start has started, else opened here, by
 * ADDRESS. Thread-safe. Not OK: errno; CLOSED: the process is gone.
 */
enum transport_result dialer_open(enum dialer_target target, const char *address, unsigned timeout_ms, int *fd);

#endif
