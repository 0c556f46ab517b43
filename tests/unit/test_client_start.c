/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start on demand, with a shell script that plays the daemon: who may start one, once although many want
 * it, in what surroundings it finds itself, and that the host program never sees a child. DESIGN section 7,
 * rules 8, 9 and 10. As "test_client_start --daemon DIR" this program is the daemon.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client.h"
#include "peer.h"
#include "transport/result.h"
#include "cmocka_test.h"

struct fixture {
	struct peer_state *peer;
	struct settings settings;
	struct client *client;
	char script[4200];
	char report[4200];
};

static char self[2048];

static void write_script(const struct fixture *f, const char *body)
{
	FILE *script = fopen(f->script, "w");

	assert_non_null(script);
	fprintf(script, "#!/bin/sh\n%s\n", body);
	fclose(script);
	assert_int_equal(chmod(f->script, 0755), 0);
}

/* Does BEFORE, then is the daemon. */
static void write_daemon_script(const struct fixture *f, const char *before)
{
	char body[20000];

	snprintf(body, sizeof(body), "echo start >>'%s'\n%s\nexec '%s' --daemon \"$KEYCLAVE_STATE_DIR\"",
		 f->report, before, self);
	write_script(f, body);
}

/* Notes how it was started. */
static void write_reporting_script(const struct fixture *f)
{
	char body[8192];

	snprintf(body, sizeof(body),
		 "{ echo \"cwd $(pwd)\"; echo \"umask $(umask)\"; echo \"core $(ulimit -c)\"\n"
		 "read -r stat </proc/self/stat; echo \"stat $stat\"\n"
		 "for fd in /proc/$$/fd/*; do echo \"fd ${fd##*/} $(readlink $fd)\"; done\n"
		 "grep -E 'Sig(Blk|Ign|Cgt)' /proc/self/status\n"
		 "env | sed 's/^/env /'; } >>'%s' 2>&1\n",
		 f->report);
	write_daemon_script(f, body);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->peer = peer_new();
	peer_settings(f->peer, &f->settings);
	snprintf(f->script, sizeof(f->script), "%s/daemon", f->peer->dir);
	snprintf(f->report, sizeof(f->report), "%s/report", f->peer->dir);
	snprintf(f->settings.daemon, sizeof(f->settings.daemon), "%.4095s", f->script);
	f->settings.start_on_demand = true;
	write_daemon_script(f, "");
	if (client_open(&f->settings, "test", &f->client) != CKR_OK)
		return -1;
	client_start_policy(f->client, CLIENT_START_ALWAYS);
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

static void reopen(struct fixture *f, enum client_start policy)
{
	client_close(&f->client);
	assert_int_equal(client_open(&f->settings, "test", &f->client), CKR_OK);
	client_start_policy(f->client, policy);
}

static CK_RV ping(struct client *client)
{
	const struct random_request q = {.size = 16};

	return client_tell(client, REQUEST_RANDOM, &q);
}

/* The report, or "" while there is none. */
static const char *report(const struct fixture *f)
{
	static char text[65536];
	FILE *file = fopen(f->report, "r");

	memset(text, 0, sizeof(text));
	if (file) {
		(void)!fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static void test_surroundings(void **state)
{
	struct fixture *f = *state;
	const char *text = NULL;
	int fd = open("/dev/null", O_RDWR);
	mode_t before = umask(0);
	sigset_t usr1;

	/* The host's own state, none of which the daemon may inherit. */
	assert_int_equal(dup2(fd, 40), 40);
	setenv("LD_PRELOAD", "", 1);
	setenv("SECRET_OF_THE_HOST", "x", 1);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL);

	write_reporting_script(f);
	assert_int_equal(ping(f->client), CKR_OK);
	text = report(f);
	assert_int_equal(count(text, "start\n"), 1);
	assert_non_null(strstr(text, "cwd /\n"));
	assert_non_null(strstr(text, "umask 0077\n"));
	assert_non_null(strstr(text, "core 0\n"));
	assert_non_null(strstr(text, "fd 0 /dev/null\n"));
	/* 1 and 2 are the report itself, 10 and above the shell's own; nothing of ours. */
	assert_null(strstr(text, "fd 40 "));
	assert_null(strstr(text, "socket:"));
	assert_null(strstr(text, "SECRET_OF_THE_HOST"));
	assert_null(strstr(text, "LD_PRELOAD"));
	assert_non_null(strstr(text, "env KEYCLAVE_STATE_DIR="));
	assert_non_null(strstr(text, "env PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"));
	assert_non_null(strstr(text, "SigBlk:\t0000000000000000\n"));
	/* 32 and 33 are libc's own: its posix_spawn, by which make starts us, leaves them ignored. */
	assert_true(strstr(text, "SigIgn:\t0000000000000000\n") ||
		    strstr(text, "SigIgn:\t0000000180000000\n"));
	{
		long process = 0;
		long session = 0;
		long terminal = 1;
		const char *line = strstr(text, "stat ");

		/* proc(5): pid (comm) state ppid pgrp session tty_nr. */
		assert_non_null(line);
		assert_int_equal(sscanf(line, "stat %ld %*s %*c %*d %*d %ld %ld", &process, &session, &terminal),
				 3);
		/* Of a session that is not ours, and not its leader. */
		assert_true(session != process && session != (long)getsid(0));
		assert_int_equal(terminal, 0);
	}
	/* The host's stays as it was. */
	assert_int_equal(umask(before), 0);
	assert_true(signal(SIGHUP, SIG_DFL) == SIG_IGN);
	pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
	unsetenv("LD_PRELOAD");
	unsetenv("SECRET_OF_THE_HOST");
	close(40);
	close(fd);
}

static volatile sig_atomic_t children;

static void on_child(int number)
{
	(void)number;
	children++;
}

static void *keep_waiting(void *arg)
{
	/* ECHILD as long as there is nothing to wait for. */
	while (!atomic_load((atomic_bool *)arg)) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid > 0 || (pid < 0 && errno != ECHILD))
			return (void *)1;
		if (pid == 0)
			return (void *)1;
	}
	return NULL;
}

