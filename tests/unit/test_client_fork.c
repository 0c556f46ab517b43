/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork(2) and a client: the child becomes a clone at its next use and touches nothing of its parent's, also
 * after the parent is gone, in a chroot, without privileges, or with all descriptors closed. DESIGN section
 * 7, rules 5, 6 and 7.
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client.h"
#include "peer.h"
#include "cmocka_test.h"

struct fixture {
	struct peer_state *peer;
	struct settings settings;
	struct client *client;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->peer = peer_new();
	peer_settings(f->peer, &f->settings);
	peer_start(f->peer);
	if (client_open(&f->settings, "test", &f->client) != CKR_OK ||
	    client_attach(f->client, PEER_SLOT) != CKR_OK ||
	    client_login(f->client, PEER_SLOT, CKU_USER, span_text(PEER_PIN)) != CKR_OK)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	client_close(&f->client);
	peer_free(&f->peer);
	free(f);
	return 0;
}

static CK_RV sign(struct client *client)
{
	struct operate_request q = {
		.slot = PEER_SLOT,
		.key = 1,
		.mechanism.row = mechanism_find(CKM_ECDSA),
		.data = {(const uint8_t *)"abc", 3},
	};
	struct client_answer answer;
	CK_RV rv = client_call(client, REQUEST_SIGN, &q, &answer);

	client_done(&answer);
	return rv;
}

/* What a child found: the number of the check that failed, 0: none. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__;                                                           \
	} while (0)

static void expect(pid_t pid, const char *what)
{
	int status = 0;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		print_error("%s: status 0x%x\n", what, status);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* Runs BODY in a forked child; the line of a failed CHECK is printed there. */
static pid_t in_child(struct fixture *f, int (*body)(struct fixture *f))
{
	pid_t pid = fork();

	if (!pid) {
		int line = body(f);

		if (line)
			fprintf(stderr, "child: check in line %d failed\n", line);
		_exit(line != 0);
	}
	return pid;
}

static int child_signs(struct fixture *f)
{
	CHECK(client_is_forked(f->client));
	CHECK(client_user(f->client, PEER_SLOT) == CKU_USER);
	CHECK(sign(f->client) == CKR_OK);
	CHECK(sign(f->client) == CKR_OK);
	return 0;
}

static void test_child_is_a_clone(void **state)
{
	struct fixture *f = *state;

	assert_false(client_is_forked(f->client));
	expect(in_child(f, child_signs), "signs");
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 1);
	assert_int_equal(f->peer->hellos[HELLO_NEW], 1);
	/* No PIN was needed; the child got a ticket of its own. */
	assert_int_equal(f->peer->asked[REQUEST_LOGIN], 1);
	assert_int_equal(f->peer->executed[REQUEST_RESUME], 1);
	assert_int_equal(sign(f->client), CKR_OK);
	assert_false(client_is_forked(f->client));
	/* The clone ends with its process. */
	for (unsigned i = 0; i < 200 && f->peer->contexts > 1; i++)
		poll(NULL, 0, 5);
	assert_int_equal(f->peer->contexts, 1);
}

static int child_leaves(struct fixture *f)
{
	CHECK(client_logout(f->client, PEER_SLOT) == CKR_OK);
	CHECK(sign(f->client) == CKR_USER_NOT_LOGGED_IN);
	CHECK(client_detach(f->client, PEER_SLOT) == CKR_OK);
	client_close(&f->client);
	return 0;
}

static int child_closes(struct fixture *f)
{
	client_close(&f->client);
	CHECK(client_open(&f->settings, "test", &f->client) == CKR_OK);
	CHECK(!client_is_forked(f->client));
	CHECK(client_user(f->client, PEER_SLOT) == CK_UNAVAILABLE_INFORMATION);
	CHECK(client_attach(f->client, PEER_SLOT) == CKR_OK);
	CHECK(sign(f->client) == CKR_USER_NOT_LOGGED_IN);
	return 0;
}

static void test_parent_is_untouched(void **state)
{
	struct fixture *f = *state;
	unsigned connections = f->peer->connections;

	expect(in_child(f, child_leaves), "leaves");
	expect(in_child(f, child_closes), "closes");
	assert_int_equal(client_user(f->client, PEER_SLOT), CKU_USER);
	assert_int_equal(sign(f->client), CKR_OK);
	for (unsigned i = 0; i < 200 && f->peer->connections > connections; i++)
		poll(NULL, 0, 5);
	assert_int_equal(f->peer->connections, connections);
	assert_int_equal(client_generation(f->client), 0);
}

/* An answer that the forking thread holds is readable in both, and given back in both. */
static int child_reads(struct fixture *f);
static struct client_answer held;

