/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frame in, frame out: decodes a request by the table, checks the sender's rights, runs its handler and
 * encodes the answer. Owns contexts (applications), their logins, session objects, grants and streams.
 * Inside the enclave; called by enclaved/'s threads, which own sockets and know nothing of requests.
 */
#ifndef KEYCLAVE_SERVICE_SERVICE_H
#define KEYCLAVE_SERVICE_SERVICE_H

#include <sys/types.h>

#include <openssl/types.h>

#include "protocol/codec.h"
#include "token/token.h"

struct service; /* opaque, thread-safe */
struct link;    /* one connection's place in the service; used by one thread at a time */

/* What enclaved/ tells of itself for REQUEST_STATUS, and does for the service. */
struct service_host {
	void *arg;
	/* Fills pid, uptime, threads, connections. */
	void (*status)(void *arg, struct status_response *status);
	/*
	 * A new context's control socket: makes a SOCK_SEQPACKET pair, keeps one end (and hands it to the keeper) and
	 * gives the other in *FD, which the service sends with its answer. CKR_DEVICE_ERROR.
	 */
	CK_RV (*control)(void *arg, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE], int *fd);
};

CK_RV service_new(const struct settings *settings, struct token_store *tokens, struct platform *platform,
		  const struct service_host *host, struct service **service);
void service_free(struct service **service);

/* Of .owner: who comes by the attested channel, and has no uid here. */
#define SERVICE_PEER_REMOTE (1ULL << 63)

/*
 * Who is at the other end. Authorisation happens in hello: an allowed peer, or a valid join ticket (DESIGN section 7,
 * rule 6).
 */
struct service_peer {
	uint64_t owner; /* uid; remote: SERVICE_PEER_REMOTE and 63 bits of the SHA-256 of its certificate's key, 0 without one */
	pid_t pid;      /* for the log; remote: 0 */
	bool allowed;   /* to begin a context */
};

/* NULL: no memory. */
struct link *link_new(struct service *service, const struct service_peer *peer);
void link_free(struct link **link);

/*
 * The peer of a TLS connection, known once the handshake is done, and what both ends alone know of it: to be called before
 * the first frame.
 */
#define SERVICE_EXPORTER_SIZE 32
void link_secure(struct link *link, const struct service_peer *peer, const uint8_t exporter[SERVICE_EXPORTER_SIZE]);

/* Frame limit now: PROTOCOL_HELLO_MAX before hello, PROTOCOL_FRAME_MAX after. */
size_t link_limit(const struct link *link);
bool link_authorised(const struct link *link);

/* Gives back what it keeps between requests: for a connection that has been idle for a while. */
void link_trim(struct link *link);

/*
 * Handles one frame's body and leaves the answer in OUT (reset first). *FD: a descriptor to send with
 * it, or -1; the caller closes it after sending. False: close the connection (after sending OUT if it is not
 * empty): nonsense, or a refused hello.
 */
bool service_handle(struct service *service, struct link *link, struct span body, struct buffer *out,
		    int *fd);

/* A control socket came back from the keeper after a restart, or reached its end (all copies closed). */
void service_context_alive(struct service *service, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE]);
void service_context_over(struct service *service, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE]);

/* True if TICKET is a valid join ticket: a socket that came by a control socket may say hello. */
bool service_ticket_valid(struct service *service, struct span ticket);

/*
 * The TLS key and certificate of this start, made at the first call: evidence of purpose channel is in the certificate
 * (security rule 2). Borrowed: they live as long as the service. One thread calls it, at start.
 */
CK_RV service_channel(struct service *service, EVP_PKEY **key, X509 **certificate);

/*
 * Nothing was asked for this many seconds (for idle exit). 0 while there is what a restart would lose: open
 * streams, session objects, an SO's login.
 */
uint64_t service_idle(struct service *service);

#endif
