/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct object, for object.c and the key cache in object_key.c only.
 */
#ifndef KEYCLAVE_TOKEN_OBJECT_STATE_H
#define KEYCLAVE_TOKEN_OBJECT_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "token/object.h"

struct object {
	atomic_size_t references;
	struct attribute_set *set; /* never changes */
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type; /* ATTRIBUTE_ANY_KEY_TYPE when it is no key */
	CK_ULONG version;
	bool is_token;
	bool is_private;
	bool is_hidden; /* its NOTE_SENSITIVE attributes are not revealed */

	pthread_mutex_t lock; /* of .key alone; never taken before the cache's */
	struct key *key;      /* NULL: not parsed, or forgotten */
	atomic_bool used;     /* since the cache's hand passed it last */

	/* Place in the cache's ring; guarded by the cache's lock. */
	struct object *next;
	struct object *previous;
	size_t memory; /* 0: not in the ring */
};

#endif
