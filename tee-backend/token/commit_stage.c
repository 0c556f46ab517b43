/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From changes to sealed records: drafts of the pages and heads that a transaction touches, and
 * what goes into its batch (docs/store.md, section 1). Called by commit.c in the one thread that
 * leads. Inside the enclave.
 */
#include "config.h"

#include "token/commit.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "protocol/message.h"
#include "token/counter.h"
#include "token/discard.h"
#include "token/ended.h"

/* ---- drafts ---- */

static struct draft *draft_of(struct transaction *t, struct token *token)
{
	struct draft *draft = t->drafts;

	while (draft && draft->token != token)
		draft = draft->next;
	if (draft)
		return draft;
	draft = calloc(1, sizeof(*draft));
	if (!draft || !record_head_copy(&draft->head, &token->head)) {
		free(draft);
		return NULL;
	}
	draft->token = token;
	draft->link = token->link;
	draft->next = t->drafts;
	t->drafts = draft;
	return draft;
}

struct draft_page *commit_page(struct draft *draft, uint64_t id)
{
	struct draft_page *page = draft->pages;
	const struct record_child *child = record_head_page(&draft->head, id);
	const struct objects_page *known = objects_page(&draft->token->objects, id);

	while (page && page->page.id != id)
		page = page->next;
	if (page)
		return page;
	page = calloc(1, sizeof(*page));
	if (!page)
		return NULL;
	page->page.id = id;
	if (known)
		page->page = known->links;
	page->refused = known && known->refused;
	if (page->refused)
		memcpy(page->left, known->seen, sizeof(page->left));
	page->base = child ? child->link.version : 0;
	page->next = draft->pages;
	draft->pages = page;
	return page;
}

/* ---- checks ---- */

static CK_RV check_insert(const struct transaction *t, const struct change *change)
{
	uint64_t objects = t->inserted + change->count;

	for (size_t i = 0; i < t->store->slots.count; i++)
		if (t->store->token[i])
			objects += t->store->token[i]->objects.count;
	if (objects <= t->store->max_objects)
		return CKR_OK;
	log_warning("store: the limit of %llu objects is reached",
		    (unsigned long long)t->store->max_objects);
	return CKR_DEVICE_MEMORY;
}

CK_RV commit_check(struct transaction *t, struct change *change)
{
	struct record_once known = {.time = 0};
	struct object *object = NULL;
	CK_RV rv = CKR_OK;

	if (change->once && once_find(t->store->once, change->once, &known) && !known.undecided) {
		memcpy(change->handles, known.handles, sizeof(change->handles));
		change->settled = true;
		return known.rv;
	}
	if (change->token && change->token->over)
		return CKR_TOKEN_NOT_PRESENT;
	switch (change->kind) {
	case CHANGE_HEAD:
	case CHANGE_NOTE:
	case CHANGE_TOKEN:
	case CHANGE_ENDED:
		return CKR_OK;
	case CHANGE_INSERT:
		return check_insert(t, change);
	case CHANGE_DISCARD:
		return discard_check(change);
	case CHANGE_REPLACE:
	case CHANGE_REMOVE:
		break;
	}
	rv = objects_get(&change->token->objects, change->handle, &object);
	if (rv != CKR_OK)
		return rv;
	if (change->kind == CHANGE_REPLACE)
		return object == change->from ? CKR_OK : CKR_KEYCLAVE_CONFLICT;
	return attribute_set_bool(object_attributes(object), CKA_DESTROYABLE, true)
		   ? CKR_OK
		   : CKR_ACTION_PROHIBITED;
}

/* ---- staging ---- */

static CK_RV stage_object(struct transaction *t, struct draft *draft, uint64_t handle,
			  struct object *object)
{
	struct draft_page *page = commit_page(draft, handle / RECORD_PAGE_HANDLES);
	struct record_link *link = page ? &page->page.entry[handle % RECORD_PAGE_HANDLES] : NULL;
	struct token *token = draft->token;
	struct buffer body = {.secret = true};
	bool room = false;
	CK_RV rv = CKR_DEVICE_MEMORY;

