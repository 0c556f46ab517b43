/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tests' daemon: one thread a connection, contexts in its memory (a restart loses them), the once table
 * and the counters in a shared file. Tickets are just what they say.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "peer.h"
#include "protocol/codec.h"
#include "transport/frame.h"
#include "transport/packet.h"
#include "transport/unix_socket.h"

#define PEER_CONTEXTS_MAX 64
#define PEER_LIFETIME_S 100 /* a test that died leaves none behind for longer */
#define PEER_TICKET_SIZE (1 + PROTOCOL_CONTEXT_ID_SIZE + PROTOCOL_CONTEXT_KEY_SIZE)

struct peer_context {
	uint8_t id[PROTOCOL_CONTEXT_ID_SIZE];
	uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
	bool used;
	atomic_bool attached;
	_Atomic(CK_USER_TYPE) user;
	unsigned links;
	int control; /* our end, -1: closed at the other */
};

static struct peer_state *state;
static struct peer_context contexts[PEER_CONTEXTS_MAX];
static pthread_mutex_t contexts_lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t boot_id[PROTOCOL_BOOT_ID_SIZE];

struct peer_link {
	struct channel channel;
	struct frame_reader reader;
	struct peer_context *context;
};

static void peer_fail(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	_exit(99);
}

/* ---- contexts ---- */

static struct peer_context *peer_context_find(const uint8_t *id)
{
	for (size_t i = 0; i < PEER_CONTEXTS_MAX; i++)
		if (contexts[i].used && !memcmp(contexts[i].id, id, sizeof(contexts[i].id)))
			return &contexts[i];
	return NULL;
}

static struct peer_context *peer_context_add(const uint8_t *id, const uint8_t *key)
{
	for (size_t i = 0; i < PEER_CONTEXTS_MAX; i++) {
		struct peer_context *c = &contexts[i];

		if (c->used)
			continue;
		c->used = true;
		c->control = -1;
		c->links = 0;
		atomic_store(&c->attached, false);
		atomic_store(&c->user, CK_UNAVAILABLE_INFORMATION);
		if (id)
			memcpy(c->id, id, sizeof(c->id));
		else
			memory_random(c->id, sizeof(c->id));
		memcpy(c->key, key, sizeof(c->key));
		atomic_fetch_add(&state->contexts, 1);
		return c;
	}
	peer_fail("too many contexts");
	return NULL;
}

static void peer_context_settle(struct peer_context *c)
{
	if (!c->used || c->links || c->control >= 0)
		return;
	c->used = false;
	atomic_fetch_sub(&state->contexts, 1);
}

static void peer_ticket(const struct peer_context *c, char kind, uint8_t ticket[PEER_TICKET_SIZE])
{
	ticket[0] = (uint8_t)kind;
	memcpy(ticket + 1, c->id, sizeof(c->id));
	memcpy(ticket + 1 + sizeof(c->id), c->key, sizeof(c->key));
}

static bool peer_ticket_good(struct span ticket, char kind, struct span key)
{
	return !atomic_load(&state->distrust) && ticket.size == PEER_TICKET_SIZE &&
	       ticket.data[0] == (uint8_t)kind && key.size == PROTOCOL_CONTEXT_KEY_SIZE &&
	       !memcmp(ticket.data + 1 + PROTOCOL_CONTEXT_ID_SIZE, key.data, key.size);
}

/* ---- requests ---- */

struct peer_reply {
	CK_RV rv;
	union message message;
	uint8_t bytes[PROTOCOL_CHUNK_MAX + 64];
	int fd;
};

