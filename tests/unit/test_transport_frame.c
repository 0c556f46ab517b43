/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames over socket pairs: whole, in crumbs, many at once, too large, cut off, late, interrupted, with
 * descriptors, and without a single allocation once the reader has grown.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "common/memory.h"
#include "transport/frame.h"
#include "cmocka_test.h"

/* The linker sends what frame.c asks of secret memory through here. */
void *__real_memory_secret_new(size_t size);
void *__wrap_memory_secret_new(size_t size);
static bool memory_fails;
static unsigned allocations;

void *__wrap_memory_secret_new(size_t size)
{
	allocations++;
	return memory_fails ? NULL : __real_memory_secret_new(size);
}

static struct channel near = CHANNEL_INIT; /* blocking */
static struct channel far = CHANNEL_INIT;
static struct frame_reader reader;
static struct span frame;

static int setup(void **state)
{
	int fd[2] = {-1, -1};

	(void)state;
	memory_fails = false;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd))
		return -1;
	frame_reader_init(&reader);
	return channel_open_socket(&near, fd[0]) && channel_open_socket(&far, fd[1]) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	frame_reader_free(&reader);
	channel_close(&near);
	channel_close(&far);
	return 0;
}

static struct span text(const char *s)
{
	return span_text(s);
}

static const struct span none;

static void send_raw(const void *data, size_t size)
{
	assert_int_equal(write(far.fd, data, size), (ssize_t)size);
}

static int64_t soon(void)
{
	return result_deadline(2000);
}

static void expect_frame(const char *wanted)
{
	assert_int_equal(frame_receive(&reader, &near, 1000, soon(), &frame), TRANSPORT_OK);
	assert_true(span_equal(frame, span_text(wanted)));
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000;
}

static void test_round_trip(void **state)
{
	(void)state;
	assert_int_equal(frame_send(&far, text("abc"), text("defg"), 1000, soon()), TRANSPORT_OK);
	assert_int_equal(frame_send(&far, none, none, 1000, soon()), TRANSPORT_OK);
	assert_int_equal(frame_send(&far, none, text("x"), 1000, soon()), TRANSPORT_OK);
	expect_frame("abcdefg");
	assert_true(frame_reader_pending(&reader, 1000));
	expect_frame("");
	expect_frame("x");
	assert_false(frame_reader_pending(&reader, 1000));
}

static void test_bytes_on_the_wire(void **state)
{
	char wire[16] = "";

	(void)state;
	assert_int_equal(frame_send(&far, text("ab"), text("c"), 3, soon()), TRANSPORT_OK);
	assert_int_equal(read(near.fd, wire, sizeof(wire)), 7);
	assert_memory_equal(wire, "\0\0\0\3abc", 7);
}

static void *send_crumbs(void *arg)
{
	static const char wire[] = "\0\0\0\5hello\0\0\0\2yo";

	(void)arg;
	for (size_t i = 0; i < sizeof(wire) - 1; i++) {
		struct timespec pause = {.tv_nsec = 2000000};

		if (write(far.fd, wire + i, 1) != 1)
			break;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void test_crumbs(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, send_crumbs, NULL), 0);
	expect_frame("hello");
	expect_frame("yo");
	pthread_join(thread, NULL);
}

static void test_many_in_one_read(void **state)
{
	uint8_t wire[6000];
	size_t size = 0;

	(void)state;
	/* 1000 frames of one byte each, past the size of one read. */
	for (int i = 0; i < 1000; i++) {
		memcpy(wire + size, "\0\0\0\1", 4);
		wire[size + 4] = (uint8_t)i;
		size += 5;
	}
	send_raw(wire, size);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(frame_receive_some(&reader, &near, 10, &frame), TRANSPORT_OK);
		assert_int_equal(frame.size, 1);
		assert_int_equal(frame.data[0], (uint8_t)i);
	}
	assert_int_equal(frame_receive_some(&reader, &near, 10, &frame), TRANSPORT_WANT_MORE);
}

static void test_too_large(void **state)
{
	size_t sent = 0;

	(void)state;
	assert_int_equal(frame_send(&far, text("abcd"), text("e"), 4, soon()), TRANSPORT_TOO_LARGE);
	assert_int_equal(frame_send(&far, (struct span){.size = SIZE_MAX}, text("e"), SIZE_MAX, soon()),
			 TRANSPORT_TOO_LARGE);
	assert_int_equal(frame_send_some(&far, text("abcd"), text("e"), 4, &sent), TRANSPORT_TOO_LARGE);
	assert_int_equal(frame_receive_some(&reader, &near, 10, &frame), TRANSPORT_WANT_MORE);
	send_raw("\0\0\4\1", 4);
	assert_int_equal(frame_receive(&reader, &near, 1024, soon(), &frame), TRANSPORT_TOO_LARGE);
	assert_null(frame.data);
	/* It stays so, and is seen without reading. */
	assert_true(frame_reader_pending(&reader, 1024));
	assert_int_equal(frame_receive_some(&reader, &near, 1024, &frame), TRANSPORT_TOO_LARGE);
	/* The announced size took no memory. */
	assert_true(reader.in.capacity <= 4096);
}

