/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of a client. Everything here runs without the client's lock, except the moments in which a
 * connection enters or leaves its list or the control socket is looked at. Inside the host's process.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/connection.h"
#include "client/remote.h"
#include "common/log.h"
#include "common/memory.h"
#include "protocol/codec.h"
#include "transport/packet.h"
#include "transport/unix_socket.h"

/*
 * How long an answer is looked for before we block. Enough for an RSA-2048 signature, which would last half as long
 * again with two wake-ups of virtual CPUs; what takes longer is not worth a CPU, and learns not to (transport/spin.c).
 */
#define CONNECTION_SPIN_US 500

static void connection_enter(struct connection *connection)
{
	struct client *client = connection->client;

	pthread_mutex_lock(&client->lock);
	connection->older = client->connections;
	if (connection->older)
		connection->older->newer = connection;
	client->connections = connection;
	connection->busy = true;
	pthread_mutex_unlock(&client->lock);
}

static void connection_leave(struct connection *connection)
{
	struct client *client = connection->client;

	pthread_mutex_lock(&client->lock);
	if (connection->newer)
		connection->newer->older = connection->older;
	else
		client->connections = connection->older;
	if (connection->older)
		connection->older->newer = connection->newer;
	pthread_mutex_unlock(&client->lock);
}

bool connection_intact(const struct connection *connection)
{
	return channel_intact(&connection->channel);
}

void connection_free(struct connection **connection)
{
	struct connection *c = *connection;

	*connection = NULL;
	if (!c)
		return;
	connection_leave(c);
	if (connection_intact(c))
		channel_close(&c->channel);
	else
		channel_forget(&c->channel);
	frame_reader_free(&c->reader);
	buffer_free(&c->out);
	free(c);
}

/* Section 6, rule 12: our own user, root, or the configured one. FD is not yet written to. */
static bool connection_peer_trusted(const struct client *client, int fd)
{
	struct unix_socket_peer peer = {0};

	if (!unix_socket_peer(fd, &peer)) {
		log_warning("daemon at %s: who it is cannot be told: %m", client->settings->endpoint);
		return false;
	}
	if (peer.uid == client->uid || peer.uid == geteuid() || peer.uid == 0 ||
	    (client->settings->daemon_uid != (uid_t)-1 && peer.uid == client->settings->daemon_uid))
		return true;
	log_warning("daemon at %s: runs as uid %u, which is neither ours, root nor daemon-uid",
		    client->settings->endpoint, (unsigned)peer.uid);
	return false;
}

static enum reach connection_reach(enum transport_result result)
{
	switch (result) {
	case TRANSPORT_OK:
		return REACH_OK;
	case TRANSPORT_TIMEOUT:
		return REACH_TIMEOUT;
	case TRANSPORT_NO_MEMORY:
		return REACH_NO_MEMORY;
	case TRANSPORT_WANT_MORE:
	case TRANSPORT_CLOSED:
	case TRANSPORT_TOO_LARGE:
	case TRANSPORT_FAILED:
		break;
	}
	return REACH_BROKEN;
}

static enum reach connection_by_path(struct client *client, int64_t deadline,
				     struct channel *channel)
{
	int left = result_time_left(deadline);
	enum transport_result result = TRANSPORT_TIMEOUT;
	enum reach reach = REACH_OK;

	if (left)
		result = endpoint_connect(client->endpoint, left < 0 ? 0 : (unsigned)left, channel);
	if (result == TRANSPORT_FAILED) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			return REACH_NO_MEMORY;
		return REACH_ABSENT;
	}
	if (result != TRANSPORT_OK)
		return connection_reach(result);
	if (client->endpoint->attested)
		reach = remote_secure(client, deadline, channel);
	else if (!connection_peer_trusted(client, channel->fd))
		reach = REACH_FOREIGN;
	if (reach != REACH_OK)
		channel_close(channel);
	return reach;
}

/*
 * A copy of the control socket's descriptor, if there is one that the daemon still reads, and the message
 * that opens a connection by it.
 */
static int connection_control(struct client *client, struct buffer *message)
{
	struct pollfd p = {.fd = -1};

	pthread_mutex_lock(&client->lock);
	if (client->control.fd >= 0 && client->membership.ticket.size &&
	    channel_intact(&client->control) &&
	    codec_write_ticket(message, buffer_span(&client->membership.ticket)))
		p.fd = fcntl(client->control.fd, F_DUPFD_CLOEXEC, CHANNEL_FD_MIN);
	pthread_mutex_unlock(&client->lock);
	if (p.fd >= 0 && poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL))) {
		close(p.fd);
		p.fd = -1;
	}
	return p.fd;
}

