/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From handles to objects, and from templates to handles. Called by token.c and by the committer.
 * Inside the enclave.
 */
#include "config.h"

#include "token/objects.h"

#include <stdlib.h>
#include <string.h>

static const CK_ATTRIBUTE_TYPE indexed[] = {CKA_LABEL, CKA_ID, CKA_CLASS, CKA_KEY_TYPE};

#define INDEXED (sizeof(indexed) / sizeof(indexed[0]))

void objects_init(struct objects *objects)
{
	memset(objects, 0, sizeof(*objects));
	index_init(&objects->index);
}

void objects_free(struct objects *objects)
{
	for (size_t i = 0; i < objects->pages; i++) {
		for (size_t k = 0; k < RECORD_PAGE_HANDLES; k++)
			object_free(&objects->page[i]->object[k]);
		free(objects->page[i]);
	}
	free(objects->page);
	index_free(&objects->index);
	memset(objects, 0, sizeof(*objects));
}

/* Index of the first page whose id is not below ID. */
static size_t position(const struct objects *objects, uint64_t id)
{
	size_t low = 0, high = objects->pages;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (objects->page[middle]->links.id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct objects_page *objects_page(const struct objects *objects, uint64_t id)
{
	size_t i = position(objects, id);

	return i < objects->pages && objects->page[i]->links.id == id ? objects->page[i] : NULL;
}

struct objects_page *objects_page_add(struct objects *objects, uint64_t id)
{
	size_t i = position(objects, id);
	struct objects_page *page = NULL;

	if (i < objects->pages && objects->page[i]->links.id == id)
		return objects->page[i];
	if (objects->pages == objects->capacity) {
		size_t capacity = objects->capacity + objects->capacity / 2 + 4;
		struct objects_page **grown =
		    reallocarray(objects->page, capacity, sizeof(struct objects_page *));

		if (!grown)
			return NULL;
		objects->page = grown;
		objects->capacity = capacity;
	}
	page = calloc(1, sizeof(*page));
	if (!page)
		return NULL;
	page->links.id = id;
	memmove(&objects->page[i + 1], &objects->page[i],
		(objects->pages - i) * sizeof(struct objects_page *));
	objects->page[i] = page;
	objects->pages++;
	return page;
}

void objects_page_remove(struct objects *objects, uint64_t id)
{
	size_t i = position(objects, id);

	if (i >= objects->pages || objects->page[i]->links.id != id)
		return;
	free(objects->page[i]);
	objects->pages--;
	memmove(&objects->page[i], &objects->page[i + 1],
		(objects->pages - i) * sizeof(struct objects_page *));
}

void objects_tidy(struct objects *objects)
{
	index_tidy(&objects->index);
}

bool objects_prepare(struct objects *objects, uint64_t handle, const struct object *object,
		     size_t room)
{
	const struct attribute_set *set = object_attributes(object);

	if (!objects_page_add(objects, handle / RECORD_PAGE_HANDLES))
		return false;
	for (size_t i = 0; i < INDEXED; i++)
		if (attribute_set_has(set, indexed[i]) &&
		    !index_prepare(&objects->index, indexed[i], attribute_set_get(set, indexed[i]),
				   room))
			return false;
	return true;
}

void objects_put(struct objects *objects, uint64_t handle, struct object *object)
{
	struct objects_page *page = objects_page(objects, handle / RECORD_PAGE_HANDLES);
	const struct attribute_set *set = object_attributes(object);

	if (!page)
		return;
	for (size_t i = 0; i < INDEXED; i++) {
		struct object *old = page->object[handle % RECORD_PAGE_HANDLES];
		struct span now = attribute_set_get(set, indexed[i]), was = {NULL, 0};

		if (old)
			was = attribute_set_get(object_attributes(old), indexed[i]);
		if (was.data && now.data && span_equal(was, now))
			continue;
		if (was.data)
			index_remove(&objects->index, indexed[i], was, handle);
		if (now.data)
			index_add(&objects->index, indexed[i], now, handle);
	}
	if (page->object[handle % RECORD_PAGE_HANDLES])
		object_free(&page->object[handle % RECORD_PAGE_HANDLES]);
	else
		objects->count++;
	page->object[handle % RECORD_PAGE_HANDLES] = object_retain(object);
}

void objects_drop(struct objects *objects, uint64_t handle)
{
	struct objects_page *page = objects_page(objects, handle / RECORD_PAGE_HANDLES);
	struct object **place = page ? &page->object[handle % RECORD_PAGE_HANDLES] : NULL;

	if (!place || !*place)
		return;
	for (size_t i = 0; i < INDEXED; i++) {
		struct span was = attribute_set_get(object_attributes(*place), indexed[i]);

		if (was.data)
			index_remove(&objects->index, indexed[i], was, handle);
	}
	object_free(place);
	objects->count--;
}

CK_RV objects_get(const struct objects *objects, uint64_t handle, struct object **object)
{
	const struct objects_page *page = objects_page(objects, handle / RECORD_PAGE_HANDLES);

	*object = NULL;
	if (!page)
		return CKR_OBJECT_HANDLE_INVALID;
	if (page->refused)
		return CKR_DEVICE_ERROR;
	*object = page->object[handle % RECORD_PAGE_HANDLES];
	if (*object)
		return CKR_OK;
	return page->links.entry[handle % RECORD_PAGE_HANDLES].version ? CKR_DEVICE_ERROR
								       : CKR_OBJECT_HANDLE_INVALID;
}

/* A search: where it goes and what it has. */
struct search {
	const struct attributes *template;
	bool private_too;
	uint64_t *handles;
	size_t max, count;
	bool more;
};

/* False: full, and there is one more. */
static bool search_try(struct search *s, uint64_t handle, const struct object *object)
{
	if ((object_is_private(object) && !s->private_too) || !object_matches(object, s->template))
		return true;
	if (s->count == s->max) {
		s->more = true;
		return false;
	}
	s->handles[s->count++] = handle;
	return true;
}

static void search_list(const struct objects *objects, struct search *s, const uint32_t *list,
			size_t count, uint64_t after)
{
	for (size_t i = index_after(list, count, after); i < count; i++) {
		struct object *object = NULL;

		if (objects_get(objects, list[i], &object) == CKR_OK &&
		    !search_try(s, list[i], object))
			return;
	}
}

static void search_all(const struct objects *objects, struct search *s, uint64_t after)
{
	for (size_t i = position(objects, (after + 1) / RECORD_PAGE_HANDLES); i < objects->pages;
	     i++) {
		const struct objects_page *page = objects->page[i];

		for (size_t k = 0; k < RECORD_PAGE_HANDLES; k++) {
			uint64_t handle = page->links.id * RECORD_PAGE_HANDLES + k;

			if (handle > after && page->object[k] &&
			    !search_try(s, handle, page->object[k]))
				return;
		}
	}
}

void objects_find(const struct objects *objects, const struct attributes *template,
		  bool private_too, uint64_t after, uint64_t *handles, size_t max, size_t *count,
		  bool *more)
{
	struct search s = {template, private_too, handles, max, 0, false};
	const uint32_t *best = NULL;
	size_t best_count = SIZE_MAX;

	for (size_t i = 0; i < template->count && best_count > 0; i++) {
		const struct attribute *a = &template->item[i];
		const uint32_t *list = NULL;
		size_t n = 0;

		if (!index_covers(a->type))
			continue;
		list = index_find(&objects->index, a->type, a->value, &n);
		if (n < best_count) {
			best = list;
			best_count = n;
		}
	}
	if (best_count == SIZE_MAX)
		search_all(objects, &s, after);
	else if (best_count)
		search_list(objects, &s, best, best_count, after);
	*count = s.count;
	*more = s.more;
}
