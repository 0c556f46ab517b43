/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Double fork without fork(2): the host program may be large and threaded, so the children share its
 * memory until they exec, touch nothing but their own stack, and call async-signal-safe functions only.
 * Inside the host's process.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/start.h"
#include "common/log.h"

#define START_STORE "store"
#define START_PROGRAM "keyclaved"
#define START_STACK_SIZE 65536
#define START_PAUSE_MS 5
#define START_NOFILE 65536

/* What of our environment the daemon gets: where its files are. Nothing else of a stranger's environment. */
static const char *const start_kept[] = {
	"HOME",	      "USER",	       "LOGNAME",      "XDG_CONFIG_HOME",
	"XDG_DATA_HOME", "XDG_RUNTIME_DIR", "KEYCLAVE_LOG",
};
#define START_KEPT (sizeof(start_kept) / sizeof(start_kept[0]))
#define START_ENVIRONMENT_MAX (START_KEPT + 4) /* PATH, configuration, state directory, NULL */

/* All that the children need, made before they are. They write .pid and .error. */
struct start_plan {
	char path[PATH_MAX];
	char *argv[2];
	char *envp[START_ENVIRONMENT_MAX];
	size_t variables;
	unsigned char *stacks;
	volatile pid_t pid;
	volatile int error;
};

/* ---- may it ---- */

static bool start_is_privileged(void)
{
	return getauxval(AT_SECURE) || getuid() != geteuid() || getgid() != getegid();
}

/* The system-wide socket is a service manager's, unless we are root without one. */
static bool start_is_for_service_manager(const struct client *client)
{
	static const char system_wide[] = KEYCLAVE_RUNDIR "/";
	struct stat st = {0};

	if (client->settings->state_dir_override)
		return false;
	if (geteuid() != 0)
		return !strncmp(client->endpoint->path, system_wide, sizeof(system_wide) - 1);
	return !stat("/run/systemd/system", &st);
}

bool start_store_exists(const struct client *client)
{
	char path[PATH_MAX];
	struct stat st = {0};

	return settings_path(client->settings, START_STORE, path, sizeof(path)) && !stat(path, &st) &&
	       S_ISDIR(st.st_mode);
}

bool start_allowed(struct client *client)
{
	const struct settings *settings = client->settings;
	enum client_start policy = CLIENT_START_NEVER;

	pthread_mutex_lock(&client->lock);
	policy = client->policy;
	pthread_mutex_unlock(&client->lock);
	if (policy == CLIENT_START_NEVER || !settings->start_on_demand || settings->endpoint_override)
		return false;
	/* Section 6, rule 12: elsewhere a service manager starts it. */
	if (strcmp(settings->platform, "notee") != 0)
		return false;
	/* A child that has dropped its privileges is not the one whose daemon this was. */
	if (start_is_privileged() || geteuid() != client->uid || start_is_for_service_manager(client))
		return false;
	return policy == CLIENT_START_ALWAYS || start_store_exists(client);
}

/* ---- the lock ---- */

/* PATH and what is missing above it, for the owner only; the last one with MODE. */
static bool start_make_directory(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t size = strlen(path);

	if (!size || size >= sizeof(part))
		return false;
	for (size_t i = 1; i < size; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, 0700) && errno != EEXIST)
			return false;
	}
	/* Others have to pass through to the socket: the host's umask shall not matter. */
	if (!mkdir(path, 0700))
		return !chmod(path, mode);
	return errno == EEXIST;
}

static int start_lock_open(const struct client *client)
{
	const struct settings *settings = client->settings;
	char path[PATH_MAX];
	int fd = -1;

	if (!settings_path(settings, SETTINGS_START_LOCK, path, sizeof(path)))
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT &&
	    start_make_directory(settings->state_dir, settings->state_dir_override ? 0711 : 0700))
		fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && !channel_fd_raise(&fd)) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		log_warning("%s: %m", path);
	return fd;
}

/* Held by another who starts it, or by a daemon that is going: neither takes long. */
static bool start_lock_take(int fd, int64_t deadline)
{
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		if (!result_time_left(deadline))
			return false;
		poll(NULL, 0, START_PAUSE_MS);
	}
	return true;
}

