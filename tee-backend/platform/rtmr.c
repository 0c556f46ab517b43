/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file a register, 48 bytes. Inside the enclave, which only reads: what it said of itself would prove nothing (security
 * rule 5).
 */
#include "config.h"

#include "platform/rtmr.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

static CK_RV open_register(const char *folder, unsigned index, char path[PATH_MAX], int *fd)
{
	if (index >= RTMR_COUNT)
		return CKR_ARGUMENTS_BAD;
	snprintf(path, PATH_MAX, "%s/rtmr%u:sha384", folder, index);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd >= 0)
		return CKR_OK;
	if (errno == ENOENT || errno == ENOTDIR)
		return CKR_FUNCTION_NOT_SUPPORTED;
	log_error("%s: %s", path, strerror(errno));
	return CKR_DEVICE_ERROR;
}

CK_RV rtmr_read(const char *folder, unsigned index, uint8_t value[RTMR_SIZE])
{
	uint8_t data[RTMR_SIZE + 1];
	char path[PATH_MAX];
	int fd = -1;
	ssize_t got = 0;
	CK_RV rv = open_register(folder, index, path, &fd);

	if (rv != CKR_OK)
		return rv;
	got = read(fd, data, sizeof(data));
	if (got == RTMR_SIZE) {
		memcpy(value, data, RTMR_SIZE);
	} else {
		log_error("%s: %s", path, got < 0 ? strerror(errno) : "not 48 bytes");
		rv = CKR_DEVICE_ERROR;
	}
	close(fd);
	return rv;
}
