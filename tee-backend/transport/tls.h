/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS 1.3 as a channel, client and server side by side. Knows sockets and records, not whom to believe: that is
 * protocol/attested.h's on the client and enclaved's on the server. Only what loads libssl links this file.
 */
#ifndef KEYCLAVE_TRANSPORT_TLS_H
#define KEYCLAVE_TRANSPORT_TLS_H

#include <openssl/ssl.h>

#include "transport/channel.h"

/* RFC 8446, section 7.5: what both ends of one connection, and nobody else, know. Not secret once used in evidence. */
#define TLS_EXPORTER_SIZE 32
#define TLS_EXPORTER_LABEL "EXPORTER-keyclave-attested-channel"

/*
 * A context for one side: TLS 1.3 alone, no tickets, no resumption, no early data (security rule 2), renegotiation does not
 * exist. LIBRARY may be NULL. NULL: no memory.
 */
SSL_CTX *tls_context(OSSL_LIB_CTX *library, bool server);

/*
 * Makes TLS of CHANNEL, an open plain socket; CONTEXT is referenced. Nothing is sent yet: the handshake comes with the first
 * receive or send, or tls_handshake. False: no memory, CHANNEL is as it was.
 */
bool tls_wrap(SSL_CTX *context, bool server, struct channel *channel);

/* The handshake, within DEADLINE; FAILED: errno is EPROTO where TLS failed, and OpenSSL's error queue says why. */
enum transport_result tls_handshake(struct channel *channel, int64_t deadline);

/* Of a channel made by tls_wrap; NULL of any other. Borrowed. */
SSL *tls_of(const struct channel *channel);

/* Once the handshake is done: false before. */
bool tls_exporter(const struct channel *channel, uint8_t exporter[TLS_EXPORTER_SIZE]);

#endif
