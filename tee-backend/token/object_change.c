/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies and changes of objects: C_CopyObject and C_SetAttributeValue make another snapshot and
 * leave the first one as it is. What may change, and in which direction, is the attribute table's
 * to say. Called by service/. Inside the enclave.
 */
#include "config.h"

#include "token/object.h"

#include "mechanism/keyclave.h"
#include "token/object_rules.h"

#define NOTE_ONE_WAY (NOTE_ONLY_TO_TRUE | NOTE_ONLY_TO_FALSE)

/* True when the one-way flag ROW has gone its way in SET: it is read-only from then on. */
static bool gone(const struct attribute_row *row, const struct attribute_set *set)
{
	if (row->notes & NOTE_ONLY_TO_TRUE)
		return attribute_set_bool(set, row->type, false);
	return row->notes & NOTE_ONLY_TO_FALSE && !attribute_set_bool(set, row->type, true);
}

static CK_RV change_one(struct attribute_set *set, const struct attribute *a, bool copying,
			unsigned class_bit, CK_KEY_TYPE key_type,
			const struct object_policy *policy)
{
	const struct attribute_row *row = attribute_find(a->type, class_bit, key_type);
	unsigned open =
	    NOTE_MODIFIABLE | NOTE_ONE_WAY | NOTE_SO_ONLY_TRUE | (copying ? NOTE_COPY_ONLY : 0U);
	struct span value = a->value;
	CK_RV rv = CKR_OK;

	if (!row)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (row->notes & (NOTE_TOKEN_SETS | NOTE_VIRTUAL))
		return CKR_ATTRIBUTE_READ_ONLY;
	rv = object_rules_value(row, policy, &value);
	if (rv != CKR_OK)
		return rv;
	/* A copy may name again what it takes over. */
	if (copying && span_equal(attribute_set_get(set, a->type), value))
		return CKR_OK;
	if (!(row->notes & open) || gone(row, set))
		return CKR_ATTRIBUTE_READ_ONLY;
	return attribute_set_put(set, a->type, value) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV change_all(struct attribute_set *set, const struct attributes *template, bool copying,
			const struct object_policy *policy)
{
	unsigned bit =
	    attribute_class_bit(attribute_set_ulong(set, CKA_CLASS, CK_UNAVAILABLE_INFORMATION));
	CK_KEY_TYPE type = attribute_set_ulong(set, CKA_KEY_TYPE, ATTRIBUTE_ANY_KEY_TYPE);
	bool was_private = attribute_set_bool(set, CKA_PRIVATE, true);
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < template->count && rv == CKR_OK; i++)
		rv = change_one(set, &template->item[i], copying, bit, type, policy);
	if (rv != CKR_OK)
		return rv;
	if (attribute_set_bool(set, CKA_PRIVATE, true)) {
		if (!policy->user)
			return CKR_USER_NOT_LOGGED_IN;
	} else if (was_private || attribute_set_bool(set, CKA_ALWAYS_AUTHENTICATE, false)) {
		return CKR_TEMPLATE_INCONSISTENT;
	}
	return CKR_OK;
}

CK_RV object_copy(const struct object *object, const struct object_policy *policy,
		  const struct attributes *template, struct object **copy)
{
	struct attribute_set *set = NULL;
	CK_RV rv = CKR_OK;

	*copy = NULL;
	if (!attribute_set_bool(object_attributes(object), CKA_COPYABLE, true))
		return CKR_ACTION_PROHIBITED;
	set = attribute_set_copy(object_attributes(object));
	if (!set)
		return CKR_DEVICE_MEMORY;
	rv = change_all(set, template, true, policy);
	if (rv == CKR_OK)
		rv = object_rules_identity(set);
	if (rv == CKR_OK)
		rv = object_load(&set, copy);
	attribute_set_free(&set);
	return rv;
}

CK_RV object_change(const struct object *object, const struct object_policy *policy,
		    const struct attributes *template, struct object **changed)
{
	struct attribute_set *set = NULL;
	CK_RV rv = CKR_OK;

	*changed = NULL;
	if (!attribute_set_bool(object_attributes(object), CKA_MODIFIABLE, true))
		return CKR_ACTION_PROHIBITED;
	set = attribute_set_copy(object_attributes(object));
	if (!set)
		return CKR_DEVICE_MEMORY;
	rv = change_all(set, template, false, policy);
	if (rv == CKR_OK &&
	    !attribute_set_put_ulong(set, CKA_KEYCLAVE_VERSION, object_version(object) + 1))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = object_load(&set, changed);
	attribute_set_free(&set);
	return rv;
}
