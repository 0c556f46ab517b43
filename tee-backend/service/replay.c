/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of encoded answers by sequence number. Bodies lie in secret memory: among them are login tickets
 * and grants. Inside the enclave.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "service/replay.h"

bool replay_init(struct replay *replay)
{
	*replay = (struct replay){0};
	return !pthread_cond_init(&replay->done, NULL);
}

void replay_free(struct replay *replay)
{
	if (replay->result) {
		for (size_t i = 0; i < REPLAY_RESULTS_MAX; i++)
			memory_secret_free(replay->result[i].body);
		free(replay->result);
		replay->result = NULL;
	}
	(void)pthread_cond_destroy(&replay->done);
}

static struct replay_result *replay_find(struct replay *replay, uint64_t sequence)
{
	for (size_t i = 0; i < REPLAY_RESULTS_MAX; i++) {
		if (replay->result[i].sequence == sequence)
			return &replay->result[i];
	}
	return NULL;
}

/* The oldest place that no running request holds. */
static struct replay_result *replay_place(struct replay *replay)
{
	for (size_t i = 0; i < REPLAY_RESULTS_MAX; i++) {
		struct replay_result *result = &replay->result[replay->next];

		replay->next = (replay->next + 1) % REPLAY_RESULTS_MAX;
		if (!result->running)
			return result;
	}
	return NULL;
}

enum replay_verdict replay_begin(struct replay *replay, pthread_mutex_t *lock, uint64_t sequence,
				 struct buffer *out)
{
	struct replay_result *result = NULL;
	bool older = sequence <= replay->highest;

	if (!replay->result) {
		replay->result = calloc(REPLAY_RESULTS_MAX, sizeof(*replay->result));
		if (!replay->result)
			return REPLAY_FULL;
	}
	while ((result = replay_find(replay, sequence)) && result->running)
		(void)pthread_cond_wait(&replay->done, lock);
	if (result)
		return buffer_set(out, result->body, result->size) ? REPLAY_REPEATED : REPLAY_FULL;

	result = replay_place(replay);
	if (!result)
		return REPLAY_FULL;
	memory_secret_free(result->body);
	result->body = NULL;
	result->sequence = sequence;
	result->running = true;
	result->size = 0;
	if (!older)
		replay->highest = sequence;
	return older ? REPLAY_FORGOTTEN : REPLAY_FIRST;
}

void replay_end(struct replay *replay, uint64_t sequence, struct span body)
{
	struct replay_result *result = replay_find(replay, sequence);

	if (!result)
		return;
	result->running = false;
	if (body.size && body.size <= REPLAY_RESULT_MAX)
		result->body = memory_secret_new(body.size);
	if (!result->body) {
		result->sequence = 0;
	} else {
		memcpy(result->body, body.data, body.size);
		result->size = body.size;
	}
	(void)pthread_cond_broadcast(&replay->done);
}