	/* Readers walk the index meanwhile. */
	pthread_rwlock_wrlock(&token->lock);
	room = objects_prepare(&token->objects, handle, object, t->inserts);
	pthread_rwlock_unlock(&token->lock);
	if (page && room && record_write_object(&body, object_attributes(object)))
		rv = batch_put(&t->batch, token->key,
			       (struct blob_name){RECORD_OBJECT, token->number, handle},
			       link->version, object_version(object), buffer_span(&body), link);
	buffer_free(&body);
	return rv;
}

/* The next handle; a page that was refused is passed over, for it cannot be written again. */
static uint64_t next_handle(struct draft *draft)
{
	for (;;) {
		uint64_t handle = draft->head.next_handle;
		const struct objects_page *page =
		    objects_page(&draft->token->objects, handle / RECORD_PAGE_HANDLES);

		if (!page || !page->refused) {
			draft->head.next_handle = handle + 1;
			return handle;
		}
		draft->head.next_handle = (handle / RECORD_PAGE_HANDLES + 1) * RECORD_PAGE_HANDLES;
	}
}

static CK_RV stage_insert(struct transaction *t, struct draft *draft, struct change *change)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < change->count && rv == CKR_OK; i++) {
		change->handles[i] = next_handle(draft);
		/* DESIGN section 7, rule 13: never reused, so they end one day. */
		if (change->handles[i] > HANDLE_TOKEN_MAX)
			return CKR_DEVICE_MEMORY;
		rv = stage_object(t, draft, change->handles[i], change->objects[i]);
	}
	t->inserted += change->count;
	return rv;
}

/* What allows and forbids; names and certificates' fields are no policy. */
static bool policy_differs(const struct object *from, const struct object *to)
{
	const struct attribute_set *a = object_attributes(from), *b = object_attributes(to);

	for (size_t i = 0; i < attribute_set_count(b); i++) {
		struct attribute now = attribute_set_at(b, i);
		const struct attribute_row *row = attribute_any(now.type);

		if (row &&
		    (row->form == ATTRIBUTE_BOOL || row->form == ATTRIBUTE_ULONGS ||
		     row->form == ATTRIBUTE_TEMPLATE) &&
		    !span_equal(now.value, attribute_set_get(a, now.type)))
			return true;
	}
	return false;
}

static CK_RV stage_remove(struct transaction *t, struct draft *draft, const struct change *change)
{
	struct draft_page *page = commit_page(draft, change->handle / RECORD_PAGE_HANDLES);
	struct record_link *link =
	    page ? &page->page.entry[change->handle % RECORD_PAGE_HANDLES] : NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (!page)
		return rv;
	draft->epoch = true;
	rv = batch_delete(&t->batch,
			  (struct blob_name){RECORD_OBJECT, draft->token->number, change->handle},
			  link->version);
	*link = (struct record_link){.version = 0};
	return rv;
}

CK_RV commit_sweep(struct transaction *t, struct blob_name name)
{
	struct buffer blob = {0};
	uint64_t version = 0;
	CK_RV rv = blobstore_get(t->store->blobs, name, &blob, &version);

	buffer_free(&blob);
	if (rv == CKR_DEVICE_MEMORY)
		return rv;
	return rv == CKR_OK && version ? batch_delete(&t->batch, name, version) : CKR_OK;
}

static CK_RV sweep_one(struct blob_name name, uint64_t version, struct span blob, void *arg)
{
	struct batch *batch = arg;

	(void)blob;
	return batch_delete(batch, name, version);
}

/* Pages, objects and ended logins. */
static CK_RV sweep_token(struct transaction *t, uint64_t number)
{
	static const enum record_kind kinds[] = {RECORD_PAGE, RECORD_OBJECT, RECORD_ENDED};
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		rv = blobstore_list(t->store->blobs, kinds[i], number, sweep_one, &t->batch);
	return rv;
}

