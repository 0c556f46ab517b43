/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects of one token in memory: pages of 256 handles as in the store, and the index. Readers hold the
 * token's lock shared, the committer (the only writer) exclusively. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_OBJECTS_H
#define KEYCLAVE_TOKEN_OBJECTS_H

#include "token/index.h"
#include "token/object.h"
#include "token/record.h"

struct objects_page {
	struct record_page links;
	struct object *object[RECORD_PAGE_HANDLES]; /* a link and no object: its record was refused */
	bool refused; /* the page itself was: nothing is known of its handles */
	bool seen[RECORD_PAGE_HANDLES]; /* while loading: its record was looked at; of a refused page: it is there */
};

struct objects {
	struct objects_page **page; /* by id */
	size_t pages, capacity;
	size_t count; /* of objects */
	struct index index;
};

void objects_init(struct objects *objects);
void objects_free(struct objects *objects); /* drops its references */

/* NULL: none. */
struct objects_page *objects_page(const struct objects *objects, uint64_t id);
/* The page, made if there is none. NULL: no memory. */
struct objects_page *objects_page_add(struct objects *objects, uint64_t id);
/* Of a page without objects. */
void objects_page_remove(struct objects *objects, uint64_t id);

/* Makes room, so that objects_put of OBJECT at HANDLE cannot fail; ROOM: objects put before the next call. */
bool objects_prepare(struct objects *objects, uint64_t handle, const struct object *object, size_t room);

/* Takes a reference of its own; what stood there is dropped. */
void objects_put(struct objects *objects, uint64_t handle, struct object *object);
void objects_drop(struct objects *objects, uint64_t handle);

/* Gives back room that was prepared and not used. */
void objects_tidy(struct objects *objects);

/* Borrowed. CKR_OBJECT_HANDLE_INVALID; CKR_DEVICE_ERROR: its record or its page was refused. */
CK_RV objects_get(const struct objects *objects, uint64_t handle, struct object **object);

/* As token_find. */
void objects_find(const struct objects *objects, const struct attributes *template, bool private_too,
		  uint64_t after, uint64_t *handles, size_t max, size_t *count, bool *more);

#endif