static void test_claimed_size_takes_no_memory(void **state)
{
	(void)state;
	send_raw("\0\x0f\0\0only this", 13);
	assert_int_equal(frame_receive_some(&reader, &near, 1 << 20, &frame), TRANSPORT_WANT_MORE);
	assert_int_equal(frame_receive_some(&reader, &near, 1 << 20, &frame), TRANSPORT_WANT_MORE);
	assert_true(reader.in.capacity <= 65536);
}

static void test_closed(void **state)
{
	(void)state;
	send_raw("\0\0\0\5he", 6);
	channel_close(&far);
	assert_int_equal(frame_receive(&reader, &near, 100, soon(), &frame), TRANSPORT_CLOSED);
	assert_int_equal(frame_receive_some(&reader, &near, 100, &frame), TRANSPORT_CLOSED);
	/* No SIGPIPE either. */
	assert_int_equal(frame_send(&near, text("x"), none, 100, soon()), TRANSPORT_CLOSED);
}

static void test_deadlines(void **state)
{
	static uint8_t much[900000];
	struct timespec start = {0};
	struct span span = {.data = much, .size = sizeof(much)};

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(frame_receive(&reader, &near, 100, result_deadline(30), &frame),
			 TRANSPORT_TIMEOUT);
	assert_in_range(elapsed_ms(&start), 28, 240);
	/* Longer than a slice. */
	clock_gettime(CLOCK_MONOTONIC, &start);
	send_raw("\0\0\0\5he", 6);
	assert_int_equal(frame_receive(&reader, &near, 100, result_deadline(400), &frame),
			 TRANSPORT_TIMEOUT);
	assert_in_range(elapsed_ms(&start), 398, 1500);
	/* The rest may still come. */
	send_raw("llo", 3);
	expect_frame("hello");
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(frame_send(&near, span, none, sizeof(much), result_deadline(300)),
			 TRANSPORT_TIMEOUT);
	assert_in_range(elapsed_ms(&start), 298, 1500);
	assert_int_equal(frame_receive(&reader, &near, 100, 0, &frame), TRANSPORT_TIMEOUT);
}

static void on_alarm(int number)
{
	(void)number;
}

static void *send_late(void *arg)
{
	struct timespec pause = {.tv_nsec = 120000000};

	(void)arg;
	nanosleep(&pause, NULL);
	frame_send(&far, text("late"), none, 100, soon());
	return NULL;
}

/* Signals every 5 ms, without SA_RESTART: they neither end a wait nor prolong it. */
static void test_interrupted(void **state)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct sigaction before;
	struct itimerval ticks = {.it_interval = {.tv_usec = 5000}, .it_value = {.tv_usec = 5000}};
	struct itimerval stop = {.it_value = {.tv_sec = 0}};
	sigset_t set;
	pthread_t thread;
	struct timespec start = {0};

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &action, &before);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	assert_int_equal(pthread_create(&thread, NULL, send_late, NULL), 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	setitimer(ITIMER_REAL, &ticks, NULL);
	assert_int_equal(frame_receive(&reader, &near, 100, soon(), &frame), TRANSPORT_OK);
	assert_true(span_equal(frame, text("late")));
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_int_equal(frame_receive(&reader, &near, 100, result_deadline(60), &frame),
			 TRANSPORT_TIMEOUT);
	assert_in_range(elapsed_ms(&start), 58, 400);
	setitimer(ITIMER_REAL, &stop, NULL);
	pthread_join(thread, NULL);
	sigaction(SIGALRM, &before, NULL);
}

static void *receive_large(void *arg)
{
	struct frame_reader *r = arg;
	static struct span got;

	if (frame_receive(r, &near, FRAME_LIMIT_DEFAULT, soon(), &got) != TRANSPORT_OK)
		return NULL;
	return &got;
}

static void test_large_frame(void **state)
{
	static uint8_t much[FRAME_LIMIT_DEFAULT];
	struct span *got = NULL;
	void *result = NULL;
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)(i * 31 >> 3);
	assert_int_equal(pthread_create(&thread, NULL, receive_large, &reader), 0);
	assert_int_equal(frame_send(&far, (struct span){.data = much, .size = 1000},
				    (struct span){.data = much + 1000, .size = sizeof(much) - 1000},
				    FRAME_LIMIT_DEFAULT, soon()),
			 TRANSPORT_OK);
	pthread_join(thread, &result);
	got = result;
	assert_non_null(got);
	assert_int_equal(got->size, sizeof(much));
	assert_memory_equal(got->data, much, sizeof(much));
	/* Given back after a while of small frames. */
	for (int i = 0; i < 40; i++) {
		assert_int_equal(frame_send(&far, text("small"), none, 100, soon()), TRANSPORT_OK);
		expect_frame("small");
	}
	assert_true(reader.in.capacity <= 65536);
}

