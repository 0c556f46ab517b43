/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads, connections and their limits. Each descriptor is armed for one event (EPOLLONESHOT), so that a
 * connection has one thread at most. A thread that has served one may stay with it for a moment, blocking for what
 * comes next instead of going back to epoll: half the system calls, and one wake-up meant for this thread.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/accepted.h"
#include "enclaved/server.h"
#include "transport/unix_socket.h"

#define SERVER_LISTENERS_MAX 8
#define SERVER_THREADS_MAX 1024
#define SERVER_HELLO_MS 1000

/* A remote peer has a handshake and evidence to wait for before it says hello. */
#define SERVER_REMOTE_HELLO_MS 30000

/* Besides one for each CPU: for requests that take long (a new RSA key, a PIN) or wait for the disk. */
#define SERVER_THREADS_SPARE 6

/* A connection that was not used for so long keeps no buffers: they lie in locked memory. */
#define SERVER_TRIM_MS 10000

/*
 * Connections of one uid that have not said hello yet. Whoever is not on a list may have few: workers of a
 * web server that join their master.
 */
#define SERVER_UNKNOWN_MAX 32
#define SERVER_UNKNOWN_ALLOWED_MAX 512

/* What an event is about: a connection's address, or one of these. */
struct server_listener {
	int fd;
	bool remote; /* vsock or TCP: what comes there is TLS */
};

struct server {
	const struct settings *settings;
	const struct allow *allow;
	struct service *service;
	SSL_CTX *tls; /* for remote peers; NULL: there are none */
	int epoll;
	int wake; /* eventfd: readable for ever once threads shall end */
	struct server_listener listener[SERVER_LISTENERS_MAX];
	size_t listener_count;
	pthread_t *thread;
	unsigned threads;
	unsigned started;
	atomic_uint staying; /* threads that stay with a connection: server_stays */

	pthread_mutex_t lock; /* what follows */
	pthread_cond_t changed;
	bool serving;
	bool draining;
	bool paused; /* out of descriptors: listeners are not watched */
	struct accepted *first;
	size_t connections;
	size_t unknown; /* of them, before hello */
	bool full;      /* was said in the log */
	int64_t trim;   /* when to look for idle connections again */
};

/* ---- making and ending ---- */

static unsigned server_default_threads(void)
{
	cpu_set_t set;
	long count = 0;

	CPU_ZERO(&set);
	if (!sched_getaffinity(0, sizeof(set), &set))
		count = CPU_COUNT(&set);
	else
		count = sysconf(_SC_NPROCESSORS_ONLN);
	if (count < 1)
		count = 1;
	count += SERVER_THREADS_SPARE;
	return count > SERVER_THREADS_MAX ? SERVER_THREADS_MAX : (unsigned)count;
}

struct server *server_new(const struct settings *settings, const struct allow *allow)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;
	server->settings = settings;
	server->allow = allow;
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->threads = settings->threads ? settings->threads : server_default_threads();
	server->thread = calloc(server->threads, sizeof(*server->thread));
	(void)pthread_mutex_init(&server->lock, NULL);
	(void)pthread_cond_init(&server->changed, NULL);
	if (server->epoll < 0 || server->wake < 0 || !server->thread) {
		log_error("cannot begin to serve: %s", strerror(errno));
		server_free(&server);
	}
	return server;
}

static void server_unlink(struct server *server, struct accepted *connection);

void server_free(struct server **server)
{
	struct server *freed = *server;

	*server = NULL;
	if (!freed)
		return;
	while (freed->first) {
		struct accepted *connection = freed->first;

		server_unlink(freed, connection);
		accepted_free(&connection);
	}
	for (size_t i = 0; i < freed->listener_count; i++)
		close(freed->listener[i].fd);
	SSL_CTX_free(freed->tls);
	if (freed->wake >= 0)
		close(freed->wake);
	if (freed->epoll >= 0)
		close(freed->epoll);
	free(freed->thread);
	(void)pthread_cond_destroy(&freed->changed);
	(void)pthread_mutex_destroy(&freed->lock);
	free(freed);
}

static int server_domain(int listener)
{
	int domain = -1;
	socklen_t size = sizeof(domain);

	return getsockopt(listener, SOL_SOCKET, SO_DOMAIN, &domain, &size) ? -1 : domain;
}

static bool server_is_remote(int listener)
{
	return server_domain(listener) != AF_UNIX;
}

