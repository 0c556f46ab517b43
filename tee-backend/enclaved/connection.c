/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of one connection. An answer goes out of the thread's buffer at once as a rule; only what the
 * peer does not take is kept with the connection, and nothing more is read from him until he has taken it.
 */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "enclaved/connection.h"

/* An answer with a descriptor is small: the peer takes it or is gone. */
#define CONNECTION_FD_TIMEOUT_MS 1000

/* Frames served in a row before others get their turn. */
#define CONNECTION_BURST 16

struct connection *connection_new(struct service *service, int fd,
				  const struct unix_socket_peer *peer, bool allowed)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		close(fd);
		return NULL;
	}
	(void)pthread_mutex_init(&connection->turn, NULL);
	connection->uid = peer->uid;
	connection->channel = (struct channel)CHANNEL_INIT;
	connection->out.secret = true;
	frame_reader_init(&connection->reader);
	connection->link = link_new(service, peer->uid, peer->pid, allowed);
	if (!channel_open_socket(&connection->channel, fd)) {
		close(fd);
		connection_free(&connection);
	} else if (!connection->link) {
		connection_free(&connection);
	}
	return connection;
}

void connection_free(struct connection **connection)
{
	struct connection *freed = *connection;

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

void connection_trim(struct connection *connection, int64_t before)
{
	if (connection->trimmed || connection->used > before)
		return;
	frame_reader_trim(&connection->reader);
	link_trim(connection->link);
	connection->trimmed = true;
}

/* The rest of an earlier answer. */
static enum connection_state connection_flush(struct connection *connection)
{
	switch (frame_send_some(&connection->channel, buffer_span(&connection->out), (struct span){0},
				PROTOCOL_FRAME_MAX, &connection->sent)) {
	case TRANSPORT_OK:
		buffer_free(&connection->out);
		connection->sent = 0;
		return CONNECTION_READ;
	case TRANSPORT_WANT_MORE:
		return CONNECTION_WRITE;
	default:
		return CONNECTION_OVER;
	}
}

static enum connection_state connection_answer_fd(struct connection *connection,
						  const struct buffer *out, int fd)
{
	const struct channel_fds fds = {.fd = {fd}, .count = 1};
	enum transport_result result =
		frame_send_fds(&connection->channel, buffer_span(out), &fds, PROTOCOL_FRAME_MAX,
			       result_deadline(CONNECTION_FD_TIMEOUT_MS));

	close(fd);
	return result == TRANSPORT_OK ? CONNECTION_READ : CONNECTION_OVER;
}

/* OUT is given to the connection if the peer does not take all of it. */
static enum connection_state connection_answer(struct connection *connection, struct buffer *out, int fd)
{
	if (fd >= 0)
		return connection_answer_fd(connection, out, fd);
	switch (frame_send_some(&connection->channel, buffer_span(out), (struct span){0},
				PROTOCOL_FRAME_MAX, &connection->sent)) {
	case TRANSPORT_OK:
		connection->sent = 0;
		return CONNECTION_READ;
	case TRANSPORT_WANT_MORE:
		connection->out = *out;
		*out = (struct buffer){.secret = true};
		return CONNECTION_WRITE;
	default:
		return CONNECTION_OVER;
	}
}

static enum connection_state connection_serve(struct connection *connection, struct service *service,
					      struct span frame, struct buffer *out)
{
	enum connection_state state = CONNECTION_OVER;
	int fd = -1;
	bool more = service_handle(service, connection->link, frame, out, &fd);

	if (out->size)
		state = connection_answer(connection, out, fd);
	else if (fd >= 0)
		close(fd);
	buffer_reset(out);
	return more ? state : CONNECTION_OVER;
}

enum connection_state connection_work(struct connection *connection, struct service *service,
				      struct buffer *out)
{
	connection->used = result_deadline(0);
	connection->trimmed = false;
	if (connection->out.size) {
		enum connection_state state = connection_flush(connection);

		if (state != CONNECTION_READ)
			return state;
	}
	for (int i = 0; i < CONNECTION_BURST; i++) {
		size_t limit = link_limit(connection->link);
		enum connection_state state = CONNECTION_OVER;
		struct span frame = {0};

		switch (frame_receive_some(&connection->reader, &connection->channel, limit, &frame)) {
		case TRANSPORT_OK:
			state = connection_serve(connection, service, frame, out);
			break;
		case TRANSPORT_WANT_MORE:
			return CONNECTION_READ;
		default:
			return CONNECTION_OVER;
		}
		frame_reader_release(&connection->reader);
		if (state != CONNECTION_READ)
			return state;
		if (!frame_reader_pending(&connection->reader, link_limit(connection->link)))
			break;
	}
	return CONNECTION_READ;
}
