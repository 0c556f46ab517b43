/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a token out of a hostile store: each record is compared with what the one above it says of
 * it, and opened; what is wrong is named and left out, the rest works. Called by token_store.c at
 * start. Inside the enclave.
 */
#include "config.h"

#include "token/internal.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "mechanism/keyclave.h"

/* What goes along through a load. */
struct loading {
	struct token *token;
	struct buffer blob, plain;
	struct objects_page *page; /* of the object that came last */
};

static struct blob_name name_of(const struct loading *l, enum record_kind kind, uint64_t id)
{
	return (struct blob_name){kind, l->token->number, id};
}

/*
 * Opens SEALED, which the store has as VERSION, into l->plain if it is what LINK says. *REFUSED: it
 * is named in the damage. CKR_DEVICE_MEMORY and the like end the load.
 */
static CK_RV open_record(struct loading *l, struct blob_name name, const struct record_link *link,
			 struct span sealed, uint64_t version, bool *refused)
{
	uint8_t tag[RECORD_TAG_SIZE] = {0};
	char why[128] = "was changed";
	CK_RV rv = CKR_OK;

	*refused = false;
	record_tag(sealed, tag);
	if (version != link->version)
		damage_version(why, sizeof(why), version, link->version);
	else
		rv = seal_open(l->token->key, name, version, sealed, &l->plain);
	if (version == link->version && rv == CKR_OK && memory_equal(tag, link->tag, sizeof(tag)))
		return CKR_OK;
	if (version == link->version && rv == CKR_OK)
		damage_add(&l->token->damage, name, "is of another copy of the store");
	else if (rv == CKR_OK || rv == CKR_DATA_INVALID)
		damage_add(&l->token->damage, name, why);
	else
		return rv;
	*refused = true;
	return CKR_OK;
}

/* Gets and opens; a part of the store that cannot be read is as good as a removed record. */
static CK_RV get_record(struct loading *l, struct blob_name name, const struct record_link *link,
			bool *refused)
{
	uint64_t version = 0;
	CK_RV rv = blobstore_get(l->token->store->blobs, name, &l->blob, &version);

	*refused = true;
	if (rv == CKR_DEVICE_MEMORY)
		return rv;
	if (rv != CKR_OK) {
		damage_add(&l->token->damage, name, "cannot be read");
		return CKR_OK;
	}
	return open_record(l, name, link, buffer_span(&l->blob), version, refused);
}

/* ---- objects ---- */

static CK_RV load_object(struct loading *l, struct blob_name name)
{
	struct token *token = l->token;
	const struct record_link *link = &l->page->links.entry[name.id % RECORD_PAGE_HANDLES];
	struct attribute_set *set = NULL;
	struct object *object = NULL;
	CK_RV rv = record_read_object(buffer_span(&l->plain), &set);

	if (rv == CKR_OK)
		rv = object_load(&set, &object);
	if (rv == CKR_OK && object_version(object) != link->version)
		rv = CKR_DATA_INVALID;
	if (rv == CKR_OK && !objects_prepare(&token->objects, name.id, object, 1))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		objects_put(&token->objects, name.id, object);
	object_free(&object);
	if (rv == CKR_OK || rv == CKR_DEVICE_MEMORY)
		return rv;
	damage_add(&token->damage, name, "has a body that is none");
	return CKR_OK;
}

/* One of the list that the store gives: what no page names is not ours, or is what was removed. */
static CK_RV load_listed(struct blob_name name, uint64_t version, struct span blob, void *arg)
{
	struct loading *l = arg;
	bool refused = false;
	CK_RV rv = CKR_OK;

	l->page = objects_page(&l->token->objects, name.id / RECORD_PAGE_HANDLES);
	if (l->page && l->page->refused) {
		l->page->seen[name.id % RECORD_PAGE_HANDLES] = true;
		damage_add(&l->token->damage, name, "its page was refused");
		return CKR_OK;
	}
	if (!l->page || !l->page->links.entry[name.id % RECORD_PAGE_HANDLES].version) {
		damage_add(&l->token->damage, name,
			   "no page names it: it was removed or never ours; ignored");
		return CKR_OK;
	}
	rv = open_record(l, name, &l->page->links.entry[name.id % RECORD_PAGE_HANDLES], blob,
			 version, &refused);
	/* Seen, whatever it was: see load_missing. */
	l->page->seen[name.id % RECORD_PAGE_HANDLES] = true;
	return rv == CKR_OK && !refused ? load_object(l, name) : rv;
}

