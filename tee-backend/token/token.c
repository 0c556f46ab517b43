/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One token: its life, what is told of it, and its objects. Readers share its lock; whatever
 * changes it goes through the committer. Called by service/ from many threads. Inside the enclave.
 */
#include "config.h"

#include "token/token.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "token/commit.h"
#include "token/derivation.h"
#include "token/internal.h"
#include "token/pin.h"

/* ---- life ---- */

CK_RV token_lock_init(pthread_rwlock_t *lock)
{
	pthread_rwlockattr_t attributes;
	int failed = pthread_rwlockattr_init(&attributes);

	if (failed)
		return CKR_DEVICE_MEMORY;
	pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	failed = pthread_rwlock_init(lock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
	return failed ? CKR_DEVICE_MEMORY : CKR_OK;
}

/* The token's Ed25519 key from its seed, by the same path as every other key. */
static CK_RV identity_new(struct token *token)
{
	const struct mechanism_curve *curve = mechanism_curve_named("ED25519");
	struct attribute_set *set = attribute_set_new();
	uint8_t *seed = memory_secret_new(32);
	CK_RV rv = set && seed && curve ? CKR_OK : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK)
		rv = hierarchy_identity_seed(token->store->hierarchy,
					     (const uint8_t *)token->serial, token->salt, seed);
	if (rv == CKR_OK && (!attribute_set_put_ulong(set, CKA_CLASS, CKO_PRIVATE_KEY) ||
			     !attribute_set_put_ulong(set, CKA_KEY_TYPE, CKK_EC_EDWARDS) ||
			     !attribute_set_put(set, CKA_EC_PARAMS,
						(struct span){curve->params, curve->params_size}) ||
			     !attribute_set_put(set, CKA_VALUE, (struct span){seed, 32})))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = key_complete(set);
	if (rv == CKR_OK)
		rv = key_new(set, &token->identity);
	/* The parsed key is all that signs; the seed need not lie in a second place. */
	if (rv == CKR_OK) {
		attribute_set_remove(set, CKA_VALUE);
		token->identity_set = set;
		set = NULL;
	}
	attribute_set_free(&set);
	memory_secret_free(seed);
	return rv;
}

CK_RV token_new(struct token_store *store, const struct record_slot *slot, struct token **token)
{
	struct token *t = calloc(1, sizeof(*t));
	CK_RV rv = CKR_DEVICE_MEMORY;

	*token = NULL;
	if (!t || token_lock_init(&t->lock) != CKR_OK) {
		free(t);
		return rv;
	}
	atomic_init(&t->references, 1);
	pthread_mutex_init(&t->pin_lock, NULL);
	objects_init(&t->objects);
	t->store = store;
	t->number = slot->token;
	t->slot = slot->slot;
	t->link = slot->head;
	t->head.next_handle = 1;
	memcpy(t->serial, slot->serial, sizeof(t->serial));
	memcpy(t->salt, slot->salt, sizeof(t->salt));
	t->key = memory_secret_new(SEAL_KEY_SIZE);
	if (t->key)
		rv = hierarchy_token_key(store->hierarchy, (const uint8_t *)t->serial, t->salt,
					 t->key);
	if (rv == CKR_OK)
		rv = identity_new(t);
	if (rv == CKR_OK)
		rv = derivation_new(t, &t->derivation);
	if (rv == CKR_OK)
		*token = t;
	else
		token_free(&t);
	return rv;
}

void token_free(struct token **token)
{
	struct token *t = token ? *token : NULL;

	if (!t)
		return;
	*token = NULL;
	if (atomic_fetch_sub_explicit(&t->references, 1, memory_order_acq_rel) != 1)
		return;
	objects_free(&t->objects);
	for (size_t i = 0; i < RECORD_ENDED_PAGES; i++)
		free(t->ended[i]);
	record_head_wipe(&t->head);
	damage_free(&t->damage);
	key_free(&t->identity);
	object_free(&t->derivation);
	attribute_set_free(&t->identity_set);
	memory_secret_free(t->key);
	pthread_rwlock_destroy(&t->lock);
	pthread_mutex_destroy(&t->pin_lock);
	free(t);
}

/* ---- facts ---- */