/* Unlocked by name, not by close alone: a child that the host forked meanwhile holds the same lock. */
static void start_lock_drop(int fd)
{
	flock(fd, LOCK_UN);
	close(fd);
}

static bool start_listens(const struct client *client)
{
	struct channel channel = CHANNEL_INIT;

	if (endpoint_connect(client->endpoint, 1000, &channel) != TRANSPORT_OK)
		return false;
	channel_close(&channel);
	return true;
}

/* ---- the children ---- */

/*
 * Below, both children run in our memory with all signals blocked, while our thread sleeps. No sanitizer may
 * keep count of calls that never return.
 */
#define START_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define START_SANITIZED_THREADS 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define START_SANITIZED_THREADS 1
#endif
#ifdef START_SANITIZED_THREADS
/*
 * ThreadSanitizer's own clone takes the child for a forked one and forgets all threads but one: in memory that
 * is the parent's too. libc's other name for it goes past that.
 */
int __clone(int (*function)(void *), void *stack, int flags, void *arg, ...);
#define start_clone __clone
#else
#define start_clone clone
#endif

/*
 * By the system call: sigaction(3) does not touch the two signals that libc uses itself, and a host that was
 * started with these ignored would pass that on. The kernel's structure is all zero for SIG_DFL.
 */
START_CHILD static void start_reset_signals(void)
{
	const unsigned long standard[8] = {0};

	for (int number = 1; number < _NSIG; number++)
		syscall(SYS_rt_sigaction, number, standard, NULL, (size_t)_NSIG / 8);
}

/* By the system calls: a sanitizer would note our descriptors for the host's of the same number. */
START_CHILD static bool start_reset_descriptors(void)
{
	int null = (int)syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);

	if (null < 0)
		return false;
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fd != null && syscall(SYS_dup3, null, fd, 0) < 0)
			return false;
	}
	if (syscall(SYS_close_range, 3U, ~0U, 0U)) {
		struct rlimit limit = {0};

		/* Before Linux 5.9. */
		if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_max > 1048576)
			limit.rlim_max = 1048576;
		for (int fd = 3; fd < (int)limit.rlim_max; fd++)
			syscall(SYS_close, fd);
	}
	return true;
}

/* What the host program's limits were made for is not the daemon. */
START_CHILD static void start_reset_limits(void)
{
	static const int unlimited[] = {RLIMIT_AS,   RLIMIT_CPU,     RLIMIT_DATA,  RLIMIT_FSIZE,
					RLIMIT_LOCKS, RLIMIT_MEMLOCK, RLIMIT_NPROC, RLIMIT_NOFILE};
	struct rlimit limit = {0};

	for (size_t i = 0; i < sizeof(unlimited) / sizeof(unlimited[0]); i++) {
		if (getrlimit((__rlimit_resource_t)unlimited[i], &limit))
			continue;
		limit.rlim_cur = limit.rlim_max;
		if (unlimited[i] == RLIMIT_NOFILE && limit.rlim_cur > START_NOFILE)
			limit.rlim_cur = START_NOFILE;
		setrlimit((__rlimit_resource_t)unlimited[i], &limit);
	}
	limit = (struct rlimit){0};
	setrlimit(RLIMIT_CORE, &limit);
}

START_CHILD static int start_grandchild(void *arg)
{
	struct start_plan *plan = arg;
	sigset_t none;

	plan->pid = getpid();
	start_reset_signals();
	umask(077);
	if (chdir("/") || !start_reset_descriptors()) {
		plan->error = errno;
		_exit(127);
	}
	start_reset_limits();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(plan->path, plan->argv, plan->envp);
	plan->error = errno;
	_exit(127);
}

/* A session of its own, and gone at once: the daemon is nobody's child and cannot get a terminal. */
START_CHILD static int start_child(void *arg)
{
	struct start_plan *plan = arg;

	start_reset_signals();
	setsid();
	if (start_clone(start_grandchild, plan->stacks + 2 * START_STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD,
		  plan) < 0)
		plan->error = errno;
	_exit(0);
}

/*
 * The child has no exit signal, so that no SIGCHLD comes and a wait(2) of the host does not see it
 * (clone(2): only one with __WCLONE or __WALL does).
 */
