/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of one connection that was accepted. An answer goes out of the thread's buffer at once as a rule; only what the
 * peer does not take is kept with the connection, and nothing more is read from him until he has taken it.
 */
#include "config.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enclaved/accepted.h"

/* An answer with a descriptor is small: the peer takes it or is gone. */
#define ACCEPTED_FD_TIMEOUT_MS 1000

/* Frames served in a row before others get their turn. */
#define ACCEPTED_BURST 16

/* How long the next request is looked for before a thread that stays blocks. */
#define ACCEPTED_SPIN_US 50

/* Nothing blocks but the receiving of a thread that stays: all other calls ask not to. */
static bool accepted_set_pause(int fd)
{
	const struct timeval pause = {.tv_usec = ACCEPTED_PAUSE_MS * 1000L};

	return !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof(pause));
}

struct accepted *accepted_new(struct service *service, int fd, const struct service_peer *peer, SSL_CTX *tls)
{
	struct accepted *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		close(fd);
		return NULL;
	}
	(void)pthread_mutex_init(&connection->turn, NULL);
	connection->uid = tls ? (uid_t)-1 : (uid_t)peer->owner;
	connection->secured = !tls;
	connection->channel = (struct channel)CHANNEL_INIT;
	connection->out.secret = true;
	frame_reader_init(&connection->reader);
	connection->link = link_new(service, peer);
	if (!channel_open_socket(&connection->channel, fd)) {
		close(fd);
		accepted_free(&connection);
	} else if (!connection->link || !accepted_set_pause(fd) ||
		   (tls && !tls_wrap(tls, true, &connection->channel))) {
		accepted_free(&connection);
	}
	return connection;
}

void accepted_free(struct accepted **connection)
{
	struct accepted *freed = *connection;

	*connection = NULL;
	if (!freed)
		return;
	channel_close(&freed->channel);
	frame_reader_free(&freed->reader);
	link_free(&freed->link);
	buffer_free(&freed->out);
	(void)pthread_mutex_destroy(&freed->turn);
	free(freed);
}

void accepted_trim(struct accepted *connection, int64_t before)
{
	if (connection->trimmed || connection->used > before)
		return;
	frame_reader_trim(&connection->reader);
	link_trim(connection->link);
	connection->trimmed = true;
}

/* The rest of an earlier answer. */
static enum accepted_state accepted_flush(struct accepted *connection)
{
	switch (frame_send_some(&connection->channel, buffer_span(&connection->out), (struct span){0},
				PROTOCOL_FRAME_MAX, &connection->sent)) {
	case TRANSPORT_OK:
		buffer_free(&connection->out);
		connection->sent = 0;
		return ACCEPTED_READ;
	case TRANSPORT_WANT_MORE:
		return ACCEPTED_WRITE;
	default:
		return ACCEPTED_OVER;
	}
}

static enum accepted_state accepted_answer_fd(struct accepted *connection,
						  const struct buffer *out, int fd)
{
	const struct channel_fds fds = {.fd = {fd}, .count = 1};
	enum transport_result result =
		frame_send_fds(&connection->channel, buffer_span(out), &fds, PROTOCOL_FRAME_MAX,
			       result_deadline(ACCEPTED_FD_TIMEOUT_MS));

	close(fd);
	return result == TRANSPORT_OK ? ACCEPTED_READ : ACCEPTED_OVER;
}

/* OUT is given to the connection if the peer does not take all of it. */
static enum accepted_state accepted_answer(struct accepted *connection, struct buffer *out, int fd)
{
	if (fd >= 0)
		return accepted_answer_fd(connection, out, fd);
	switch (frame_send_some(&connection->channel, buffer_span(out), (struct span){0},
				PROTOCOL_FRAME_MAX, &connection->sent)) {
	case TRANSPORT_OK:
		connection->sent = 0;
		return ACCEPTED_READ;
	case TRANSPORT_WANT_MORE:
		connection->out = *out;
		*out = (struct buffer){.secret = true};
		return ACCEPTED_WRITE;
	default:
		return ACCEPTED_OVER;
	}
}

/* 63 bits of the SHA-256 of the key in the peer's certificate, which the handshake has checked; none: 0 of them. */
static bool accepted_owner(SSL *ssl, struct service_peer *peer)
{
	X509 *certificate = SSL_get0_peer_certificate(ssl);
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (certificate && !X509_pubkey_digest(certificate, EVP_sha256(), digest, &size))
		return false;
	for (size_t i = 0; i < 8 && i < size; i++)
		peer->owner = peer->owner << 8 | digest[i];
	peer->owner |= SERVICE_PEER_REMOTE;
	return true;
}

