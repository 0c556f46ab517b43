/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the daemon without the client library: one command each for what daemon.sh shows. It is given
 * the socket's path, and speaks frames by codec.c.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"
#include "protocol/codec.h"
#include "transport/frame.h"
#include "transport/packet.h"
#include "transport/unix_socket.h"

#define PEER_TIMEOUT_MS 20000
#define PEER_SLOT 1
#define PEER_PIN "12345678"

struct peer {
	const char *path;
	struct channel channel;
	struct frame_reader reader;
	uint64_t sequence;
	uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE];
	uint8_t ticket[PROTOCOL_TICKET_MAX];
	size_t ticket_size;
	uint8_t login[PROTOCOL_TICKET_MAX];
	size_t login_size;
	bool made;
};

/* What a broken connection is told as: no CK_RV that the daemon sends. */
#define PEER_BROKEN ((CK_RV)-1)

static void peer_close(struct peer *p)
{
	channel_close(&p->channel);
	frame_reader_free(&p->reader);
}

static bool peer_use(struct peer *p, int fd)
{
	p->channel = (struct channel)CHANNEL_INIT;
	frame_reader_init(&p->reader);
	return channel_open_socket(&p->channel, fd);
}

static bool peer_connect(struct peer *p)
{
	int fd = -1;

	return unix_socket_connect(p->path, PEER_TIMEOUT_MS, &fd) == TRANSPORT_OK && peer_use(p, fd);
}

static CK_RV peer_ask(struct peer *p, enum request_id id, const void *request, union message *response)
{
	const struct request_row *row = request_find(id);
	struct buffer body = {0};
	union message ignored;
	struct span frame = {0};
	uint64_t answered = 0;
	CK_RV rv = codec_write_request(&body, row, ++p->sequence, request);

	if (rv != CKR_OK)
		return rv;
	rv = PEER_BROKEN;
	if (frame_send(&p->channel, buffer_span(&body), (struct span){0}, PROTOCOL_FRAME_MAX,
		       result_deadline(PEER_TIMEOUT_MS)) != TRANSPORT_OK ||
	    frame_receive(&p->reader, &p->channel, PROTOCOL_FRAME_MAX, result_deadline(PEER_TIMEOUT_MS),
			  &frame) != TRANSPORT_OK ||
	    !codec_read_response(frame, row, &answered, &rv, response ? response : &ignored))
		rv = PEER_BROKEN;
	buffer_free(&body);
	return rv;
}

static CK_RV peer_hello(struct peer *p, enum hello_mode mode)
{
	struct hello_request request = {.major = PROTOCOL_MAJOR,
					.minor = PROTOCOL_MINOR,
					.mode = mode,
					.context_key = {p->key, sizeof(p->key)},
					.program = span_text("daemon_peer")};
	union message response;
	CK_RV rv = CKR_OK;

	if (mode == HELLO_NEW && !memory_random(p->key, sizeof(p->key)))
		return CKR_DEVICE_ERROR;
	if (mode == HELLO_JOIN)
		request.ticket = (struct span){p->ticket, p->ticket_size};
	rv = peer_ask(p, REQUEST_HELLO, &request, &response);
	if (rv != CKR_OK)
		return rv;
	p->ticket_size = response.hello_response.ticket.size;
	memcpy(p->ticket, response.hello_response.ticket.data, p->ticket_size);
	p->made = response.hello_response.new_context;
	return rv;
}

static int peer_say(const char *what, CK_RV rv)
{
	if (rv == PEER_BROKEN)
		printf("%s: closed\n", what);
	else
		printf("%s: 0x%lx\n", what, rv);
	fflush(stdout);
	return rv == CKR_OK ? 0 : 1;
}

/* ---- commands ---- */

static int command_hello(struct peer *p)
{
	CK_RV rv = peer_connect(p) ? peer_hello(p, HELLO_NEW) : PEER_BROKEN;

	peer_close(p);
	return peer_say("hello", rv);
}

/* How long, in milliseconds, until a connection that says nothing is ended; with "flood": that says too much. */
static int command_silent(struct peer *p, const char *flood)
{
	int64_t begun = result_deadline(0);
	struct span frame = {0};
	static const uint8_t head[4] = {0, 0, 4, 1}; /* 1025 bytes will follow */

	if (!peer_connect(p))
		return 1;
	if (flood && write(p->channel.fd, head, sizeof(head)) != (ssize_t)sizeof(head))
		return 1;
	if (frame_receive(&p->reader, &p->channel, PROTOCOL_FRAME_MAX, result_deadline(PEER_TIMEOUT_MS), &frame) !=
	    TRANSPORT_CLOSED)
		return 1;
	printf("%lld\n", (long long)(result_deadline(0) - begun));
	return 0;
}