static void test_no_child_is_seen(void **state)
{
	struct fixture *f = *state;
	atomic_bool stop = false;
	pthread_t thread;
	void *result = NULL;

	children = 0;
	signal(SIGCHLD, on_child);
	assert_int_equal(pthread_create(&thread, NULL, keep_waiting, &stop), 0);
	assert_int_equal(ping(f->client), CKR_OK);
	atomic_store(&stop, true);
	pthread_join(thread, &result);
	signal(SIGCHLD, SIG_DFL);
	assert_null(result);
	assert_int_equal(children, 0);
	assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* Also where the host reaps by ignoring. */
static void test_ignored_children(void **state)
{
	struct fixture *f = *state;

	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(ping(f->client), CKR_OK);
	signal(SIGCHLD, SIG_DFL);
}

static void *first_use(void *arg)
{
	struct client *client = NULL;
	bool worked = client_open(arg, "racer", &client) == CKR_OK;

	if (worked) {
		client_start_policy(client, CLIENT_START_ALWAYS);
		worked = ping(client) == CKR_OK;
	}
	client_close(&client);
	return worked ? NULL : (void *)1;
}

/* Eight clients in two processes, one daemon. */
static void test_race(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[4];
	pid_t pid = 0;
	int status = 0;
	int bad = 0;

	write_daemon_script(f, "sleep 0.2");
	pid = fork();
	for (unsigned i = 0; i < 4; i++)
		bad |= pthread_create(&threads[i], NULL, first_use, &f->settings);
	for (unsigned i = 0; i < 4; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		bad |= result != NULL;
	}
	if (!pid)
		_exit(bad);
	assert_int_equal(bad, 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(f->peer->starts, 1);
	assert_int_equal(count(report(f), "start\n"), 1);
}

/* A daemon that is going holds the start lock until it is gone. */
static void test_lock_of_a_leaving_daemon(void **state)
{
	struct fixture *f = *state;
	char path[4200];
	int lock = -1;
	pthread_t thread;
	void *result = NULL;

	assert_true(settings_path(&f->settings, SETTINGS_START_LOCK, path, sizeof(path)));
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(pthread_create(&thread, NULL, first_use, &f->settings), 0);
	poll(NULL, 0, 150);
	assert_int_equal(f->peer->starts, 0);
	close(lock);
	pthread_join(thread, &result);
	assert_null(result);
	assert_int_equal(f->peer->starts, 1);
}

static void test_started_again(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_OK);
	assert_int_equal(client_login(f->client, PEER_SLOT, CKU_USER, span_text(PEER_PIN)), CKR_OK);
	/* By idle exit or by death. */
	peer_kill(f->peer);
	assert_int_equal(ping(f->client), CKR_OK);
	assert_int_equal(f->peer->starts, 2);
	assert_int_equal(client_user(f->client, PEER_SLOT), CKU_USER);
	assert_int_equal(f->peer->executed[REQUEST_RESUME], 1);
}

static void test_makes_its_directory(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	char path[5000];

	snprintf(path, sizeof(path), "%s/a/b", f->peer->dir);
	snprintf(f->settings.state_dir, sizeof(f->settings.state_dir), "%.4095s", path);
	snprintf(f->settings.endpoint, sizeof(f->settings.endpoint), "unix:%.4000s/run/keyclave.sock", path);
	reopen(f, CLIENT_START_ALWAYS);
	assert_int_equal(ping(f->client), CKR_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0711);
	/* That one has a state of its own. */
	{
		char file[5100];
		struct peer_state other;
		FILE *in = NULL;

		snprintf(file, sizeof(file), "%s/peer.state", path);
		in = fopen(file, "r");
		assert_non_null(in);
		assert_int_equal(fread(&other, sizeof(other), 1, in), 1);
		fclose(in);
		kill(other.pid, SIGKILL);
	}
}

static int64_t now(void)
{
	return result_deadline(0);
}

static void test_failures(void **state)
{
	struct fixture *f = *state;
	int64_t begin = now();

	/* Ends at once: known at once. */
	write_script(f, "exit 3");
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_TOKEN_NOT_PRESENT);
	assert_true(now() - begin < 10000);
	begin = now();
	assert_int_equal(unlink(f->script), 0);
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_TOKEN_NOT_PRESENT);
	assert_true(now() - begin < 10000);
	/* Never listens: connect-timeout. */
	f->settings.connect_timeout_ms = 300;
	write_script(f, "exec sleep 2");
	reopen(f, CLIENT_START_ALWAYS);
	begin = now();
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_TOKEN_NOT_PRESENT);
	assert_true(now() - begin >= 290 && now() - begin < 10000);
	/* And it works again when it works. */
	f->settings.connect_timeout_ms = 20000;
	write_daemon_script(f, "");
	reopen(f, CLIENT_START_ALWAYS);
	assert_int_equal(client_attach(f->client, PEER_SLOT), CKR_OK);
}

