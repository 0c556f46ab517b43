/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages with descriptors over a pair: boundaries, limits, empty and cut messages, hangup, and no
 * descriptor left over.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/packet.h"
#include "cmocka_test.h"

static int pair[2] = {-1, -1};
static char data[PACKET_LIMIT];
static size_t size;

static int setup(void **state)
{
	(void)state;
	return packet_pair(pair) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static int lowest_free(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

static enum transport_result receive(struct channel_fds *fds)
{
	return packet_receive(pair[1], data, sizeof(data), &size, fds, 0);
}

static void test_messages(void **state)
{
	static uint8_t most[PACKET_LIMIT + 1];

	(void)state;
	assert_int_equal(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(pair[1], F_GETFL) & O_NONBLOCK);
	assert_int_equal(receive(NULL), TRANSPORT_TIMEOUT);
	assert_int_equal(packet_send(pair[0], span_text("one"), NULL, 0), TRANSPORT_OK);
	assert_int_equal(packet_send(pair[0], span_text("second"), NULL, 0), TRANSPORT_OK);
	assert_int_equal(receive(NULL), TRANSPORT_OK);
	assert_int_equal(size, 3);
	assert_memory_equal(data, "one", 3);
	assert_int_equal(receive(NULL), TRANSPORT_OK);
	assert_int_equal(size, 6);
	assert_int_equal(packet_send(pair[0], (struct span){.data = most, .size = PACKET_LIMIT}, NULL, 0),
			 TRANSPORT_OK);
	assert_int_equal(receive(NULL), TRANSPORT_OK);
	assert_int_equal(size, PACKET_LIMIT);
	assert_int_equal(packet_send(pair[0], (struct span){.data = most, .size = PACKET_LIMIT + 1}, NULL, 0),
			 TRANSPORT_TOO_LARGE);
	assert_int_equal(packet_send(pair[0], (struct span){0}, NULL, 0), TRANSPORT_TOO_LARGE);
}

static void test_descriptors(void **state)
{
	struct channel_fds fds = {.fd = {STDERR_FILENO, STDERR_FILENO, STDERR_FILENO, STDERR_FILENO},
				  .count = CHANNEL_FDS_MAX};
	struct channel_fds got = {.count = 0};
	int before = lowest_free();

	(void)state;
	assert_int_equal(packet_send(pair[0], span_text("four"), &fds, 0), TRANSPORT_OK);
	assert_int_equal(receive(&got), TRANSPORT_OK);
	assert_int_equal(got.count, CHANNEL_FDS_MAX);
	for (size_t i = 0; i < got.count; i++)
		assert_int_equal(fcntl(got.fd[i], F_GETFD), FD_CLOEXEC);
	channel_fds_close(&got);
	/* Unwanted ones are closed. */
	assert_int_equal(packet_send(pair[0], span_text("four"), &fds, 0), TRANSPORT_OK);
	assert_int_equal(receive(NULL), TRANSPORT_OK);
	assert_int_equal(lowest_free(), before);
}

static void test_cut_message_leaves_nothing(void **state)
{
	struct channel_fds fds = {.fd = {STDERR_FILENO}, .count = 1};
	struct channel_fds got = {.count = 0};
	int before = lowest_free();

	(void)state;
	assert_int_equal(packet_send(pair[0], span_text("too long"), &fds, 0), TRANSPORT_OK);
	assert_int_equal(packet_send(pair[0], span_text("next"), NULL, 0), TRANSPORT_OK);
	assert_int_equal(packet_receive(pair[1], data, 4, &size, &got, 0), TRANSPORT_TOO_LARGE);
	assert_int_equal(size, 0);
	assert_int_equal(got.count, 0);
	assert_int_equal(lowest_free(), before);
	assert_int_equal(packet_receive(pair[1], data, 4, &size, &got, 0), TRANSPORT_OK);
	assert_memory_equal(data, "next", 4);
}

static void test_empty_message_is_no_hangup(void **state)
{
	struct channel_fds got = {.count = 0};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(send(pair[0], "", 0, 0), 0);
	assert_int_equal(packet_send(pair[0], span_text("real"), NULL, 0), TRANSPORT_OK);
	assert_int_equal(packet_receive(pair[1], data, sizeof(data), &size, &got, result_deadline(500)),
			 TRANSPORT_OK);
	assert_memory_equal(data, "real", 4);
	assert_int_equal(receive(NULL), TRANSPORT_TIMEOUT);
}

static void test_hangup(void **state)
{
	(void)state;
	assert_int_equal(packet_send(pair[0], span_text("last"), NULL, 0), TRANSPORT_OK);
	close(pair[0]);
	assert_int_equal(receive(NULL), TRANSPORT_OK);
	assert_int_equal(receive(NULL), TRANSPORT_CLOSED);
	assert_int_equal(packet_send(pair[1], span_text("x"), NULL, 0), TRANSPORT_CLOSED);
	pair[0] = -1;
}

static void test_full_queue_times_out(void **state)
{
	enum transport_result result = TRANSPORT_OK;
	int sent = 0;

	(void)state;
	while (result == TRANSPORT_OK && sent++ < 100000)
		result = packet_send(pair[0], span_text("fill"), NULL, result_deadline(20));
	assert_int_equal(result, TRANSPORT_TIMEOUT);
	assert_int_equal(receive(NULL), TRANSPORT_OK);
	assert_int_equal(packet_receive(-1, data, sizeof(data), &size, NULL, 0), TRANSPORT_FAILED);
	assert_int_equal(errno, EBADF);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_messages),
		T(test_descriptors),
		T(test_cut_message_leaves_nothing),
		T(test_empty_message_is_no_hangup),
		T(test_hangup),
		T(test_full_queue_times_out),
	};

	return cmocka_run_group_tests_name("transport/packet", tests, NULL, NULL);
}
