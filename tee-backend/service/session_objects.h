/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session objects of one context, by handle. Clones share the objects, which never change, and own
 * their maps, so that nothing that a child does is seen by its parent (DESIGN section 7, rule 5).
 * Inside the enclave; callers hold the context's lock.
 */
#ifndef KEYCLAVE_SERVICE_SESSION_OBJECTS_H
#define KEYCLAVE_SERVICE_SESSION_OBJECTS_H

#include "service/internal.h"

struct session_object {
	CK_OBJECT_HANDLE handle; /* HANDLE_SESSION_BIT is set */
	uint64_t slot;
	uint64_t session; /* the client's number of the session that owns it */
	struct object *object;
};

/* Ascending by handle. Start with {0}. */
struct session_objects {
	struct session_object *item;
	size_t count;
	size_t capacity;
};

/* Takes a reference to OBJECT. CKR_DEVICE_MEMORY: memory, or the limit of objects. */
CK_RV session_objects_add(struct service *service, struct session_objects *objects, uint64_t slot,
			  uint64_t session, struct object *object, CK_OBJECT_HANDLE *handle);

/* Borrowed until the map changes; NULL: none of this slot. */
struct session_object *session_objects_find(const struct session_objects *objects, uint64_t slot,
					     CK_OBJECT_HANDLE handle);

/* False: there is none. */
bool session_objects_remove(struct service *service, struct session_objects *objects, uint64_t slot,
			    CK_OBJECT_HANDLE handle);

/* All of SLOT, or of one session of it, or its private ones only. */
void session_objects_drop(struct service *service, struct session_objects *objects, uint64_t slot,
			  const uint64_t *session, bool private_only);

/* COPY (empty) gets the same handles and objects. False: no memory, COPY is empty. */
bool session_objects_copy(struct service *service, const struct session_objects *objects,
			  struct session_objects *copy);

void session_objects_free(struct service *service, struct session_objects *objects);

#endif