static void test_non_blocking(void **state)
{
	static uint8_t much[700000];
	struct span span = {.data = much, .size = sizeof(much)};
	enum transport_result result = TRANSPORT_OK;
	size_t sent = 0;
	unsigned full = 0;
	unsigned calls = 0;

	(void)state;
	memset(much, 0x42, sizeof(much));
	assert_int_equal(fcntl(near.fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(far.fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(frame_receive_some(&reader, &near, 10, &frame), TRANSPORT_WANT_MORE);
	do {
		result = frame_send_some(&far, text("head"), span, 1 << 20, &sent);
		full += result == TRANSPORT_WANT_MORE;
		do
			result = frame_receive_some(&reader, &near, 1 << 20, &frame);
		while (result == TRANSPORT_WANT_MORE && ++calls % 8);
		assert_true(calls < 1000000);
	} while (result == TRANSPORT_WANT_MORE);
	assert_int_equal(result, TRANSPORT_OK);
	assert_true(full > 0);
	assert_int_equal(frame.size, sizeof(much) + 4);
	assert_memory_equal(frame.data, "head", 4);
	assert_memory_equal(frame.data + 4, much, sizeof(much));
	assert_int_equal(sent, sizeof(much) + 8);
	/* The waiting calls work on non-blocking descriptors too. */
	assert_int_equal(frame_receive(&reader, &near, 10, result_deadline(20), &frame),
			 TRANSPORT_TIMEOUT);
}

/* One wait of the receive timeout at most; a part of a frame is kept. */
static void test_slice(void **state)
{
	const struct timeval slice = {.tv_usec = 20000};
	int64_t begun = 0;

	(void)state;
	assert_int_equal(setsockopt(near.fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof(slice)), 0);
	begun = result_deadline(0);
	assert_int_equal(frame_receive_slice(&reader, &near, 10, &frame), TRANSPORT_WANT_MORE);
	assert_true(result_deadline(0) - begun >= 19);
	send_raw("\0\0\0\4ab", 6);
	assert_int_equal(frame_receive_slice(&reader, &near, 10, &frame), TRANSPORT_WANT_MORE);
	send_raw("cd", 2);
	assert_int_equal(frame_receive_slice(&reader, &near, 10, &frame), TRANSPORT_OK);
	assert_memory_equal(frame.data, "abcd", 4);
}

/* As often as it takes: each look gives the CPU away first, and where others keep it spinning ends. */
static enum transport_result receive_spinning(void)
{
	enum transport_result result = TRANSPORT_WANT_MORE;

	for (int i = 0; i < 1000 && result == TRANSPORT_WANT_MORE; i++) {
		struct spin spin = {.spinning = true, .left = 1};

		spin_begin(&spin, 100000);
		result = frame_receive_spin(&reader, &near, 10, &spin, &frame);
	}
	return result;
}

static void test_spin(void **state)
{
	struct spin spin = {0};

	(void)state;
	/* A wait that does not spin reads nothing. */
	send_raw("\0\0\0\1a", 5);
	spin_begin(&spin, 1000);
	assert_int_equal(frame_receive_spin(&reader, &near, 10, &spin, &frame), TRANSPORT_WANT_MORE);
	assert_int_equal(receive_spinning(), TRANSPORT_OK);
	assert_memory_equal(frame.data, "a", 1);
	spin = (struct spin){.spinning = true, .left = 1};
	spin_begin(&spin, 1000);
	assert_int_equal(frame_receive_spin(&reader, &near, 10, &spin, &frame), TRANSPORT_WANT_MORE);
	channel_close(&far);
	assert_int_equal(receive_spinning(), TRANSPORT_CLOSED);
}

static void test_steady_state_allocates_nothing(void **state)
{
	char body[2000];

	(void)state;
	memset(body, 'b', sizeof(body));
	for (int i = 0; i < 500; i++) {
		struct span b = {.data = (const uint8_t *)body, .size = (size_t)i * 4};

		if (i == 2)
			allocations = 0;
		assert_int_equal(frame_send(&far, text("a"), b, 10000, soon()), TRANSPORT_OK);
		assert_int_equal(frame_receive(&reader, &near, 10000, soon(), &frame), TRANSPORT_OK);
		assert_int_equal(frame.size, b.size + 1);
	}
	assert_int_equal(allocations, 0);
}

static void test_release_wipes(void **state)
{
	const uint8_t *data = NULL;
	static const uint8_t zeros[16];

	(void)state;
	assert_int_equal(frame_send(&far, text("1234567890"), none, 100, soon()), TRANSPORT_OK);
	expect_frame("1234567890");
	data = frame.data;
	frame_reader_release(&reader);
	assert_memory_equal(data, zeros, 10);
	frame_reader_release(&reader);
	frame_reader_trim(&reader);
	assert_null(reader.in.data);
	assert_int_equal(frame_send(&far, text("again"), none, 100, soon()), TRANSPORT_OK);
	expect_frame("again");
	/* What belongs to the next frame is kept. */
	send_raw("\0\0\0\1a\0\0\0\2b", 10);
	expect_frame("a");
	frame_reader_trim(&reader);
	send_raw("c", 1);
	expect_frame("bc");
}

static void test_no_memory(void **state)
{
	(void)state;
	memory_fails = true;
	send_raw("\0\0\0\1x", 5);
	assert_int_equal(frame_receive_some(&reader, &near, 10, &frame), TRANSPORT_NO_MEMORY);
	assert_int_equal(frame_receive(&reader, &near, 10, soon(), &frame), TRANSPORT_NO_MEMORY);
	memory_fails = false;
	expect_frame("x");
}

static bool is_pipe_to(int from, int to)
{
	char c = 0;

	return write(to, "p", 1) == 1 && read(from, &c, 1) == 1 && c == 'p';
}

static void test_descriptors_travel(void **state)
{
	struct channel_fds fds = {.count = 0};
	int pipe_fds[2];

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	reader.takes_fds = true;
	fds.fd[0] = pipe_fds[0];
	fds.fd[1] = pipe_fds[1];
	fds.count = 2;
	assert_int_equal(frame_send_fds(&far, text("two"), &fds, 100, soon()), TRANSPORT_OK);
	expect_frame("two");
	frame_reader_take_fds(&reader, &fds);
	assert_int_equal(fds.count, 2);
	assert_true(fds.fd[0] != pipe_fds[0]);
	assert_true(is_pipe_to(fds.fd[0], pipe_fds[1]) && is_pipe_to(pipe_fds[0], fds.fd[1]));
	assert_int_equal(fcntl(fds.fd[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fds.fd[1], F_GETFD), FD_CLOEXEC);
	channel_fds_close(&fds);
	assert_int_equal(fds.count, 0);
	frame_reader_take_fds(&reader, &fds);
	assert_int_equal(fds.count, 0);
	fds.count = CHANNEL_FDS_MAX + 1;
	assert_int_equal(frame_send_fds(&far, text("x"), &fds, 100, soon()), TRANSPORT_FAILED);
	assert_int_equal(errno, EINVAL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static int lowest_free(void)
{
	int fd = dup(near.fd);

	close(fd);
	return fd;
}

/* COUNT copies of a descriptor with one frame, sent as a hostile peer would. */
static void send_surplus(unsigned count)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	char wire[] = "\0\0\0\1x";
	struct iovec part = {.iov_base = wire, .iov_len = 5};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (unsigned i = 0; i < count; i++)
		memcpy(CMSG_DATA(c) + i * sizeof(int), &near.fd, sizeof(int));
	assert_int_equal(sendmsg(far.fd, &message, 0), 5);
}

static void test_surplus_descriptors_are_closed(void **state)
{
	struct channel_fds fds = {.count = 0};
	int before = lowest_free();

	(void)state;
	/* Not asked for at all. */
	send_surplus(3);
	expect_frame("x");
	assert_int_equal(lowest_free(), before);
	/* More than fit one message, and more than fit the reader. */
	reader.takes_fds = true;
	send_surplus(16);
	send_surplus(3);
	expect_frame("x");
	expect_frame("x");
	assert_int_equal(lowest_free(), before + CHANNEL_FDS_MAX);
	frame_reader_take_fds(&reader, &fds);
	assert_int_equal(fds.count, CHANNEL_FDS_MAX);
	channel_fds_close(&fds);
	assert_int_equal(lowest_free(), before);
	/* Never taken: closed with the reader. */
	send_surplus(2);
	expect_frame("x");
	frame_reader_free(&reader);
	assert_int_equal(lowest_free(), before);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_round_trip),
		T(test_bytes_on_the_wire),
		T(test_crumbs),
		T(test_many_in_one_read),
		T(test_too_large),
		T(test_claimed_size_takes_no_memory),
		T(test_closed),
		T(test_deadlines),
		T(test_interrupted),
		T(test_large_frame),
		T(test_non_blocking),
		T(test_slice),
		T(test_spin),
		T(test_steady_state_allocates_nothing),
		T(test_release_wipes),
		T(test_no_memory),
		T(test_descriptors_travel),
		T(test_surplus_descriptors_are_closed),
	};

	return cmocka_run_group_tests_name("transport/frame", tests, NULL, NULL);
}
