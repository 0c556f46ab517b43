/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_call and what it promises about connections: the pool, descriptors that the host closes, restarts
 * of the daemon, what is sent again and what is not, and how long a caller waits. DESIGN section 7, rules
 * 7, 8, 10, 11, 12 and 16.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/client.h"
#include "peer.h"
#include "transport/channel.h"
#include "transport/result.h"
#include "cmocka_test.h"

/* Long enough for a hello on a busy machine. */
#define SHORT_TIMEOUT_MS 700

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
	if (client_open(&f->settings, "test", &f->client) != CKR_OK)
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

static void reopen(struct fixture *f)
{
	client_close(&f->client);
	assert_int_equal(client_open(&f->settings, "test", &f->client), CKR_OK);
}

static const struct operate_request sign_request = {
	.slot = PEER_SLOT,
	.key = 1,
	.data = {(const uint8_t *)"abc", 3},
};

static CK_RV sign(struct client *client)
{
	struct operate_request q = sign_request;
	struct client_answer answer;
	CK_RV rv = CKR_OK;

	q.mechanism.row = mechanism_find(CKM_ECDSA);
	rv = client_call(client, REQUEST_SIGN, &q, &answer);
	if (rv == CKR_OK)
		assert_memory_equal(answer.message.operate_response.data.data, "cba", 3);
	client_done(&answer);
	return rv;
}

static CK_RV create(struct client *client, uint64_t *handle)
{
	const struct create_request q = {.slot = PEER_SLOT, .session = 1};
	struct client_answer answer;
	CK_RV rv = client_call(client, REQUEST_CREATE, &q, &answer);

	if (rv == CKR_OK)
		*handle = answer.message.handle_response.handle;
	client_done(&answer);
	return rv;
}

static CK_RV ping(struct client *client)
{
	const struct random_request q = {.size = 16};

	return client_tell(client, REQUEST_RANDOM, &q);
}

static void login(struct client *client)
{
	assert_int_equal(client_attach(client, PEER_SLOT), CKR_OK);
	assert_int_equal(client_login(client, PEER_SLOT, CKU_USER, span_text(PEER_PIN)), CKR_OK);
	assert_int_equal(client_user(client, PEER_SLOT), CKU_USER);
}

/* Descriptors of this process at CHANNEL_FD_MIN and above that are sockets; FD gets the last one. */
static unsigned count_sockets(int *fd)
{
	unsigned count = 0;

	for (int i = CHANNEL_FD_MIN; i < 512; i++) {
		struct stat st;

		if (!fstat(i, &st) && S_ISSOCK(st.st_mode)) {
			count++;
			if (fd)
				*fd = i;
		}
	}
	return count;
}

static void test_no_socket_before_use(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(count_sockets(NULL), 0);
	assert_int_equal(f->peer->connections, 0);
	assert_int_equal(ping(f->client), CKR_OK);
	/* One connection and the control socket; close-on-exec, out of the host's way. */
	assert_int_equal(count_sockets(NULL), 2);
	for (int i = CHANNEL_FD_MIN; i < 512; i++) {
		struct stat st;

		if (!fstat(i, &st) && S_ISSOCK(st.st_mode))
			assert_true(fcntl(i, F_GETFD) & FD_CLOEXEC);
	}
	assert_int_equal(f->peer->hellos[HELLO_NEW], 1);
	client_close(&f->client);
	assert_int_equal(count_sockets(NULL), 0);
}

static void test_pool(void **state)
{
	struct fixture *f = *state;
	const struct random_request q = {.size = 16};
	struct client_answer answers[5];

	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(ping(f->client), CKR_OK);
	assert_int_equal(f->peer->connections, 1);
	/* An answer that is held holds its connection. */
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(client_call(f->client, REQUEST_RANDOM, &q, &answers[i]), CKR_OK);
	assert_int_equal(f->peer->connections, 5);
	assert_int_equal(f->peer->hellos[HELLO_JOIN], 4);
	for (unsigned i = 0; i < 5; i++)
		client_done(&answers[i]);
	client_done(&answers[0]);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(ping(f->client), CKR_OK);
	assert_int_equal(f->peer->connections, 5);
	assert_int_equal(f->peer->contexts, 1);
}

