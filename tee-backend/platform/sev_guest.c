/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three requests of the SEV guest driver. Each is complete and within the firmware's limits before it goes out;
 * only what the driver calls busy, and a certificate buffer that it calls too small, is asked again. Inside the
 * enclave.
 */
#include "config.h"

#include "platform/sev_guest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "platform/retry.h"

/* linux/sev-guest.h, written out: its fields are what is tested, whatever headers the build has. */
struct guest_request {
	uint8_t version;
	uint8_t pad[7];
	uint64_t request;
	uint64_t response;
	uint32_t firmware_error;
	uint32_t host_error;
};

struct report_request {
	uint8_t data[SEV_GUEST_REPORT_DATA_SIZE];
	uint32_t vmpl;
	uint8_t zero[28];
};

struct extended_request {
	struct report_request report;
	uint64_t table;
	uint32_t table_size;
	uint32_t pad;
};

struct key_request {
	uint32_t root;
	uint32_t zero;
	uint64_t fields;
	uint32_t vmpl;
	uint32_t svn;
	uint64_t tcb;
};

struct report_response {
	uint32_t status;
	uint32_t size;
	uint8_t zero[24];
	uint8_t report[3968];
};

struct key_response {
	uint32_t status;
	uint8_t zero[28];
	uint8_t key[SEV_GUEST_KEY_SIZE];
};

_Static_assert(sizeof(struct guest_request) == 32 && sizeof(struct report_request) == 96 &&
		   sizeof(struct extended_request) == 112 && sizeof(struct key_request) == 32 &&
		   sizeof(struct report_response) == 4000 && sizeof(struct key_response) == 64,
	       "the kernel's sizes");

#define GET_REPORT _IOWR('S', 0x0, struct guest_request)
#define GET_DERIVED_KEY _IOWR('S', 0x1, struct guest_request)
#define GET_EXT_REPORT _IOWR('S', 0x2, struct guest_request)

#define HOST_INVALID_LENGTH 1 /* SNP_GUEST_VMM_ERR_INVALID_LEN */
#define HOST_BUSY 2	      /* SNP_GUEST_VMM_ERR_BUSY */

/* Of the firmware, in its answer. */
#define STATUS_INVALID_PARAMETER 0x16
#define STATUS_INVALID_KEY 0x27

struct sev_guest {
	int fd;
	unsigned deadline_ms;
	char path[]; /* for messages */
};

/* The driver takes one request at a time; so does this process, whatever it has open. */
static pthread_mutex_t one_request = PTHREAD_MUTEX_INITIALIZER;

CK_RV sev_guest_open(const char *path, unsigned deadline_ms, struct sev_guest **guest)
{
	size_t size = strlen(path) + 1;
	struct sev_guest *g = calloc(1, sizeof(*g) + size);

	*guest = NULL;
	if (!g) {
		log_error("%s: no memory", path);
		return CKR_DEVICE_MEMORY;
	}
	memcpy(g->path, path, size);
	g->deadline_ms = deadline_ms;
	g->fd = open(path, O_RDWR | O_CLOEXEC);
	if (g->fd < 0) {
		bool missing = errno == ENOENT || errno == ENODEV || errno == ENXIO;

		log_error("%s: %s%s", path, strerror(errno),
			  errno == EACCES ? ": it belongs to root and the keyclave user" : "");
		free(g);
		return missing ? CKR_TOKEN_NOT_PRESENT : CKR_DEVICE_ERROR;
	}
	*guest = g;
	return CKR_OK;
}

void sev_guest_free(struct sev_guest **guest)
{
	if (!guest || !*guest)
		return;
	close((*guest)->fd);
	free(*guest);
	*guest = NULL;
}

/* Why a request failed, in one line. */
static CK_RV request_failed(const struct sev_guest *g, const struct guest_request *request, int error)
{
	if (error == ENOTTY)
		log_error("%s: the guest's key to the secure processor is gone, after an earlier "
			  "failure: the guest has to be started again",
			  g->path);
	else if (request->host_error == HOST_BUSY || error == ETIMEDOUT)
		log_error("%s: the host throttled the request for too long (%s)", g->path,
			  strerror(error));
	else
		log_error("%s: request failed: %s (firmware error 0x%x, host error 0x%x)", g->path,
			  strerror(error), request->firmware_error, request->host_error);
	return error == ENOMEM ? CKR_DEVICE_MEMORY : CKR_DEVICE_ERROR;
}

/*
 * True: nothing went wrong but that the host is busy, and the very same request may be repeated. Linux since 6.3
 * does that itself, and gives up with ETIMEDOUT and the key wiped, which no repetition mends.
 */
static bool is_busy(const struct guest_request *request, int error)
{
	if (error == EAGAIN || error == EBUSY || error == EINTR)
		return true;
	return error == EIO && request->host_error == HOST_BUSY;
}

/* 0, or the errno of the last try. */
static int send_request(const struct sev_guest *g, unsigned long command,
			struct guest_request *request, const void *body, void *response)
{
	struct retry retry;
	int error = 0;

	retry_begin(&retry, g->deadline_ms);
	do {
		*request = (struct guest_request){
		    .version = 1,
		    .request = (uint64_t)(uintptr_t)body,
		    .response = (uint64_t)(uintptr_t)response,
		};
		error = ioctl(g->fd, command, request) == 0 ? 0 : errno;
	} while (error && is_busy(request, error) && retry_again(&retry));
	return error;
}

