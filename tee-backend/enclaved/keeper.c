/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keeper. A worker is this program, executed anew, so that each has an address space layout of its own
 * and inherits nothing but one socket.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/handover.h"
#include "enclaved/keeper.h"
#include "enclaved/notify.h"
#include "enclaved/sandbox.h"
#include "enclaved/state.h"
#include "transport/activation.h"
#include "transport/endpoint.h"

#define KEEPER_LISTENERS_MAX 8
#define KEEPER_BACKLOG 1024
#define KEEPER_SOCKET_MODE 0666 /* who is served is decided in hello (DESIGN section 7, rule 6) */

/* A worker that dies at once is started again after this long, then twice as long, up to the maximum. */
#define KEEPER_BACKOFF_MIN_MS 50
#define KEEPER_BACKOFF_MAX_MS 5000
#define KEEPER_STEADY_MS 30000 /* a worker that lived so long was fine */
#define KEEPER_RETRIES_MAX 20  /* of a store in use */
#define KEEPER_DRAIN_MS 30000  /* then a worker that was told to stop is killed */
#define KEEPER_DYING_MS 5000   /* and one that has closed its socket */

struct keeper_control {
	struct handover_name name;
	int fd;
};

struct keeper {
	const struct settings *settings;
	int self;    /* this program */
	int signals; /* signalfd */
	int lock;
	int start_lock; /* held from the decision to go until we are gone */
	int listener[KEEPER_LISTENERS_MAX];
	struct endpoint endpoint[KEEPER_LISTENERS_MAX]; /* of each that is not the service manager's */
	size_t listener_count;
	bool activated; /* the service manager's socket: not ours to remove */
	struct keeper_control *control;
	size_t control_count;
	size_t control_capacity;

	pid_t worker; /* 0: none */
	int socket;   /* our end */
	int64_t started;
	int64_t restart; /* when to start the next one; RESULT_NO_DEADLINE: not due */
	int64_t kill;    /* when to kill the one that was told to stop */
	unsigned backoff_ms;
	unsigned retries;
	bool ready;    /* some worker was, once */
	bool serving;  /* this one is, or was when it died */
	bool stopping;
	int code;
};

static int64_t keeper_now(void)
{
	return result_deadline(0);
}

/* ---- control sockets ---- */

static void keeper_add_control(struct keeper *k, const struct handover *message)
{
	if (k->control_count == k->control_capacity) {
		size_t capacity = k->control_capacity ? k->control_capacity * 2 : 16;
		struct keeper_control *grown =
			reallocarray(k->control, capacity, sizeof(*k->control));

		if (!grown) {
			close(message->fd);
			return;
		}
		k->control = grown;
		k->control_capacity = capacity;
	}
	k->control[k->control_count++] =
		(struct keeper_control){.name = message->name, .fd = message->fd};
}

static void keeper_drop_control(struct keeper *k, const struct handover_name *name)
{
	for (size_t i = 0; i < k->control_count; i++) {
		if (memcmp(&k->control[i].name, name, sizeof(*name)))
			continue;
		close(k->control[i].fd);
		k->control[i] = k->control[--k->control_count];
		return;
	}
}

/* ---- the worker ---- */

static void keeper_exec(const struct keeper *k, int socket)
{
	char option[64];
	char *argv[] = {(char[]){"keyclaved"}, option, NULL};
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	snprintf(option, sizeof(option), KEEPER_WORKER_OPTION "=%d", socket);
	/* The pair is close-on-exec in the keeper; this end goes along. */
	if (fcntl(socket, F_SETFD, 0) == 0)
		(void)syscall(SYS_execveat, k->self, "", argv, environ, AT_EMPTY_PATH);
	_exit(KEEPER_EXIT_SYSTEM);
}

/* Gives a new worker all that the keeper holds. */
static bool keeper_hand_over(struct keeper *k)
{
	for (size_t i = 0; i < k->listener_count; i++) {
		const struct handover message = {.kind = HANDOVER_LISTENER, .fd = k->listener[i]};

		if (!handover_send(k->socket, &message))
			return false;
	}
	for (size_t i = 0; i < k->control_count; i++) {
		const struct handover message = {.kind = HANDOVER_CONTEXT,
						 .name = k->control[i].name,
						 .fd = k->control[i].fd};

		if (!handover_send(k->socket, &message))
			return false;
	}
	return handover_send(k->socket, &(struct handover){.kind = HANDOVER_START, .fd = -1});
}

static bool keeper_start_worker(struct keeper *k)
{
	int pair[2] = {-1, -1};
	pid_t pid = 0;

	k->restart = RESULT_NO_DEADLINE;
	k->started = keeper_now();
	k->serving = false;
	if (!packet_pair(pair)) {
		log_error("cannot start a worker: %s", strerror(errno));
		return false;
	}
	pid = fork();
	if (pid == 0)
		keeper_exec(k, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		log_error("cannot start a worker: %s", strerror(errno));
		close(pair[0]);
		return false;
	}
	k->worker = pid;
	k->socket = pair[0];
	/* If it dies meanwhile, SIGCHLD tells. */
	if (!keeper_hand_over(k))
		log_warning("worker %ld does not take what it is given", (long)pid);
	return true;
}

