/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a file of the kernel's whose size nobody tells.
 */
#include "config.h"

#include "platform/boot_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define STEP 16384

CK_RV boot_log_read(const char *platform, const char *what, const char *path, size_t max, struct buffer *log)
{
	size_t size = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	buffer_reset(log);
	if (fd < 0) {
		log_warning("platform %s: evidence goes without %s: %s: %s", platform, what, path, strerror(errno));
		return CKR_OK;
	}
	while (got > 0 && size <= max) {
		if (!buffer_resize(log, size + STEP)) {
			close(fd);
			log_error("platform %s: no memory", platform);
			return CKR_DEVICE_MEMORY;
		}
		got = read(fd, log->data + size, log->size - size);
		if (got < 0 && errno == EINTR)
			got = 1;
		else
			size += got > 0 ? (size_t)got : 0;
	}
	if (got < 0 || size > max) {
		log_warning("platform %s: evidence goes without %s: %s: %s", platform, what, path,
			    got < 0 ? strerror(errno) : "too long");
		size = 0;
	}
	close(fd);
	return buffer_resize(log, size) ? CKR_OK : CKR_DEVICE_MEMORY;
}
