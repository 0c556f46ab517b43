/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue of changes, who leads, and what becomes visible when. Called by token*.c and store.c
 * from many threads; whoever finds nobody leading takes what waits and writes it for all. No lock
 * that a reader needs is held over the write. Inside the enclave.
 */
#include "config.h"

#include "token/commit.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "token/counter.h"
#include "token/discard.h"
#include "token/ended.h"

#define TOGETHER_MAX 64

struct commit {
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct change *first, *last;
	bool leading;
};

CK_RV commit_new(struct commit **commit)
{
	struct commit *c = calloc(1, sizeof(*c));

	*commit = c;
	if (!c)
		return CKR_DEVICE_MEMORY;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->done, NULL);
	return CKR_OK;
}

void commit_free(struct commit **commit)
{
	if (!*commit)
		return;
	pthread_cond_destroy(&(*commit)->done);
	pthread_mutex_destroy(&(*commit)->lock);
	free(*commit);
	*commit = NULL;
}

static void transaction_free(struct transaction *t)
{
	while (t->drafts) {
		struct draft *draft = t->drafts;

		t->drafts = draft->next;
		while (draft->pages) {
			struct draft_page *page = draft->pages;

			draft->pages = page->next;
			free(page);
		}
		ended_draft_free(&draft->ended);
		record_head_wipe(&draft->head);
		free(draft);
	}
	batch_free(&t->batch);
	free(t->slots);
}

/* ---- appearing ---- */

static void apply_objects(struct token *token, const struct change *c)
{
	if (c->kind == CHANGE_INSERT)
		for (size_t i = 0; i < c->count; i++)
			objects_put(&token->objects, c->handles[i], c->objects[i]);
	else if (c->kind == CHANGE_REPLACE)
		objects_put(&token->objects, c->handle, c->to);
	else if (c->kind == CHANGE_REMOVE)
		objects_drop(&token->objects, c->handle);
	else if (c->kind == CHANGE_DISCARD)
		damage_remove(&token->damage, RECORD_OBJECT, c->handle);
}

static void apply_draft(struct draft *draft, struct change *const changes[], size_t count)
{
	struct token *token = draft->token;
	struct record_head old;

	pthread_rwlock_wrlock(&token->lock);
	for (size_t i = 0; i < count; i++)
		if (changes[i]->staged && changes[i]->token == token)
			apply_objects(token, changes[i]);
	for (struct draft_page *page = draft->pages; page; page = page->next) {
		struct objects_page *known = objects_page(&token->objects, page->page.id);

		if (page->gone)
			objects_page_remove(&token->objects, page->page.id);
		else if (known && page->refused)
			memcpy(known->seen, page->left, sizeof(known->seen));
		else if (known)
			known->links = page->page;
		if (page->gone && page->refused)
			damage_remove(&token->damage, RECORD_PAGE, page->page.id);
	}
	objects_tidy(&token->objects);
	ended_apply(draft);
	old = token->head;
	token->head = draft->head;
	draft->head = old; /* freed with the draft */
	token->link = draft->link;
	pthread_rwlock_unlock(&token->lock);
}

static void apply_token(struct token_store *store, struct change *c)
{
	struct token *old = c->token;
	struct objects gone;
	size_t i = 0;

	while (i < store->slots.count && store->slots.entry[i].token != c->made->number)
		i++;
	store->token[i] = c->made;
	c->made = NULL;
	if (!old) {
		damage_remove_token(&store->damage, c->replaced);
		return;
	}
	pthread_rwlock_wrlock(&old->lock);
	old->over = true;
	gone = old->objects;
	objects_init(&old->objects);
	pthread_rwlock_unlock(&old->lock);
	objects_free(&gone);
}

static void apply(struct transaction *t, struct change *const changes[], size_t count)
{
	struct token_store *store = t->store;

	for (struct draft *draft = t->drafts; draft; draft = draft->next)
		apply_draft(draft, changes, count);
	pthread_rwlock_wrlock(&store->lock);
	if (t->slots) {
		store->slots = *t->slots;
		store->version++;
	}
	for (size_t i = 0; i < count; i++)
		if (changes[i]->staged && changes[i]->kind == CHANGE_TOKEN)
			apply_token(store, changes[i]);
	pthread_rwlock_unlock(&store->lock);
	once_forget(store->once, t->pruned);
	for (size_t i = 0; i < count; i++)
		if (changes[i]->staged && changes[i]->entry)
			once_keep(store->once, &changes[i]->entry);
}