static void *run_signs(void *arg)
{
	struct client *client = arg;

	for (unsigned i = 0; i < 200; i++)
		if (sign(client) != CKR_OK)
			return (void *)1;
	return NULL;
}

static void run_threads(struct client *client, unsigned count)
{
	pthread_t threads[16];

	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_signs, client), 0);
	for (unsigned i = 0; i < count; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		assert_null(result);
	}
}

static void test_threads(void **state)
{
	struct fixture *f = *state;

	login(f->client);
	run_threads(f->client, 8);
	assert_int_equal(f->peer->executed[REQUEST_SIGN], 1600);
	assert_true(f->peer->connections <= 8);
	assert_int_equal(f->peer->contexts, 1);
}

/* The host closes everything above 2 (daemon(3), sshd): rule 7. */
static void test_closed_descriptors(void **state)
{
	struct fixture *f = *state;
	uint64_t generation = 0;

	login(f->client);
	generation = client_generation(f->client);
	for (int i = 3; i < 512; i++)
		close(i);
	for (unsigned i = 0; i < 1000 && f->peer->contexts; i++)
		poll(NULL, 0, 1);
	assert_int_equal(sign(f->client), CKR_OK);
	assert_int_equal(client_user(f->client, PEER_SLOT), CKU_USER);
	/* All copies of the control socket were closed: the daemon had ended the context. */
	assert_true(client_generation(f->client) > generation);
	assert_int_equal(f->peer->executed[REQUEST_RESUME], 1);
}

/* And it opens something of its own at the same numbers: it never sees a byte of ours. */
static void test_reused_descriptors(void **state)
{
	struct fixture *f = *state;
	int pair[2];
	char byte = 0;

	login(f->client);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	for (int i = CHANNEL_FD_MIN; i < 512; i++)
		if (fcntl(i, F_GETFD) >= 0)
			assert_int_equal(dup2(pair[0], i), i);
	assert_int_equal(sign(f->client), CKR_OK);
	assert_true(read(pair[1], &byte, 1) < 0);
	/* What was put there is still there. */
	assert_int_equal(write(CHANNEL_FD_MIN, "x", 1), 1);
	assert_int_equal(read(pair[1], &byte, 1), 1);
	for (int i = CHANNEL_FD_MIN; i < 512; i++) {
		struct stat a;
		struct stat b;

		if (!fstat(i, &a) && !fstat(pair[0], &b) && a.st_ino == b.st_ino)
			close(i);
	}
	close(pair[0]);
	close(pair[1]);
}

static void test_restart_keeps_login(void **state)
{
	struct fixture *f = *state;
	uint64_t generation = 0;

	login(f->client);
	assert_int_equal(sign(f->client), CKR_OK);
	generation = client_generation(f->client);
	peer_kill(f->peer);
	peer_start(f->peer);
	assert_int_equal(sign(f->client), CKR_OK);
	assert_int_equal(client_user(f->client, PEER_SLOT), CKU_USER);
	assert_int_equal(client_generation(f->client), generation + 1);
	assert_int_equal(f->peer->hellos[HELLO_NEW], 1);
	/* Twice: the ticket is renewed each time. */
	peer_kill(f->peer);
	peer_start(f->peer);
	assert_int_equal(sign(f->client), CKR_OK);
	assert_int_equal(client_generation(f->client), generation + 2);
}