static void peer_hello(struct peer_link *link, const struct hello_request *q, struct peer_reply *r)
{
	struct peer_context *c = NULL;
	bool made = false;

	r->rv = CKR_ACTION_PROHIBITED;
	if (q->mode != HELLO_NEW && !peer_ticket_good(q->ticket, 'J', q->context_key))
		return;
	pthread_mutex_lock(&contexts_lock);
	if (q->mode == HELLO_NEW) {
		c = peer_context_add(NULL, q->context_key.data);
	} else {
		struct peer_context *known = peer_context_find(q->ticket.data + 1);

		made = !known;
		if (q->mode == HELLO_CLONE) {
			c = peer_context_add(NULL, q->new_key.data);
			if (known) {
				atomic_store(&c->attached, atomic_load(&known->attached));
				atomic_store(&c->user, atomic_load(&known->user));
			}
		} else {
			c = known ? known : peer_context_add(q->ticket.data + 1, q->context_key.data);
		}
	}
	c->links++;
	peer_ticket(c, 'J', r->bytes);
	pthread_mutex_unlock(&contexts_lock);
	link->context = c;
	atomic_fetch_add(&state->hellos[q->mode], 1);
	r->rv = CKR_OK;
	r->message.hello_response = (struct hello_response){
		.major = PROTOCOL_MAJOR,
		.minor = PROTOCOL_MINOR,
		.context_id = {c->id, sizeof(c->id)},
		.ticket = {r->bytes, PEER_TICKET_SIZE},
		.boot_id = {boot_id, sizeof(boot_id)},
		.new_context = made,
		.software = span_text("peer"),
		.platform = span_text("test"),
	};
}

/* The first result of this sequence number, or a new handle: what a store does for REPLAY_ONCE. */
static uint64_t peer_once(const struct peer_context *c, uint64_t sequence, unsigned id)
{
	uint64_t name = 0;
	size_t i = 0;

	memcpy(&name, c->id, sizeof(name));
	name = (name ^ sequence * 0x9e3779b97f4a7c15U) | 1;
	for (i = name % PEER_ONCE_MAX;; i = (i + 1) % PEER_ONCE_MAX) {
		uint64_t expected = 0;

		if (atomic_load(&state->once[i].name) == name)
			return atomic_load(&state->once[i].handle);
		if (atomic_compare_exchange_strong(&state->once[i].name, &expected, name))
			break;
	}
	atomic_fetch_add(&state->executed[id], 1);
	atomic_store(&state->once[i].handle, atomic_fetch_add(&state->handles, 1) + 1);
	return atomic_load(&state->once[i].handle);
}

static void peer_login(struct peer_context *c, struct span ticket_for, struct peer_reply *r)
{
	(void)ticket_for;
	c->user = CKU_USER;
	if (atomic_load(&state->no_tickets))
		return;
	peer_ticket(c, 'L', r->bytes);
	r->message.login_response.ticket = (struct span){r->bytes, PEER_TICKET_SIZE};
}

static void peer_operate(const struct peer_context *c, const struct operate_request *q,
			 struct peer_reply *r)
{
	if (c->user != CKU_USER) {
		r->rv = CKR_USER_NOT_LOGGED_IN;
		return;
	}
	for (size_t i = 0; i < q->data.size; i++)
		r->bytes[i] = q->data.data[q->data.size - 1 - i];
	r->message.operate_response.data = (struct span){r->bytes, q->data.size};
	r->message.operate_response.version = atomic_load(&state->version);
}

static void peer_describe(const struct object_request *q, struct peer_reply *r)
{
	static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

	if (q->handle == 99) {
		r->rv = CKR_OBJECT_HANDLE_INVALID;
		return;
	}
	r->message.describe_response = (struct describe_response){
		.class = q->handle == 50 ? CKO_DATA : CKO_PRIVATE_KEY,
		.key_type = CKK_EC,
		.bits = 256,
		.usage = CKF_SIGN,
		.is_token = !(q->handle & HANDLE_SESSION_BIT),
		.is_private = 1,
		.version = atomic_load(&state->version),
		.mechanisms = {.item = {CKM_ECDSA}, .count = q->handle == 2},
		.public_info = {(const uint8_t *)"public", 6},
		.ec_params = {p256, sizeof(p256)},
		.id = {(const uint8_t *)"id", 2},
		.label = {(const uint8_t *)"label", 5},
	};
}

