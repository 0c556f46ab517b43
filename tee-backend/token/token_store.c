/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All tokens of one store: slots, C_InitToken, and the memory of requests that run once. Called by
 * enclaved/ at start and by service/. Inside the enclave.
 */
#include "config.h"

#include "token/token.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "keys/recovery.h"
#include "keys/rotate.h"
#include "token/commit.h"
#include "token/counter.h"
#include "token/internal.h"
#include "token/object_key.h"
#include "token/pin.h"

#define SLOT_FIRST 1 /* what a client answers without a daemon (DESIGN section 7, rule 8) */

/* Parsed keys may take half of what can be locked; the other half is for the objects themselves. */
#define BUDGET_MIN ((size_t)512 * 1024)
#define BUDGET_MAX ((size_t)256 * 1024 * 1024)

/* ---- opening ---- */

static void budget_keys(void)
{
	struct memory_status status = {0};
	size_t budget = 0;

	memory_status(&status);
	budget = status.lock_limit / 2;
	budget = budget < BUDGET_MIN ? BUDGET_MIN : budget;
	object_key_budget(budget > BUDGET_MAX ? BUDGET_MAX : budget);
}

/* Without RECORD_SLOTS the store is new, or somebody removed it. */
static CK_RV slots_absent(struct token_store *store)
{
	struct buffer blob = {0};
	uint64_t version = 0;
	CK_RV rv =
	    blobstore_get(store->blobs, (struct blob_name){RECORD_TOKEN, 1, 0}, &blob, &version);

	buffer_free(&blob);
	if (rv == CKR_OK && version) {
		log_error("slots: was removed; the store is refused");
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	store->slots.next_token = 1;
	return rv;
}

static CK_RV load_slots(struct token_store *store)
{
	const struct blob_name name = {RECORD_SLOTS, 0, 0};
	struct buffer blob = {0}, plain = {.secret = true};
	CK_RV rv = blobstore_get(store->blobs, name, &blob, &store->version);

	if (rv == CKR_OK && !store->version) {
		rv = slots_absent(store);
		goto out;
	}
	if (rv == CKR_OK)
		rv = seal_open(hierarchy_storage_key(store->hierarchy), name, store->version,
			       buffer_span(&blob), &plain);
	if (rv == CKR_OK)
		rv = record_read_slots(buffer_span(&plain), &store->slots);
	if (rv == CKR_DATA_INVALID) {
		log_error("slots: was changed; the store is refused");
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	}
out:
	buffer_free(&blob);
	buffer_free(&plain);
	return rv;
}

static CK_RV load_tokens(struct token_store *store)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < store->slots.count && rv == CKR_OK; i++) {
		rv = token_load(store, &store->slots.entry[i], &store->token[i]);
		if (rv != CKR_TOKEN_NOT_RECOGNIZED)
			continue;
		log_error("slot %llu: its token is refused, the others go on",
			  (unsigned long long)store->slots.entry[i].slot);
		rv = CKR_OK;
	}
	return rv;
}

static CK_RV open_hierarchy(const struct settings *settings, struct token_store *s)
{
	struct hierarchy_options options = {.create = true,
					    .accept_rollback = settings->accept_rollback,
					    .kms = platform_root_is_kms(settings) ? s->kms : NULL};
	struct buffer recovery = {0};
	CK_RV rv = recovery_read(settings->recovery_file, &recovery);

	if (rv == CKR_OK)
		rv = migration_policy_load(settings->migration_policy, &s->migration);

	options.recovery = buffer_span(&recovery);
	options.migration = s->migration;
	if (rv == CKR_OK)
		rv = hierarchy_open(s->platform, &options, s->blobs, &s->hierarchy);
	buffer_free(&recovery);
	return rv;
}

CK_RV token_store_open(const struct settings *settings, struct platform *platform,
		       struct blobstore *blobs, struct token_store **store)
{
	struct token_store *s = NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	*store = NULL;
	s = calloc(1, sizeof(*s));
	if (!s || token_lock_init(&s->lock) != CKR_OK) {
		free(s);
		return rv;
	}
	pthread_mutex_init(&s->init_lock, NULL);
	s->platform = platform;
	s->blobs = blobs;
	s->pin_tries = settings->pin_tries;
	s->max_objects = settings->max_objects;
	s->weak_pin = settings->weak_pin_allowed;
	budget_keys();
	s->once = calloc(1, sizeof(*s->once));
	if (s->once) {
		once_init(s->once);
		rv = commit_new(&s->commit);
	}
	if (rv == CKR_OK)
		rv = kms_open(settings, platform, &s->kms);
	if (rv == CKR_OK)
		rv = open_hierarchy(settings, s);
	if (rv == CKR_OK)
		rv = load_slots(s);
	if (rv == CKR_OK)
		rv = counter_open(s);
	if (rv == CKR_OK)
		rv = once_load(s->once, blobs, hierarchy_storage_key(s->hierarchy));
	if (rv == CKR_OK)
		rv = load_tokens(s);
	if (rv == CKR_OK)
		*store = s;
	else
		token_store_free(&s);
	return rv;
}

