/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS records over a socket. A BIO of our own asks the kernel each time whether to wait, which a socket BIO cannot, and
 * raises no SIGPIPE. No close_notify is ever sent: frames carry their length, so a cut stream is noticed, and a forked
 * child that closes its copy must not end its parent's connection.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "common/memory.h"
#include "transport/result.h"
#include "transport/tls.h"

/* A daemon's certificate carries evidence with its logs (verifier/cmw.h); a client's is a chain that nobody believes yet. */
#define TLS_SERVER_CERTIFICATES_MAX (1024L * 1024 + 64L * 1024)
#define TLS_CLIENT_CERTIFICATES_MAX (32L * 1024)

struct tls {
	SSL *ssl;
	int fd;
	bool wait;  /* of the call that is under way */
	bool ended; /* the peer has closed its end */
};

/* ---- the BIO ---- */

static int tls_bio_read(BIO *bio, char *data, size_t size, size_t *got)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t n = recv(tls->fd, data, size, tls->wait ? 0 : MSG_DONTWAIT);

	BIO_clear_retry_flags(bio);
	*got = n > 0 ? (size_t)n : 0;
	tls->ended = n == 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	return n > 0;
}

static int tls_bio_write(BIO *bio, const char *data, size_t size, size_t *put)
{
	const struct tls *tls = BIO_get_data(bio);
	ssize_t n = send(tls->fd, data, size, MSG_NOSIGNAL | (tls->wait ? 0 : MSG_DONTWAIT));

	BIO_clear_retry_flags(bio);
	*put = n > 0 ? (size_t)n : 0;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	return n > 0;
}

static long tls_bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *tls_method;

static void tls_make_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "keyclave socket");

	if (method && BIO_meth_set_read_ex(method, tls_bio_read) && BIO_meth_set_write_ex(method, tls_bio_write) &&
	    BIO_meth_set_ctrl(method, tls_bio_control))
		tls_method = method;
	else
		BIO_meth_free(method);
}

static BIO *tls_bio(struct tls *tls)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio = NULL;

	(void)pthread_once(&once, tls_make_method);
	bio = tls_method ? BIO_new(tls_method) : NULL;
	if (bio) {
		BIO_set_data(bio, tls);
		BIO_set_init(bio, 1);
	}
	return bio;
}

/* ---- the channel ---- */

/*
 * Why an SSL_* call failed, as recv(2) would say it: 0, or -1 with errno. SSL_get_error would look at this thread's queue of
 * errors, which is the host program's too.
 */
static ssize_t tls_failed(const struct tls *tls, short *events)
{
	int saved = errno;

	if (SSL_want_read(tls->ssl) && BIO_should_read(SSL_get_rbio(tls->ssl))) {
		*events = POLLIN;
		errno = EAGAIN;
		return -1;
	}
	if (SSL_want_write(tls->ssl) && BIO_should_write(SSL_get_wbio(tls->ssl))) {
		*events = POLLOUT;
		errno = EAGAIN;
		return -1;
	}
	if (SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN)
		return 0;
	/* Closed without a close_notify, as ours does. */
	if (tls->ended)
		return 0;
	errno = saved ? saved : EPROTO;
	return -1;
}

static ssize_t tls_receive(struct channel *c, void *data, size_t size, struct channel_fds *fds, bool wait,
			   short *events)
{
	struct tls *tls = c->state;
	size_t got = 0;
	ssize_t result = 0;

	(void)fds;
	tls->wait = wait;
	errno = 0;
	ERR_set_mark();
	result = SSL_read_ex(tls->ssl, data, size, &got) ? (ssize_t)got : tls_failed(tls, events);
	ERR_pop_to_mark();
	return result;
}

static ssize_t tls_send_one(struct tls *tls, const struct iovec *part, short *events)
{
	size_t put = 0;
	ssize_t result = 0;

	errno = 0;
	ERR_set_mark();
	result = SSL_write_ex(tls->ssl, part->iov_base, part->iov_len, &put) ? (ssize_t)put : tls_failed(tls, events);
	ERR_pop_to_mark();
	if (!result) {
		/* 0 is for those who receive. */
		errno = EPIPE;
		result = -1;
	}
	return result;
}

/*
 * One record where all parts fit into it, as a frame's head and body do as a rule: two would be two writes. A record that
 * was begun must be asked for again with the same bytes, which callers do.
 */
#define TLS_GATHER 4096

