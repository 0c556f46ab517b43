/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device node that answers ioctls, or reads and writes, as a file of a FUSE file system: the client makes the very
 * system calls that it makes on the real node. Pointers inside an argument are followed into the caller's memory, as a driver does. Tests
 * only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_DEVICE_H
#define KEYCLAVE_TESTS_EMULATORS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DEVICE_RESPONSE_MAX 4096

struct device {
	const char *name; /* "nsm" */
	mode_t mode;
	/* 0 or -errno. ARGUMENT: the ioctl's struct, in and out; CALLER: where it lies in the caller. NULL: has none. */
	int (*ioctl)(unsigned command, void *argument, uint64_t caller);
	/* A write is a command; what is read afterwards, by the same open file, is its response. The same; NULL: has none. */
	int (*transact)(const uint8_t *command, size_t size, uint8_t *response, size_t *response_size);
	void (*closed)(void); /* by the last one that had it open; NULL: that is all the same */
};

/* Bytes of the process that called; false: EFAULT. */
bool device_copy_in(void *to, uint64_t from, size_t size);
bool device_copy_out(uint64_t to, const void *from, size_t size);

/* Command line: see mount.h. Serves until SIGTERM; the process's exit code. */
int device_serve(int argc, char **argv, const struct device *device);

#endif