void token_store_free(struct token_store **store)
{
	struct token_store *s = store ? *store : NULL;

	if (!s)
		return;
	*store = NULL;
	for (size_t i = 0; i < s->slots.count; i++)
		token_free(&s->token[i]);
	damage_free(&s->damage);
	if (s->once)
		once_free(s->once);
	free(s->once);
	if (s->commit)
		commit_free(&s->commit);
	hierarchy_free(&s->hierarchy);
	migration_policy_free(&s->migration);
	kms_free(&s->kms);
	pthread_rwlock_destroy(&s->lock);
	pthread_mutex_destroy(&s->init_lock);
	free(s);
}

const struct hierarchy *token_store_hierarchy(const struct token_store *store)
{
	return store->hierarchy;
}

struct kms *token_store_kms(const struct token_store *store)
{
	return store->kms;
}

CK_RV token_store_rotate(struct token_store *store)
{
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;

	if (!store->kms || !kms_describe(store->kms)->key[0])
		return rv;
	pthread_mutex_lock(&store->init_lock);
	rv = rotate_root(store->hierarchy, store->kms, store->blobs);
	pthread_mutex_unlock(&store->init_lock);
	return rv;
}

/* ---- slots ---- */

/*
 * Entries are in the order of slots and never go, so this is above them all. The caller holds the
 * lock.
 */
static uint64_t empty_slot(const struct token_store *store)
{
	size_t count = store->slots.count;

	return count ? store->slots.entry[count - 1].slot + 1 : SLOT_FIRST;
}

CK_RV token_store_slots(struct token_store *store, uint64_t *slots, size_t max, size_t *count)
{
	CK_RV rv = CKR_OK;

	pthread_rwlock_rdlock(&store->lock);
	*count = store->slots.count + 1;
	if (*count > max) {
		rv = CKR_BUFFER_TOO_SMALL;
	} else {
		for (size_t i = 0; i < store->slots.count; i++)
			slots[i] = store->slots.entry[i].slot;
		slots[*count - 1] = empty_slot(store);
	}
	pthread_rwlock_unlock(&store->lock);
	return rv;
}

