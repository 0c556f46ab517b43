/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sorted array: lookup by bisection, appending in the common case, and C_FindObjects gets its handles in
 * order. Handles come from one counter of the whole worker that starts at random, so that a handle from
 * before a restart, or of somebody else, names nothing. Inside the enclave.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "service/session_objects.h"

/* The first item whose handle is not below HANDLE. */
static size_t session_objects_place(const struct session_objects *objects, CK_OBJECT_HANDLE handle)
{
	size_t low = 0;
	size_t high = objects->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (objects->item[middle].handle < handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool session_objects_grow(struct session_objects *objects, size_t capacity)
{
	struct session_object *item = NULL;

	if (capacity <= objects->capacity)
		return true;
	item = reallocarray(objects->item, capacity, sizeof(*item));
	if (!item)
		return false;
	objects->item = item;
	objects->capacity = capacity;
	return true;
}

/* A handle that this map does not have: after 2^30 of them the counter comes round. */
static CK_OBJECT_HANDLE session_objects_handle(struct service *service,
					       const struct session_objects *objects)
{
	for (;;) {
		CK_OBJECT_HANDLE low = atomic_fetch_add(&service->next_object, 1) & HANDLE_TOKEN_MAX;
		CK_OBJECT_HANDLE handle = HANDLE_SESSION_BIT | low;
		size_t place = 0;

		/* With bit 31 these are the places of HANDLE_HW_FEATURE and HANDLE_ROOT. */
		if (!low || low == HANDLE_TOKEN_MAX)
			continue;
		place = session_objects_place(objects, handle);
		if (place == objects->count || objects->item[place].handle != handle)
			return handle;
	}
}

CK_RV session_objects_add(struct service *service, struct session_objects *objects, uint64_t slot,
			  uint64_t session, struct object *object, CK_OBJECT_HANDLE *handle)
{
	size_t place = 0;

	if (atomic_fetch_add(&service->session_objects, 1) >= service->settings.max_objects)
		goto full;
	if (objects->count == objects->capacity &&
	    !session_objects_grow(objects, objects->capacity ? objects->capacity * 2 : 8))
		goto full;
	*handle = session_objects_handle(service, objects);
	place = session_objects_place(objects, *handle);
	memmove(objects->item + place + 1, objects->item + place,
		(objects->count - place) * sizeof(*objects->item));
	objects->item[place] = (struct session_object){.handle = *handle,
						       .slot = slot,
						       .session = session,
						       .object = object_retain(object)};
	objects->count++;
	return CKR_OK;
full:
	atomic_fetch_sub(&service->session_objects, 1);
	return CKR_DEVICE_MEMORY;
}

struct session_object *session_objects_find(const struct session_objects *objects, uint64_t slot,
					     CK_OBJECT_HANDLE handle)
{
	size_t place = session_objects_place(objects, handle);

	if (place == objects->count || objects->item[place].handle != handle ||
	    objects->item[place].slot != slot)
		return NULL;
	return &objects->item[place];
}

bool session_objects_remove(struct service *service, struct session_objects *objects, uint64_t slot,
			    CK_OBJECT_HANDLE handle)
{
	struct session_object *found = session_objects_find(objects, slot, handle);
	size_t place = 0;

	if (!found)
		return false;
	place = (size_t)(found - objects->item);
	object_free(&found->object);
	objects->count--;
	memmove(found, found + 1, (objects->count - place) * sizeof(*found));
	atomic_fetch_sub(&service->session_objects, 1);
	return true;
}

void session_objects_drop(struct service *service, struct session_objects *objects, uint64_t slot,
			  const uint64_t *session, bool private_only)
{
	size_t kept = 0;

	for (size_t i = 0; i < objects->count; i++) {
		struct session_object *item = &objects->item[i];

		if (item->slot != slot || (session && item->session != *session) ||
		    (private_only && !object_is_private(item->object))) {
			objects->item[kept++] = *item;
			continue;
		}
		object_free(&item->object);
		atomic_fetch_sub(&service->session_objects, 1);
	}
	objects->count = kept;
}

bool session_objects_copy(struct service *service, const struct session_objects *objects,
			  struct session_objects *copy)
{
	if (!session_objects_grow(copy, objects->count))
		return false;
	for (size_t i = 0; i < objects->count; i++) {
		copy->item[i] = objects->item[i];
		copy->item[i].object = object_retain(objects->item[i].object);
	}
	copy->count = objects->count;
	atomic_fetch_add(&service->session_objects, objects->count);
	return true;
}

void session_objects_free(struct service *service, struct session_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		object_free(&objects->item[i].object);
	atomic_fetch_sub(&service->session_objects, objects->count);
	free(objects->item);
	*objects = (struct session_objects){0};
}
