/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection for one request: written, read to the end of the answer, closed. libssl works in the enclave's own library
 * context, so that neither openssl.cnf nor SSLKEYLOGFILE mean anything to it.
 */
#include "config.h"

#include "kms/http.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/memory.h"
#include "kms/http_answer.h"
#include "platform/hkdf.h"

struct connection {
	const struct http_request *request;
	int fd;
	SSL_CTX *context;
	SSL *ssl; /* NULL: no TLS */
	char *why;
	size_t why_size;
};

static enum http_result say(struct connection *c, enum http_result result, const char *why)
{
	snprintf(c->why, c->why_size, "%s", why);
	return result;
}

/* For EVENTS, by the deadline. */
static bool wait_for(struct connection *c, short events)
{
	struct pollfd polled = {.fd = c->fd, .events = events};
	int ready = 0;

	do
		ready = poll(&polled, 1, result_time_left(c->request->deadline));
	while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		(void)say(c, HTTP_UNREACHABLE, "not in time");
	return ready > 0;
}

/* ---- TLS ---- */

static bool add_roots(SSL_CTX *context, struct span pem)
{
	BIO *memory = BIO_new_mem_buf(pem.data, (int)pem.size);
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	size_t count = 0;
	bool good = memory != NULL;

	while (good) {
		X509 *root = PEM_read_bio_X509(memory, NULL, NULL, NULL);

		if (!root)
			break;
		good = X509_STORE_add_cert(store, root) > 0;
		X509_free(root);
		count++;
	}
	BIO_free(memory);
	ERR_clear_error();
	return good && count;
}

static bool make_tls(struct connection *c)
{
	c->context = SSL_CTX_new_ex(hkdf_library(), NULL, TLS_client_method());
	if (!c->context || !SSL_CTX_set_min_proto_version(c->context, TLS1_2_VERSION) ||
	    !add_roots(c->context, c->request->roots))
		return false;
	SSL_CTX_set_verify(c->context, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_session_cache_mode(c->context, SSL_SESS_CACHE_OFF);
	c->ssl = SSL_new(c->context);
	return c->ssl && SSL_set_tlsext_host_name(c->ssl, c->request->host) && SSL_set1_host(c->ssl, c->request->host) &&
	       SSL_set_fd(c->ssl, c->fd);
}

/* What libssl wants before it goes on, after RESULT of a call. False: that was all. */
static bool wait_tls(struct connection *c, int result)
{
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(c, POLLIN);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(c, POLLOUT);
	default:
		return false;
	}
}

static enum http_result shake_hands(struct connection *c)
{
	long verdict = X509_V_OK;
	int result = 0;

	if (!make_tls(c))
		return say(c, HTTP_BROKEN, "libssl: no context, or no certificate in the roots");
	do {
		ERR_clear_error();
		result = SSL_connect(c->ssl);
	} while (result <= 0 && wait_tls(c, result));
	if (result > 0)
		return HTTP_ANSWERED;
	verdict = SSL_get_verify_result(c->ssl);
	if (verdict != X509_V_OK)
		return say(c, HTTP_UNTRUSTED, X509_verify_cert_error_string(verdict));
	if (c->why[0])
		return HTTP_UNREACHABLE;
	return say(c, HTTP_UNREACHABLE, "no TLS handshake");
}

/* ---- bytes ---- */

/* What write(2) and SSL_write have in common: bytes written, 0: again, -1: over. */
static ssize_t send_some(struct connection *c, const uint8_t *data, size_t size)
{
	ssize_t sent = 0;
	int done = 0;

	if (c->ssl) {
		ERR_clear_error();
		done = SSL_write(c->ssl, data, size > 16384 ? 16384 : (int)size);
		return done > 0 ? done : wait_tls(c, done) ? 0 : -1;
	}
	sent = send(c->fd, data, size, MSG_NOSIGNAL);
	if (sent >= 0)
		return sent;
	return (errno == EAGAIN || errno == EINTR) && wait_for(c, POLLOUT) ? 0 : -1;
}

/* The same; *ENDED: the server has said that this is all, which over TLS no one else can. */
static ssize_t receive_some(struct connection *c, uint8_t *data, size_t size, bool *ended)
{
	ssize_t got = 0;
	int done = 0;

	if (c->ssl) {
		ERR_clear_error();
		done = SSL_read(c->ssl, data, (int)size);
		if (done > 0)
			return done;
		*ended = SSL_get_error(c->ssl, done) == SSL_ERROR_ZERO_RETURN;
		return *ended || wait_tls(c, done) ? 0 : -1;
	}
	got = recv(c->fd, data, size, 0);
	*ended = got == 0;
	if (got >= 0)
		return got;
	return (errno == EAGAIN || errno == EINTR) && wait_for(c, POLLIN) ? 0 : -1;
}

