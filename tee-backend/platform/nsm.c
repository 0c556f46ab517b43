/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One ioctl carries each CBOR request to the Nitro security module and its answer back. The answer's buffer has
 * always the driver's full size, for a shorter one is cut silently. Inside the enclave.
 */
#include "config.h"

#include "platform/nsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/log.h"

/* linux/nsm.h, which Debian 12's headers do not have yet. */
struct nsm_iovec {
	uint64_t address;
	uint64_t size;
};

struct nsm_raw {
	struct nsm_iovec request;
	struct nsm_iovec response;
};

#define NSM_IOCTL_RAW _IOWR(0x0A, 0x0, struct nsm_raw)

struct nsm {
	int fd;
	char path[]; /* for messages */
};

CK_RV nsm_open(const char *path, struct nsm **nsm)
{
	size_t size = strlen(path) + 1;
	struct nsm *n = calloc(1, sizeof(*n) + size);

	*nsm = NULL;
	if (!n) {
		log_error("%s: no memory", path);
		return CKR_DEVICE_MEMORY;
	}
	memcpy(n->path, path, size);
	n->fd = open(path, O_RDWR | O_CLOEXEC);
	if (n->fd < 0) {
		bool missing = errno == ENOENT || errno == ENODEV || errno == ENXIO;

		log_error("%s: %s%s", path, strerror(errno),
			  errno == EACCES ? ": it belongs to root and the keyclave user" : "");
		free(n);
		return missing ? CKR_TOKEN_NOT_PRESENT : CKR_DEVICE_ERROR;
	}
	*nsm = n;
	return CKR_OK;
}

void nsm_free(struct nsm **nsm)
{
	if (!nsm || !*nsm)
		return;
	close((*nsm)->fd);
	free(*nsm);
	*nsm = NULL;
}

static uint64_t address_of(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* The driver itself waits for the module, two minutes at most. A signal does not interrupt it. */
static CK_RV exchange(struct nsm *nsm, struct span request, struct buffer *response)
{
	struct nsm_raw raw = {
	    .request = {address_of(request.data), request.size},
	};

	if (!buffer_resize(response, NSM_MESSAGE_RESPONSE_MAX)) {
		log_error("%s: no memory", nsm->path);
		return CKR_DEVICE_MEMORY;
	}
	raw.response = (struct nsm_iovec){address_of(response->data), response->size};
	if (ioctl(nsm->fd, NSM_IOCTL_RAW, &raw) != 0) {
		log_error("%s: request failed: %s", nsm->path, strerror(errno));
		return errno == ENOMEM ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR;
	}
	if (raw.response.size > response->size) {
		log_error("%s: an answer longer than its buffer", nsm->path);
		return CKR_DEVICE_ERROR;
	}
	return buffer_resize(response, (size_t)raw.response.size) ? CKR_OK : CKR_DEVICE_MEMORY;
}

/* RESPONSE keeps what ANSWER borrows. */
static CK_RV call(struct nsm *nsm, const struct nsm_message_request *request,
		  struct buffer *response, struct nsm_message_answer *answer)
{
	struct buffer encoded = {0};
	CK_RV rv = nsm_message_write(request, &encoded);

	if (rv == CKR_OK)
		rv = exchange(nsm, buffer_span(&encoded), response);
	if (rv == CKR_OK)
		rv = nsm_message_read(request->command, buffer_span(response), answer);
	buffer_free(&encoded);
	return rv;
}

/* As call, for a request of whose answer only the bytes matter. VALUE may be NULL. */
static CK_RV call_for_data(struct nsm *nsm, const struct nsm_message_request *request,
			   struct buffer *value)
{
	struct buffer response = {.secret = value && value->secret};
	struct nsm_message_answer answer;
	CK_RV rv = call(nsm, request, &response, &answer);

	if (rv == CKR_OK && value && !buffer_set(value, answer.data.data, answer.data.size))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK && value && !value->size) {
		log_error("%s: an empty answer", nsm->path);
		rv = CKR_DEVICE_ERROR;
	}
	buffer_free(&response);
	return rv;
}

static void copy_text(char *to, size_t size, struct span text)
{
	size_t length = text.size < size ? text.size : size - 1;

	if (length)
		memcpy(to, text.data, length);
	to[length] = '\0';
}

CK_RV nsm_describe(struct nsm *nsm, struct nsm_description *description)
{
	const struct nsm_message_request request = {.command = NSM_MESSAGE_DESCRIBE};
	struct nsm_message_answer answer;
	struct buffer response = {0};
	CK_RV rv = call(nsm, &request, &response, &answer);

	memset(description, 0, sizeof(*description));
	if (rv == CKR_OK) {
		memcpy(description->version, answer.version, sizeof(description->version));
		description->max_pcrs = answer.max_pcrs;
		description->locked = answer.locked;
		copy_text(description->module_id, sizeof(description->module_id), answer.module_id);
		copy_text(description->digest, sizeof(description->digest), answer.digest);
	}
	buffer_free(&response);
	return rv;
}

/* A PCR has the size of a digest. */
static CK_RV checked_pcr(struct nsm *nsm, CK_RV rv, const struct buffer *value)
{
	if (rv != CKR_OK || value->size == 32 || value->size == 48 || value->size == 64)
		return rv;
	log_error("%s: a PCR of %zu bytes", nsm->path, value->size);
	return CKR_DEVICE_ERROR;
}

CK_RV nsm_pcr(struct nsm *nsm, unsigned index, bool *locked, struct buffer *value)
{
	const struct nsm_message_request request = {.command = NSM_MESSAGE_DESCRIBE_PCR,
						    .index = index};
	struct nsm_message_answer answer;
	struct buffer response = {0};
	CK_RV rv = call(nsm, &request, &response, &answer);

	if (rv == CKR_OK && !buffer_set(value, answer.data.data, answer.data.size))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		*locked = answer.lock;
	buffer_free(&response);
	return checked_pcr(nsm, rv, value);
}

CK_RV nsm_extend(struct nsm *nsm, unsigned index, struct span data, struct buffer *value)
{
	const struct nsm_message_request request = {
	    .command = NSM_MESSAGE_EXTEND_PCR, .index = index, .data = data};

	return checked_pcr(nsm, call_for_data(nsm, &request, value), value);
}

CK_RV nsm_lock(struct nsm *nsm, unsigned index)
{
	const struct nsm_message_request request = {.command = NSM_MESSAGE_LOCK_PCR, .index = index};

	return call_for_data(nsm, &request, NULL);
}

CK_RV nsm_lock_below(struct nsm *nsm, unsigned end)
{
	const struct nsm_message_request request = {.command = NSM_MESSAGE_LOCK_PCRS, .index = end};

	return call_for_data(nsm, &request, NULL);
}

CK_RV nsm_attest(struct nsm *nsm, struct span user_data, struct span nonce,
		 struct buffer *document)
{
	const struct nsm_message_request request = {
	    .command = NSM_MESSAGE_ATTESTATION, .user_data = user_data, .nonce = nonce};

	return call_for_data(nsm, &request, document);
}

CK_RV nsm_attest_recipient(struct nsm *nsm, struct span public_key, struct buffer *document)
{
	const struct nsm_message_request request = {.command = NSM_MESSAGE_ATTESTATION,
						    .public_key = public_key};

	return public_key.size ? call_for_data(nsm, &request, document) : CKR_ARGUMENTS_BAD;
}

CK_RV nsm_random(struct nsm *nsm, struct buffer *out)
{
	const struct nsm_message_request request = {.command = NSM_MESSAGE_RANDOM};

	return call_for_data(nsm, &request, out);
}