/*
 * Section 7, rule 6. The pair's credentials are our own, so there is nothing to check: whoever holds the
 * control socket's other end was checked when it was handed out.
 */
static enum reach connection_by_control(struct client *client, int64_t deadline,
					struct channel *channel)
{
	struct buffer message = {0};
	int pair[2] = {-1, -1};
	int control = connection_control(client, &message);
	enum reach reach = REACH_ABSENT;

	if (control < 0)
		goto out;
	reach = REACH_NO_MEMORY;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || !channel_fd_raise(&pair[0]))
		goto out;
	reach = connection_reach(packet_send(control, buffer_span(&message),
					     &(struct channel_fds){.fd = {pair[1]}, .count = 1},
					     deadline));
	if (reach != REACH_OK)
		goto out;
	if (channel_open_socket(channel, pair[0]))
		pair[0] = -1;
	else
		reach = REACH_BROKEN;
out:
	for (size_t i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
	if (control >= 0)
		close(control);
	buffer_free(&message);
	return reach;
}

/* Refused is a daemon that is not there now; else the path itself is out of our reach. */
static bool connection_path_is_lost(int error)
{
	return error != ECONNREFUSED && error != EAGAIN && error != EINTR;
}

enum reach connection_open(struct client *client, int64_t deadline, struct connection **connection)
{
	struct connection *made = calloc(1, sizeof(*made));
	enum reach reach = REACH_NO_MEMORY;

	*connection = NULL;
	if (!made)
		return reach;
	made->client = client;
	made->channel = (struct channel)CHANNEL_INIT;
	made->out.secret = true;
	frame_reader_init(&made->reader);
	reach = connection_by_path(client, deadline, &made->channel);
	if (reach == REACH_ABSENT && !client->endpoint->attested && connection_path_is_lost(errno))
		reach = connection_by_control(client, deadline, &made->channel);
	if (reach != REACH_OK) {
		free(made);
		return reach;
	}
	connection_enter(made);
	*connection = made;
	return REACH_OK;
}

enum ask connection_ask(struct connection *connection, const struct request_row *row,
			uint64_t sequence, const void *request, size_t limit, int64_t deadline,
			union message *answer, CK_RV *rv)
{
	struct channel *channel = &connection->channel;
	struct span frame = {0};
	uint64_t echoed = 0;
	enum transport_result result = TRANSPORT_OK;

	frame_reader_release(&connection->reader);
	buffer_reset(&connection->out);
	*rv = codec_write_request(&connection->out, row, sequence, request);
	if (*rv != CKR_OK)
		return ASK_LOCAL;
	connection->reader.takes_fds = row->id == REQUEST_CONTROL;
	result = frame_send(channel, buffer_span(&connection->out), (struct span){0},
			    PROTOCOL_FRAME_MAX, deadline);
	buffer_reset(&connection->out);
	/* A frame that is not whole is never carried out. */
	if (result != TRANSPORT_OK)
		return ASK_UNSENT;
	spin_begin(&connection->spin, CONNECTION_SPIN_US);
	result = frame_receive_spin(&connection->reader, channel, limit, &connection->spin, &frame);
	if (result == TRANSPORT_WANT_MORE)
		result = frame_receive(&connection->reader, channel, limit, deadline, &frame);
	if (result == TRANSPORT_OK)
		spin_end(&connection->spin);
	if (result == TRANSPORT_NO_MEMORY) {
		/* The answer is on its way and cannot be read: this connection is of no more use. */
		log_warning("request %s: no memory for its answer", row->name);
		return ASK_BROKEN;
	}
	if (result != TRANSPORT_OK)
		return ASK_BROKEN;
	if (codec_read_response(frame, row, &echoed, rv, answer) && echoed == sequence)
		return ASK_ANSWERED;
	log_warning("daemon at %s: its answer to %s is not understood", connection->client->settings->endpoint,
		    row->name);
	return ASK_BROKEN;
}

int connection_take_fd(struct connection *connection)
{
	struct channel_fds fds = {.count = 0};
	int fd = -1;

	frame_reader_take_fds(&connection->reader, &fds);
	if (fds.count == 1) {
		fd = fds.fd[0];
		fds.count = 0;
	}
	channel_fds_close(&fds);
	if (fd >= 0 && !channel_fd_raise(&fd)) {
		close(fd);
		fd = -1;
	}
	return fd;
}