static void peer_control(struct peer_context *c, struct peer_reply *r)
{
	int fd[2];

	if (atomic_load(&state->no_control)) {
		r->rv = CKR_DEVICE_ERROR;
		return;
	}
	if (!packet_pair(fd))
		peer_fail("pair");
	pthread_mutex_lock(&contexts_lock);
	if (c->control >= 0)
		close(c->control);
	c->control = fd[0];
	pthread_mutex_unlock(&contexts_lock);
	r->fd = fd[1];
}

static void peer_context_request(struct peer_context *c, const struct request_row *row,
				 const union message *q, struct peer_reply *r)
{
	switch (row->id) {
	case REQUEST_ATTACH:
		if (q->slot_request.slot == PEER_SLOT)
			c->attached = true;
		else
			r->rv = CKR_SLOT_ID_INVALID;
		break;
	case REQUEST_DETACH:
		c->attached = false;
		c->user = CK_UNAVAILABLE_INFORMATION;
		break;
	case REQUEST_LOGOUT:
		if (c->user == CK_UNAVAILABLE_INFORMATION)
			r->rv = CKR_USER_NOT_LOGGED_IN;
		c->user = CK_UNAVAILABLE_INFORMATION;
		break;
	case REQUEST_RESUME:
		if (c->user == CKU_USER ||
		    peer_ticket_good(q->resume_request.ticket, 'L', q->resume_request.context_key))
			peer_login(c, q->resume_request.ticket, r);
		else
			r->rv = CKR_USER_NOT_LOGGED_IN;
		break;
	default:
		r->rv = CKR_FUNCTION_NOT_SUPPORTED;
		break;
	}
}

static void peer_execute(struct peer_link *link, const struct request_row *row, uint64_t sequence,
			 const union message *q, struct peer_reply *r)
{
	struct peer_context *c = link->context;

	r->rv = CKR_OK;
	memset(&r->message, 0, sizeof(r->message));
	if (row->id == REQUEST_HELLO) {
		peer_hello(link, &q->hello_request, r);
		return;
	}
	if (!c || (row->right > RIGHT_CONTEXT && !c->attached)) {
		r->rv = CKR_SESSION_CLOSED;
		return;
	}
	if (row->replay != REPLAY_ONCE)
		atomic_fetch_add(&state->executed[row->id], 1);
	switch (row->id) {
	case REQUEST_CONTROL:
		peer_control(c, r);
		break;
	case REQUEST_SLOTS:
		r->message.slots_response.slots = (struct numbers){.item = {PEER_SLOT, 9}, .count = 2};
		break;
	case REQUEST_TOKEN:
		r->message.token_response.label = span_text("peer");
		break;
	case REQUEST_LOGIN:
		(void)peer_once(c, sequence, row->id);
		if (span_equal(q->login_request.pin, span_text(PEER_PIN)))
			peer_login(c, (struct span){0}, r);
		else
			r->rv = CKR_PIN_INCORRECT;
		break;
	case REQUEST_PIN_SET:
		(void)peer_once(c, sequence, row->id);
		break;
	case REQUEST_CREATE:
		r->message.handle_response.handle = peer_once(c, sequence, row->id);
		break;
	case REQUEST_SIGN:
		peer_operate(c, &q->operate_request, r);
		break;
	case REQUEST_DESCRIBE:
		peer_describe(&q->object_request, r);
		break;
	case REQUEST_RANDOM:
		memory_random(r->bytes, q->random_request.size);
		r->message.random_response.data = (struct span){r->bytes, q->random_request.size};
		break;
	case REQUEST_STREAM_UPDATE:
		break;
	default:
		peer_context_request(c, row, q, r);
		break;
	}
}

/* ---- connections ---- */

static bool peer_asked_for(atomic_uint *knob, unsigned id)
{
	unsigned expected = id;

	return atomic_compare_exchange_strong(knob, &expected, 0);
}

static bool peer_answer(struct peer_link *link, const struct request_row *row, uint64_t sequence,
			struct peer_reply *r)
{
	struct buffer out = {0};
	struct channel_fds fds = {.fd = {r->fd}, .count = r->fd >= 0};
	bool sent = false;