static void test_restart_without_tickets(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->peer->no_tickets, true);
	login(f->client);
	peer_kill(f->peer);
	peer_start(f->peer);
	assert_int_equal(sign(f->client), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(client_user(f->client, PEER_SLOT), CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(client_login(f->client, PEER_SLOT, CKU_USER, span_text(PEER_PIN)), CKR_OK);
	assert_int_equal(sign(f->client), CKR_OK);
}

static void test_logout_is_not_resumed(void **state)
{
	struct fixture *f = *state;

	login(f->client);
	assert_int_equal(client_logout(f->client, PEER_SLOT), CKR_OK);
	assert_int_equal(client_user(f->client, PEER_SLOT), CK_UNAVAILABLE_INFORMATION);
	peer_kill(f->peer);
	peer_start(f->peer);
	assert_int_equal(sign(f->client), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(f->peer->asked[REQUEST_RESUME], 0);
	assert_int_equal(client_logout(f->client, PEER_SLOT), CKR_USER_NOT_LOGGED_IN);
	/* A logout whose answer is lost is done. */
	login(f->client);
	atomic_store(&f->peer->cut_after, REQUEST_LOGOUT);
	assert_int_equal(client_logout(f->client, PEER_SLOT), CKR_OK);
}

/* The daemon knows nobody any more: another store under the same path. */
static void test_forgotten(void **state)
{
	struct fixture *f = *state;
	uint64_t generation = 0;

	login(f->client);
	generation = client_generation(f->client);
	peer_kill(f->peer);
	atomic_store(&f->peer->distrust, true);
	peer_start(f->peer);
	assert_int_equal(sign(f->client), CKR_USER_NOT_LOGGED_IN);
	assert_int_equal(client_user(f->client, PEER_SLOT), CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(client_generation(f->client), generation + 1);
	assert_int_equal(f->peer->hellos[HELLO_NEW], 2);
}

static void test_attach_is_counted(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(client_attach(f->client, 8), CKR_SLOT_ID_INVALID);
	assert_int_equal(client_attach(f->client, 8), CKR_SLOT_ID_INVALID);
	login(f->client);
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_OK);
	assert_int_equal(f->peer->asked[REQUEST_ATTACH], 3);
	assert_int_equal(client_detach(f->client, PEER_SLOT), CKR_OK);
	assert_int_equal(client_user(f->client, PEER_SLOT), CKU_USER);
	assert_int_equal(f->peer->asked[REQUEST_DETACH], 0);
	assert_int_equal(client_detach(f->client, PEER_SLOT), CKR_OK);
	assert_int_equal(f->peer->asked[REQUEST_DETACH], 1);
	assert_int_equal(client_user(f->client, PEER_SLOT), CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(client_detach(f->client, PEER_SLOT), CKR_OK);
	assert_int_equal(f->peer->asked[REQUEST_DETACH], 1);
}

/* A caller never sees a break: REPLAY_SAFE and REPLAY_ONCE are sent again. */
static void test_replay_safe(void **state)
{
	struct fixture *f = *state;

	login(f->client);
	atomic_store(&f->peer->cut_before, REQUEST_SIGN);
	assert_int_equal(sign(f->client), CKR_OK);
	atomic_store(&f->peer->cut_after, REQUEST_SIGN);
	assert_int_equal(sign(f->client), CKR_OK);
	atomic_store(&f->peer->nonsense, REQUEST_SIGN);
	assert_int_equal(sign(f->client), CKR_OK);
	assert_int_equal(f->peer->executed[REQUEST_SIGN], 5);
	/* No login was lost on the way: the context lives by its control socket. */
	assert_int_equal(f->peer->asked[REQUEST_RESUME], 0);
}

static void test_replay_once(void **state)
{
	struct fixture *f = *state;
	uint64_t handle = 0;

	login(f->client);
	atomic_store(&f->peer->cut_after, REQUEST_CREATE);
	assert_int_equal(create(f->client, &handle), CKR_OK);
	assert_int_equal(f->peer->executed[REQUEST_CREATE], 1);
	assert_int_equal(f->peer->asked[REQUEST_CREATE], 2);
	/* A PIN try is not burnt twice. */
	assert_int_equal(client_logout(f->client, PEER_SLOT), CKR_OK);
	atomic_store(&f->peer->cut_after, REQUEST_LOGIN);
	assert_int_equal(client_login(f->client, PEER_SLOT, CKU_USER, span_text("0000")), CKR_PIN_INCORRECT);
	assert_int_equal(f->peer->asked[REQUEST_LOGIN], 3);
	assert_int_equal(f->peer->executed[REQUEST_LOGIN], 2);
}

struct delayed {
	struct peer_state *peer;
	pid_t pid;
};

/* Starts the peer again as soon as it has ended of itself. */
static void *start_after_death(void *arg)
{
	struct delayed *d = arg;

	while (!kill(d->pid, 0) && atomic_load(&d->peer->die_on))
		poll(NULL, 0, 2);
	peer_kill(d->peer);
	peer_spawn(d->peer);
	return NULL;
}

static void die_and_come_back(struct fixture *f, unsigned id, pthread_t *thread, struct delayed *d)
{
	*d = (struct delayed){.peer = f->peer, .pid = f->peer->pid};
	atomic_store(&f->peer->die_on, id);
	assert_int_equal(pthread_create(thread, NULL, start_after_death, d), 0);
}

static void test_replay_once_over_death(void **state)
{
	struct fixture *f = *state;
	uint64_t handles[2] = {0};
	struct delayed d;
	pthread_t thread;

	login(f->client);
	assert_int_equal(create(f->client, &handles[0]), CKR_OK);
	die_and_come_back(f, REQUEST_CREATE, &thread, &d);
	assert_int_equal(create(f->client, &handles[1]), CKR_OK);
	pthread_join(thread, NULL);
	assert_int_equal(f->peer->executed[REQUEST_CREATE], 2);
	assert_int_equal(f->peer->asked[REQUEST_CREATE], 3);
	assert_true(handles[1] != handles[0]);
	assert_int_equal(sign(f->client), CKR_OK);
}

/* To a daemon that does not remember the context, ONCE is not sent again. */
static void test_replay_once_forgotten(void **state)
{
	struct fixture *f = *state;
	uint64_t handle = 0;
	struct delayed d;
	pthread_t thread;

	login(f->client);
	atomic_store(&f->peer->distrust, true);
	die_and_come_back(f, REQUEST_CREATE, &thread, &d);
	assert_int_equal(create(f->client, &handle), CKR_DEVICE_ERROR);
	pthread_join(thread, NULL);
	assert_int_equal(f->peer->executed[REQUEST_CREATE], 1);
	assert_int_equal(f->peer->asked[REQUEST_CREATE], 1);
}

static void test_replay_never(void **state)
{
	struct fixture *f = *state;
	const struct stream_update_request q = {.stream = 1};

	login(f->client);
	assert_int_equal(client_tell(f->client, REQUEST_STREAM_UPDATE, &q), CKR_OK);
	atomic_store(&f->peer->cut_after, REQUEST_STREAM_UPDATE);
	assert_int_equal(client_tell(f->client, REQUEST_STREAM_UPDATE, &q), CKR_OPERATION_NOT_INITIALIZED);
	assert_int_equal(f->peer->executed[REQUEST_STREAM_UPDATE], 2);
	assert_int_equal(sign(f->client), CKR_OK);
}

/* A request that kills the daemon is not given to it for ever. */
static void test_deadly_request(void **state)
{
	struct fixture *f = *state;

	login(f->client);
	atomic_store(&f->peer->cut_always, REQUEST_SIGN);
	assert_int_equal(sign(f->client), CKR_DEVICE_ERROR);
	assert_int_equal(f->peer->asked[REQUEST_SIGN], 4);
	atomic_store(&f->peer->cut_always, 0);
	assert_int_equal(sign(f->client), CKR_OK);
}

static void test_local_refusals(void **state)
{
	struct fixture *f = *state;
	static const uint8_t long_pin[PROTOCOL_PIN_MAX + 1] = {0};

	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_OK);
	assert_int_equal(client_login(f->client, PEER_SLOT, CKU_USER,
				      (struct span){long_pin, sizeof(long_pin)}),
			 CKR_PIN_LEN_RANGE);
	assert_int_equal(client_attach(f->client, UINT64_MAX), CKR_SLOT_ID_INVALID);
	assert_int_equal(client_login(f->client, PEER_SLOT, CKU_USER, span_text("0000")), CKR_PIN_INCORRECT);
	assert_int_equal(client_user(f->client, PEER_SLOT), CK_UNAVAILABLE_INFORMATION);
	assert_int_equal(f->peer->asked[REQUEST_LOGIN], 1);
}

/* ---- waiting ---- */

static int64_t now(void)
{
	return result_deadline(0);
}

static void test_gone(void **state)
{
	struct fixture *f = *state;
	struct numbers slots;
	int64_t begin = 0;

	f->settings.connect_timeout_ms = SHORT_TIMEOUT_MS;
	reopen(f);
	login(f->client);
	peer_kill(f->peer);
	begin = now();
	assert_int_equal(sign(f->client), CKR_DEVICE_ERROR);
	assert_true(now() - begin >= SHORT_TIMEOUT_MS - 10 && now() - begin < SHORT_TIMEOUT_MS * 5);
	/* It was waited for; from now on one look is enough. */
	begin = now();
	assert_int_equal(sign(f->client), CKR_DEVICE_ERROR);
	assert_int_equal(client_slots(f->client, &slots), CKR_TOKEN_NOT_PRESENT);
	assert_true(now() - begin < SHORT_TIMEOUT_MS);
	peer_start(f->peer);
	assert_int_equal(sign(f->client), CKR_OK);
	assert_int_equal(client_user(f->client, PEER_SLOT), CKU_USER);
}

/* Several threads, one daemon that is away for a while: all of them get their signatures. */
static void test_restart_under_load(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[6];
	unsigned hellos = 0;

	login(f->client);
	run_threads(f->client, 6);
	hellos = f->peer->hellos[HELLO_JOIN];
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_signs, f->client), 0);
	peer_kill(f->peer);
	poll(NULL, 0, 200);
	peer_spawn(f->peer);
	for (unsigned i = 0; i < 6; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		assert_null(result);
	}
	/* One of them brought the link up, the others joined: no storm. */
	assert_true(f->peer->hellos[HELLO_JOIN] - hellos <= 14);
	assert_true(f->peer->executed[REQUEST_RESUME] <= 2);
	assert_int_equal(f->peer->hellos[HELLO_NEW], 1);
}

