/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of counted streams. Closing takes one off the list; it is freed by the last who works on it.
 * Inside the enclave.
 */
#include "config.h"

#include <stdlib.h>

#include "service/streams.h"

CK_RV streams_add(struct service *service, struct streams *streams, struct stream **stream,
		  uint64_t slot, bool private_key, bool holds, uint64_t *id)
{
	struct open_stream *open = NULL;

	if (streams->count >= STREAMS_MAX) {
		stream_free(stream);
		return CKR_DEVICE_MEMORY;
	}
	open = calloc(1, sizeof(*open));
	if (!open || pthread_mutex_init(&open->lock, NULL)) {
		free(open);
		stream_free(stream);
		return CKR_DEVICE_MEMORY;
	}
	atomic_init(&open->refs, 1);
	open->id = atomic_fetch_add(&service->next_stream, 1);
	open->slot = slot;
	open->private_key = private_key;
	open->holds = holds;
	open->stream = *stream;
	open->result.secret = true;
	*stream = NULL;
	open->next = streams->first;
	streams->first = open;
	streams->count++;
	atomic_fetch_add(&service->streams, 1);
	*id = open->id;
	return CKR_OK;
}

struct open_stream *streams_get(const struct streams *streams, uint64_t id)
{
	for (struct open_stream *open = streams->first; open; open = open->next) {
		if (open->id == id) {
			atomic_fetch_add(&open->refs, 1);
			return open;
		}
	}
	return NULL;
}

void streams_put(struct service *service, struct open_stream **open)
{
	struct open_stream *last = *open;

	*open = NULL;
	if (!last || atomic_fetch_sub(&last->refs, 1) != 1)
		return;
	stream_free(&last->stream);
	buffer_free(&last->result);
	atomic_fetch_sub(&service->held_bytes, last->held);
	atomic_fetch_sub(&service->streams, 1);
	(void)pthread_mutex_destroy(&last->lock);
	free(last);
}

/* Takes *AT off the list. */
static void streams_unlink(struct service *service, struct streams *streams, struct open_stream **at)
{
	struct open_stream *open = *at;

	*at = open->next;
	open->next = NULL;
	streams->count--;
	streams_put(service, &open);
}

void streams_close(struct service *service, struct streams *streams, uint64_t id)
{
	for (struct open_stream **at = &streams->first; *at; at = &(*at)->next) {
		if ((*at)->id == id) {
			streams_unlink(service, streams, at);
			return;
		}
	}
}

void streams_drop(struct service *service, struct streams *streams, uint64_t slot, bool private_only)
{
	struct open_stream **at = &streams->first;

	while (*at) {
		if ((*at)->slot == slot && (!private_only || (*at)->private_key))
			streams_unlink(service, streams, at);
		else
			at = &(*at)->next;
	}
}

void streams_free(struct service *service, struct streams *streams)
{
	while (streams->first)
		streams_unlink(service, streams, &streams->first);
}

bool streams_hold(struct service *service, struct open_stream *open, size_t size)
{
	if (!open->holds)
		return true;
	if (atomic_fetch_add(&service->held_bytes, size) + size > STREAMS_HELD_MAX) {
		atomic_fetch_sub(&service->held_bytes, size);
		return false;
	}
	open->held += size;
	return true;
}