/*
 * In the place of one whose head was refused: what handles and epochs it had is not known, so that a new number and
 * serial begin. What of the old records cannot be read stays, and no name will ever be looked for there.
 */
static CK_RV stage_replaced(struct transaction *t, struct record_slot *slot)
{
	CK_RV rv = sweep_token(t, slot->token);

	if (rv != CKR_DEVICE_MEMORY)
		rv = commit_sweep(t, (struct blob_name){RECORD_TOKEN, slot->token, 0});
	slot->token = t->slots->next_token++;
	slot->head = (struct record_link){.version = 0};
	return rv;
}

/* A token in its slot: the records of the one before go, whatever is in them. */
static CK_RV stage_token(struct transaction *t, struct change *change)
{
	struct token *made = change->made, *old = change->token;
	struct record_slot *slot = NULL;
	struct buffer body = {.secret = true};
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < t->slots->count; i++)
		if (old ? t->slots->entry[i].token == old->number : t->slots->entry[i].slot == made->slot)
			slot = &t->slots->entry[i];
	if (slot && !old) {
		rv = stage_replaced(t, slot);
	} else if (!slot) {
		if (t->slots->count == RECORD_SLOTS_MAX)
			return CKR_DEVICE_MEMORY;
		slot = &t->slots->entry[t->slots->count++];
		slot->slot = made->slot;
		slot->token = t->slots->next_token++;
	}
	if (rv != CKR_OK)
		return rv;
	made->number = slot->token;
	if (old) {
		/* Handles are never used again, nor does the epoch of a serial go back. */
		made->head.next_handle = old->head.next_handle;
		made->head.epoch = old->head.epoch + 1;
		made->head.logins = old->head.logins + 1;
	}
	memcpy(slot->serial, made->serial, sizeof(slot->serial));
	memcpy(slot->salt, made->salt, sizeof(slot->salt));
	if (old)
		rv = sweep_token(t, old->number);
	if (rv == CKR_OK && !record_write_head(&body, &made->head))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = batch_put(
		    &t->batch, made->key, (struct blob_name){RECORD_TOKEN, made->number, 0},
		    slot->head.version, slot->head.version + 1, buffer_span(&body), &slot->head);
	made->link = slot->head;
	buffer_free(&body);
	return rv;
}

static CK_RV stage_once(struct transaction *t, struct change *change)
{
	struct record_once record = {.once = *change->once, .rv = change->verdict};

	if (change->candidate) {
		record.undecided = true;
		memcpy(record.candidate, change->candidate, sizeof(record.candidate));
	}
	if (change->kind == CHANGE_INSERT) {
		record.handle_count = change->count;
		memcpy(record.handles, change->handles, sizeof(record.handles));
	}
	return once_stage(t->store->once, &t->batch, &record,
			  hierarchy_storage_key(t->store->hierarchy), &change->entry);
}

static bool slots_draft(struct transaction *t)
{
	if (!t->slots) {
		t->slots = malloc(sizeof(*t->slots));
		if (t->slots)
			*t->slots = t->store->slots;
	}
	return t->slots != NULL;
}