static void *attach_once(void *arg)
{
	return client_attach(arg, PEER_SLOT) == CKR_TOKEN_NOT_PRESENT ? NULL : (void *)1;
}

/* Rule 11: one waits, the others share it; also those who wait for that one's call before they make their own. */
static void test_waits_do_not_add_up(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[5];
	int64_t begin = 0;

	f->settings.connect_timeout_ms = 1000;
	write_script(f, "exec sleep 8");
	reopen(f, CLIENT_START_ALWAYS);
	begin = now();
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, attach_once, f->client), 0);
	for (unsigned i = 0; i < 5; i++) {
		void *result = NULL;

		pthread_join(threads[i], &result);
		assert_null(result);
	}
	assert_true(now() - begin >= 990 && now() - begin < 1900);
}

static void test_policy(void **state)
{
	struct fixture *f = *state;
	struct numbers slots = {0};
	char path[4200];

	reopen(f, CLIENT_START_NEVER);
	assert_int_equal(ping(f->client), CKR_DEVICE_ERROR);
	reopen(f, CLIENT_START_STORE);
	assert_int_equal(ping(f->client), CKR_DEVICE_ERROR);
	assert_int_equal(client_slots(f->client, &slots), CKR_OK);
	assert_int_equal(slots.count, 1);
	f->settings.start_on_demand = false;
	reopen(f, CLIENT_START_ALWAYS);
	assert_int_equal(ping(f->client), CKR_DEVICE_ERROR);
	f->settings.start_on_demand = true;
	f->settings.endpoint_override = true;
	reopen(f, CLIENT_START_ALWAYS);
	assert_int_equal(ping(f->client), CKR_DEVICE_ERROR);
	f->settings.endpoint_override = false;
	snprintf(f->settings.platform, sizeof(f->settings.platform), "auto");
	reopen(f, CLIENT_START_ALWAYS);
	assert_int_equal(ping(f->client), CKR_DEVICE_ERROR);
	snprintf(f->settings.platform, sizeof(f->settings.platform), "notee");
	assert_int_equal(f->peer->starts, 0);
	/* A store is there: the module and the provider start it. */
	snprintf(path, sizeof(path), "%s/store", f->peer->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	reopen(f, CLIENT_START_STORE);
	assert_int_equal(ping(f->client), CKR_OK);
	assert_int_equal(f->peer->starts, 1);
}

/* The effective user is not the real one: a set-uid program. */
static void test_set_uid(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(setresuid(65534, 0, 0), 0);
	assert_int_equal(ping(f->client), CKR_DEVICE_ERROR);
	assert_int_equal(setresuid(0, 0, 0), 0);
	assert_int_equal(f->peer->starts, 0);
	assert_int_equal(ping(f->client), CKR_OK);
}

/* A child that has dropped its privileges does not start a daemon of its own in its master's place. */
static void test_dropped_privileges(void **state)
{
	struct fixture *f = *state;
	int status = 0;
	pid_t pid = 0;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (!pid) {
		CK_RV rv = setgid(65534) || setuid(65534) ? CKR_OK : ping(f->client);

		_exit(rv != CKR_DEVICE_ERROR);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(f->peer->starts, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_surroundings),
		TEST(test_no_child_is_seen),
		TEST(test_ignored_children),
		TEST(test_race),
		TEST(test_lock_of_a_leaving_daemon),
		TEST(test_started_again),
		TEST(test_makes_its_directory),
		TEST(test_failures),
		TEST(test_waits_do_not_add_up),
		TEST(test_policy),
		TEST(test_set_uid),
		TEST(test_dropped_privileges),
	};

	peer_main(argc, argv);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