static void *run_one_sign(void *arg)
{
	return sign(arg) == CKR_OK ? NULL : (void *)1;
}

static void wait_for(atomic_uint *count, unsigned value)
{
	for (unsigned i = 0; i < 2000 && atomic_load(count) < value; i++)
		poll(NULL, 0, 1);
	assert_true(atomic_load(count) >= value);
}

/* A connection that was joined while another thread still resumes the login is not used. */
static void test_no_use_before_resume(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[2];

	login(f->client);
	peer_kill(f->peer);
	atomic_store(&f->peer->mute, REQUEST_HELLO);
	atomic_store(&f->peer->hello_count, 0);
	atomic_store(&f->peer->late_hello, 2);
	atomic_store(&f->peer->late_hello_ms, 200);
	peer_spawn(f->peer);
	/* Both find the link up and join: the first one is told that the context is new... */
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_one_sign, f->client), 0);
	wait_for(&f->peer->hello_count, 2);
	/* ... and brings the link up, which hangs in RESUME when the second one hears that all is well. */
	atomic_store(&f->peer->mute, REQUEST_RESUME);
	wait_for(&f->peer->asked[REQUEST_RESUME], 1);
	poll(NULL, 0, 300);
	atomic_store(&f->peer->mute, 0);
	for (unsigned i = 0; i < 2; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		assert_null(result);
	}
}

