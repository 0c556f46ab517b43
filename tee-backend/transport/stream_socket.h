/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stream sockets of vsock and TCP, client and listener side by side: addresses from their text, descriptors out. What
 * goes over them is TLS (tls.h); nothing here trusts a peer. Accepting is unix_socket_accept, which asks no family.
 */
#ifndef KEYCLAVE_TRANSPORT_STREAM_SOCKET_H
#define KEYCLAVE_TRANSPORT_STREAM_SOCKET_H

#include "transport/endpoint.h"
#include "transport/result.h"

/*
 * Connects to E (ENDPOINT_VSOCK or ENDPOINT_TCP; each of a host name's addresses in turn); *FD is close-on-exec, blocking,
 * >= CHANNEL_FD_MIN. A name's look-up is the resolver's and not bounded. FAILED: errno; ENOENT for a host name that is not known.
 */
enum transport_result stream_socket_connect(const struct endpoint *e, unsigned timeout_ms, int *fd);

/* Listens on E; *FD is close-on-exec and non-blocking. False: errno. */
bool stream_socket_listen(const struct endpoint *e, int backlog, int *fd);

#endif
