/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS as a channel over TCP on loopback: frames of all sizes both ways, the same exporter at both ends, no version below
 * 1.3, an end without a farewell.
 */
#include "config.h"

#include "transport/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "cmocka_test.h"
#include "transport/frame.h"
#include "transport/stream_socket.h"
#include "transport/unix_socket.h"

#define FRAMES_LIMIT (1024 * 1024)

struct fixture {
	SSL_CTX *server;
	SSL_CTX *client;
	int listener;
	struct endpoint endpoint;
	uint8_t exporter[TLS_EXPORTER_SIZE];
	unsigned served;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *certificate = X509_new();
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);

	assert_non_null(f);
	f->server = tls_context(NULL, true);
	f->client = tls_context(NULL, false);
	assert_true(f->server && f->client && key && certificate);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()));
	assert_int_equal(SSL_CTX_use_certificate(f->server, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(f->server, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
	/* Port 0: any that is free. */
	f->endpoint = (struct endpoint){.kind = ENDPOINT_TCP, .host = "127.0.0.1"};
	assert_true(stream_socket_listen(&f->endpoint, 8, &f->listener));
	assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &size), 0);
	f->endpoint.port = ntohs(address.sin_port);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->listener);
	SSL_CTX_free(f->server);
	SSL_CTX_free(f->client);
	free(f);
	return 0;
}

/* Answers each frame by itself, never blocking in a call, as the daemon's threads do. */
static void *echo(void *arg)
{
	struct fixture *f = arg;
	struct channel channel = CHANNEL_INIT;
	struct frame_reader reader;
	struct span frame = {0};
	int fd = -1;
	enum transport_result result = TRANSPORT_WANT_MORE;

	while (unix_socket_accept(f->listener, &fd) == TRANSPORT_WANT_MORE)
		usleep(1000);
	assert_true(channel_open_socket(&channel, fd));
	assert_true(tls_wrap(f->server, true, &channel));
	frame_reader_init(&reader);
	while (result == TRANSPORT_WANT_MORE || result == TRANSPORT_OK) {
		result = frame_receive_some(&reader, &channel, FRAMES_LIMIT, &frame);
		if (result == TRANSPORT_WANT_MORE)
			usleep(100);
		if (result != TRANSPORT_OK)
			continue;
		if (!f->served++)
			assert_true(tls_exporter(&channel, f->exporter));
		result = frame_send(&channel, frame, (struct span){0}, FRAMES_LIMIT, result_deadline(20000));
	}
	frame_reader_free(&reader);
	channel_close(&channel);
	return NULL;
}

static void test_frames(void **state)
{
	static const size_t sizes[] = {0, 1, 4092, 4093, 16384, 16385, 70000, FRAMES_LIMIT};
	struct fixture *f = *state;
	struct channel channel = CHANNEL_INIT;
	uint8_t *data = malloc(FRAMES_LIMIT), exporter[TLS_EXPORTER_SIZE];
	struct frame_reader reader;
	pthread_t thread;

	assert_non_null(data);
	for (size_t i = 0; i < FRAMES_LIMIT; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	assert_int_equal(pthread_create(&thread, NULL, echo, f), 0);
	assert_int_equal(endpoint_connect(&f->endpoint, 5000, &channel), TRANSPORT_OK);
	assert_null(tls_of(&channel));
	assert_true(tls_wrap(f->client, false, &channel));
	assert_false(tls_exporter(&channel, exporter));
	assert_int_equal(tls_handshake(&channel, result_deadline(5000)), TRANSPORT_OK);
	assert_string_equal(SSL_get_version(tls_of(&channel)), "TLSv1.3");
	frame_reader_init(&reader);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct span frame = {0};

		assert_int_equal(frame_send(&channel, (struct span){data, sizes[i]}, (struct span){0}, FRAMES_LIMIT,
					    result_deadline(20000)),
				 TRANSPORT_OK);
		assert_int_equal(frame_receive(&reader, &channel, FRAMES_LIMIT, result_deadline(20000), &frame),
				 TRANSPORT_OK);
		assert_int_equal(frame.size, sizes[i]);
		assert_true(!frame.size || !memcmp(frame.data, data, frame.size));
	}
	assert_true(tls_exporter(&channel, exporter));
	frame_reader_free(&reader);
	channel_close(&channel);
	pthread_join(thread, NULL);
	assert_int_equal(f->served, sizeof(sizes) / sizeof(sizes[0]));
	assert_memory_equal(exporter, f->exporter, sizeof(exporter));
	free(data);
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct channel channel = CHANNEL_INIT;
	pthread_t thread;
	SSL_CTX *old = tls_context(NULL, false);

	/* Nothing below TLS 1.3. */
	assert_true(SSL_CTX_set_min_proto_version(old, TLS1_2_VERSION) &&
		    SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION));
	assert_int_equal(pthread_create(&thread, NULL, echo, f), 0);
	assert_int_equal(endpoint_connect(&f->endpoint, 5000, &channel), TRANSPORT_OK);
	assert_true(tls_wrap(old, false, &channel));
	assert_int_not_equal(tls_handshake(&channel, result_deadline(5000)), TRANSPORT_OK);
	channel_close(&channel);
	pthread_join(thread, NULL);
	SSL_CTX_free(old);
	/* Somebody who answers nothing. */
	assert_int_equal(endpoint_connect(&f->endpoint, 5000, &channel), TRANSPORT_OK);
	assert_true(tls_wrap(f->client, false, &channel));
	assert_int_equal(tls_handshake(&channel, result_deadline(50)), TRANSPORT_TIMEOUT);
	channel_close(&channel);
	assert_int_equal(f->served, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_frames, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