static int child_reads(struct fixture *f)
{
	CHECK(sign(f->client) == CKR_OK);
	CHECK(held.message.random_response.data.size == 16);
	CHECK(held.message.random_response.data.data[0] || 1);
	client_done(&held);
	CHECK(sign(f->client) == CKR_OK);
	return 0;
}

static void test_held_answer(void **state)
{
	struct fixture *f = *state;
	const struct random_request q = {.size = 16};

	assert_int_equal(client_call(f->client, REQUEST_RANDOM, &q, &held), CKR_OK);
	expect(in_child(f, child_reads), "reads");
	client_done(&held);
	assert_int_equal(sign(f->client), CKR_OK);
}

static int child_forks(struct fixture *f)
{
	int status = 0;
	pid_t pid = 0;

	/* One generation says nothing, the next one clones the grandparent's context. */
	pid = in_child(f, child_signs);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	CHECK(sign(f->client) == CKR_OK);
	pid = in_child(f, child_signs);
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	CHECK(sign(f->client) == CKR_OK);
	return 0;
}

static void test_grandchildren(void **state)
{
	struct fixture *f = *state;

	expect(in_child(f, child_forks), "forks");
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 3);
	assert_int_equal(sign(f->client), CKR_OK);
}

/* daemon(3): the parent is gone before the child says a word; its control socket keeps the context. */
static int parent_exits(struct fixture *f)
{
	int go[2];
	char byte = 0;
	pid_t pid = 0;

	CHECK(!pipe(go));
	pid = fork();
	if (!pid) {
		CHECK(read(go[0], &byte, 1) == 1);
		poll(NULL, 0, 100);
		_exit(child_signs(f) != 0);
	}
	/* A context of this process's own, so that it is this one's that is cloned. */
	CHECK(sign(f->client) == CKR_OK);
	CHECK(write(go[1], "x", 1) == 1);
	CHECK(pid > 0);
	return 0;
}

static void test_parent_exits(void **state)
{
	struct fixture *f = *state;
	unsigned signatures = 0;

	expect(in_child(f, parent_exits), "parent exits");
	signatures = f->peer->executed[REQUEST_SIGN];
	for (unsigned i = 0; i < 400 && f->peer->executed[REQUEST_SIGN] < signatures + 2; i++)
		poll(NULL, 0, 5);
	assert_int_equal(f->peer->executed[REQUEST_SIGN], signatures + 2);
	/* Nobody's context was made anew: one was begun and two were cloned. */
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 2);
	assert_int_equal(f->peer->hellos[HELLO_NEW], 1);
}

static int child_waits(struct fixture *f)
{
	uint64_t generation = client_generation(f->client);

	/* Until its parent has let go of everything. */
	for (unsigned i = 0; i < 1000 && !f->peer->asked[REQUEST_DETACH]; i++)
		poll(NULL, 0, 2);
	poll(NULL, 0, 20);
	CHECK(child_signs(f) == 0);
	CHECK(client_generation(f->client) == generation);
	return 0;
}

/* The parent calls C_Finalize, which closes its sessions, before the child says a word. */
static void test_parent_finalizes(void **state)
{
	struct fixture *f = *state;
	pid_t pid = in_child(f, child_waits);

	assert_int_equal(client_detach(f->client, PEER_SLOT), CKR_OK);
	client_close(&f->client);
	expect(pid, "waits");
}

/* Without tickets a clone has its parent's login all the same. */
static void test_without_tickets(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(client_logout(f->client, PEER_SLOT), CKR_OK);
	atomic_store(&f->peer->no_tickets, true);
	assert_int_equal(client_login(f->client, PEER_SLOT, CKU_USER, span_text(PEER_PIN)), CKR_OK);
	expect(in_child(f, child_signs), "signs");
	assert_int_equal(f->peer->asked[REQUEST_RESUME], 0);
}

/* The daemon was restarted between fork and first use: the login comes back by the parent's ticket and key. */
static int child_after_restart(struct fixture *f)
{
	uint64_t generation = client_generation(f->client);

	CHECK(sign(f->client) == CKR_OK);
	CHECK(client_user(f->client, PEER_SLOT) == CKU_USER);
	CHECK(client_generation(f->client) == generation + 1);
	peer_kill(f->peer);
	peer_start(f->peer);
	/* Now by a ticket of its own. */
	CHECK(sign(f->client) == CKR_OK);
	CHECK(client_generation(f->client) == generation + 2);
	peer_kill(f->peer);
	return 0;
}

static void test_child_after_restart(void **state)
{
	struct fixture *f = *state;

	peer_kill(f->peer);
	peer_start(f->peer);
	expect(in_child(f, child_after_restart), "after restart");
	f->peer->pid = 0;
	peer_start(f->peer);
	assert_int_equal(sign(f->client), CKR_OK);
}