static enum http_result send_all(struct connection *c, struct span bytes)
{
	while (bytes.size) {
		ssize_t sent = send_some(c, bytes.data, bytes.size);

		if (sent < 0)
			return c->why[0] ? HTTP_UNREACHABLE : say(c, HTTP_UNREACHABLE, "the connection broke");
		bytes = (struct span){bytes.data + sent, bytes.size - (size_t)sent};
	}
	return HTTP_ANSWERED;
}

static enum http_result receive_answer(struct connection *c, unsigned *status, struct buffer *body)
{
	struct buffer bytes = {.secret = body->secret};
	uint8_t piece[8192];
	enum http_answer_state state = HTTP_ANSWER_MORE;
	enum http_result result = HTTP_ANSWERED;
	bool ended = false;

	while (state == HTTP_ANSWER_MORE && result == HTTP_ANSWERED) {
		ssize_t got = receive_some(c, piece, sizeof(piece), &ended);

		if (got < 0)
			result = c->why[0] ? HTTP_UNREACHABLE : say(c, HTTP_UNREACHABLE, "the connection broke");
		else if (got > 0 && !buffer_append(&bytes, piece, (size_t)got))
			result = say(c, HTTP_BROKEN, "no memory");
		else if (got > 0 || ended)
			state = http_answer_read(buffer_span(&bytes), ended, c->request->max, status, body);
	}
	if (state == HTTP_ANSWER_BAD && ended)
		result = say(c, HTTP_UNREACHABLE, "the connection ended before the answer did");
	else if (state == HTTP_ANSWER_BAD)
		result = say(c, HTTP_BROKEN, "its answer is too long, or no HTTP");
	memory_wipe(piece, sizeof(piece));
	buffer_free(&bytes);
	return result;
}

/* ---- the request ---- */

void http_host(const struct http_request *request, char *text, size_t size)
{
	if (request->port == (request->roots.size ? 443 : 80))
		snprintf(text, size, "%s", request->host);
	else
		snprintf(text, size, "%s:%u", request->host, request->port);
}

static bool append(struct buffer *bytes, const char *text)
{
	return buffer_append(bytes, text, strlen(text));
}

static bool write_request(const struct http_request *r, struct buffer *bytes)
{
	char host[320], length[64] = "";
	bool ok = true;

	http_host(r, host, sizeof(host));
	if (r->body.size || strcmp(r->method, "GET") != 0)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", r->body.size);
	ok = append(bytes, r->method) && append(bytes, " ") && append(bytes, r->path) &&
	     append(bytes, " HTTP/1.1\r\nHost: ") && append(bytes, host) &&
	     append(bytes, "\r\nUser-Agent: keyclave/" PACKAGE_VERSION "\r\nAccept: */*\r\nConnection: close\r\n") &&
	     append(bytes, length);
	for (size_t i = 0; ok && i < HTTP_HEADERS_MAX && r->headers[i]; i++)
		ok = append(bytes, r->headers[i]) && append(bytes, "\r\n");
	return ok && append(bytes, "\r\n") && buffer_append(bytes, r->body.data, r->body.size);
}

static enum http_result connect_to(struct connection *c)
{
	int left = result_time_left(c->request->deadline);

	if (left <= 0)
		return say(c, HTTP_UNREACHABLE, "not in time");
	if (dialer_open(c->request->target, c->request->address, (unsigned)left, &c->fd) != TRANSPORT_OK) {
		snprintf(c->why, c->why_size, "%s: %s", c->request->address, strerror(errno));
		return HTTP_UNREACHABLE;
	}
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0)
		return say(c, HTTP_BROKEN, strerror(errno));
	return c->request->roots.size ? shake_hands(c) : HTTP_ANSWERED;
}

enum http_result http_call(const struct http_request *request, unsigned *status, struct buffer *body, char *why,
			   size_t why_size)
{
	struct connection c = {.request = request, .fd = -1, .why = why, .why_size = why_size};
	struct buffer bytes = {.secret = true}; /* credentials are in it */
	enum http_result result = HTTP_BROKEN;

	*status = 0;
	why[0] = '\0';
	buffer_reset(body);
	if (write_request(request, &bytes))
		result = connect_to(&c);
	else
		(void)say(&c, result, "no memory");
	if (result == HTTP_ANSWERED)
		result = send_all(&c, buffer_span(&bytes));
	if (result == HTTP_ANSWERED)
		result = receive_answer(&c, status, body);
	SSL_free(c.ssl);
	SSL_CTX_free(c.context);
	if (c.fd >= 0)
		close(c.fd);
	buffer_free(&bytes);
	ERR_clear_error();
	return result;
}