CK_RV commit_stage(struct transaction *t, struct change *change)
{
	struct draft *draft = NULL;
	CK_RV rv = CKR_OK;

	if (change->kind != CHANGE_NOTE && !slots_draft(t))
		return CKR_DEVICE_MEMORY;
	if (change->kind != CHANGE_NOTE && change->kind != CHANGE_TOKEN) {
		draft = draft_of(t, change->token);
		if (!draft)
			return CKR_DEVICE_MEMORY;
	}
	switch (change->kind) {
	case CHANGE_NOTE:
		break;
	case CHANGE_HEAD:
		change->edit(&draft->head, change->arg);
		draft->epoch |= change->epoch;
		break;
	case CHANGE_INSERT:
		rv = stage_insert(t, draft, change);
		break;
	case CHANGE_REPLACE:
		draft->epoch |= policy_differs(change->from, change->to);
		rv = stage_object(t, draft, change->handle, change->to);
		break;
	case CHANGE_REMOVE:
		rv = stage_remove(t, draft, change);
		break;
	case CHANGE_DISCARD:
		rv = discard_stage(t, draft, change->handle);
		break;
	case CHANGE_ENDED:
		rv = ended_stage(t, draft, change->name, change->time);
		break;
	case CHANGE_TOKEN:
		t->counts = true;
		rv = stage_token(t, change);
		break;
	}
	t->counts |= draft && draft->epoch;
	if (rv == CKR_OK && change->once)
		rv = stage_once(t, change);
	return rv;
}

/* ---- sealing ---- */

static bool page_empty(const struct record_page *page)
{
	for (size_t i = 0; i < RECORD_PAGE_HANDLES; i++)
		if (page->entry[i].version)
			return false;
	return true;
}

static CK_RV seal_page(struct transaction *t, struct draft *draft, struct draft_page *page)
{
	struct blob_name name = {RECORD_PAGE, draft->token->number, page->page.id};
	struct record_child *child = NULL;
	struct buffer body = {.secret = true};
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (page->refused)
		return discard_seal(t, draft, page);
	/* The page of the next handle stays, so that a page's name is never made anew. */
	page->gone = page_empty(&page->page) &&
		     page->page.id < draft->head.next_handle / RECORD_PAGE_HANDLES;
	if (page->gone) {
		record_head_remove(&draft->head, page->page.id);
		return page->base ? batch_delete(&t->batch, name, page->base) : CKR_OK;
	}
	child = record_head_add(&draft->head, page->page.id);
	if (child && record_write_page(&body, &page->page))
		rv = batch_put(&t->batch, draft->token->key, name, page->base, page->base + 1,
			       buffer_span(&body), &child->link);
	buffer_free(&body);
	return rv;
}

static CK_RV seal_head(struct transaction *t, struct draft *draft)
{
	struct token *token = draft->token;
	struct buffer body = {.secret = true};
	CK_RV rv = CKR_OK;

	for (struct draft_page *page = draft->pages; page && rv == CKR_OK; page = page->next)
		rv = seal_page(t, draft, page);
	if (rv == CKR_OK)
		rv = ended_seal(t, draft);
	if (draft->epoch)
		draft->head.epoch++;
	if (rv == CKR_OK && !record_write_head(&body, &draft->head))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = batch_put(
		    &t->batch, token->key, (struct blob_name){RECORD_TOKEN, token->number, 0},
		    draft->link.version, draft->link.version + 1, buffer_span(&body), &draft->link);
	buffer_free(&body);
	for (size_t i = 0; i < t->slots->count; i++)
		if (t->slots->entry[i].token == token->number)
			t->slots->entry[i].head = draft->link;
	return rv;
}

CK_RV commit_seal(struct transaction *t)
{
	const uint8_t *key = hierarchy_storage_key(t->store->hierarchy);
	struct buffer body = {.secret = true};
	CK_RV rv = CKR_OK;

	for (struct draft *draft = t->drafts; draft && rv == CKR_OK; draft = draft->next)
		rv = seal_head(t, draft);
	if (rv == CKR_OK && t->slots) {
		if (t->counts)
			t->slots->epoch = counter_next(t->store);
		rv = record_write_slots(&body, t->slots) ? CKR_OK : CKR_DEVICE_MEMORY;
		if (rv == CKR_OK)
			rv = batch_put(&t->batch, key, (struct blob_name){RECORD_SLOTS, 0, 0},
				       t->store->version, t->store->version + 1, buffer_span(&body),
				       NULL);
	}
	if (rv == CKR_OK)
		rv = once_prune(t->store->once, &t->batch, &t->pruned);
	buffer_free(&body);
	return rv;
}
