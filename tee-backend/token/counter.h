/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform's counter against a store that was put back to an earlier state (security rule 7, DESIGN section 7, rule 19):
 * RECORD_SLOTS says what it has to show. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_COUNTER_H
#define KEYCLAVE_TOKEN_COUNTER_H

#include "token/internal.h"

/*
 * Before anything is served, when the slots are loaded: accepts a store that is at the counter's value, or one ahead (killed
 * before the increment), seals it anew and counts. CKR_TOKEN_NOT_RECOGNIZED, logged: it is an earlier state, or the counter is
 * gone. CKR_OK at once in a store without a counter.
 */
CK_RV counter_open(struct token_store *store);

/* The epoch of a write that advances the counter, 0: the store has none. */
uint64_t counter_next(const struct token_store *store);

/*
 * After a write that advanced the epoch, and before the next one: brings the counter to store->slots.epoch. CKR_DEVICE_ERROR,
 * logged: it stays behind, and is asked again.
 */
CK_RV counter_follow(struct token_store *store);

#endif