CK_RV token_store_find(struct token_store *store, uint64_t slot, struct token **token)
{
	CK_RV rv = CKR_SLOT_ID_INVALID;

	*token = NULL;
	pthread_rwlock_rdlock(&store->lock);
	if (slot == empty_slot(store))
		rv = CKR_OK;
	for (size_t i = 0; i < store->slots.count; i++) {
		if (store->slots.entry[i].slot != slot)
			continue;
		*token = store->token[i];
		rv = *token ? CKR_OK : CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (*token)
		atomic_fetch_add_explicit(&(*token)->references, 1, memory_order_relaxed);
	pthread_rwlock_unlock(&store->lock);
	return rv;
}

size_t token_store_damaged(struct token_store *store)
{
	size_t count = 0;

	pthread_rwlock_rdlock(&store->lock);
	count = store->damage.count;
	pthread_rwlock_unlock(&store->lock);
	return count;
}

void token_store_damage(struct token_store *store, void (*each)(const char *line, void *arg), void *arg)
{
	pthread_rwlock_rdlock(&store->lock);
	for (size_t i = 0; i < store->damage.items; i++)
		each(store->damage.item[i].line, arg);
	pthread_rwlock_unlock(&store->lock);
}

/* ---- C_InitToken ---- */

static bool random_serial(char serial[TOKEN_SERIAL_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[TOKEN_SERIAL_SIZE] = {0};

	if (!memory_random(random, sizeof(random)))
		return false;
	for (size_t i = 0; i < sizeof(random); i++)
		serial[i] = digits[random[i] & 15];
	serial[TOKEN_SERIAL_SIZE] = 0;
	return true;
}

/*
 * The token that is to stand in SLOT, with OLD's serial and SO PIN or with new ones. The number of
 * records and the links of ENTRY are given by the committer.
 */
static CK_RV init_make(struct token_store *store, uint64_t slot, struct token *old,
		       struct span so_pin, struct span label, struct token **made)
{
	struct record_slot entry = {.slot = slot};
	CK_RV rv = CKR_OK;

	*made = NULL;
	if (old)
		memcpy(entry.serial, old->serial, sizeof(entry.serial));
	else if (!random_serial(entry.serial))
		return CKR_DEVICE_ERROR;
	if (!memory_random(entry.salt, sizeof(entry.salt)))
		return CKR_DEVICE_ERROR;
	rv = token_new(store, &entry, made);
	if (rv != CKR_OK)
		return rv;
	if (label.size)
		memcpy((*made)->head.label, label.data, label.size);
	if (!old)
		return pin_set(&(*made)->head.so, so_pin);
	pthread_rwlock_rdlock(&old->lock);
	(*made)->head.so = old->head.so;
	pthread_rwlock_unlock(&old->lock);
	(*made)->head.so.failed = 0;
	return CKR_OK;
}

/* Number of the token in SLOT if its head was refused, else 0. */
static uint64_t refused_number(struct token_store *store, uint64_t slot)
{
	uint64_t number = 0;

	pthread_rwlock_rdlock(&store->lock);
	for (size_t i = 0; i < store->slots.count; i++)
		if (store->slots.entry[i].slot == slot && !store->token[i])
			number = store->slots.entry[i].token;
	pthread_rwlock_unlock(&store->lock);
	return number;
}

/* In the empty slot, or (REPLACED) in that of a token whose head was refused. */
static CK_RV init_new(struct token_store *store, uint64_t slot, uint64_t replaced, struct span so_pin,
		      struct span label, const struct once *once)
{
	struct change change = {.kind = CHANGE_TOKEN, .replaced = replaced, .once = once};
	CK_RV rv = pin_check(so_pin, store->weak_pin);

	if (rv == CKR_OK)
		rv = init_make(store, slot, NULL, so_pin, label, &change.made);
	if (rv == CKR_OK)
		rv = commit_run(store, &change);
	token_free(&change.made);
	return rv;
}

static CK_RV init_again(struct token_store *store, struct token *old, struct span so_pin,
			struct span label, const struct once *once)
{
	struct change change = {.kind = CHANGE_TOKEN, .token = old, .once = once};
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&old->pin_lock);
	rv = token_pin_attempt(old, CKU_SO, so_pin, once);
	if (rv == CKR_OK)
		rv = init_make(store, old->slot, old, so_pin, label, &change.made);
	if (rv == CKR_OK)
		rv = commit_run(store, &change);
	if (rv == CKR_OK) {
		/* What the store still refers to is the new one; this was the slot's own reference. */
		struct token *gone = old;

		token_free(&gone);
	}
	token_free(&change.made);
	pthread_mutex_unlock(&old->pin_lock);
	return rv;
}

static CK_RV init_slot(struct token_store *store, uint64_t slot, bool replace, struct span so_pin,
		       struct span label, const struct once *once)
{
	struct token *old = NULL;
	uint64_t handles[2] = {0, 0}, replaced = 0;
	CK_RV rv = CKR_OK;

	if (label.size > RECORD_LABEL_MAX || !span_is_utf8(label) ||
	    (label.size && memchr(label.data, 0, label.size)))
		return CKR_ARGUMENTS_BAD;
	pthread_mutex_lock(&store->init_lock);
	if (once && token_once_result(store, once, &rv, handles))
		goto out;
	rv = token_store_find(store, slot, &old);
	if (rv == CKR_TOKEN_NOT_RECOGNIZED && replace) {
		replaced = refused_number(store, slot);
		rv = CKR_OK;
	}
	if (rv == CKR_OK)
		rv = old ? init_again(store, old, so_pin, label, once)
			 : init_new(store, slot, replaced, so_pin, label, once);
	token_free(&old);
out:
	pthread_mutex_unlock(&store->init_lock);
	return rv;
}

CK_RV token_store_init(struct token_store *store, uint64_t slot, struct span so_pin,
		       struct span label, const struct once *once)
{
	return init_slot(store, slot, false, so_pin, label, once);
}

CK_RV token_store_replace(struct token_store *store, uint64_t slot, struct span so_pin,
			  struct span label, const struct once *once)
{
	return init_slot(store, slot, true, so_pin, label, once);
}

bool token_once_result(struct token_store *store, const struct once *once, CK_RV *rv,
		       uint64_t handles[2])
{
	struct record_once record = {.time = 0};
	bool found = once_find(store->once, once, &record) && !record.undecided;

	if (found) {
		*rv = record.rv;
		memcpy(handles, record.handles, sizeof(record.handles));
	}
	memory_wipe(&record, sizeof(record));
	return found;
}