/* COUNT connections with a context each, held until stdin ends. */
static int command_idle(const char *path, int count)
{
	struct peer *peers = calloc((size_t)count, sizeof(*peers));
	char byte = 0;

	for (int i = 0; peers && i < count; i++) {
		peers[i].path = path;
		if (!peer_connect(&peers[i]) || peer_hello(&peers[i], HELLO_NEW) != CKR_OK) {
			printf("connection %d failed\n", i);
			return 1;
		}
	}
	puts("idle");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	/* All of them still serve. */
	for (int i = 0; peers && i < count; i++)
		if (peer_ask(&peers[i], REQUEST_SLOTS, &(struct empty){0}, NULL) != CKR_OK)
			return 1;
	for (int i = 0; peers && i < count; i++)
		peer_close(&peers[i]);
	free(peers);
	return 0;
}

/* Asks without a pause until the daemon ends the connection; tells of the first answer by a byte to READY. */
static int crowd_member(const char *path, int ready)
{
	struct peer p = {.path = path, .channel = CHANNEL_INIT};
	CK_RV rv = peer_connect(&p) ? peer_hello(&p, HELLO_NEW) : PEER_BROKEN;

	if (rv != CKR_OK || write(ready, "", 1) != 1)
		return 1;
	while (rv == CKR_OK)
		rv = peer_ask(&p, REQUEST_SLOTS, &(struct empty){0}, NULL);
	peer_close(&p);
	return rv == PEER_BROKEN ? 0 : 1;
}

/* COUNT busy connections, and how long, in milliseconds, the slowest of some that come after them waits for hello. */
static int command_crowd(const char *path, int count)
{
	int pipes[2] = {-1, -1}, status = 0;
	int64_t slowest = 0;
	bool served = !pipe(pipes);
	char byte = 0;

	for (int i = 0; served && i < count; i++)
		if (fork() == 0)
			_exit(crowd_member(path, pipes[1]));
	close(pipes[1]);
	for (int i = 0; served && i < count; i++)
		served = read(pipes[0], &byte, 1) == 1;
	for (int i = 0; served && i < 30; i++) {
		struct peer p = {.path = path, .channel = CHANNEL_INIT};
		int64_t begun = result_deadline(0);

		served = peer_connect(&p) && peer_hello(&p, HELLO_NEW) == CKR_OK;
		peer_close(&p);
		if (result_deadline(0) - begun > slowest)
			slowest = result_deadline(0) - begun;
	}
	printf("slowest: %lld\n", served ? (long long)slowest : -1LL);
	fflush(stdout);
	while (wait(&status) > 0)
		served = served && !status;
	return served ? 0 : 1;
}

static CK_RV peer_slot(struct peer *p, enum request_id id)
{
	return peer_ask(p, id, &(struct slot_request){.slot = PEER_SLOT}, NULL);
}

static CK_RV peer_login(struct peer *p, CK_USER_TYPE user)
{
	union message response;
	CK_RV rv = peer_ask(p, REQUEST_LOGIN,
			    &(struct login_request){.slot = PEER_SLOT, .user = user, .pin = span_text(PEER_PIN)},
			    &response);

	if (rv == CKR_OK) {
		p->login_size = response.login_response.ticket.size;
		if (p->login_size)
			memcpy(p->login, response.login_response.ticket.data, p->login_size);
	}
	return rv;
}

static int command_init(struct peer *p)
{
	CK_RV rv = peer_connect(p) ? peer_hello(p, HELLO_NEW) : PEER_BROKEN;

	if (rv == CKR_OK)
		rv = peer_ask(p, REQUEST_TOKEN_INIT,
			      &(struct token_init_request){.slot = PEER_SLOT,
							   .pin = span_text(PEER_PIN),
							   .label = span_text("daemon")},
			      NULL);
	if (rv == CKR_OK)
		rv = peer_slot(p, REQUEST_ATTACH);
	if (rv == CKR_OK)
		rv = peer_login(p, CKU_SO);
	if (rv == CKR_OK)
		rv = peer_ask(p, REQUEST_PIN_INIT,
			      &(struct pin_init_request){.slot = PEER_SLOT, .pin = span_text(PEER_PIN)}, NULL);
	peer_close(p);
	return peer_say("init", rv);
}

static void add(struct attributes *list, CK_ATTRIBUTE_TYPE type, const void *value, size_t size)
{
	(void)attributes_add(list, type, (struct span){value, size});
}