static void withdraw(struct transaction *t, struct change *const changes[], size_t count)
{
	for (struct draft *draft = t->drafts; draft; draft = draft->next) {
		pthread_rwlock_wrlock(&draft->token->lock);
		objects_tidy(&draft->token->objects);
		pthread_rwlock_unlock(&draft->token->lock);
	}
	for (size_t i = 0; i < count; i++)
		once_drop(&changes[i]->entry);
}

/* ---- leading ---- */

/* Counts what was written, before anybody hears of it. */
static void follow(const struct transaction *t, struct change *const changes[], size_t count)
{
	CK_RV rv = t->counts ? counter_follow(t->store) : CKR_OK;

	for (size_t i = 0; i < count && rv != CKR_OK; i++)
		if (changes[i]->staged)
			changes[i]->rv = rv;
}

/*
 * All of CHANGES or none; each one's .rv is set, and *FAILED says whether the transaction itself
 * failed.
 */
static void attempt(struct token_store *store, struct change *const changes[], size_t count,
		    bool *failed)
{
	struct transaction t = {.store = store};
	size_t staged = 0;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < count; i++)
		if (changes[i]->kind == CHANGE_INSERT || changes[i]->kind == CHANGE_REPLACE)
			t.inserts += changes[i]->kind == CHANGE_INSERT ? changes[i]->count : 1;
	for (size_t i = 0; i < count && rv == CKR_OK; i++) {
		changes[i]->rv = commit_check(&t, changes[i]);
		changes[i]->staged = changes[i]->rv == CKR_OK && !changes[i]->settled;
		if (!changes[i]->staged)
			continue;
		rv = commit_stage(&t, changes[i]);
		staged++;
	}
	if (rv == CKR_OK && staged)
		rv = commit_seal(&t);
	/* A counter that stayed behind has to catch up first, or the store would be two ahead. */
	if (rv == CKR_OK && staged && t.counts)
		rv = counter_follow(store);
	if (rv == CKR_OK && staged)
		rv = batch_write(&t.batch, store->blobs);
	if (rv == CKR_OK && staged) {
		apply(&t, changes, count);
		follow(&t, changes, count);
	} else {
		withdraw(&t, changes, count);
	}
	for (size_t i = 0; i < count; i++)
		if (changes[i]->staged && rv != CKR_OK)
			changes[i]->rv = rv;
	*failed = rv != CKR_OK;
	transaction_free(&t);
}

static bool touches_same(const struct change *a, const struct change *b)
{
	bool one = a->kind == CHANGE_REPLACE || a->kind == CHANGE_REMOVE || a->kind == CHANGE_DISCARD;
	bool other = b->kind == CHANGE_REPLACE || b->kind == CHANGE_REMOVE || b->kind == CHANGE_DISCARD;

	if (one && other && a->token == b->token && a->handle == b->handle)
		return true;
	return a->once && b->once && a->once->sequence == b->once->sequence &&
	       memcmp(a->once->context, b->once->context, sizeof(a->once->context)) == 0;
}

/*
 * Takes from the queue what can go together; what meets a change that is taken waits for the next
 * turn.
 */
static size_t take(struct commit *c, struct change *changes[TOGETHER_MAX])
{
	struct change **link = &c->first;
	size_t count = 0;

	c->last = NULL;
	while (*link) {
		struct change *change = *link;
		bool fits = count < TOGETHER_MAX &&
			    (count == 0 ||
			     (change->kind != CHANGE_TOKEN && changes[0]->kind != CHANGE_TOKEN));

		for (size_t i = 0; i < count && fits; i++)
			fits = !touches_same(changes[i], change);
		if (fits) {
			changes[count++] = change;
			*link = change->next;
			change->next = NULL;
		} else {
			c->last = change;
			link = &change->next;
		}
	}
	return count;
}

static void lead(struct token_store *store)
{
	struct commit *c = store->commit;
	struct change *changes[TOGETHER_MAX] = {NULL};
	size_t count = take(c, changes);
	bool failed = false;

	pthread_mutex_unlock(&c->lock);
	attempt(store, changes, count, &failed);
	/* One that asks too much must not fail the others. */
	if (failed && count > 1)
		for (size_t i = 0; i < count; i++)
			attempt(store, &changes[i], 1, &failed);
	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < count; i++)
		changes[i]->done = true;
}

CK_RV commit_run(struct token_store *store, struct change *change)
{
	struct commit *c = store->commit;

	pthread_mutex_lock(&c->lock);
	*(c->last ? &c->last->next : &c->first) = change;
	c->last = change;
	while (!change->done) {
		if (c->leading) {
			pthread_cond_wait(&c->done, &c->lock);
			continue;
		}
		c->leading = true;
		lead(store);
		c->leading = false;
		pthread_cond_broadcast(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return change->rv;
}
