/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsed keys of objects, and the bound on the secret memory that they take (DESIGN section 7, rule
 * 18): when their sum is over the budget, those that were not used since the clock's hand passed
 * them are forgotten; they are parsed again when they are asked for. One ring for the process.
 * Inside the enclave.
 */
#include "config.h"

#include "token/object_key.h"

#include "token/object_state.h"

/* Until object_key_budget is told otherwise. */
#define BUDGET_DEFAULT ((size_t)64 * 1024 * 1024)

static struct {
	pthread_mutex_t lock;
	struct object *hand; /* any member of the ring, NULL when it is empty */
	size_t memory;
	size_t budget;
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER, .budget = BUDGET_DEFAULT};

static void ring_remove(struct object *object)
{
	if (!object->memory)
		return;
	if (object->next == object) {
		cache.hand = NULL;
	} else {
		object->next->previous = object->previous;
		object->previous->next = object->next;
		if (cache.hand == object)
			cache.hand = object->next;
	}
	cache.memory -= object->memory;
	object->memory = 0;
	object->next = object->previous = NULL;
}

/* Just behind the hand: the last one that it reaches. */
static void ring_insert(struct object *object, size_t memory)
{
	if (!cache.hand) {
		object->next = object->previous = object;
		cache.hand = object;
	} else {
		object->next = cache.hand;
		object->previous = cache.hand->previous;
		object->previous->next = object;
		cache.hand->previous = object;
	}
	object->memory = memory;
	cache.memory += memory;
}

static struct key *key_take(struct object *object)
{
	struct key *key = NULL;

	pthread_mutex_lock(&object->lock);
	key = object->key;
	object->key = NULL;
	pthread_mutex_unlock(&object->lock);
	return key;
}

/*
 * Forgets one key other than KEEP's, or returns false. A member of the ring cannot go away
 * meanwhile: object_free has to pass object_key_leave first.
 */
static bool evict_one(const struct object *keep)
{
	struct object *victim = cache.hand;
	struct key *key = NULL;

	/* At the second round every mark is gone, so this ends. */
	while (victim && (victim == keep || atomic_exchange(&victim->used, false))) {
		if (victim == keep && victim->next == victim)
			return false;
		victim = victim->next;
	}
	if (!victim)
		return false;
	cache.hand = victim->next;
	ring_remove(victim);
	key = key_take(victim);
	key_free(&key);
	return true;
}

static void cache_enter(struct object *object, size_t memory)
{
	pthread_mutex_lock(&cache.lock);
	if (!object->memory)
		ring_insert(object, memory ? memory : 1);
	while (cache.memory > cache.budget)
		if (!evict_one(object))
			break;
	pthread_mutex_unlock(&cache.lock);
}

void object_key_leave(struct object *object)
{
	pthread_mutex_lock(&cache.lock);
	ring_remove(object);
	pthread_mutex_unlock(&cache.lock);
}

void object_key_budget(size_t bytes)
{
	pthread_mutex_lock(&cache.lock);
	cache.budget = bytes;
	while (cache.memory > cache.budget)
		if (!evict_one(NULL))
			break;
	pthread_mutex_unlock(&cache.lock);
}

size_t object_key_memory(void)
{
	size_t memory = 0;

	pthread_mutex_lock(&cache.lock);
	memory = cache.memory;
	pthread_mutex_unlock(&cache.lock);
	return memory;
}

static struct key *key_peek(struct object *object)
{
	struct key *key = NULL;

	pthread_mutex_lock(&object->lock);
	if (object->key)
		key = key_retain(object->key);
	pthread_mutex_unlock(&object->lock);
	return key;
}

CK_RV object_key(struct object *object, struct key **key)
{
	struct key *parsed = NULL;
	CK_RV rv = CKR_OK;

	atomic_store_explicit(&object->used, true, memory_order_relaxed);
	*key = key_peek(object);
	if (*key)
		return CKR_OK;
	if (!(attribute_class_bit(object->class) & CLASS_KEY))
		return CKR_KEY_HANDLE_INVALID;
	/*
	 * Outside of every lock: parsing an RSA key takes long. Two may do it; the second one's is
	 * dropped.
	 */
	rv = key_new(object->set, &parsed);
	if (rv != CKR_OK)
		return rv;
	pthread_mutex_lock(&object->lock);
	if (!object->key)
		object->key = key_retain(parsed);
	*key = key_retain(object->key);
	pthread_mutex_unlock(&object->lock);
	cache_enter(object, key_memory(parsed));
	key_free(&parsed);
	return CKR_OK;
}

void object_forget_key(struct object *object)
{
	struct key *key = NULL;

	object_key_leave(object);
	key = key_take(object);
	key_free(&key);
}
