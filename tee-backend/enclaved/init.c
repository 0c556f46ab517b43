/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave-init: the first program of an enclave image, statically linked. Gives keyclaved what a system has (the kernel's file
 * systems, the drivers that lie in the image), tells a Nitro parent that the enclave is up, and becomes keyclaved: when
 * that ends the kernel ends the enclave. Inside the enclave; reads nothing that is not measured.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#define DAEMON "/sbin/keyclaved"
#define CONFIGURATION "/etc/keyclave.conf"
/* The drivers' names, in the order in which they are loaded. */
#define MODULES "/modules/order"

/* The parent's tools wait for this byte at this place, and send it back (aws-nitro-enclaves-cli). */
#define HEARTBEAT_CID 3
#define HEARTBEAT_PORT 9000
#define HEARTBEAT 0xb7

static void complain(const char *what)
{
	fprintf(stderr, "keyclave-init: %s: %s\n", what, strerror(errno));
}

static void mount_all(void)
{
	static const struct {
		const char *type, *path;
		unsigned long flags;
		const char *options;
	} mounts[] = {
		{"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
		{"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL},
		{"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, NULL},
		{"tmpfs", "/run", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"},
		{"tmpfs", "/var", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755"},
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		(void)mkdir(mounts[i].path, 0755);
		/* Some kernels mount devtmpfs by themselves. */
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, mounts[i].flags, mounts[i].options) &&
		    errno != EBUSY)
			complain(mounts[i].path);
	}
}

/* stdin, stdout, stderr: the console, whose device the image holds. */
static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	for (int i = 0; fd >= 0 && i <= STDERR_FILENO; i++)
		if (fd != i)
			(void)dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
}

static void load_module(const char *name)
{
	char path[128];
	int fd = -1;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		complain(path);
	if (fd >= 0)
		close(fd);
}

static void load_modules(void)
{
	FILE *list = fopen(MODULES, "re");
	char name[64];

	while (list && fscanf(list, "%63s", name) == 1)
		load_module(name);
	if (list)
		fclose(list);
}

/* Not everything that starts an image is a Nitro parent: nobody there is no fault. */
static void beat(void)
{
	const struct sockaddr_vm parent = {
		.svm_family = AF_VSOCK, .svm_cid = HEARTBEAT_CID, .svm_port = HEARTBEAT_PORT};
	const struct timeval patience = {.tv_sec = 2};
	unsigned char byte = HEARTBEAT;
	int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_CONNECT_TIMEOUT, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&parent, sizeof(parent)) || send(fd, &byte, 1, MSG_NOSIGNAL) != 1 ||
	    recv(fd, &byte, 1, 0) != 1)
		complain("no Nitro parent waits for this enclave");
	close(fd);
}

int main(void)
{
	/* The command line's words are the kernel's; they come as arguments and environment too. */
	char *const arguments[] = {(char[]){"keyclaved"}, NULL};
	char *const environment[] = {(char[]){"KEYCLAVE_CONF=" CONFIGURATION}, (char[]){"PATH=/sbin"}, NULL};

	(void)umask(022);
	mount_all();
	open_console();
	load_modules();
	beat();
	execve(DAEMON, arguments, environment);
	complain(DAEMON);
	return 1;
}
