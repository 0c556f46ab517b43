/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control sockets by context. All have one epoll instance of their own, which the worker's main thread
 * watches: messages on them are rare, and their end is the end of a context.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/controls.h"

struct control {
	struct control *next;
	struct handover_name name;
	int fd;
};

struct controls {
	struct controls_host host;
	struct service *service;
	int keeper;
	int epoll;
	pthread_mutex_t lock; /* what follows */
	struct control *first;
	uint64_t next_serial;
};

struct controls *controls_new(int keeper, const struct controls_host *host)
{
	struct controls *controls = calloc(1, sizeof(*controls));

	if (!controls)
		return NULL;
	controls->host = *host;
	controls->keeper = keeper;
	controls->next_serial = 1;
	controls->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (controls->epoll < 0) {
		free(controls);
		return NULL;
	}
	(void)pthread_mutex_init(&controls->lock, NULL);
	return controls;
}

void controls_free(struct controls **controls)
{
	struct controls *freed = *controls;

	*controls = NULL;
	if (!freed)
		return;
	while (freed->first) {
		struct control *control = freed->first;

		freed->first = control->next;
		close(control->fd);
		free(control);
	}
	close(freed->epoll);
	(void)pthread_mutex_destroy(&freed->lock);
	free(freed);
}

int controls_descriptor(const struct controls *controls)
{
	return controls->epoll;
}

/* The caller holds the lock. Takes FD; on failure it is closed. */
static bool control_add(struct controls *controls, const struct handover_name *name, int fd)
{
	struct control *control = calloc(1, sizeof(*control));
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = control};

	if (control) {
		control->name = *name;
		control->fd = fd;
	}
	if (!control || epoll_ctl(controls->epoll, EPOLL_CTL_ADD, fd, &event)) {
		free(control);
		close(fd);
		return false;
	}
	control->next = controls->first;
	controls->first = control;
	if (controls->next_serial <= name->serial)
		controls->next_serial = name->serial + 1;
	return true;
}

bool controls_restore(struct controls *controls, const struct handover_name *name, int fd)
{
	bool ok = false;

	pthread_mutex_lock(&controls->lock);
	ok = control_add(controls, name, fd);
	pthread_mutex_unlock(&controls->lock);
	return ok;
}

void controls_begin(struct controls *controls, struct service *service)
{
	controls->service = service;
	pthread_mutex_lock(&controls->lock);
	for (const struct control *control = controls->first; control; control = control->next)
		service_context_alive(service, control->name.context);
	pthread_mutex_unlock(&controls->lock);
}

CK_RV controls_make(struct controls *controls, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE], int *fd)
{
	struct handover message = {.kind = HANDOVER_CONTEXT, .fd = -1};
	int pair[2] = {-1, -1};
	bool ok = false;

	if (!packet_pair(pair)) {
		log_error("no control socket: %s", strerror(errno));
		return CKR_DEVICE_ERROR;
	}
	/* Send-only for clients: answers on a shared socket would reach the wrong process (rule 6). */
	(void)shutdown(pair[1], SHUT_RD);
	memcpy(message.name.context, context, PROTOCOL_CONTEXT_ID_SIZE);
	message.fd = pair[0];
	pthread_mutex_lock(&controls->lock);
	message.name.serial = controls->next_serial++;
	/* The keeper first: from here on the context outlives us. */
	if (handover_send(controls->keeper, &message))
		ok = control_add(controls, &message.name, pair[0]);
	else
		close(pair[0]);
	pthread_mutex_unlock(&controls->lock);
	if (!ok) {
		close(pair[1]);
		return CKR_DEVICE_ERROR;
	}
	*fd = pair[1];
	return CKR_OK;
}

/* All copies of the client's end are closed. */
static void control_over(struct controls *controls, struct control *control)
{
	struct handover message = {.kind = HANDOVER_OVER, .name = control->name, .fd = -1};
	bool last = true;

	pthread_mutex_lock(&controls->lock);
	for (struct control **at = &controls->first; *at;) {
		if (*at == control) {
			*at = control->next;
			continue;
		}
		if (!memcmp((*at)->name.context, control->name.context, PROTOCOL_CONTEXT_ID_SIZE))
			last = false;
		at = &(*at)->next;
	}
	pthread_mutex_unlock(&controls->lock);
	/* Closing is not enough: the keeper's copy keeps it in the epoll set. */
	(void)epoll_ctl(controls->epoll, EPOLL_CTL_DEL, control->fd, NULL);
	(void)handover_send(controls->keeper, &message);
	if (last)
		service_context_over(controls->service, control->name.context);
	close(control->fd);
	free(control);
}

static void control_read(struct controls *controls, struct control *control)
{
	uint8_t bytes[PROTOCOL_HELLO_MAX];
	struct channel_fds fds = {.count = 0};
	struct span ticket = {0};
	size_t size = 0;
	enum transport_result result =
		packet_receive(control->fd, bytes, sizeof(bytes), &size, &fds, 0);

	switch (result) {
	case TRANSPORT_OK:
		break;
	case TRANSPORT_TIMEOUT:
	case TRANSPORT_TOO_LARGE:
		return;
	default:
		control_over(controls, control);
		return;
	}
	if (fds.count == 1 && codec_read_ticket((struct span){bytes, size}, &ticket) &&
	    service_ticket_valid(controls->service, ticket)) {
		controls->host.adopt(controls->host.arg, fds.fd[0]);
		fds.count = 0;
	}
	channel_fds_close(&fds);
}

void controls_work(struct controls *controls)
{
	struct epoll_event events[16];
	int count = epoll_wait(controls->epoll, events, 16, 0);

	/* Each event has another control, so that the end of one leaves the others as they are. */
	for (int i = 0; i < count; i++)
		control_read(controls, events[i].data.ptr);
}