static CK_RV peer_generate(struct peer *p, const struct mechanism_row *row, CK_ULONG bits, uint8_t token,
			   uint64_t *key)
{
	static const uint8_t no[1] = {0}, yes[1] = {1};
	const struct mechanism_curve *curve = mechanism_curve_named("P-256");
	struct generate_pair_request request = {.slot = PEER_SLOT, .session = 1, .mechanism = {.row = row}};
	uint8_t number[8];
	union message response;
	CK_RV rv = CKR_OK;

	attribute_put_ulong(number, bits);
	if (bits)
		add(&request.public_template, CKA_MODULUS_BITS, number, sizeof(number));
	else
		add(&request.public_template, CKA_EC_PARAMS, curve->params, curve->params_size);
	add(&request.public_template, CKA_TOKEN, no, 1);
	add(&request.private_template, CKA_TOKEN, token ? yes : no, 1);
	add(&request.private_template, CKA_SIGN, yes, 1);
	rv = peer_ask(p, REQUEST_GENERATE_PAIR, &request, &response);
	if (rv == CKR_OK)
		*key = response.generate_pair_response.private_key;
	return rv;
}

static CK_RV peer_enter(struct peer *p)
{
	CK_RV rv = peer_connect(p) ? peer_hello(p, HELLO_NEW) : PEER_BROKEN;

	if (rv == CKR_OK)
		rv = peer_slot(p, REQUEST_ATTACH);
	if (rv == CKR_OK)
		rv = peer_login(p, CKU_USER);
	return rv;
}

/* A request that takes long is answered although the daemon is told to stop meanwhile. */
static int command_busy(struct peer *p)
{
	uint64_t key = 0;
	CK_RV rv = peer_enter(p);

	puts("busy");
	fflush(stdout);
	if (rv == CKR_OK)
		rv = peer_generate(p, mechanism_find(CKM_RSA_PKCS_KEY_PAIR_GEN), 4096, 0, &key);
	return peer_say("generate", rv);
}

static CK_RV peer_sign(struct peer *p, uint64_t key)
{
	static const uint8_t digest[32] = {1};

	return peer_ask(p, REQUEST_SIGN,
			&(struct operate_request){.slot = PEER_SLOT,
						  .key = key,
						  .mechanism = {.row = mechanism_find(CKM_ECDSA)},
						  .data = {digest, sizeof(digest)}},
			NULL);
}

/* What a client does when its connection is gone: the same context again, by tickets. */
static CK_RV peer_return(struct peer *p)
{
	CK_RV rv = PEER_BROKEN;

	peer_close(p);
	for (int i = 0; i < 200 && rv == PEER_BROKEN; i++) {
		if (i)
			usleep(50000);
		peer_close(p);
		rv = peer_connect(p) ? peer_hello(p, HELLO_JOIN) : PEER_BROKEN;
	}
	if (rv == CKR_OK && p->made)
		rv = peer_slot(p, REQUEST_ATTACH);
	if (rv == CKR_OK && p->made)
		rv = peer_ask(p, REQUEST_RESUME,
			      &(struct resume_request){.slot = PEER_SLOT,
						       .ticket = {p->login, p->login_size},
						       .context_key = {p->key, sizeof(p->key)}},
			      NULL);
	return rv;
}

/* Signs once for each line of stdin, coming back by ticket when the daemon or its worker was started again. */
static int command_session(struct peer *p)
{
	char line[64];
	uint64_t key = 0;
	CK_RV rv = peer_enter(p);

	if (rv == CKR_OK)
		rv = peer_ask(p, REQUEST_CONTROL, &(struct empty){0}, NULL);
	if (rv == CKR_OK)
		rv = peer_generate(p, mechanism_find(CKM_EC_KEY_PAIR_GEN), 0, 1, &key);
	peer_say("session", rv);
	while (rv == CKR_OK && fgets(line, sizeof(line), stdin)) {
		bool back = false;

		rv = peer_sign(p, key);
		if (rv == PEER_BROKEN) {
			back = true;
			rv = peer_return(p);
			if (rv == CKR_OK)
				rv = peer_sign(p, key);
		}
		peer_say(back ? "sign again" : "sign", rv);
	}
	return rv == CKR_OK ? 0 : 1;
}

/* Logs out, keeping the ticket as a thief would; for each line of stdin, tries it. */
static int command_thief(struct peer *p)
{
	char line[64];
	CK_RV rv = peer_enter(p);

	if (rv == CKR_OK)
		rv = peer_ask(p, REQUEST_CONTROL, &(struct empty){0}, NULL);
	if (rv == CKR_OK)
		rv = peer_slot(p, REQUEST_LOGOUT);
	peer_say("logout", rv);
	while (rv == CKR_OK && fgets(line, sizeof(line), stdin))
		peer_say("resume", peer_return(p));
	return 0;
}

