/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the recovery file. Who could have written or read it beside its owner makes it no secret.
 */
#include "config.h"

#include "keys/recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/log.h"
#include "common/private_file.h"
#include "keys/slot.h"

#define DIGITS_MAX 128

/* Root may have put it there for the daemon's user. */
static const struct private_file_rule rule = {
	.type = S_IFREG, .root = true, .remedy = "make a new secret (openssl rand -hex 32)"};

static bool parse(const struct buffer *text, struct buffer *secret)
{
	size_t size = text->size;

	if (size && text->data[size - 1] == '\n')
		size--;
	return size >= 2 * SLOT_RECOVERY_MIN && size <= DIGITS_MAX &&
	       hex_decode_buffer((struct span){text->data, size}, secret);
}

CK_RV recovery_read(const char *path, struct buffer *secret)
{
	struct buffer text = {.secret = true};
	CK_RV rv = CKR_DEVICE_ERROR;
	ssize_t got = 0;
	int fd = -1;

	secret->secret = true;
	if (!path[0])
		return CKR_OK;
	if (!buffer_resize(&text, DIGITS_MAX + 2))
		return CKR_DEVICE_MEMORY;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		log_error("recovery-file %s: cannot open: %s", path, strerror(errno));
		goto out;
	}
	if (!private_file_check(fd, path, &rule))
		goto out;
	got = read(fd, text.data, DIGITS_MAX + 2);
	if (got < 0) {
		log_error("recovery-file %s: cannot read: %s", path, strerror(errno));
		goto out;
	}
	if (buffer_resize(&text, (size_t)got) && parse(&text, secret))
		rv = CKR_OK;
	else
		log_error("recovery-file %s: not 64 to 128 hexadecimal digits (openssl rand -hex 32)", path);
out:
	if (fd >= 0)
		close(fd);
	if (rv != CKR_OK)
		buffer_free(secret);
	buffer_free(&text);
	return rv;
}