/* The first bytes of a frame have come, so the handshake is done: who is it? */
static bool accepted_secure(struct accepted *connection)
{
	/* TLS itself refuses those without a certificate where one is wanted. */
	struct service_peer peer = {.allowed = true};
	uint8_t exporter[TLS_EXPORTER_SIZE];

	if (connection->secured)
		return true;
	if (!accepted_owner(tls_of(&connection->channel), &peer) || !tls_exporter(&connection->channel, exporter))
		return false;
	link_secure(connection->link, &peer, exporter);
	connection->secured = true;
	return true;
}

static enum accepted_state accepted_serve(struct accepted *connection, struct service *service,
					      struct span frame, struct buffer *out)
{
	enum accepted_state state = ACCEPTED_OVER;
	int fd = -1;
	bool more = accepted_secure(connection) && service_handle(service, connection->link, frame, out, &fd);

	if (out->size)
		state = accepted_answer(connection, out, fd);
	else if (fd >= 0)
		close(fd);
	buffer_reset(out);
	return more ? state : ACCEPTED_OVER;
}

/* The next frame, if it is there; STAYING: or comes within ACCEPTED_PAUSE_MS. */
static enum transport_result accepted_receive(struct accepted *connection, bool staying,
						struct span *frame)
{
	size_t limit = link_limit(connection->link);
	size_t held = connection->reader.in.size;
	enum transport_result result = TRANSPORT_WANT_MORE;

	if (!staying)
		return frame_receive_some(&connection->reader, &connection->channel, limit, frame);
	spin_begin(&connection->spin, ACCEPTED_SPIN_US);
	result = frame_receive_spin(&connection->reader, &connection->channel, limit, &connection->spin, frame);
	if (result == TRANSPORT_WANT_MORE)
		result = frame_receive_slice(&connection->reader, &connection->channel, limit, frame);
	/* The rest of a frame larger than one block. */
	if (result == TRANSPORT_WANT_MORE && connection->reader.in.size > held)
		result = frame_receive_slice(&connection->reader, &connection->channel, limit, frame);
	if (result == TRANSPORT_OK)
		spin_end(&connection->spin);
	return result;
}

/* TLS may have to send (its handshake, a new key) before it can receive. */
static enum accepted_state accepted_starved(const struct accepted *connection)
{
	const SSL *ssl = tls_of(&connection->channel);

	return ssl && SSL_want_write(ssl) ? ACCEPTED_WRITE : ACCEPTED_READ;
}

/* *SERVED counts frames. */
static enum accepted_state accepted_turn(struct accepted *connection, struct service *service,
					     struct buffer *out, bool staying, unsigned *served)
{
	for (*served = 0; *served < ACCEPTED_BURST; ++*served) {
		enum accepted_state state = ACCEPTED_OVER;
		struct span frame = {0};

		switch (accepted_receive(connection, staying && !*served, &frame)) {
		case TRANSPORT_OK:
			state = accepted_serve(connection, service, frame, out);
			break;
		case TRANSPORT_WANT_MORE:
			return accepted_starved(connection);
		default:
			return ACCEPTED_OVER;
		}
		frame_reader_release(&connection->reader);
		if (state != ACCEPTED_READ)
			return state;
		if (!frame_reader_pending(&connection->reader, link_limit(connection->link)) &&
		    !channel_pending(&connection->channel)) {
			++*served;
			return ACCEPTED_READ;
		}
	}
	/* More is held already, which no event would tell. */
	return ACCEPTED_WRITE;
}

enum accepted_state accepted_work(struct accepted *connection, struct service *service,
				      struct buffer *out)
{
	unsigned served = 0;

	connection->used = result_deadline(0);
	connection->trimmed = false;
	if (connection->out.size) {
		enum accepted_state state = accepted_flush(connection);

		if (state != ACCEPTED_READ)
			return state;
	}
	return accepted_turn(connection, service, out, false, &served);
}

enum accepted_state accepted_stay(struct accepted *connection, struct service *service,
				      struct buffer *out)
{
	enum accepted_state state = ACCEPTED_READ;
	int64_t until = result_deadline(ACCEPTED_STAY_MS);
	unsigned served = 0;

	do {
		state = accepted_turn(connection, service, out, true, &served);
		connection->used = result_deadline(0);
	} while (state == ACCEPTED_READ && served && connection->used < until);
	return state;
}