/* All waiters share one attempt and its failure: the last does not wait six times as long as the first. */
static void test_failure_is_shared(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[6];
	int64_t begin = 0;

	f->settings.connect_timeout_ms = SHORT_TIMEOUT_MS;
	reopen(f);
	login(f->client);
	peer_kill(f->peer);
	begin = now();
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_signs, f->client), 0);
	for (unsigned i = 0; i < 6; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		assert_non_null(result);
	}
	assert_true(now() - begin < SHORT_TIMEOUT_MS * 4);
}

/* A daemon that accepts and says nothing. */
static void test_silent_daemon(void **state)
{
	struct fixture *f = *state;
	int64_t begin = now();

	f->settings.connect_timeout_ms = SHORT_TIMEOUT_MS;
	reopen(f);
	atomic_store(&f->peer->mute, REQUEST_HELLO);
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_TOKEN_NOT_PRESENT);
	assert_true(now() - begin < SHORT_TIMEOUT_MS * 5);
	atomic_store(&f->peer->mute, 0);
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_OK);
}

/* Not ours, not root's, not the configured one's: nothing is sent. */
static void test_foreign_daemon(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	peer_kill(f->peer);
	client_close(&f->client);
	assert_int_equal(chown(f->peer->dir, 65534, 65534), 0);
	{
		char path[4200];

		snprintf(path, sizeof(path), "%s/run", f->peer->dir);
		assert_int_equal(chown(path, 65534, 65534), 0);
		snprintf(path, sizeof(path), "%s/peer.state", f->peer->dir);
		assert_int_equal(chown(path, 65534, 65534), 0);
	}
	/* The listener's credentials are those of listen(2). */
	assert_int_equal(seteuid(65534), 0);
	peer_start(f->peer);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(client_open(&f->settings, "test", &f->client), CKR_OK);
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_TOKEN_NOT_PRESENT);
	assert_int_equal(f->peer->asked[REQUEST_HELLO], 0);
	f->settings.daemon_uid = 65534;
	reopen(f);
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_OK);
}

