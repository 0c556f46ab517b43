/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client library against the real daemon: started on demand, killed, restarted, forked away from. Prints
 * TAP; test_client.sh gives it a state directory of its own. DESIGN section 7, rules 4 to 13.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client.h"
#include "client/descriptor.h"
#include "common/log.h"

#define SO_PIN "so-pin-12345678"
#define USER_PIN "1234"

static struct settings settings;
static struct client *client;
static uint64_t slot;
static uint64_t private_key;
static uint64_t session_key;
static unsigned tests;
static unsigned failures;

static void ok(bool good, const char *name)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++tests, name);
	failures += !good;
	fflush(stdout);
}

static void skip(const char *name, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tests, name, why);
}

/* ---- what is done with the key ---- */

static CK_RV generate(bool token, uint64_t *key)
{
	static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	static const uint8_t yes = 1;
	struct generate_pair_request q = {.slot = slot, .session = 1};
	struct client_answer answer;
	CK_RV rv = CKR_OK;

	q.mechanism.row = mechanism_find(CKM_EC_KEY_PAIR_GEN);
	attributes_add(&q.public_template, CKA_EC_PARAMS, (struct span){p256, sizeof(p256)});
	if (token) {
		attributes_add(&q.public_template, CKA_TOKEN, (struct span){&yes, 1});
		attributes_add(&q.private_template, CKA_TOKEN, (struct span){&yes, 1});
	}
	rv = client_call(client, REQUEST_GENERATE_PAIR, &q, &answer);
	if (rv == CKR_OK)
		*key = answer.message.generate_pair_response.private_key;
	client_done(&answer);
	return rv;
}

static CK_RV sign(uint64_t key)
{
	struct operate_request q = {
		.slot = slot, .key = key, .data = span_text("0123456789abcdef0123456789abcdef")};
	struct client_answer answer;
	CK_RV rv = CKR_OK;

	q.mechanism.row = mechanism_find(CKM_ECDSA);
	rv = client_call(client, REQUEST_SIGN, &q, &answer);
	if (rv == CKR_OK && answer.message.operate_response.data.size != 64)
		rv = CKR_GENERAL_ERROR;
	client_done(&answer);
	return rv;
}

static uint64_t objects(void)
{
	struct client_answer answer;
	uint64_t count = UINT64_MAX;

	if (client_token(client, slot, &answer) == CKR_OK)
		count = answer.message.token_response.objects;
	client_done(&answer);
	return count;
}

static bool signs(void)
{
	CK_RV rv = sign(private_key);

	if (rv != CKR_OK)
		printf("# sign: 0x%lx\n", rv);
	return rv == CKR_OK;
}

/* ---- the daemon's processes ---- */

static pid_t worker_pid(void)
{
	const struct empty nothing = {0};
	struct client_answer answer;
	pid_t pid = 0;

	if (client_call(client, REQUEST_STATUS, &nothing, &answer) == CKR_OK)
		pid = (pid_t)answer.message.status_response.pid;
	client_done(&answer);
	return pid;
}

static pid_t parent_of(pid_t pid)
{
	char path[64];
	long parent = 0;
	FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%*d %*s %*c %ld", &parent) != 1)
		parent = 0;
	if (f)
		fclose(f);
	return (pid_t)parent;
}

static void kill_all(void)
{
	pid_t worker = worker_pid();
	pid_t keeper = worker > 1 ? parent_of(worker) : 0;

	if (worker <= 1)
		return;
	if (keeper > 1)
		kill(keeper, SIGKILL);
	kill(worker, SIGKILL);
	while (!kill(worker, 0) && parent_of(worker) == keeper)
		poll(NULL, 0, 2);
}

/* ---- tests ---- */