/*
 * What the list did not have: it was removed, or the list ended at a damaged part of the store's
 * file.
 */
static CK_RV load_missing(struct loading *l)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < l->token->objects.pages; i++) {
		l->page = l->token->objects.page[i];
		for (size_t k = 0; k < RECORD_PAGE_HANDLES && rv == CKR_OK; k++) {
			struct blob_name name =
			    name_of(l, RECORD_OBJECT, l->page->links.id * RECORD_PAGE_HANDLES + k);
			bool refused = false;

			if (!l->page->links.entry[k].version || l->page->seen[k])
				continue;
			rv = get_record(l, name, &l->page->links.entry[k], &refused);
			if (rv == CKR_OK && !refused)
				rv = load_object(l, name);
		}
	}
	return rv;
}

/* ---- pages and head ---- */

static CK_RV load_page(struct loading *l, const struct record_child *child)
{
	struct blob_name name = name_of(l, RECORD_PAGE, child->id);
	struct objects_page *page = objects_page_add(&l->token->objects, child->id);
	bool refused = false;
	CK_RV rv = page ? get_record(l, name, &child->link, &refused) : CKR_DEVICE_MEMORY;

	if (rv != CKR_OK)
		return rv;
	if (!refused) {
		rv = record_read_page(buffer_span(&l->plain), child->id, &page->links);
		refused = rv == CKR_DATA_INVALID;
		if (refused)
			damage_add(&l->token->damage, name, "has a body that is none");
	}
	page->refused = refused;
	return refused ? CKR_OK : rv;
}

static CK_RV load_head(struct loading *l)
{
	struct blob_name name = name_of(l, RECORD_TOKEN, 0);
	struct record_link link = l->token->link;
	bool refused = false;
	CK_RV rv = get_record(l, name, &link, &refused);

	if (rv != CKR_OK || refused)
		return rv == CKR_OK ? CKR_TOKEN_NOT_RECOGNIZED : rv;
	rv = record_read_head(buffer_span(&l->plain), &l->token->head);
	if (rv == CKR_DATA_INVALID) {
		damage_add(&l->token->damage, name, "has a body that is none");
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	return rv;
}

/* A page that is refused ends all tickets of before: nobody knows which of them were over. */
static CK_RV load_ended(struct loading *l)
{
	struct token *token = l->token;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; rv == CKR_OK && i < token->head.ended.count; i++) {
		const struct record_child *child = &token->head.ended.page[i];
		struct blob_name name = name_of(l, RECORD_ENDED, child->id);
		bool refused = false;

		token->ended[i] = calloc(1, sizeof(*token->ended[i]));
		rv = token->ended[i] ? get_record(l, name, &child->link, &refused) : CKR_DEVICE_MEMORY;
		if (rv == CKR_OK && !refused &&
		    record_read_ended(buffer_span(&l->plain), token->ended[i]) != CKR_OK) {
			damage_add(&token->damage, name, "has a body that is none");
			refused = true;
		}
		if (!refused)
			continue;
		free(token->ended[i]);
		token->ended[i] = NULL;
		token->ended_lost = (uint64_t)time(NULL);
	}
	return rv;
}

CK_RV token_load(struct token_store *store, const struct record_slot *entry, struct token **token)
{
	struct loading l = {.plain = {.secret = true}};
	CK_RV rv = token_new(store, entry, &l.token);

	*token = NULL;
	if (rv == CKR_OK)
		rv = load_head(&l);
	for (size_t i = 0; rv == CKR_OK && i < l.token->head.page_count; i++)
		rv = load_page(&l, &l.token->head.pages[i]);
	if (rv == CKR_OK)
		rv = load_ended(&l);
	if (rv == CKR_OK) {
		rv = blobstore_list(store->blobs, RECORD_OBJECT, entry->token, load_listed, &l);
		/* The list may end early; load_missing asks for each of the others. */
		if (rv != CKR_DEVICE_MEMORY)
			rv = load_missing(&l);
	}
	if (rv == CKR_OK) {
		objects_tidy(&l.token->objects);
		*token = l.token;
		l.token = NULL;
	}
	if (rv == CKR_TOKEN_NOT_RECOGNIZED)
		damage_move(&store->damage, &l.token->damage);
	token_free(&l.token);
	buffer_free(&l.blob);
	buffer_free(&l.plain);
	return rv;
}