/* ---- without a daemon ---- */

static void test_empty_store(void **state)
{
	struct fixture *f = *state;
	struct client_answer answer;
	struct numbers slots = {0};
	char path[4200];

	peer_kill(f->peer);
	reopen(f);
	assert_int_equal(client_slots(f->client, &slots), CKR_OK);
	assert_int_equal(slots.count, 1);
	assert_int_equal(slots.item[0], 1);
	assert_int_equal(client_token(f->client, 1, &answer), CKR_OK);
	assert_int_equal(answer.message.token_response.flags & CKF_TOKEN_INITIALIZED, 0);
	assert_int_equal(answer.message.token_response.label.size, 0);
	client_done(&answer);
	assert_int_equal(client_token(f->client, 2, &answer), CKR_SLOT_ID_INVALID);
	client_done(&answer);
	/* Sessions need a daemon. */
	assert_int_equal(client_attach(f->client, 1), CKR_TOKEN_NOT_PRESENT);
	/* With a store that nobody serves, nothing is made up. */
	snprintf(path, sizeof(path), "%s/store", f->peer->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(client_slots(f->client, &slots), CKR_TOKEN_NOT_PRESENT);
	rmdir(path);
	f->settings.endpoint_override = true;
	reopen(f);
	assert_int_equal(client_slots(f->client, &slots), CKR_TOKEN_NOT_PRESENT);
	/* Whoever listens is asked. */
	peer_start(f->peer);
	assert_int_equal(client_slots(f->client, &slots), CKR_OK);
	assert_int_equal(slots.count, 2);
}

static void test_bad_endpoint(void **state)
{
	struct fixture *f = *state;
	struct client *client = NULL;

	snprintf(f->settings.endpoint, sizeof(f->settings.endpoint), "tcp:localhost");
	assert_int_equal(client_open(&f->settings, "test", &client), CKR_ARGUMENTS_BAD);
	assert_null(client);
	client_close(&client);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_socket_before_use),
		TEST(test_pool),
		TEST(test_threads),
		TEST(test_closed_descriptors),
		TEST(test_reused_descriptors),
		TEST(test_restart_keeps_login),
		TEST(test_restart_without_tickets),
		TEST(test_logout_is_not_resumed),
		TEST(test_forgotten),
		TEST(test_attach_is_counted),
		TEST(test_replay_safe),
		TEST(test_replay_once),
		TEST(test_replay_once_over_death),
		TEST(test_replay_once_forgotten),
		TEST(test_replay_never),
		TEST(test_deadly_request),
		TEST(test_local_refusals),
		TEST(test_gone),
		TEST(test_restart_under_load),
		TEST(test_no_use_before_resume),
		TEST(test_failure_is_shared),
		TEST(test_silent_daemon),
		TEST(test_foreign_daemon),
		TEST(test_empty_store),
		TEST(test_bad_endpoint),
	};

	peer_main(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
