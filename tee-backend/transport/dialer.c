/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialer: a loop that reads which of its addresses to connect to, and answers with a descriptor. It has neither keys
 * nor any descriptor but its end of the pair.
 */
#include "config.h"

#include "transport/dialer.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef HAVE_LINUX_VM_SOCKETS_H
#include <linux/vm_sockets.h>
#endif

#include "transport/packet.h"
#include "transport/unix_socket.h"

/* One socket for all threads: their requests go one after the other. */
static struct {
	pthread_mutex_t lock;
	int socket; /* -1: no process was started */
	uint32_t sequence;
} dialer = {.lock = PTHREAD_MUTEX_INITIALIZER, .socket = -1};

struct question {
	uint32_t sequence;
	uint32_t target;
	uint32_t timeout_ms;
};

struct reply {
	uint32_t sequence; /* of its question: one that comes too late is nobody's */
	int32_t error;     /* errno, or 0 and a descriptor */
};

/* ---- addresses ---- */

/* "HOST:PORT" to its parts; "[HOST]:PORT" for a host with colons in it. */
static bool split_host(const char *text, char host[256], char port[6])
{
	const char *colon = strrchr(text, ':');
	size_t size = colon ? (size_t)(colon - text) : 0;

	if (!size || strlen(colon + 1) - 1 > 4 || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	if (text[0] == '[') {
		if (size < 3 || text[size - 1] != ']')
			return false;
		text++;
		size -= 2;
	} else if (memchr(text, ':', size)) {
		return false;
	}
	if (size > 255)
		return false;
	memcpy(host, text, size);
	host[size] = '\0';
	snprintf(port, 6, "%s", colon + 1);
	return true;
}

static bool split_vsock(const char *text, unsigned *cid, unsigned *port)
{
#ifdef HAVE_LINUX_VM_SOCKETS_H
	char *end = NULL;
	unsigned long number = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != ':' || number > UINT32_MAX || end[1] < '0' || end[1] > '9')
		return false;
	*cid = (unsigned)number;
	number = strtoul(end + 1, &end, 10);
	*port = (unsigned)number;
	return !*end && number <= UINT32_MAX;
#else
	(void)text;
	(void)cid;
	(void)port;
	return false;
#endif
}

bool dialer_address_valid(const char *text)
{
	char host[256], port[6];
	unsigned cid = 0, number = 0;

	if (strlen(text) >= DIALER_ADDRESS_MAX)
		return false;
	if (strncmp(text, "tcp:", 4) == 0)
		return split_host(text + 4, host, port);
	if (strncmp(text, "unix:", 5) == 0)
		return text[5] == '/';
	return strncmp(text, "vsock:", 6) == 0 && split_vsock(text + 6, &cid, &number);
}

/* ---- connecting ---- */

static enum transport_result connect_by(int fd, const struct sockaddr *address, socklen_t size, int64_t deadline)
{
	struct pollfd polled = {.fd = fd, .events = POLLOUT};
	socklen_t error_size = sizeof(int);
	int error = 0, ready = 0;

	if (connect(fd, address, size) == 0)
		return TRANSPORT_OK;
	if (errno != EINPROGRESS)
		return TRANSPORT_FAILED;
	do
		ready = poll(&polled, 1, result_time_left(deadline));
	while (ready < 0 && errno == EINTR);
	if (ready == 0) {
		errno = ETIMEDOUT;
		return TRANSPORT_TIMEOUT;
	}
	if (ready < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) || error) {
		errno = error ? error : errno;
		return TRANSPORT_FAILED;
	}
	return TRANSPORT_OK;
}

static enum transport_result connect_socket(int family, const struct sockaddr *address, socklen_t size,
					    int64_t deadline, int *fd)
{
	enum transport_result result = TRANSPORT_FAILED;
	int saved = 0;

	*fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return TRANSPORT_FAILED;
	result = connect_by(*fd, address, size, deadline);
	/* As unix_socket_connect leaves it. */
	if (result == TRANSPORT_OK && fcntl(*fd, F_SETFL, 0) < 0)
		result = TRANSPORT_FAILED;
	if (result != TRANSPORT_OK) {
		saved = errno;
		close(*fd);
		*fd = -1;
		errno = saved;
	}
	return result;
}

static enum transport_result connect_tcp(const char *host, const char *port, int64_t deadline, int *fd)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	enum transport_result result = TRANSPORT_FAILED;
	int saved = 0;
	int error = getaddrinfo(host, port, &hints, &list);

	/* A machine that has nothing but its loopback interface. */
	if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {
		const struct addrinfo any = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};

		error = getaddrinfo(host, port, &any, &list);
	}
	if (error) {
		errno = error == EAI_SYSTEM ? errno : EHOSTUNREACH;
		return TRANSPORT_FAILED;
	}
	for (const struct addrinfo *at = list; at && result != TRANSPORT_OK; at = at->ai_next)
		result = connect_socket(at->ai_family, at->ai_addr, at->ai_addrlen, deadline, fd);
	saved = errno;
	freeaddrinfo(list);
	errno = saved;
	return result;
}