/*
 * True if the worker's end says nothing about the next one's: it was fine for long, or it served and was killed from
 * outside. A fault of its own never ends it by SIGKILL (seccomp's is SIGSYS).
 */
static bool keeper_was_fine(const struct keeper *k, int status)
{
	return keeper_now() - k->started >= KEEPER_STEADY_MS ||
	       (k->serving && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void keeper_schedule(struct keeper *k)
{
	k->backoff_ms = k->backoff_ms ? k->backoff_ms * 2 : KEEPER_BACKOFF_MIN_MS;
	if (k->backoff_ms > KEEPER_BACKOFF_MAX_MS)
		k->backoff_ms = KEEPER_BACKOFF_MAX_MS;
	/* The first restart is at once: clients are waiting. */
	k->restart = result_deadline(k->backoff_ms == KEEPER_BACKOFF_MIN_MS ? 0 : k->backoff_ms);
}

/* What is to be done about a worker that ended with STATUS of wait(2). */
static void keeper_judge(struct keeper *k, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (k->stopping) {
		/* One that was told to stop has done so. */
	} else if (code == KEEPER_EXIT_SETTINGS || code == KEEPER_EXIT_USAGE) {
		k->code = code;
		k->stopping = true;
	} else if (code == KEEPER_EXIT_RETRY && ++k->retries > KEEPER_RETRIES_MAX) {
		k->code = KEEPER_EXIT_TAKEN;
		k->stopping = true;
	} else {
		if (WIFSIGNALED(status))
			log_warning("the worker was killed by signal %d; starting another",
				    WTERMSIG(status));
		else if (code != KEEPER_EXIT_RETRY)
			log_warning("the worker ended with code %d; starting another", code);
		if (keeper_was_fine(k, status))
			k->backoff_ms = 0;
		keeper_schedule(k);
	}
}

/* ---- the end ---- */

/* A socket that is gone before the daemon is: who connects from now on finds nobody, and knows it. */
static void keeper_close_listeners(struct keeper *k)
{
	for (size_t i = 0; i < k->listener_count; i++) {
		const struct endpoint *e = &k->endpoint[i];

		if (!k->activated && e->kind == ENDPOINT_UNIX && unlink(e->path) && errno != ENOENT)
			log_warning("cannot remove %s: %s", e->path, strerror(errno));
		close(k->listener[i]);
	}
	k->listener_count = 0;
}

static void keeper_stop(struct keeper *k)
{
	if (k->stopping)
		return;
	k->stopping = true;
	notify_manager("STOPPING=1");
	keeper_close_listeners(k);
	k->restart = RESULT_NO_DEADLINE;
	k->kill = result_deadline(KEEPER_DRAIN_MS);
	if (k->worker && !handover_send(k->socket, &(struct handover){.kind = HANDOVER_STOP, .fd = -1}))
		kill(k->worker, SIGKILL);
}

/* The worker has nothing to do: unless a client is starting a daemon right now, we go. */
static void keeper_idle(struct keeper *k)
{
	if (k->stopping || state_lock_start(k->settings, &k->start_lock) != STATE_LOCKED)
		return;
	log_notice("nothing to do for %u s: ending", k->settings->idle_exit_s);
	keeper_stop(k);
}

/* ---- the loop ---- */

/* True if there was one. */
static bool keeper_message(struct keeper *k)
{
	struct handover message;
	enum transport_result result = handover_receive(k->socket, &message, 0);

	switch (result) {
	case TRANSPORT_OK:
		break;
	case TRANSPORT_TIMEOUT:
		return false;
	default:
		/* It is dying, which wait(2) will tell, or mad. */
		if (k->kill == RESULT_NO_DEADLINE)
			k->kill = result_deadline(KEEPER_DYING_MS);
		close(k->socket);
		k->socket = -1;
		return false;
	}
	switch (message.kind) {
	case HANDOVER_READY:
		if (!k->ready)
			notify_manager("READY=1");
		k->ready = true;
		k->serving = true;
		k->retries = 0;
		break;
	case HANDOVER_CONTEXT:
		keeper_add_control(k, &message);
		message.fd = -1;
		break;
	case HANDOVER_OVER:
		keeper_drop_control(k, &message.name);
		break;
	case HANDOVER_IDLE:
		keeper_idle(k);
		break;
	case HANDOVER_LISTENER:
	case HANDOVER_START:
	case HANDOVER_STOP:
		break;
	}
	if (message.fd >= 0)
		close(message.fd);
	return true;
}

/* What a worker has sent it has done, also when it is dead by now: a client may count on it. */
static void keeper_reap(struct keeper *k)
{
	int status = 0;
	pid_t pid = 0;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != k->worker)
			continue;
		k->worker = 0;
		while (k->socket >= 0 && keeper_message(k))
			;
		k->kill = RESULT_NO_DEADLINE;
		if (k->socket >= 0)
			close(k->socket);
		k->socket = -1;
		keeper_judge(k, status);
	}
}