bool server_listen(struct server *server, int listener)
{
	if (server->listener_count == SERVER_LISTENERS_MAX) {
		close(listener);
		return false;
	}
	server->listener[server->listener_count++] =
		(struct server_listener){.fd = listener, .remote = server_is_remote(listener)};
	return true;
}

bool server_has_remote(const struct server *server, bool *tcp)
{
	bool remote = false;

	*tcp = false;
	for (size_t i = 0; i < server->listener_count; i++) {
		remote = remote || server->listener[i].remote;
		*tcp = *tcp || server_domain(server->listener[i].fd) == AF_INET ||
		       server_domain(server->listener[i].fd) == AF_INET6;
	}
	return remote;
}

void server_secure(struct server *server, SSL_CTX *tls)
{
	server->tls = tls;
}

/* ---- the list of connections ---- */

/* How many connections of UID have not said hello. The caller holds the lock. */
static size_t server_unknown_of(const struct server *server, uid_t uid)
{
	size_t count = 0;

	for (const struct accepted *c = server->first; server->unknown && c; c = c->next)
		count += !c->authorised && c->uid == uid;
	return count;
}

/* Strangers from elsewhere share one limit: the one that has dawdled longest makes room. The caller holds the lock. */
static void server_evict(struct server *server)
{
	const struct accepted *oldest = NULL;

	for (const struct accepted *c = server->first; c; c = c->next) /* newest first */
		if (!c->authorised && c->uid == (uid_t)-1)
			oldest = c;
	if (oldest)
		(void)shutdown(oldest->channel.fd, SHUT_RDWR);
}

static bool server_has_room(struct server *server, uid_t uid, bool allowed)
{
	size_t unknown_max = allowed ? SERVER_UNKNOWN_ALLOWED_MAX : SERVER_UNKNOWN_MAX;

	if (server->connections >= server->settings->max_connections) {
		if (!server->full)
			log_warning("max-connections (%u) reached: new ones are refused",
				    server->settings->max_connections);
		server->full = true;
		return false;
	}
	if (server_unknown_of(server, uid) < unknown_max)
		return true;
	if (uid != (uid_t)-1)
		return false;
	/* It leaves the list when its thread finds it ended: some above the limit do no harm. */
	server_evict(server);
	return server_unknown_of(server, uid) < unknown_max + unknown_max / 4;
}

/* The caller holds the lock. */
static void server_link(struct server *server, struct accepted *connection)
{
	connection->next = server->first;
	connection->previous = NULL;
	if (server->first)
		server->first->previous = connection;
	server->first = connection;
	server->connections++;
	server->unknown++;
}

static void server_unlink(struct server *server, struct accepted *connection)
{
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		server->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	server->connections--;
	server->unknown -= !connection->authorised;
	if (server->connections < server->settings->max_connections)
		server->full = false;
	(void)pthread_cond_broadcast(&server->changed);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SERVER_SANITIZED_THREADS 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define SERVER_SANITIZED_THREADS 1
#endif
#ifdef SERVER_SANITIZED_THREADS
/*
 * ThreadSanitizer's: it does not know that an event comes after the EPOLL_CTL_MOD that asked for it, and takes the
 * closing of a connection there for a race with that call.
 */
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
#else
#define AnnotateIgnoreReadsBegin(file, line) ((void)0)
#define AnnotateIgnoreReadsEnd(file, line) ((void)0)
#endif

/*
 * FD is CONNECTION's. Its turn has been given back before: the next event may come at once, to a thread that shall not
 * have to wait for this one.
 */
static bool server_arm(struct server *server, struct accepted *connection, int fd, int operation,
		       uint32_t events)
{
	struct epoll_event event = {.events = events | EPOLLONESHOT, .data.ptr = connection};
	bool armed = false;

	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	armed = !epoll_ctl(server->epoll, operation, fd, &event);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
	return armed;
}

static void server_end(struct server *server, struct accepted *connection)
{
	pthread_mutex_lock(&server->lock);
	server_unlink(server, connection);
	pthread_mutex_unlock(&server->lock);
	/* Closing takes it out of the epoll set: nobody else has the descriptor. */
	accepted_free(&connection);
}

enum server_way {
	SERVER_BY_PATH,
	SERVER_BY_CONTROL, /* spoken for by its ticket alone */
	SERVER_REMOTE,     /* by what the TLS handshake will say */
};

/* Who has connected, as far as it can be told now. */
static bool server_peer(const struct server *server, int fd, enum server_way way, struct service_peer *peer)
{
	struct unix_socket_peer process = {0};

	*peer = (struct service_peer){.owner = SERVICE_PEER_REMOTE};
	if (way == SERVER_REMOTE)
		return server->tls != NULL;
	if (!unix_socket_peer(fd, &process))
		return false;
	*peer = (struct service_peer){
		.owner = process.uid,
		.pid = process.pid,
		.allowed = way == SERVER_BY_PATH && allow_peer(server->allow, fd, &process),
	};
	return true;
}

/* Takes FD. */
static void server_add(struct server *server, int fd, enum server_way way)
{
	struct service_peer peer;
	struct accepted *connection = NULL;
	bool remote = way == SERVER_REMOTE;
	bool room = false;

	if (!server_peer(server, fd, way, &peer)) {
		close(fd);
		return;
	}
	connection = accepted_new(server->service, fd, &peer, remote ? server->tls : NULL);
	if (!connection)
		return;
	connection->hello_by = result_deadline(remote ? SERVER_REMOTE_HELLO_MS : SERVER_HELLO_MS);
	pthread_mutex_lock(&server->lock);
	room = !server->draining && server_has_room(server, connection->uid, remote || peer.allowed);
	if (room)
		server_link(server, connection);
	pthread_mutex_unlock(&server->lock);
	if (!room) {
		accepted_free(&connection);
		return;
	}
	/* What was made here is seen by the thread that takes the turn next. */
	pthread_mutex_lock(&connection->turn);
	fd = connection->channel.fd;
	pthread_mutex_unlock(&connection->turn);
	if (!server_arm(server, connection, fd, EPOLL_CTL_ADD, EPOLLIN))
		server_end(server, connection);
}

void server_adopt(struct server *server, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		close(fd);
		return;
	}
	server_add(server, fd, SERVER_BY_CONTROL);
}

