/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a context's last results of requests that must have their effect once: a resend after a
 * broken connection gets the first answer, and one that comes while the first still runs waits for it
 * (DESIGN section 7, rule 10). What must outlive the worker is in the store besides (struct once).
 * Inside the enclave; callers hold the context's lock, which replay_begin gives up while it waits.
 */
#ifndef KEYCLAVE_SERVICE_REPLAY_H
#define KEYCLAVE_SERVICE_REPLAY_H

#include <pthread.h>

#include "common/buffer.h"

#define REPLAY_RESULTS_MAX 64     /* of one context */
#define REPLAY_RESULT_MAX 1024    /* bytes; no response of a REPLAY_ONCE row is larger */

struct replay_result {
	uint64_t sequence; /* 0: free */
	bool running;
	size_t size;
	uint8_t *body; /* secret memory */
};

struct replay {
	struct replay_result *result; /* REPLAY_RESULTS_MAX, made at first use */
	size_t next;
	uint64_t highest; /* sequence number begun so far */
	pthread_cond_t done;
};

bool replay_init(struct replay *replay);
void replay_free(struct replay *replay);

enum replay_verdict {
	REPLAY_FIRST,     /* run it, then call replay_end */
	REPLAY_REPEATED,  /* the first answer is in OUT */
	REPLAY_FORGOTTEN, /* older than what is remembered: ask the store, then run it and call replay_end */
	REPLAY_FULL,      /* no memory, or as many are running: CKR_DEVICE_MEMORY */
};

/* LOCK: the context's. */
enum replay_verdict replay_begin(struct replay *replay, pthread_mutex_t *lock, uint64_t sequence,
				 struct buffer *out);

/* BODY: the encoded answer; empty, or no memory for it: the request is forgotten, as if it had not come. */
void replay_end(struct replay *replay, uint64_t sequence, struct span body);

#endif
