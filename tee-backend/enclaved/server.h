/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's threads and connections: one epoll instance, some threads more than CPUs, and no thread for a
 * connection that is idle. Knows frames, not requests.
 */
#ifndef KEYCLAVE_ENCLAVED_SERVER_H
#define KEYCLAVE_ENCLAVED_SERVER_H

#include "enclaved/allow.h"
#include "service/service.h"
#include "transport/tls.h"

struct server; /* opaque */

/*
 * With settings->threads 0: one for each CPU that we may use, and some more for requests that take long. NULL, with a line logged: no memory or descriptors. ALLOW is borrowed.
 */
struct server *server_new(const struct settings *settings, const struct allow *allow);

/* Threads must have ended (server_drain). */
void server_free(struct server **server);

/* Takes LISTENER. False: it is closed. Before server_start. */
bool server_listen(struct server *server, int listener);

/* True: there is a listener of vsock or TCP (*TCP), which server_secure has to be called for before server_serve. */
bool server_has_remote(const struct server *server, bool *tcp);

/* Takes TLS, for what comes there. */
void server_secure(struct server *server, SSL_CTX *tls);

/* Starts the threads, which serve nothing before server_serve. */
bool server_start(struct server *server);
void server_serve(struct server *server, struct service *service);

/* A connection that came by a control socket: takes FD. Hello must carry a ticket. */
void server_adopt(struct server *server, int fd);

/*
 * To be called every SERVER_TICK_MS: ends connections whose hello is overdue, accepts again after a pause,
 * and takes memory back from idle ones.
 */
#define SERVER_TICK_MS 250
void server_tick(struct server *server);

/* True if somebody waits to be accepted. */
bool server_waiting(const struct server *server);

/* Answers what has been received, ends all connections and threads, within TIMEOUT_MS. */
void server_drain(struct server *server, unsigned timeout_ms);

unsigned server_threads(const struct server *server);
size_t server_connections(struct server *server);

#endif