static bool start_spawn(struct start_plan *plan)
{
	sigset_t all;
	sigset_t before;
	pid_t child = -1;

	plan->stacks = mmap(NULL, (size_t)2 * START_STACK_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (plan->stacks == MAP_FAILED) {
		plan->error = errno;
		return false;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	child = start_clone(start_child, plan->stacks + START_STACK_SIZE, CLONE_VM | CLONE_VFORK, plan);
	if (child < 0)
		plan->error = errno;
	while (child > 0 && waitpid(child, NULL, (int)__WCLONE) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	munmap(plan->stacks, (size_t)2 * START_STACK_SIZE);
	return !plan->error;
}

/* ---- the plan ---- */

static bool start_set(struct start_plan *plan, const char *name, const char *value)
{
	char **variable = &plan->envp[plan->variables];

	if (!value || !*value)
		return true;
	if (asprintf(variable, "%s=%s", name, value) < 0) {
		*variable = NULL;
		return false;
	}
	plan->variables++;
	return true;
}

static bool start_plan_make(const struct client *client, struct start_plan *plan)
{
	static char program[] = START_PROGRAM;
	const struct settings *settings = client->settings;
	const char *conf = secure_getenv("KEYCLAVE_CONF");
	char *absolute = conf && *conf ? realpath(conf, NULL) : NULL;
	bool made = true;

	snprintf(plan->path, sizeof(plan->path), "%s",
		 *settings->daemon ? settings->daemon : KEYCLAVE_SBINDIR "/" START_PROGRAM);
	plan->argv[0] = program;
	made = start_set(plan, "PATH", "/usr/sbin:/usr/bin:/sbin:/bin") &&
	       start_set(plan, "KEYCLAVE_CONF", absolute);
	/* Whatever named the state directory to us (also C_Initialize's string) names it to the daemon. */
	if (made && settings->state_dir_override)
		made = start_set(plan, "KEYCLAVE_STATE_DIR", settings->state_dir);
	for (size_t i = 0; made && i < START_KEPT; i++)
		made = start_set(plan, start_kept[i], secure_getenv(start_kept[i]));
	free(absolute);
	return made;
}

static void start_plan_free(struct start_plan *plan)
{
	for (size_t i = 0; i < plan->variables; i++)
		free(plan->envp[i]);
}

/* ---- readiness ---- */

/* It ended. A zombie counts: where the first process of a container reaps nobody, it stays one. */
static bool start_is_dead(pid_t pid)
{
	char path[32];
	char text[256];
	const char *state = NULL;
	ssize_t size = 0;
	int fd = -1;

	if (kill(pid, 0) && errno == ESRCH)
		return true;
	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size <= 0)
		return false;
	text[size] = 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && (state[2] == 'Z' || state[2] == 'X');
}

static bool start_wait(const struct client *client, const struct start_plan *plan, int64_t deadline)
{
	bool dead = false;

	for (;;) {
		if (start_listens(client))
			return true;
		if (dead) {
			log_warning("%s ended at its start; its reason is in its own log", plan->path);
			return false;
		}
		if (!result_time_left(deadline)) {
			log_warning("%s does not listen within connect-timeout", plan->path);
			return false;
		}
		/* Looked at before the socket once more: it may have listened and gone. */
		dead = start_is_dead(plan->pid);
		if (!dead)
			poll(NULL, 0, START_PAUSE_MS);
	}
}

static bool start_run(const struct client *client, int64_t deadline)
{
	struct start_plan *plan = calloc(1, sizeof(*plan));
	bool started = false;

	if (!plan)
		return false;
	if (start_plan_make(client, plan)) {
		started = start_spawn(plan);
		if (!started)
			log_warning("%s cannot be started: %s", plan->path, strerror(plan->error));
		else
			log_info("%s started as process %ld", plan->path, (long)plan->pid);
		started = started && start_wait(client, plan, deadline);
	}
	start_plan_free(plan);
	free(plan);
	return started;
}

bool start_daemon(struct client *client, int64_t deadline)
{
	int lock = start_lock_open(client);
	bool listens = false;

	if (lock < 0)
		return false;
	if (start_lock_take(lock, deadline)) {
		listens = start_listens(client) || start_run(client, deadline);
		start_lock_drop(lock);
	} else {
		log_warning("start lock of %s: not to be had within connect-timeout",
			    client->settings->state_dir);
		close(lock);
	}
	return listens;
}
