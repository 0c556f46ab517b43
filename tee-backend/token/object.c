/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The snapshot of an object: its life, what may be read of it, and what matches it. Called by
 * token.c, objects.c and service/ from many threads. Inside the enclave.
 */
#include "config.h"

#include "token/object.h"

#include <stdlib.h>

#include "mechanism/attribute_usage.h"
#include "mechanism/keyclave.h"
#include "token/object_key.h"
#include "token/object_state.h"

CK_RV object_load(struct attribute_set **set, struct object **object)
{
	struct object *made = NULL;
	CK_OBJECT_CLASS class = attribute_set_ulong(*set, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	unsigned bit = attribute_class_bit(class);
	CK_RV rv = CKR_OK;

	*object = NULL;
	if (!bit) {
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
		goto out;
	}
	made = calloc(1, sizeof(*made));
	if (!made || pthread_mutex_init(&made->lock, NULL) != 0) {
		free(made);
		rv = CKR_DEVICE_MEMORY;
		goto out;
	}
	atomic_init(&made->references, 1);
	atomic_init(&made->used, false);
	made->class = class;
	made->key_type = bit & CLASS_KEY
			     ? attribute_set_ulong(*set, CKA_KEY_TYPE, ATTRIBUTE_ANY_KEY_TYPE)
			     : ATTRIBUTE_ANY_KEY_TYPE;
	made->version = attribute_set_ulong(*set, CKA_KEYCLAVE_VERSION, 1);
	made->is_token = attribute_set_bool(*set, CKA_TOKEN, false);
	made->is_private = attribute_set_bool(*set, CKA_PRIVATE, true);
	if (bit & (CLASS_PRIVATE | CLASS_SECRET))
		made->is_hidden = attribute_set_bool(*set, CKA_SENSITIVE, true) ||
				  !attribute_set_bool(*set, CKA_EXTRACTABLE, false);
	made->set = *set;
	*set = NULL;
	*object = made;
out:
	attribute_set_free(set);
	return rv;
}

struct object *object_retain(struct object *object)
{
	atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
	return object;
}

void object_free(struct object **object)
{
	struct object *o = object ? *object : NULL;

	if (!o)
		return;
	*object = NULL;
	if (atomic_fetch_sub_explicit(&o->references, 1, memory_order_acq_rel) != 1)
		return;
	object_key_leave(o);
	key_free(&o->key);
	attribute_set_free(&o->set);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

const struct attribute_set *object_attributes(const struct object *object)
{
	return object->set;
}

CK_OBJECT_CLASS object_class(const struct object *object)
{
	return object->class;
}

bool object_is_token(const struct object *object)
{
	return object->is_token;
}

bool object_is_private(const struct object *object)
{
	return object->is_private;
}

CK_ULONG object_version(const struct object *object)
{
	return object->version;
}

CK_RV object_get(const struct object *object, CK_ATTRIBUTE_TYPE type, struct span *value)
{
	const struct attribute_row *row =
	    attribute_find(type, attribute_class_bit(object->class), object->key_type);

	*value = (struct span){NULL, 0};
	if (!row)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (row->notes & NOTE_SENSITIVE && object->is_hidden)
		return CKR_ATTRIBUTE_SENSITIVE;
	*value = attribute_set_get(object->set, type);
	return value->data ? CKR_OK : CKR_ATTRIBUTE_TYPE_INVALID;
}

bool object_matches(const struct object *object, const struct attributes *template)
{
	for (size_t i = 0; i < template->count; i++) {
		const struct attribute *a = &template->item[i];
		struct span value = {NULL, 0};

		if (object_get(object, a->type, &value) != CKR_OK || !span_equal(value, a->value))
			return false;
	}
	return true;
}

CK_FLAGS object_usage(const struct object *object)
{
	return attribute_usage_of(object->set);
}

size_t object_size(const struct object *object)
{
	size_t size = 0;

	for (size_t i = 0; i < attribute_set_count(object->set); i++)
		size += attribute_set_at(object->set, i).value.size;
	return size;
}