static ssize_t tls_send(struct channel *c, const struct iovec *parts, size_t count, const struct channel_fds *fds,
			bool wait, short *events)
{
	struct tls *tls = c->state;
	uint8_t gathered[TLS_GATHER];
	struct iovec one = {.iov_base = gathered};
	size_t gathered_size = 0;
	ssize_t sent = 0;

	if (fds && fds->count) {
		errno = EOPNOTSUPP;
		return -1;
	}
	tls->wait = wait;
	while (count && !parts->iov_len) {
		parts++;
		count--;
	}
	for (size_t i = 0; i < count; i++) {
		size_t room = sizeof(gathered) - one.iov_len;
		size_t size = parts[i].iov_len < room ? parts[i].iov_len : room;

		if (size)
			memcpy(gathered + one.iov_len, parts[i].iov_base, size);
		one.iov_len += size;
		if (size < parts[i].iov_len)
			break;
	}
	gathered_size = one.iov_len;
	if (count && parts->iov_len >= one.iov_len)
		one = *parts;
	if (one.iov_len)
		sent = tls_send_one(tls, &one, events);
	memory_wipe(gathered, gathered_size);
	return sent;
}

static bool tls_pending(const struct channel *c)
{
	const struct tls *tls = c->state;

	return SSL_pending(tls->ssl) > 0;
}

static void tls_close(struct channel *c)
{
	struct tls *tls = c->state;

	SSL_free(tls->ssl);
	free(tls);
	c->state = NULL;
}

static const struct channel_ops tls_ops = {
	.receive = tls_receive,
	.send = tls_send,
	.pending = tls_pending,
	.close = tls_close,
};

SSL_CTX *tls_context(OSSL_LIB_CTX *library, bool server)
{
	SSL_CTX *context = SSL_CTX_new_ex(library, NULL, server ? TLS_server_method() : TLS_client_method());

	if (!context)
		return NULL;
	if (!SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) || !SSL_CTX_set_num_tickets(context, 0)) {
		SSL_CTX_free(context);
		return NULL;
	}
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
	(void)SSL_CTX_set_max_early_data(context, 0);
	(void)SSL_CTX_set_max_cert_list(context, server ? TLS_CLIENT_CERTIFICATES_MAX : TLS_SERVER_CERTIFICATES_MAX);
	/* A frame may be longer than a record, and move in memory before it is all sent. */
	(void)SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
						SSL_MODE_RELEASE_BUFFERS);
	return context;
}

bool tls_wrap(SSL_CTX *context, bool server, struct channel *channel)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	BIO *bio = NULL;

	if (!tls)
		return false;
	tls->fd = channel->fd;
	tls->ssl = SSL_new(context);
	bio = tls->ssl ? tls_bio(tls) : NULL;
	if (!bio) {
		SSL_free(tls->ssl);
		free(tls);
		return false;
	}
	SSL_set_bio(tls->ssl, bio, bio);
	if (server)
		SSL_set_accept_state(tls->ssl);
	else
		SSL_set_connect_state(tls->ssl);
	/* Freed with the channel, never "shut down". */
	SSL_set_quiet_shutdown(tls->ssl, 1);
	channel->ops = &tls_ops;
	channel->state = tls;
	return true;
}

enum transport_result tls_handshake(struct channel *channel, int64_t deadline)
{
	struct tls *tls = channel->state;

	for (;;) {
		struct pollfd p = {.fd = channel->fd};

		tls->wait = false;
		errno = 0;
		ERR_set_mark();
		if (SSL_do_handshake(tls->ssl) == 1) {
			ERR_pop_to_mark();
			return TRANSPORT_OK;
		}
		if (tls_failed(tls, &p.events) == 0)
			errno = ECONNRESET;
		if (errno != EAGAIN) {
			ERR_clear_last_mark();
			return errno == EPROTO ? TRANSPORT_FAILED : TRANSPORT_CLOSED;
		}
		ERR_pop_to_mark();
		if (!result_time_left(deadline))
			return TRANSPORT_TIMEOUT;
		if (poll(&p, 1, result_time_left(deadline)) < 0 && errno != EINTR)
			return TRANSPORT_FAILED;
	}
}

SSL *tls_of(const struct channel *channel)
{
	return channel->ops == &tls_ops ? ((const struct tls *)channel->state)->ssl : NULL;
}

bool tls_exporter(const struct channel *channel, uint8_t exporter[TLS_EXPORTER_SIZE])
{
	SSL *ssl = tls_of(channel);

	return ssl && SSL_is_init_finished(ssl) &&
	       SSL_export_keying_material(ssl, exporter, TLS_EXPORTER_SIZE, TLS_EXPORTER_LABEL,
					  sizeof(TLS_EXPORTER_LABEL) - 1, NULL, 0, 0) == 1;
}
