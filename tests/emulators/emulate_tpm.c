/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emulate-tpm: /dev/tpmrm0 as Linux's driver serves it (drivers/char/tpm/tpm-dev-common.c), with swtpm as the TPM behind,
 * whose memory is in --state=DIR; it is powered on and off with the emulator. Of the driver's resource manager there is
 * only this: what a program leaves in the TPM goes when nobody has the node open any more.
 * Faults, what somebody on the bus could do: refuse CODE RC (a command of that code), tamper CODE [OFFSET] (a bit of the
 * last parameter of its response, or of the byte at OFFSET of its parameters); and no-sha512, a TPM whose largest digest is SHA-256.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "device.h"

/* TCG TPM 2.0 Library, Part 1, section 18: tag, size, code; then handles, sessions, parameters. */
#define HEADER_SIZE 10
#define TAG_NO_SESSIONS 0x8001
#define TAG_SESSIONS 0x8002
#define CODE_CREATE_PRIMARY 0x131
#define CODE_LOAD 0x157
#define CODE_QUOTE 0x158
#define HANDLES_SESSIONS 0x02000000
#define HANDLES_TRANSIENT 0x80000000
#define RC_QUALIFYING_DATA_SIZE 0x1d5 /* TPM_RC_SIZE, parameter 1 */
#define QUALIFYING_DATA_MAX (2 + 32)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int bus = -1;

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* ---- swtpm ---- */

