/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service as enclaved/ sees it: made at start, given frames, told of control sockets. Inside the
 * enclave.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "common/memory.h"
#include "service/dispatch.h"
#include "service/ticket.h"

uint64_t service_now(void)
{
	struct timespec now = {0};

	/* The coarse clock is a few nanoseconds and good to some milliseconds. */
	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec;
}

/* What must be random at each start. */
static bool service_seed(struct service *service)
{
	uint32_t object = 0;
	uint32_t stream = 0;

	if (!memory_random(service->boot_id, sizeof(service->boot_id)) ||
	    !memory_random(&object, sizeof(object)) || !memory_random(&stream, sizeof(stream)))
		return false;
	atomic_init(&service->next_object, object);
	atomic_init(&service->next_stream, (uint64_t)stream + 1);
	return true;
}

CK_RV service_new(const struct settings *settings, struct token_store *tokens, struct platform *platform,
		  const struct service_host *host, struct service **service)
{
	struct service *made = calloc(1, sizeof(*made));
	CK_RV rv = CKR_DEVICE_MEMORY;

	*service = NULL;
	if (!made)
		return rv;
	(void)pthread_mutex_init(&made->attach_lock, NULL);
	(void)pthread_mutex_init(&made->contexts_lock, NULL);
	(void)pthread_mutex_init(&made->nonces_lock, NULL);
	made->settings = *settings;
	made->tokens = tokens;
	made->platform = platform;
	if (host)
		made->host = *host;
	atomic_store(&made->last_use, service_now());
	dispatch_start(made);
	made->ticket_key = memory_secret_new(SEAL_KEY_SIZE);
	if (!made->ticket_key)
		goto out;
	rv = CKR_DEVICE_ERROR;
	if (!service_seed(made))
		goto out;
	rv = hierarchy_ticket_key(token_store_hierarchy(tokens), made->ticket_key);
	if (rv != CKR_OK)
		goto out;
	*service = made;
	made = NULL;
out:
	service_free(&made);
	return rv;
}

void service_free(struct service **service)
{
	struct service *freed = *service;

	*service = NULL;
	if (!freed)
		return;
	for (size_t i = 0; i < SERVICE_CONTEXT_BUCKETS; i++) {
		while (freed->contexts[i]) {
			struct application *context = freed->contexts[i];

			freed->contexts[i] = context->next;
			application_free(&context);
		}
	}
	EVP_PKEY_free(freed->channel_key);
	X509_free(freed->channel_certificate);
	buffer_free(&freed->channel_info);
	memory_secret_free(freed->ticket_key);
	(void)pthread_mutex_destroy(&freed->nonces_lock);
	(void)pthread_mutex_destroy(&freed->contexts_lock);
	(void)pthread_mutex_destroy(&freed->attach_lock);
	free(freed);
}

bool service_handle(struct service *service, struct link *link, struct span body, struct buffer *out,
		    int *fd)
{
	buffer_reset(out);
	*fd = -1;
	return dispatch_frame(service, link, body, out, fd);
}

void service_context_alive(struct service *service, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE])
{
	application_control(service, context, true);
}

void service_context_over(struct service *service, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE])
{
	application_control(service, context, false);
}

bool service_ticket_valid(struct service *service, struct span ticket)
{
	struct ticket_join join;

	return ticket_open_join(service, ticket, &join) == CKR_OK;
}

uint64_t service_idle(struct service *service)
{
	uint64_t now = service_now();
	uint64_t last = atomic_load(&service->last_use);

	/* What a restart would lose. */
	if (atomic_load(&service->streams) || atomic_load(&service->session_objects) ||
	    atomic_load(&service->so_logins))
		return 0;
	return now > last ? now - last : 0;
}
