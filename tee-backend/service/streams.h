/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of one context: operations in many parts whose state is in the enclave, bound to the context
 * that opened them (DESIGN section 7, rule 3). Inside the enclave; callers hold the context's lock, but not
 * while they work on a stream, which has a lock of its own.
 */
#ifndef KEYCLAVE_SERVICE_STREAMS_H
#define KEYCLAVE_SERVICE_STREAMS_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/stream.h"
#include "service/internal.h"

#define STREAMS_MAX 1024                                   /* open in one context */
#define STREAMS_HELD_MAX ((size_t)256 * 1024 * 1024)       /* bytes kept back in the whole worker */

struct open_stream {
	struct open_stream *next;
	atomic_uint refs;
	uint64_t id;
	uint64_t slot;
	bool private_key; /* over at logout */
	bool holds;       /* what is fed in stays until the final */

	pthread_mutex_t lock; /* one thread at a time */
	struct stream *stream; /* NULL: over, but for the result */
	size_t held;
	struct buffer result; /* of the final, what does not fit one answer; secret memory */
	size_t given;         /* bytes of it */
};

struct streams {
	struct open_stream *first;
	size_t count;
};

/* Takes STREAM over (on failure too). CKR_DEVICE_MEMORY: memory, or STREAMS_MAX. */
CK_RV streams_add(struct service *service, struct streams *streams, struct stream **stream,
		  uint64_t slot, bool private_key, bool holds, uint64_t *id);

/* A reference for the caller (streams_put), or NULL. */
struct open_stream *streams_get(const struct streams *streams, uint64_t id);
void streams_put(struct service *service, struct open_stream **open);

/* Not found any more; what works on it ends its call. */
void streams_close(struct service *service, struct streams *streams, uint64_t id);
void streams_drop(struct service *service, struct streams *streams, uint64_t slot, bool private_only);
void streams_free(struct service *service, struct streams *streams);

/* SIZE more bytes would be kept back; false: beyond the worker's limit. The stream's lock is held. */
bool streams_hold(struct service *service, struct open_stream *open, size_t size);

#endif