	if (peer_asked_for(&state->nonsense, row->id))
		sent = buffer_append(&out, "\xff\xff", 2);
	else
		sent = codec_write_response(&out, row, sequence, r->rv, &r->message);
	sent = sent && frame_send_fds(&link->channel, buffer_span(&out), &fds, PROTOCOL_FRAME_MAX,
				      RESULT_NO_DEADLINE) == TRANSPORT_OK;
	if (r->fd >= 0)
		close(r->fd);
	buffer_free(&out);
	return sent;
}

/* False: the connection ends. */
static bool peer_request(struct peer_link *link, struct span frame, union message *q,
			 struct peer_reply *r)
{
	const struct request_row *row = NULL;
	uint64_t sequence = 0;
	bool late = false;

	if (codec_read_request(frame, &row, &sequence, q) != CKR_OK)
		return false;
	atomic_fetch_add(&state->asked[row->id], 1);
	if (peer_asked_for(&state->cut_before, row->id))
		return false;
	if (row->id == REQUEST_HELLO)
		late = atomic_fetch_add(&state->hello_count, 1) + 1 == atomic_load(&state->late_hello);
	r->fd = -1;
	while (row->id != REQUEST_HELLO && atomic_load(&state->mute) == row->id)
		poll(NULL, 0, 5);
	peer_execute(link, row, sequence, q, r);
	if (peer_asked_for(&state->die_on, row->id))
		_exit(0);
	if (peer_asked_for(&state->cut_after, row->id) || atomic_load(&state->cut_always) == row->id)
		return false;
	while (atomic_load(&state->mute) == row->id)
		poll(NULL, 0, 5);
	if (late)
		poll(NULL, 0, (int)atomic_load(&state->late_hello_ms));
	if (row->id != REQUEST_HELLO && atomic_load(&state->delay_ms))
		poll(NULL, 0, (int)atomic_load(&state->delay_ms));
	return peer_answer(link, row, sequence, r) &&
	       !(row->id == REQUEST_HELLO && r->rv != CKR_OK);
}

static void *peer_connection(void *arg)
{
	struct peer_link *link = arg;
	union message *q = malloc(sizeof(*q));
	struct peer_reply *r = malloc(sizeof(*r));
	struct span frame = {0};

	while (frame_receive(&link->reader, &link->channel, PROTOCOL_FRAME_MAX, RESULT_NO_DEADLINE,
			     &frame) == TRANSPORT_OK &&
	       peer_request(link, frame, q, r))
		;
	channel_close(&link->channel);
	frame_reader_free(&link->reader);
	pthread_mutex_lock(&contexts_lock);
	if (link->context) {
		link->context->links--;
		peer_context_settle(link->context);
	}
	pthread_mutex_unlock(&contexts_lock);
	atomic_fetch_sub(&state->connections, 1);
	free(link);
	free(q);
	free(r);
	return NULL;
}

static void peer_accept(int fd)
{
	struct peer_link *link = calloc(1, sizeof(*link));
	pthread_t thread;

	if (!link || fcntl(fd, F_SETFL, 0) || !channel_open_socket(&link->channel, fd))
		peer_fail("accept");
	frame_reader_init(&link->reader);
	atomic_fetch_add(&state->connections, 1);
	if (pthread_create(&thread, NULL, peer_connection, link))
		peer_fail("thread");
	pthread_detach(thread);
}

/* What came over the control sockets; an end that nobody has any more ends its context. */
static void peer_controls(void)
{
	pthread_mutex_lock(&contexts_lock);
	for (size_t i = 0; i < PEER_CONTEXTS_MAX; i++) {
		struct peer_context *c = &contexts[i];
		uint8_t message[PROTOCOL_HELLO_MAX];
		struct channel_fds fds = {.count = 0};
		struct span ticket = {0};
		size_t size = 0;
		enum transport_result result = TRANSPORT_TIMEOUT;

		if (!c->used || c->control < 0)
			continue;
		result = packet_receive(c->control, message, sizeof(message), &size, &fds, 0);
		if (result == TRANSPORT_CLOSED) {
			close(c->control);
			c->control = -1;
			peer_context_settle(c);
		} else if (result == TRANSPORT_OK && fds.count == 1 &&
			   codec_read_ticket((struct span){message, size}, &ticket)) {
			atomic_fetch_add(&state->by_control, 1);
			peer_accept(fds.fd[0]);
		}
	}
	pthread_mutex_unlock(&contexts_lock);
}