static void test_start(void)
{
	struct numbers slots = {0};
	struct token_init_request init = {.pin = span_text(SO_PIN), .label = span_text("recovery")};
	struct pin_init_request pin = {.pin = span_text(USER_PIN)};
	struct stat st;
	char path[PATH_MAX];

	client_start_policy(client, CLIENT_START_STORE);
	ok(client_slots(client, &slots) == CKR_OK && slots.count == 1 && slots.item[0] == 1,
	   "without a store the empty slot is answered locally");
	ok(settings_path(&settings, "run/keyclave.sock", path, sizeof(path)) && stat(path, &st) != 0,
	   "no daemon was started for that");
	client_start_policy(client, CLIENT_START_ALWAYS);
	init.slot = pin.slot = slot = slots.item[0];
	ok(client_tell(client, REQUEST_TOKEN_INIT, &init) == CKR_OK, "C_InitToken starts the daemon");
	client_start_policy(client, CLIENT_START_STORE);
	ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "which is no child of ours");
	ok(client_attach(client, slot) == CKR_OK && client_login(client, slot, CKU_SO, span_text(SO_PIN)) == CKR_OK &&
		   client_tell(client, REQUEST_PIN_INIT, &pin) == CKR_OK && client_logout(client, slot) == CKR_OK,
	   "the SO sets the user's PIN");
	ok(client_login(client, slot, CKU_USER, span_text("0000")) == CKR_PIN_INCORRECT, "a wrong PIN is refused");
	ok(client_login(client, slot, CKU_USER, span_text(USER_PIN)) == CKR_OK, "the user logs in");
	ok(generate(true, &private_key) == CKR_OK && signs(), "a token key is made and signs");
	ok(generate(false, &session_key) == CKR_OK && sign(session_key) == CKR_OK, "and a session key");
}

static void test_descriptor(void)
{
	const struct descriptor *d = NULL;

	ok(descriptor_get(client, slot, private_key, &d) == CKR_OK && d->class == CKO_PRIVATE_KEY &&
		   d->key_type == CKK_EC && d->bits == 256 && (d->usage & CKF_SIGN) && d->is_token &&
		   d->curve && d->public_info.size > 64,
	   "the key's descriptor says what it is");
	if (d)
		descriptor_free(&d);
	ok(descriptor_get(client, slot, 12345, &d) == CKR_KEY_HANDLE_INVALID, "another handle has none");
}

static void test_worker_dies(void)
{
	uint64_t generation = client_generation(client);
	pid_t worker = worker_pid();

	ok(worker > 1 && !kill(worker, SIGKILL), "the worker is killed");
	ok(signs(), "the key signs on");
	ok(client_user(client, slot) == CKU_USER, "the login was resumed");
	ok(worker_pid() != worker, "in another worker");
	ok(client_generation(client) == generation + 1 && sign(session_key) == CKR_KEY_HANDLE_INVALID,
	   "the session key is gone, and said so");
}

static void test_daemon_dies(void)
{
	kill_all();
	ok(signs(), "keeper and worker are killed: started again on demand, the key signs on");
	ok(client_user(client, slot) == CKU_USER, "the login was resumed");
}