static enum transport_result connect_vsock(unsigned cid, unsigned port, int64_t deadline, int *fd)
{
#ifdef HAVE_LINUX_VM_SOCKETS_H
	const struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = port};

	return connect_socket(AF_VSOCK, (const struct sockaddr *)&address, sizeof(address), deadline, fd);
#else
	(void)cid;
	(void)port;
	(void)deadline;
	*fd = -1;
	errno = EAFNOSUPPORT;
	return TRANSPORT_FAILED;
#endif
}

static enum transport_result connect_address(const char *text, unsigned timeout_ms, int *fd)
{
	int64_t deadline = result_deadline(timeout_ms);
	char host[256], port[6];
	unsigned cid = 0, number = 0;

	*fd = -1;
	if (strncmp(text, "unix:", 5) == 0)
		return unix_socket_connect(text + 5, timeout_ms, fd);
	if (strncmp(text, "tcp:", 4) == 0 && split_host(text + 4, host, port))
		return connect_tcp(host, port, deadline, fd);
	if (strncmp(text, "vsock:", 6) == 0 && split_vsock(text + 6, &cid, &number))
		return connect_vsock(cid, number, deadline, fd);
	errno = EDESTADDRREQ;
	return TRANSPORT_FAILED;
}

/* ---- the process ---- */

static bool answer(int socket, const char *const addresses[DIALER_TARGETS])
{
	struct question question = {0};
	struct reply reply = {0};
	struct channel_fds fds = {.count = 0};
	struct span bytes = {(const uint8_t *)&reply, sizeof(reply)};
	enum transport_result result = TRANSPORT_FAILED;
	size_t size = 0;
	int fd = -1;

	result = packet_receive(socket, &question, sizeof(question), &size, NULL, RESULT_NO_DEADLINE);
	if (result != TRANSPORT_OK || size != sizeof(question))
		return false;
	reply.sequence = question.sequence;
	reply.error = EDESTADDRREQ;
	if (question.target < DIALER_TARGETS && addresses[question.target] && *addresses[question.target]) {
		reply.error = connect_address(addresses[question.target], question.timeout_ms, &fd) == TRANSPORT_OK
				      ? 0
				      : (errno ? errno : EIO);
	}
	if (fd >= 0)
		fds.fd[fds.count++] = fd;
	result = packet_send(socket, bytes, &fds, result_deadline(1000));
	if (fd >= 0)
		close(fd);
	return result == TRANSPORT_OK;
}

/* Nothing that the worker may have open goes along. */
static void close_others(int socket)
{
	if (socket > 3)
		(void)close_range(3, (unsigned)socket - 1, 0);
	(void)close_range((unsigned)socket + 1, ~0U, 0);
}

bool dialer_start(const char *const addresses[DIALER_TARGETS], void (*confine)(void))
{
	int pair[2] = {-1, -1};
	pid_t parent = getpid();
	pid_t child = -1;

	if (!packet_pair(pair))
		return false;
	child = fork();
	if (child < 0) {
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	if (child == 0) {
		close_others(pair[1]);
		(void)prctl(PR_SET_NAME, "keyclaved-dial");
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		confine();
		while (answer(pair[1], addresses))
			;
		_exit(0);
	}
	close(pair[1]);
	dialer.socket = pair[0];
	return true;
}

/* ---- its user ---- */

/* The reply to SEQUENCE; what comes for others is dropped. */
static enum transport_result await(uint32_t sequence, int64_t deadline, int *fd)
{
	for (;;) {
		struct reply reply = {0};
		struct channel_fds fds = {.count = 0};
		size_t size = 0;
		enum transport_result result =
			packet_receive(dialer.socket, &reply, sizeof(reply), &size, &fds, deadline);

		if (result != TRANSPORT_OK)
			return result;
		if (size == sizeof(reply) && reply.sequence == sequence && fds.count == 1) {
			*fd = fds.fd[0];
			return TRANSPORT_OK;
		}
		channel_fds_close(&fds);
		if (size == sizeof(reply) && reply.sequence == sequence) {
			errno = reply.error ? reply.error : EPROTO;
			return TRANSPORT_FAILED;
		}
	}
}

enum transport_result dialer_open(enum dialer_target target, const char *address, unsigned timeout_ms, int *fd)
{
	struct question question = {.target = target, .timeout_ms = timeout_ms};
	enum transport_result result = TRANSPORT_FAILED;

	*fd = -1;
	if (dialer.socket < 0)
		return connect_address(address, timeout_ms, fd);
	pthread_mutex_lock(&dialer.lock);
	question.sequence = ++dialer.sequence;
	result = packet_send(dialer.socket, (struct span){(const uint8_t *)&question, sizeof(question)}, NULL,
			     result_deadline(timeout_ms));
	if (result == TRANSPORT_OK)
		result = await(question.sequence, result_deadline(timeout_ms + 1000), fd);
	pthread_mutex_unlock(&dialer.lock);
	if (result == TRANSPORT_TIMEOUT)
		errno = ETIMEDOUT;
	return result;
}