/* ---- listeners ---- */

static void server_watch_listeners(struct server *server, bool watch)
{
	for (size_t i = 0; i < server->listener_count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &server->listener[i]};

		(void)epoll_ctl(server->epoll, watch ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
				server->listener[i].fd, &event);
	}
}

/* Out of descriptors: a listener that is ready but cannot be served would keep all threads busy. */
static void server_pause(struct server *server)
{
	pthread_mutex_lock(&server->lock);
	if (!server->paused) {
		log_warning("no descriptor for a new connection: pausing");
		server_watch_listeners(server, false);
		server->paused = true;
	}
	pthread_mutex_unlock(&server->lock);
}

static void server_accept(struct server *server, const struct server_listener *listener)
{
	int fd = -1;

	switch (unix_socket_accept(listener->fd, &fd)) {
	case TRANSPORT_OK:
		server_add(server, fd, listener->remote ? SERVER_REMOTE : SERVER_BY_PATH);
		break;
	case TRANSPORT_WANT_MORE:
		break;
	default:
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
			server_pause(server);
		break;
	}
}

bool server_waiting(const struct server *server)
{
	for (size_t i = 0; i < server->listener_count; i++) {
		struct pollfd polled = {.fd = server->listener[i].fd, .events = POLLIN};

		if (poll(&polled, 1, 0) > 0)
			return true;
	}
	return false;
}

/* The caller holds the lock. Whoever works on one now is not idle. */
static void server_trim(struct server *server, int64_t now)
{
	for (struct accepted *c = server->first; c; c = c->next) {
		if (pthread_mutex_trylock(&c->turn))
			continue;
		accepted_trim(c, now - SERVER_TRIM_MS);
		pthread_mutex_unlock(&c->turn);
	}
}

void server_tick(struct server *server)
{
	int64_t now = result_deadline(0);

	pthread_mutex_lock(&server->lock);
	if (server->paused && !server->draining) {
		server->paused = false;
		server_watch_listeners(server, true);
	}
	/* Its thread, or the next event, finds it ended; only that may close it. */
	for (struct accepted *c = server->first; server->unknown && c; c = c->next) {
		if (!c->authorised && c->hello_by <= now)
			(void)shutdown(c->channel.fd, SHUT_RDWR);
	}
	if (server->trim <= now) {
		server->trim = now + SERVER_TRIM_MS;
		server_trim(server, now);
	}
	pthread_mutex_unlock(&server->lock);
}

/* ---- threads ---- */

static void server_authorised(struct server *server, struct accepted *connection)
{
	pthread_mutex_lock(&server->lock);
	connection->authorised = true;
	server->unknown--;
	pthread_mutex_unlock(&server->lock);
}

/*
 * May one more thread stay with a connection? Half of them never do, so that there is always one for whoever else
 * comes; and those that do come back after ACCEPTED_STAY_MS.
 */