/* The child closes everything it inherited. */
static int child_without_descriptors(struct fixture *f)
{
	for (int i = 3; i < 1024; i++)
		close(i);
	return child_signs(f);
}

static void test_closed_descriptors(void **state)
{
	struct fixture *f = *state;

	expect(in_child(f, child_without_descriptors), "without descriptors");
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 1);
	assert_int_equal(sign(f->client), CKR_OK);
}

/* Without privileges and outside of the socket's reach: by the control socket. */
static int child_in_chroot(struct fixture *f)
{
	char empty[4200];
	uint64_t generation = client_generation(f->client);

	snprintf(empty, sizeof(empty), "%s/empty", f->peer->dir);
	CHECK(!mkdir(empty, 0755));
	CHECK(!chroot(empty) && !chdir("/"));
	CHECK(!setgid(65534) && !setuid(65534));
	CHECK(child_signs(f) == 0);
	CHECK(client_generation(f->client) == generation);
	return 0;
}

static int child_without_privileges(struct fixture *f)
{
	CHECK(!setgid(65534) && !setuid(65534));
	return child_signs(f);
}

static void test_chroot(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	expect(in_child(f, child_in_chroot), "in chroot");
	assert_true(f->peer->by_control >= 1);
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 1);
	assert_int_equal(sign(f->client), CKR_OK);
	expect(in_child(f, child_without_privileges), "without privileges");
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 2);
}

static void test_unreachable_directory(void **state)
{
	struct fixture *f = *state;
	unsigned by_control = f->peer->by_control;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(f->peer->dir, 0700), 0);
	expect(in_child(f, child_without_privileges), "unreachable directory");
	assert_true(f->peer->by_control > by_control);
}

/* fork without atfork handlers: only the wiped page tells. */
static void test_bare_clone(void **state)
{
	struct fixture *f = *state;
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		_exit(child_signs(f) != 0);
	expect(pid, "bare clone");
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 1);
	assert_int_equal(sign(f->client), CKR_OK);
}

/* No context yet: the child begins one of its own. */
static int child_begins(struct fixture *f)
{
	CHECK(client_attach(f->client, PEER_SLOT) == CKR_OK);
	CHECK(client_is_forked(f->client));
	CHECK(client_login(f->client, PEER_SLOT, CKU_USER, span_text(PEER_PIN)) == CKR_OK);
	return 0;
}

static void test_before_first_use(void **state)
{
	struct fixture *f = *state;

	client_close(&f->client);
	assert_int_equal(client_open(&f->settings, "test", &f->client), CKR_OK);
	expect(in_child(f, child_begins), "begins");
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 0);
	assert_int_equal(f->peer->hellos[HELLO_NEW], 2);
	assert_int_equal(client_user(f->client, PEER_SLOT), CK_UNAVAILABLE_INFORMATION);
}

static atomic_bool stop;

static void *keep_signing(void *arg)
{
	struct client *client = arg;

	while (!atomic_load(&stop))
		if (sign(client) != CKR_OK)
			return (void *)1;
	return NULL;
}

/* While other threads are in the middle of their requests. */
static void test_fork_under_load(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[3];

	atomic_store(&stop, false);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, keep_signing, f->client), 0);
	for (unsigned i = 0; i < 20; i++)
		expect(in_child(f, child_signs), "under load");
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 3; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		assert_null(result);
	}
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 20);
	assert_int_equal(client_generation(f->client), 0);
}

/* Threads of the child that find the fork at the same time make one clone. */
static int child_threads(struct fixture *f)
{
	pthread_t threads[4];

	atomic_store(&stop, false);
	for (unsigned i = 0; i < 4; i++)
		CHECK(!pthread_create(&threads[i], NULL, keep_signing, f->client));
	poll(NULL, 0, 50);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 4; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		CHECK(!result);
	}
	return 0;
}

static void test_threads_in_child(void **state)
{
	struct fixture *f = *state;

	expect(in_child(f, child_threads), "threads");
	assert_int_equal(f->peer->hellos[HELLO_CLONE], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_child_is_a_clone),
		TEST(test_parent_is_untouched),
		TEST(test_held_answer),
		TEST(test_grandchildren),
		TEST(test_parent_exits),
		TEST(test_parent_finalizes),
		TEST(test_without_tickets),
		TEST(test_child_after_restart),
		TEST(test_closed_descriptors),
		TEST(test_chroot),
		TEST(test_unreachable_directory),
		TEST(test_bare_clone),
		TEST(test_before_first_use),
		TEST(test_fork_under_load),
		TEST(test_threads_in_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