static CK_FLAGS pin_flags(const struct record_pin *pin, unsigned tries, CK_FLAGS low, CK_FLAGS last,
			  CK_FLAGS locked)
{
	if (!pin->version || !pin->failed)
		return 0;
	if (pin->failed >= tries)
		return locked;
	return pin->failed + 1 == tries ? low | last : low;
}

void token_facts(struct token *token, struct token_facts *facts)
{
	const struct token_store *store = token->store;
	struct span identity = token_identity_info(token);
	const struct record_head *head = &token->head;

	memset(facts, 0, sizeof(*facts));
	memcpy(facts->serial, token->serial, sizeof(facts->serial));
	facts->pin_min = pin_min(store->weak_pin);
	facts->pin_max = PIN_MAX;
	facts->identity = identity.data;
	facts->identity_size = identity.size;
	facts->flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED;
	pthread_rwlock_rdlock(&token->lock);
	memcpy(facts->label, head->label, sizeof(facts->label));
	if (head->user.version)
		facts->flags |= CKF_USER_PIN_INITIALIZED;
	facts->flags |= pin_flags(&head->user, store->pin_tries, CKF_USER_PIN_COUNT_LOW,
				  CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED);
	facts->flags |= pin_flags(&head->so, store->pin_tries, CKF_SO_PIN_COUNT_LOW,
				  CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED);
	facts->objects = token->objects.count;
	facts->damaged = token->damage.count;
	facts->epoch = head->epoch;
	facts->pin_version = head->user.version;
	pthread_rwlock_unlock(&token->lock);
}

void token_damage(struct token *token, void (*each)(const char *line, void *arg), void *arg)
{
	pthread_rwlock_rdlock(&token->lock);
	for (size_t i = 0; i < token->damage.items; i++)
		each(token->damage.item[i].line, arg);
	pthread_rwlock_unlock(&token->lock);
}

uint64_t token_login_generation(struct token *token)
{
	uint64_t logins = 0;

	pthread_rwlock_rdlock(&token->lock);
	logins = token->head.logins;
	pthread_rwlock_unlock(&token->lock);
	return logins;
}

/* ---- objects ---- */

CK_RV token_object(struct token *token, CK_OBJECT_HANDLE handle, struct object **object)
{
	CK_RV rv = CKR_OK;

	pthread_rwlock_rdlock(&token->lock);
	rv = objects_get(&token->objects, handle, object);
	if (rv == CKR_OK)
		object_retain(*object);
	pthread_rwlock_unlock(&token->lock);
	return rv;
}

CK_RV token_insert(struct token *token, struct object *const objects[], size_t count,
		   const struct once *once, uint64_t handles[])
{
	struct change change = {.kind = CHANGE_INSERT,
				.token = token,
				.objects = objects,
				.count = count,
				.once = once};
	CK_RV rv = CKR_OK;

	if (count == 0 || count > sizeof(change.handles) / sizeof(change.handles[0]))
		return CKR_ARGUMENTS_BAD;
	rv = commit_run(token->store, &change);
	for (size_t i = 0; i < count; i++)
		handles[i] = rv == CKR_OK ? change.handles[i] : 0;
	return rv;
}

CK_RV token_replace(struct token *token, CK_OBJECT_HANDLE handle, const struct object *from,
		    struct object *to, const struct once *once)
{
	struct change change = {.kind = CHANGE_REPLACE,
				.token = token,
				.handle = handle,
				.from = from,
				.to = to,
				.once = once};

	return commit_run(token->store, &change);
}

CK_RV token_remove(struct token *token, CK_OBJECT_HANDLE handle, const struct once *once)
{
	struct change change = {
	    .kind = CHANGE_REMOVE, .token = token, .handle = handle, .once = once};

	return commit_run(token->store, &change);
}

CK_RV token_find(struct token *token, const struct attributes *template, bool private_too,
		 uint64_t after, uint64_t *handles, size_t max, size_t *count, bool *more)
{
	pthread_rwlock_rdlock(&token->lock);
	objects_find(&token->objects, template, private_too, after, handles, max, count, more);
	pthread_rwlock_unlock(&token->lock);
	return CKR_OK;
}