static void keeper_signal(struct keeper *k)
{
	struct signalfd_siginfo info;

	while (read(k->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			keeper_reap(k);
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			keeper_stop(k);
	}
}

static int keeper_wait_ms(const struct keeper *k)
{
	return result_time_left(k->kill < k->restart ? k->kill : k->restart);
}

static void keeper_loop(struct keeper *k)
{
	while (k->worker || !k->stopping) {
		struct pollfd polled[2] = {
			{.fd = k->signals, .events = POLLIN},
			{.fd = k->socket, .events = POLLIN}, /* -1 is skipped */
		};

		if (poll(polled, 2, keeper_wait_ms(k)) < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			keeper_stop(k);
		}
		if (polled[1].revents && k->socket >= 0)
			(void)keeper_message(k);
		if (polled[0].revents)
			keeper_signal(k);
		if (!k->stopping && !k->worker && !result_time_left(k->restart) &&
		    !keeper_start_worker(k))
			keeper_schedule(k);
		if (k->worker && !result_time_left(k->kill)) {
			log_warning("the worker does not end: killed");
			kill(k->worker, SIGKILL);
			k->kill = RESULT_NO_DEADLINE;
		}
	}
}

/* ---- the beginning ---- */

static bool keeper_listen_on(struct keeper *k, const char *text)
{
	struct endpoint *e = &k->endpoint[k->listener_count];
	char why[256] = "";

	if (k->listener_count == KEEPER_LISTENERS_MAX) {
		log_error("listen: more than %d endpoints", KEEPER_LISTENERS_MAX);
		return false;
	}
	if (!endpoint_parse(text, e, why, sizeof(why))) {
		log_error("%s", why);
		return false;
	}
	if (e->kind == ENDPOINT_UNIX && e->attested) {
		log_error("endpoint %s: a daemon listens on unix: itself; unix+tls: is for clients of a relay", text);
		return false;
	}
	if (!endpoint_listen(e, KEEPER_SOCKET_MODE, KEEPER_BACKLOG, &k->listener[k->listener_count])) {
		log_error("cannot listen on %s: %s", text, strerror(errno));
		return false;
	}
	k->listener_count++;
	return true;
}

static bool keeper_listen(struct keeper *k)
{
	char list[sizeof(k->settings->listen)];
	char *rest = NULL;
	int count = activation_listeners(k->listener, KEEPER_LISTENERS_MAX);

	if (count < 0) {
		log_error("the service manager passed something else than listening stream sockets: %s",
			  strerror(errno));
		return false;
	}
	if (count > 0) {
		k->listener_count = (size_t)count;
		k->activated = true;
		return true;
	}
	if (!*k->settings->listen)
		return keeper_listen_on(k, k->settings->endpoint);
	memcpy(list, k->settings->listen, sizeof(list));
	for (char *text = strtok_r(list, " \t,", &rest); text; text = strtok_r(NULL, " \t,", &rest))
		if (!keeper_listen_on(k, text))
			return false;
	return true;
}

static bool keeper_signals(struct keeper *k)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return false;
	k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signals >= 0;
}

/* One descriptor for each control socket, here and in the worker, and one for each connection there. */
static void keeper_raise_limit(void)
{
	struct rlimit limit = {0};

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void keeper_free(struct keeper *k)
{
	keeper_close_listeners(k);
	for (size_t i = 0; i < k->control_count; i++)
		close(k->control[i].fd);
	free(k->control);
	if (k->signals >= 0)
		close(k->signals);
	if (k->self >= 0)
		close(k->self);
	/* Last: whoever gets one of the locks finds nothing left of us. */
	if (k->lock >= 0)
		close(k->lock);
	if (k->start_lock >= 0)
		close(k->start_lock);
}

int keeper_run(const struct settings *settings)
{
	struct keeper k = {
		.settings = settings,
		.self = -1,
		.signals = -1,
		.lock = -1,
		.start_lock = -1,
		.socket = -1,
		.restart = 0,
		.kill = RESULT_NO_DEADLINE,
		.code = KEEPER_EXIT_SYSTEM,
	};
	enum state_lock lock = STATE_FAILED;

	sandbox_harden();
	keeper_raise_limit();
	k.self = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (k.self < 0 || !keeper_signals(&k)) {
		log_error("cannot begin: %s", strerror(errno));
		goto out;
	}
	if (!state_prepare(settings)) {
		k.code = KEEPER_EXIT_SETTINGS;
		goto out;
	}
	lock = state_lock_daemon(settings, &k.lock);
	if (lock != STATE_LOCKED) {
		k.code = lock == STATE_TAKEN ? KEEPER_EXIT_TAKEN : KEEPER_EXIT_SYSTEM;
		goto out;
	}
	if (!keeper_listen(&k))
		goto out;
	k.code = KEEPER_EXIT_OK;
	keeper_loop(&k);
out:
	keeper_free(&k);
	return k.code;
}