/* The descriptor that comes with the answer to REQUEST_CONTROL. */
static int peer_control(struct peer *p)
{
	const struct request_row *row = request_find(REQUEST_CONTROL);
	struct buffer body = {0};
	struct channel_fds fds = {.count = 0};
	struct span frame = {0};

	p->reader.takes_fds = true;
	if (codec_write_request(&body, row, ++p->sequence, &(struct empty){0}) != CKR_OK ||
	    frame_send(&p->channel, buffer_span(&body), (struct span){0}, PROTOCOL_FRAME_MAX,
		       result_deadline(PEER_TIMEOUT_MS)) != TRANSPORT_OK ||
	    frame_receive(&p->reader, &p->channel, PROTOCOL_FRAME_MAX, result_deadline(PEER_TIMEOUT_MS),
			  &frame) != TRANSPORT_OK)
		return -1;
	buffer_free(&body);
	frame_reader_take_fds(&p->reader, &fds);
	return fds.count == 1 ? fds.fd[0] : -1;
}

/* A session object and a control socket, held until stdin ends. */
static int command_hold(struct peer *p)
{
	uint64_t key = 0;
	char byte = 0;
	int control = -1;
	CK_RV rv = peer_enter(p);

	if (rv == CKR_OK)
		control = peer_control(p);
	if (rv == CKR_OK)
		rv = control < 0 ? PEER_BROKEN : peer_generate(p, mechanism_find(CKM_EC_KEY_PAIR_GEN), 0, 0, &key);
	peer_say("hold", rv);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	if (rv == CKR_OK)
		rv = peer_sign(p, key);
	if (control >= 0)
		close(control);
	return peer_say("sign", rv);
}

/* A child of another user that can reach no path gets a connection by the inherited control socket. */
static int command_control(struct peer *p)
{
	struct buffer message = {0};
	struct peer child = {.path = "/nowhere"};
	struct channel_fds fds = {.count = 1};
	int control = -1, pair[2] = {-1, -1}, status = 0;
	CK_RV rv = peer_enter(p);
	char byte = 0;

	if (rv == CKR_OK)
		control = peer_control(p);
	if (control < 0)
		return peer_say("control", rv);
	/* Nobody can read answers from it that are not his. */
	if (recv(control, &byte, 1, MSG_DONTWAIT) != 0)
		puts("the control socket can be read");
	if (fork() == 0) {
		memcpy(child.key, p->key, sizeof(child.key));
		memcpy(child.ticket, p->ticket, p->ticket_size);
		child.ticket_size = p->ticket_size;
		if (!geteuid() && (setgid(65534) || setuid(65534)))
			_exit(2);
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ||
		    !codec_write_ticket(&message, (struct span){child.ticket, child.ticket_size}))
			_exit(3);
		fds.fd[0] = pair[1];
		if (packet_send(control, buffer_span(&message), &fds, result_deadline(PEER_TIMEOUT_MS)) !=
		    TRANSPORT_OK)
			_exit(4);
		close(pair[1]);
		if (!peer_use(&child, pair[0]))
			_exit(5);
		rv = peer_hello(&child, HELLO_JOIN);
		if (rv == CKR_OK && !child.made)
			rv = peer_slot(&child, REQUEST_TOKEN);
		_exit(peer_say("by control", rv));
	}
	close(control);
	return wait(&status) < 0 || status;
}

/* Prints one datagram that comes to PATH, as a service manager gets it. */
static int command_notified(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char text[256] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return 1;
	memcpy(address.sun_path, path, strlen(path));
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return 1;
	if (recv(fd, text, sizeof(text) - 1, 0) < 0)
		return 1;
	puts(text);
	return 0;
}

static int run(struct peer *p, int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";

	if (!strcmp(command, "hello"))
		return command_hello(p);
	if (!strcmp(command, "silent"))
		return command_silent(p, argc > 3 ? argv[3] : NULL);
	if (!strcmp(command, "idle") && argc > 3)
		return command_idle(argv[2], atoi(argv[3]));
	if (!strcmp(command, "crowd") && argc > 3)
		return command_crowd(argv[2], atoi(argv[3]));
	if (!strcmp(command, "init"))
		return command_init(p);
	if (!strcmp(command, "busy"))
		return command_busy(p);
	if (!strcmp(command, "session"))
		return command_session(p);
	if (!strcmp(command, "thief"))
		return command_thief(p);
	if (!strcmp(command, "hold"))
		return command_hold(p);
	if (!strcmp(command, "control"))
		return command_control(p);
	if (!strcmp(command, "notified"))
		return command_notified(argv[2]);
	fputs("usage: daemon_peer hello|silent|idle|crowd|init|busy|session|thief|hold|control|notified PATH [ARG]\n",
	      stderr);
	return 64;
}

int main(int argc, char **argv)
{
	struct peer p = {.path = argc > 2 ? argv[2] : "", .channel = CHANNEL_INIT};
	int code = run(&p, argc, argv);

	peer_close(&p);
	return code;
}
