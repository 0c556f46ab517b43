/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocol of sd_listen_fds(3): two variables and descriptors from 3 on. What is not a
 * listening unix stream socket is refused, for authorisation rests on peer credentials.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/activation.h"

#define ACTIVATION_FIRST_FD 3

/* The number in TEXT; -1: it is none. */
static long activation_number(const char *text)
{
	char *end = NULL;
	long number = 0;

	if (!text || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtol(text, &end, 10);
	return errno || *end ? -1 : number;
}

static bool activation_option_is(int fd, int option, int wanted)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return !getsockopt(fd, SOL_SOCKET, option, &value, &size) && value == wanted;
}

static bool activation_family(int fd)
{
	return activation_option_is(fd, SO_DOMAIN, AF_UNIX) || activation_option_is(fd, SO_DOMAIN, AF_VSOCK) ||
	       activation_option_is(fd, SO_DOMAIN, AF_INET) || activation_option_is(fd, SO_DOMAIN, AF_INET6);
}

static bool activation_take(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || !activation_family(fd) || !activation_option_is(fd, SO_TYPE, SOCK_STREAM) ||
	    !activation_option_is(fd, SO_ACCEPTCONN, 1)) {
		errno = EINVAL;
		return false;
	}
	return !fcntl(fd, F_SETFD, FD_CLOEXEC) && !fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int activation_listeners(int *fds, int max)
{
	long pid = activation_number(secure_getenv("LISTEN_PID"));
	long count = activation_number(secure_getenv("LISTEN_FDS"));

	/* Children must not take them for theirs. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (pid != getpid() || count <= 0)
		return 0;
	if (count > max) {
		errno = E2BIG;
		return -1;
	}
	for (int i = 0; i < count; i++) {
		fds[i] = ACTIVATION_FIRST_FD + i;
		if (!activation_take(fds[i]))
			return -1;
	}
	return (int)count;
}