/* True if BODY was true in a forked child. */
static bool in_child(bool (*body)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		bool good = body();

		fflush(stdout);
		_exit(!good);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static bool child_leaves(void)
{
	return signs() && client_is_forked(client) && client_logout(client, slot) == CKR_OK &&
	       sign(private_key) != CKR_OK && client_detach(client, slot) == CKR_OK;
}

static bool child_session_key(void)
{
	return sign(session_key) == CKR_OK;
}

static bool child_chroot(void)
{
	char empty[PATH_MAX];

	return settings_path(&settings, "empty", empty, sizeof(empty)) && !mkdir(empty, 0755) &&
	       !chroot(empty) && !chdir("/") && !setgid(65534) && !setuid(65534) && signs() && signs();
}

static bool child_nobody(void)
{
	return !setgid(65534) && !setuid(65534) && signs();
}

static bool child_closed(void)
{
	for (int i = 3; i < 1024; i++)
		close(i);
	return signs();
}

static bool child_restart(void)
{
	pid_t worker = worker_pid();

	return worker > 1 && !kill(worker, SIGKILL) && signs() && client_user(client, slot) == CKU_USER;
}

static void test_fork(void)
{
	ok(generate(false, &session_key) == CKR_OK, "a new session key");
	ok(in_child(signs), "a child signs");
	ok(in_child(child_session_key), "a child has its parent's session objects");
	ok(in_child(child_leaves), "a child logs out and leaves");
	ok(client_user(client, slot) == CKU_USER && signs() && sign(session_key) == CKR_OK,
	   "its parent is untouched");
	ok(in_child(child_closed), "a child that closed all descriptors signs");
	ok(in_child(child_restart), "a child kills the worker and signs on");
	ok(signs(), "and so does its parent");
	if (geteuid() == 0) {
		ok(in_child(child_nobody), "a child without privileges signs");
		ok(in_child(child_chroot), "and one in an empty root");
	} else {
		skip("a child without privileges signs", "needs root");
		skip("and one in an empty root", "needs root");
	}
}

/* As daemon(3) does it; FINALIZES: and the parent closes its sessions and its context first. */
static void test_orphan(bool finalizes, const char *name)
{
	int result[2];
	char byte = 'n';
	int status = 0;
	pid_t pid = 0;

	if (pipe(result))
		return;
	pid = fork();
	if (!pid) {
		bool mine = signs();
		pid_t grandchild = mine ? fork() : -1;

		if (grandchild && mine && finalizes) {
			mine = client_detach(client, slot) == CKR_OK;
			client_close(&client);
		}
		if (grandchild)
			_exit(!mine);
		poll(NULL, 0, 200);
		byte = signs() && client_user(client, slot) == CKU_USER ? 'y' : 'n';
		(void)!write(result[1], &byte, 1);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	close(result[1]);
	ok(!status && read(result[0], &byte, 1) == 1 && byte == 'y', name);
	close(result[0]);
}

static atomic_bool stop;
static atomic_uint signatures;

static void *keep_signing(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		if (!signs())
			return (void *)1;
		atomic_fetch_add(&signatures, 1);
	}
	return NULL;
}

/*
 * Waits until NUMBER has grown by MORE: a worker that is killed before it serves tells nothing, and a request that
 * has lost as many workers as it is sent (CLIENT_SENDS_MAX) rightly fails.
 */
static void await_more(atomic_uint *number, unsigned more)
{
	unsigned before = atomic_load(number);

	for (unsigned i = 0; i < 2000 && atomic_load(number) - before < more; i++)
		poll(NULL, 0, 5);
}

static void test_load(void)
{
	pthread_t threads[4];
	bool good = true;
	unsigned kills = 0;

	atomic_store(&stop, false);
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, keep_signing, NULL);
	for (; kills < 5; kills++) {
		pid_t worker = 0;

		await_more(&signatures, 20);
		worker = worker_pid();
		if (worker > 1)
			kill(worker, SIGKILL);
	}
	await_more(&signatures, 20);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < 4; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		good = good && !result;
	}
	printf("# %u signatures\n", (unsigned)signatures);
	ok(good && signatures > 0, "four threads sign on while the worker is killed five times");
}

static atomic_uint keys_made;

/* Not too often: the keeper takes its time with a worker that dies again and again. */
static void *keep_killing(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 4 && !atomic_load(&stop); i++) {
		pid_t worker = worker_pid();

		if (worker > 1)
			kill(worker, SIGKILL);
		await_more(&keys_made, 3);
	}
	atomic_store(&stop, true);
	return NULL;
}

/* Rule 10: a key is never made twice. */
static void test_once(void)
{
	uint64_t before = 0;
	pthread_t thread;
	unsigned failed = 0;

	/* A keeper that has not lost a worker yet. */
	kill_all();
	before = objects();
	atomic_store(&stop, false);
	pthread_create(&thread, NULL, keep_killing, NULL);
	for (unsigned i = 0; i < 20 || !atomic_load(&stop); i++) {
		uint64_t key = 0;
		CK_RV rv = generate(true, &key);

		if (rv == CKR_OK)
			atomic_fetch_add(&keys_made, 1);
		else
			printf("# generate: 0x%lx\n", rv);
		failed += rv != CKR_OK;
	}
	pthread_join(thread, NULL);
	ok(keys_made > 0 && failed == 0, "keys are made while the worker is killed again and again");
	ok(objects() == before + 2 * (uint64_t)keys_made, "each of them once");
}

int main(void)
{
	char why[300] = "";

	log_open("client_recovery", LOG_LEVEL_WARNING);
	if (!settings_load(&settings, NULL, why, sizeof(why)) ||
	    client_open(&settings, "client_recovery", &client) != CKR_OK) {
		printf("Bail out! %s\n", why);
		return 1;
	}
	test_start();
	test_descriptor();
	test_worker_dies();
	test_daemon_dies();
	test_fork();
	test_orphan(false, "the child of an exited parent joins its context");
	test_orphan(true, "also when the parent had closed all its sessions");
	test_load();
	test_once();
	kill_all();
	client_close(&client);
	printf("1..%u\n", tests);
	return failures != 0;
}
