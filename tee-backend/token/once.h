/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of requests that must have their effect once (DESIGN section 7, rule 10): written with the
 * effect, found by a resend, pruned by number and age. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_ONCE_H
#define KEYCLAVE_TOKEN_ONCE_H

#include <pthread.h>

#include "token/batch.h"
#include "token/record.h"

/*
 * Kept: the newest 1,000, and all of the last minute (a client gives up after connect-timeout, seconds), but
 * nothing for more than an hour nor more than 65,536.
 */
#define ONCE_KEEP 1000
#define ONCE_KEEP_S 60
#define ONCE_FORGET_S 3600
#define ONCE_MAX 65536

#define ONCE_BUCKETS 4096
#define ONCE_PRUNE_MAX 8 /* in one batch: a little more than comes in */

struct once_entry {
	struct record_once record;
	uint64_t version; /* of its RECORD_ONCE */
	struct once_entry *next;           /* in its bucket */
	struct once_entry *older, *newer;  /* by time */
};

struct once_log {
	pthread_mutex_t lock;
	struct once_entry *bucket[ONCE_BUCKETS];
	struct once_entry *oldest, *newest;
	size_t count;
};

void once_init(struct once_log *log);
void once_free(struct once_log *log);

/* Reads every RECORD_ONCE; what does not open is logged and left out. */
CK_RV once_load(struct once_log *log, struct blobstore *blobs, const uint8_t key[SEAL_KEY_SIZE]);

/* False: not remembered (or undecided: see record_once). */
bool once_find(struct once_log *log, const struct once *once, struct record_once *record);

/*
 * Puts RECORD, with the time of now, into BATCH, sealed by KEY. When the batch is written the caller gives
 * ENTRY to once_keep, else to once_drop.
 */
CK_RV once_stage(struct once_log *log, struct batch *batch, const struct record_once *record,
		 const uint8_t key[SEAL_KEY_SIZE], struct once_entry **entry);
void once_keep(struct once_log *log, struct once_entry **entry);
void once_drop(struct once_entry **entry);

/* Puts the removal of the *PRUNED oldest, as far as they are due, into BATCH; once_forget when it is written. */
CK_RV once_prune(struct once_log *log, struct batch *batch, size_t *pruned);
void once_forget(struct once_log *log, size_t pruned);

#endif