static pid_t power_on(const char *state)
{
	char folder[4096 + 8], fd[16], log[4096 + 16];
	int ends[2];
	pid_t pid = -1;

	snprintf(folder, sizeof(folder), "dir=%s", state);
	snprintf(log, sizeof(log), "%s/swtpm.log", state);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		return -1;
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	snprintf(fd, sizeof(fd), "%d", ends[1]);
	pid = fork();
	if (pid == 0) {
		int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(file, STDOUT_FILENO);
		dup2(file, STDERR_FILENO);
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", folder, "--fd", fd, "--flags",
		       "not-need-init,startup-clear", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	bus = ends[0];
	return pid;
}

/* It ends with its connection; its memory is written by then. */
static void power_off(pid_t pid)
{
	close(bus);
	waitpid(pid, NULL, 0);
}

static bool read_exactly(uint8_t *bytes, size_t size)
{
	while (size) {
		ssize_t got = read(bus, bytes, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		bytes += got;
		size -= (size_t)got;
	}
	return true;
}

static int pass_on(const uint8_t *command, size_t size, uint8_t *response, size_t *response_size)
{
	size_t whole = 0;

	if (send(bus, command, size, MSG_NOSIGNAL) != (ssize_t)size || !read_exactly(response, HEADER_SIZE))
		return -EIO;
	whole = get_be32(response + 2);
	if (whole < HEADER_SIZE || whole > DEVICE_RESPONSE_MAX ||
	    !read_exactly(response + HEADER_SIZE, whole - HEADER_SIZE))
		return -EIO;
	*response_size = whole;
	return 0;
}

/* ---- what is left in it ---- */

static void flush(uint32_t handle)
{
	uint8_t command[] = {0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x65, 0, 0, 0, 0};
	uint8_t response[DEVICE_RESPONSE_MAX];
	size_t size = 0;

	put_be32(command + 10, handle);
	pass_on(command, sizeof(command), response, &size);
}

/* TPM2_GetCapability of handles from FIRST on, of its kind. */
static void flush_all(uint32_t first)
{
	uint8_t command[] = {0x80, 0x01, 0, 0, 0, 22, 0, 0, 0x01, 0x7a, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 64};
	uint8_t response[DEVICE_RESPONSE_MAX];
	const size_t list = HEADER_SIZE + 1 + 4;
	size_t size = 0, count = 0;

	put_be32(command + 14, first);
	if (pass_on(command, sizeof(command), response, &size) != 0 || size < list + 4)
		return;
	count = get_be32(response + list);
	for (size_t i = 0; i < count && list + 4 + 4 * (i + 1) <= size; i++)
		flush(get_be32(response + list + 4 + 4 * i));
}

static void closed(void)
{
	pthread_mutex_lock(&lock);
	flush_all(HANDLES_TRANSIENT);
	flush_all(HANDLES_SESSIONS);
	pthread_mutex_unlock(&lock);
}

/* ---- faults ---- */

static void refuse(uint32_t rc, uint8_t *response, size_t *response_size)
{
	response[0] = TAG_NO_SESSIONS >> 8;
	response[1] = TAG_NO_SESSIONS & 0xff;
	put_be32(response + 2, HEADER_SIZE);
	put_be32(response + 6, rc);
	*response_size = HEADER_SIZE;
}

/* Handle, sessions with their size before them, qualifying data with its own. */
static bool is_long_quote(const uint8_t *command, size_t size)
{
	const size_t at = HEADER_SIZE + 4;
	size_t sessions = 0;

	if (get_be32(command + 6) != CODE_QUOTE || size < at + 4)
		return false;
	sessions = get_be32(command + at);
	if (sessions > size || at + 4 + sessions + 2 > size)
		return false;
	return (command[at + 4 + sessions] << 8 | command[at + 4 + sessions + 1]) > QUALIFYING_DATA_MAX;
}

static bool is_refused(const uint8_t *command, size_t size, uint32_t *rc)
{
	char value[64];
	char *end = NULL;

	*rc = RC_QUALIFYING_DATA_SIZE;
	if (is_long_quote(command, size) && control_fault("no-sha512"))
		return true;
	if (!control_text("refuse", value, sizeof(value)) || strtoul(value, &end, 0) != get_be32(command + 6))
		return false;
	*rc = (uint32_t)strtoul(end, NULL, 0);
	return true;
}

/* A response with sessions says where its parameters end, after the handle that some have. */
static void tamper(uint32_t code, uint8_t *response, size_t size)
{
	size_t start = HEADER_SIZE + 4, parameters = 0, at = 0;
	char value[64];
	char *end = NULL;

	if (!control_text("tamper", value, sizeof(value)) || strtoul(value, &end, 0) != code ||
	    (response[0] << 8 | response[1]) != TAG_SESSIONS)
		return;
	if (code == CODE_CREATE_PRIMARY || code == CODE_LOAD)
		start += 4;
	if (size < start)
		return;
	parameters = get_be32(response + start - 4);
	at = *end ? strtoul(end, NULL, 0) : parameters - 1;
	if (at < parameters && parameters <= size - start)
		response[start + at] ^= 1;
}

static int transact(const uint8_t *command, size_t size, uint8_t *response, size_t *response_size)
{
	uint32_t rc = 0;
	int error = 0;

	if (size < HEADER_SIZE || get_be32(command + 2) != size)
		return -EINVAL;
	if (is_refused(command, size, &rc)) {
		refuse(rc, response, response_size);
		return 0;
	}
	pthread_mutex_lock(&lock);
	error = pass_on(command, size, response, response_size);
	pthread_mutex_unlock(&lock);
	if (!error)
		tamper(get_be32(command + 6), response, *response_size);
	return error;
}

int main(int argc, char **argv)
{
	static const struct device device = {
	    .name = "tpmrm0",
	    .mode = 0600,
	    .transact = transact,
	    .closed = closed,
	};
	const char *state = NULL;
	pid_t pid = -1;
	int code = 1;

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--state=", 8) == 0)
			state = argv[i] + 8;
	if (!state) {
		fprintf(stderr, "emulate-tpm: --state=DIR is missing\n");
		return 64;
	}
	pid = power_on(state);
	if (pid < 0) {
		perror("emulate-tpm: swtpm");
		return 1;
	}
	code = device_serve(argc, argv, &device);
	power_off(pid);
	return code;
}