static bool server_stays(struct server *server)
{
	if (atomic_fetch_add(&server->staying, 1) < server->threads / 2)
		return true;
	atomic_fetch_sub(&server->staying, 1);
	return false;
}

static void server_work(struct server *server, struct accepted *connection, struct buffer *out)
{
	enum accepted_state state = ACCEPTED_OVER;
	int fd = -1;

	pthread_mutex_lock(&connection->turn);
	state = accepted_work(connection, server->service, out);
	if (state != ACCEPTED_OVER && !connection->authorised && link_authorised(connection->link))
		server_authorised(server, connection);
	if (state == ACCEPTED_READ && connection->authorised && server_stays(server)) {
		state = accepted_stay(connection, server->service, out);
		atomic_fetch_sub(&server->staying, 1);
	}
	fd = connection->channel.fd;
	pthread_mutex_unlock(&connection->turn);
	/* An armed connection is another thread's. */
	if (state == ACCEPTED_OVER ||
	    !server_arm(server, connection, fd, EPOLL_CTL_MOD,
			state == ACCEPTED_WRITE ? EPOLLOUT : EPOLLIN))
		server_end(server, connection);
}

/* The address of an event's subject is in the table of listeners, is the server's own, or a connection's. */
static bool server_dispatch(struct server *server, void *subject, struct buffer *out)
{
	if (subject == server)
		return false;
	for (size_t i = 0; i < server->listener_count; i++) {
		if (subject == &server->listener[i]) {
			server_accept(server, &server->listener[i]);
			return true;
		}
	}
	server_work(server, subject, out);
	return true;
}

static void *server_thread(void *arg)
{
	struct server *server = arg;
	struct buffer out = {.secret = true};
	struct epoll_event event;
	bool more = true;

	(void)prctl(PR_SET_NAME, "serve");
	pthread_mutex_lock(&server->lock);
	while (!server->serving && !server->draining)
		(void)pthread_cond_wait(&server->changed, &server->lock);
	pthread_mutex_unlock(&server->lock);
	while (more) {
		int count = epoll_wait(server->epoll, &event, 1, -1);

		if (count == 1)
			more = server_dispatch(server, event.data.ptr, &out);
		else if (count < 0 && errno != EINTR)
			break;
	}
	buffer_free(&out);
	return NULL;
}

bool server_start(struct server *server)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = server};

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->wake, &event)) {
		log_error("cannot begin to serve: %s", strerror(errno));
		return false;
	}
	for (unsigned i = 0; i < server->threads; i++) {
		int error = pthread_create(&server->thread[i], NULL, server_thread, server);

		if (error) {
			log_error("cannot start a thread: %s", strerror(error));
			return false;
		}
		server->started++;
	}
	return true;
}

void server_serve(struct server *server, struct service *service)
{
	server->service = service;
	pthread_mutex_lock(&server->lock);
	server->serving = true;
	server_watch_listeners(server, true);
	(void)pthread_cond_broadcast(&server->changed);
	pthread_mutex_unlock(&server->lock);
}

/*
 * What the kernel has taken from a peer is read and answered; then its stream ends, and so does the
 * connection. Requests that come later find it closed, and are sent again to the next daemon.
 */
void server_drain(struct server *server, unsigned timeout_ms)
{
	struct timespec until = {0};
	uint64_t one = 1;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000;
	pthread_mutex_lock(&server->lock);
	if (server->serving && !server->paused)
		server_watch_listeners(server, false);
	server->draining = true;
	for (struct accepted *c = server->first; c; c = c->next)
		(void)shutdown(c->channel.fd, SHUT_RD);
	while (server->serving && server->connections &&
	       pthread_cond_timedwait(&server->changed, &server->lock, &until) != ETIMEDOUT)
		;
	(void)pthread_cond_broadcast(&server->changed);
	if (server->connections)
		log_warning("%zu connections did not end", server->connections);
	pthread_mutex_unlock(&server->lock);
	if (write(server->wake, &one, sizeof(one)) != (ssize_t)sizeof(one))
		log_warning("cannot wake threads: %s", strerror(errno));
	for (unsigned i = 0; i < server->started; i++)
		(void)pthread_join(server->thread[i], NULL);
	server->started = 0;
}

unsigned server_threads(const struct server *server)
{
	return server->threads;
}

size_t server_connections(struct server *server)
{
	size_t count = 0;

	pthread_mutex_lock(&server->lock);
	count = server->connections;
	pthread_mutex_unlock(&server->lock);
	return count;
}
