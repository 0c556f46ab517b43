/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refused objects: which there are, and how they go. What is whole is never touched. Called by the committer and by
 * service/. Inside the enclave.
 */
#include "config.h"

#include "token/discard.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/message.h"

/* What a page without any object in the store is named by. */
static uint64_t first_handle(uint64_t page)
{
	return page ? page * RECORD_PAGE_HANDLES : 1;
}

static bool is_empty(const bool left[RECORD_PAGE_HANDLES])
{
	for (size_t i = 0; i < RECORD_PAGE_HANDLES; i++)
		if (left[i])
			return false;
	return true;
}

/* HANDLE stands for its refused page. */
static bool names_page(const struct token *token, uint64_t handle)
{
	const struct objects_page *page = objects_page(&token->objects, handle / RECORD_PAGE_HANDLES);

	return page && page->refused && is_empty(page->seen) &&
	       handle == first_handle(handle / RECORD_PAGE_HANDLES);
}

CK_RV discard_check(const struct change *change)
{
	struct object *object = NULL;

	if (damage_has(&change->token->damage, RECORD_OBJECT, change->handle) ||
	    names_page(change->token, change->handle))
		return CKR_OK;
	return objects_get(&change->token->objects, change->handle, &object) == CKR_OK
		   ? CKR_ACTION_PROHIBITED
		   : CKR_OBJECT_HANDLE_INVALID;
}

CK_RV discard_stage(struct transaction *t, struct draft *draft, uint64_t handle)
{
	const struct objects_page *known =
	    objects_page(&draft->token->objects, handle / RECORD_PAGE_HANDLES);
	struct draft_page *page = NULL;

	draft->epoch = true;
	/* A record that no page names has no place there either. */
	if (known) {
		page = commit_page(draft, handle / RECORD_PAGE_HANDLES);
		if (!page)
			return CKR_DEVICE_MEMORY;
		page->left[handle % RECORD_PAGE_HANDLES] = false;
		page->page.entry[handle % RECORD_PAGE_HANDLES] = (struct record_link){.version = 0};
	}
	return commit_sweep(t, (struct blob_name){RECORD_OBJECT, draft->token->number, handle});
}

CK_RV discard_seal(struct transaction *t, struct draft *draft, struct draft_page *page)
{
	uint64_t after = (page->page.id + 1) * RECORD_PAGE_HANDLES;

	page->gone = is_empty(page->left);
	if (!page->gone)
		return CKR_OK;
	record_head_remove(&draft->head, page->page.id);
	/* Handles that it may have had are not given again, nor is a page of its name made anew. */
	if (draft->head.next_handle < after && draft->head.next_handle / RECORD_PAGE_HANDLES == page->page.id)
		draft->head.next_handle = after;
	return commit_sweep(t, (struct blob_name){RECORD_PAGE, draft->token->number, page->page.id});
}

CK_RV token_discard(struct token *token, CK_OBJECT_HANDLE handle, const struct once *once)
{
	struct change change = {.kind = CHANGE_DISCARD, .token = token, .handle = handle, .once = once};

	return commit_run(token->store, &change);
}

static int by_handle(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Every refused object's handle, in any order; at most ROOM. */
static size_t collect(const struct token *token, uint64_t after, uint64_t *all)
{
	size_t count = 0;

	for (size_t i = 0; i < token->damage.items; i++) {
		const struct blob_name *name = &token->damage.item[i].name;
		uint64_t handle = name->id;

		if (name->kind == RECORD_PAGE)
			handle = first_handle(name->id);
		if (name->kind == RECORD_PAGE && !names_page(token, handle))
			continue;
		if ((name->kind == RECORD_OBJECT || name->kind == RECORD_PAGE) && handle > after &&
		    handle <= HANDLE_TOKEN_MAX)
			all[count++] = handle;
	}
	return count;
}

CK_RV token_find_damaged(struct token *token, uint64_t after, uint64_t *handles, size_t max,
			 size_t *count, bool *more)
{
	uint64_t *all = NULL;
	size_t found = 0;
	CK_RV rv = CKR_OK;

	*count = 0;
	*more = false;
	pthread_rwlock_rdlock(&token->lock);
	if (token->damage.items) {
		all = calloc(token->damage.items, sizeof(*all));
		if (all)
			found = collect(token, after, all);
		else
			rv = CKR_DEVICE_MEMORY;
	}
	pthread_rwlock_unlock(&token->lock);
	if (found) {
		qsort(all, found, sizeof(*all), by_handle);
		*count = found < max ? found : max;
		*more = found > max;
		memcpy(handles, all, *count * sizeof(*all));
	}
	free(all);
	return rv;
}
