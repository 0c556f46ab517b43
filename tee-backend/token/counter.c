/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commit first, then count: a kill in between leaves the store one ahead, which nobody but us can have written.
 */
#include "config.h"

#include "token/counter.h"

#include "common/log.h"
#include "token/batch.h"

static bool store_has_one(const struct token_store *store)
{
	return hierarchy_counter(store->hierarchy).id.size != 0;
}

uint64_t counter_next(const struct token_store *store)
{
	return store_has_one(store) ? store->slots.epoch + 1 : 0;
}

/* The epoch that VALUE stands for. */
static uint64_t epoch_of(const struct hierarchy_counter *counter, uint64_t value)
{
	return counter->base + (value - counter->start);
}

CK_RV counter_follow(struct token_store *store)
{
	struct hierarchy_counter counter = hierarchy_counter(store->hierarchy);
	uint64_t value = 0;
	CK_RV rv = CKR_OK;

	if (!counter.id.size || store->counted == store->slots.epoch)
		return CKR_OK;
	rv = platform_counter_increment(store->platform, counter.id, counter.auth, &value);
	if (rv == CKR_OK && epoch_of(&counter, value) == store->slots.epoch) {
		store->counted = store->slots.epoch;
		return CKR_OK;
	}
	log_error("store: the platform's counter does not follow (store %llu, counter %llu): PINs, policies and deletions are "
		  "refused until it does",
		  (unsigned long long)store->slots.epoch, (unsigned long long)epoch_of(&counter, value));
	return CKR_DEVICE_ERROR;
}

/* RECORD_SLOTS alone, as it is, under the next epoch. */
static CK_RV seal_again(struct token_store *store)
{
	struct batch batch = {0};
	struct buffer body = {.secret = true};
	CK_RV rv = CKR_DEVICE_MEMORY;

	store->slots.epoch = counter_next(store);
	if (record_write_slots(&body, &store->slots))
		rv = batch_put(&batch, hierarchy_storage_key(store->hierarchy), (struct blob_name){RECORD_SLOTS, 0, 0},
			       store->version, store->version + 1, buffer_span(&body), NULL);
	if (rv == CKR_OK)
		rv = batch_write(&batch, store->blobs);
	if (rv == CKR_OK)
		store->version++;
	batch_free(&batch);
	buffer_free(&body);
	return rv;
}

CK_RV counter_open(struct token_store *store)
{
	struct hierarchy_counter counter = hierarchy_counter(store->hierarchy);
	uint64_t value = 0;
	CK_RV rv = CKR_OK;

	if (!counter.id.size)
		return CKR_OK;
	/* Nothing was written yet: as it was made. */
	if (!store->version)
		store->slots.epoch = counter.base;
	rv = platform_counter_read(store->platform, counter.id, counter.auth, &value);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED) {
		rv = hierarchy_replace_counter(store->hierarchy, store->platform, store->blobs, store->slots.epoch);
		counter = hierarchy_counter(store->hierarchy);
		value = counter.start;
	}
	if (rv != CKR_OK)
		return rv;
	value = epoch_of(&counter, value);
	if (store->slots.epoch != value && store->slots.epoch != value + 1) {
		log_error("store: ROLLED BACK: it is at %llu and the platform's counter at %llu: this is an earlier state of it, put "
			  "back; it is refused",
			  (unsigned long long)store->slots.epoch, (unsigned long long)value);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	store->counted = value;
	rv = counter_follow(store);
	if (rv == CKR_OK)
		rv = seal_again(store);
	return rv == CKR_OK ? counter_follow(store) : rv;
}