static void peer_map(const char *dir)
{
	char path[4200];
	int fd = -1;

	snprintf(path, sizeof(path), "%s/peer.state", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*state)))
		peer_fail(path);
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		peer_fail("mmap");
	close(fd);
}

_Noreturn void peer_serve(const char *dir)
{
	char path[4200];
	int listener = -1;

	alarm(PEER_LIFETIME_S);
	peer_map(dir);
	snprintf(path, sizeof(path), "%s/run/keyclave.sock", dir);
	memory_random(boot_id, sizeof(boot_id));
	atomic_store(&state->contexts, 0);
	atomic_store(&state->connections, 0);
	if (!unix_socket_listen(path, 0666, 64, &listener))
		peer_fail(path);
	atomic_fetch_add(&state->starts, 1);
	state->pid = getpid();
	for (;;) {
		struct pollfd p = {.fd = listener, .events = POLLIN};
		int fd = -1;

		poll(&p, 1, 2);
		if (unix_socket_accept(listener, &fd) == TRANSPORT_OK)
			peer_accept(fd);
		peer_controls();
	}
}

/* ---- for the test ---- */

struct peer_state *peer_new(void)
{
	const char *root = getenv("TMPDIR");
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/kc-peer.XXXXXX", root ? root : "/tmp");
	if (!mkdtemp(dir) || chmod(dir, 0711))
		peer_fail(dir);
	peer_map(dir);
	snprintf(state->dir, sizeof(state->dir), "%s", dir);
	atomic_store(&state->version, 1);
	return state;
}

void peer_free(struct peer_state **peer)
{
	char command[4200];

	peer_kill(*peer);
	snprintf(command, sizeof(command), "rm -rf '%s'", (*peer)->dir);
	if (system(command))
		peer_fail(command);
	munmap(*peer, sizeof(**peer));
	*peer = NULL;
}

static void peer_await(struct peer_state *peer, unsigned before)
{
	while (atomic_load(&peer->starts) == before)
		poll(NULL, 0, 1);
}

void peer_start(struct peer_state *peer)
{
	unsigned before = atomic_load(&peer->starts);
	pid_t pid = fork();

	if (pid < 0)
		peer_fail("fork");
	if (!pid) {
		/* Nothing of the test's: a descriptor that stays open here would hide that it was closed there. */
		for (int fd = 3; fd < 1024; fd++)
			close(fd);
		peer_serve(peer->dir);
	}
	peer_await(peer, before);
}

void peer_spawn(struct peer_state *peer)
{
	static char name[] = "peer";
	static char option[] = "--daemon";
	char *argv[] = {name, option, peer->dir, NULL};
	unsigned before = atomic_load(&peer->starts);
	pid_t pid = 0;

	if (posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ))
		peer_fail("spawn");
	peer_await(peer, before);
}

void peer_main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--daemon"))
		peer_serve(argv[2]);
}

void peer_kill(struct peer_state *peer)
{
	if (peer->pid > 0) {
		kill(peer->pid, SIGKILL);
		/* A child of ours, or one that was started on demand. */
		if (waitpid(peer->pid, NULL, 0) < 0)
			for (unsigned i = 0; i < 200 && !kill(peer->pid, 0); i++)
				poll(NULL, 0, 1);
	}
	peer->pid = 0;
}

void peer_settings(const struct peer_state *peer, struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	snprintf(settings->state_dir, sizeof(settings->state_dir), "%s", peer->dir);
	snprintf(settings->endpoint, sizeof(settings->endpoint), "unix:%.4000s/run/keyclave.sock", peer->dir);
	snprintf(settings->platform, sizeof(settings->platform), "notee");
	settings->state_dir_override = true;
	settings->connect_timeout_ms = 20000; /* a busy machine may take its time */
	settings->daemon_uid = (uid_t)-1;
	settings->weak_pin_allowed = true;
	settings->login_tickets = true;
}