static CK_RV status_failed(const struct sev_guest *g, const char *what, uint32_t status)
{
	log_error("%s: the firmware refuses %s: status 0x%x%s", g->path, what, status,
		  status == STATUS_INVALID_PARAMETER ? " (invalid parameter)"
		  : status == STATUS_INVALID_KEY     ? " (invalid key)"
						     : "");
	return status == STATUS_INVALID_PARAMETER ? CKR_MECHANISM_PARAM_INVALID : CKR_DEVICE_ERROR;
}

static CK_RV take_report(const struct sev_guest *g, const struct report_response *response,
			 struct buffer *report)
{
	if (response->status)
		return status_failed(g, "a report", response->status);
	if (response->size != SEV_GUEST_REPORT_SIZE) {
		log_error("%s: a report of %u bytes; %u are known", g->path, response->size,
			  SEV_GUEST_REPORT_SIZE);
		return CKR_DEVICE_ERROR;
	}
	if (buffer_set(report, response->report, SEV_GUEST_REPORT_SIZE))
		return CKR_OK;
	log_error("%s: no memory", g->path);
	return CKR_DEVICE_MEMORY;
}

CK_RV sev_guest_report(struct sev_guest *guest, const uint8_t data[SEV_GUEST_REPORT_DATA_SIZE],
		       unsigned vmpl, struct buffer *report)
{
	struct report_request body = {.vmpl = vmpl};
	struct report_response response = {0};
	struct guest_request request;
	int error = 0;

	if (vmpl > SEV_GUEST_VMPL_MAX)
		return CKR_ARGUMENTS_BAD;
	memcpy(body.data, data, sizeof(body.data));
	pthread_mutex_lock(&one_request);
	error = send_request(guest, GET_REPORT, &request, &body, &response);
	pthread_mutex_unlock(&one_request);
	return error ? request_failed(guest, &request, error) : take_report(guest, &response, report);
}

/*
 * The report with the table, whose buffer is as large as the driver takes. When the host has more than that, the
 * driver says so and its key stays good: then the report alone is asked for, as certificates can come from elsewhere.
 */
static int ask_extended(struct sev_guest *guest, struct guest_request *request,
			struct extended_request *body, struct report_response *response,
			struct buffer *table)
{
	int error = send_request(guest, GET_EXT_REPORT, request, body, response);

	if (error != EIO || request->host_error != HOST_INVALID_LENGTH)
		return error;
	log_warning("%s: the host's certificates take %u bytes, and %u can be had: evidence goes "
		    "without them",
		    guest->path, body->table_size, SEV_GUEST_TABLE_MAX);
	buffer_reset(table);
	return send_request(guest, GET_REPORT, request, &body->report, response);
}

CK_RV sev_guest_extended_report(struct sev_guest *guest,
				const uint8_t data[SEV_GUEST_REPORT_DATA_SIZE], unsigned vmpl,
				struct buffer *report, struct buffer *table)
{
	struct extended_request body = {.report = {.vmpl = vmpl}};
	struct report_response response = {0};
	struct guest_request request;
	CK_RV rv = CKR_OK;
	int error = 0;

	if (vmpl > SEV_GUEST_VMPL_MAX)
		return CKR_ARGUMENTS_BAD;
	buffer_reset(table);
	if (!buffer_resize(table, SEV_GUEST_TABLE_MAX)) {
		log_error("%s: no memory", guest->path);
		return CKR_DEVICE_MEMORY;
	}
	memcpy(body.report.data, data, sizeof(body.report.data));
	body.table = (uint64_t)(uintptr_t)table->data;
	body.table_size = SEV_GUEST_TABLE_MAX;
	pthread_mutex_lock(&one_request);
	error = ask_extended(guest, &request, &body, &response, table);
	pthread_mutex_unlock(&one_request);
	rv = error ? request_failed(guest, &request, error) : take_report(guest, &response, report);
	if (rv != CKR_OK)
		buffer_reset(table);
	return rv;
}

CK_RV sev_guest_derive(struct sev_guest *guest, const struct sev_guest_key *request,
		       uint8_t key[SEV_GUEST_KEY_SIZE])
{
	const struct key_request body = {
	    .root = request->root,
	    .fields = request->fields,
	    .vmpl = request->vmpl,
	    .svn = request->svn,
	    .tcb = request->tcb,
	};
	struct guest_request message;
	struct key_response *response = NULL;
	CK_RV rv = CKR_OK;
	int error = 0;

	if (request->vmpl > SEV_GUEST_VMPL_MAX)
		return CKR_ARGUMENTS_BAD;
	response = memory_secret_new(sizeof(*response));
	if (!response) {
		log_error("%s: no memory", guest->path);
		return CKR_DEVICE_MEMORY;
	}
	pthread_mutex_lock(&one_request);
	error = send_request(guest, GET_DERIVED_KEY, &message, &body, response);
	pthread_mutex_unlock(&one_request);
	if (error)
		rv = request_failed(guest, &message, error);
	else if (response->status)
		rv = status_failed(guest, "a derived key", response->status);
	else
		memcpy(key, response->key, SEV_GUEST_KEY_SIZE);
	memory_secret_free(response);
	return rv;
}
