/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a key may be used for an operation, and whether one key may wrap another. Called by
 * service/ before each operation; the module's own checks are a courtesy only. Inside the enclave.
 */
#include "config.h"

#include "token/object.h"

#include "mechanism/attribute_template.h"
#include "mechanism/attribute_usage.h"

/* CKA_ALLOWED_MECHANISMS: absent or empty allows all (PKCS#11 v3.1 section 4.8). */
static bool allows(const struct attribute_set *set, CK_MECHANISM_TYPE type)
{
	struct span list = attribute_set_get(set, CKA_ALLOWED_MECHANISMS);

	for (size_t i = 0; i + 8 <= list.size; i += 8)
		if (attribute_get_ulong(list.data + i) == type)
			return true;
	return list.size == 0;
}

CK_RV object_permits(const struct object *object, const struct mechanism *m, CK_FLAGS usage)
{
	const struct attribute_set *set = object_attributes(object);
	unsigned bit = attribute_class_bit(object_class(object));
	const struct attribute_usage *use = attribute_usage_find(usage, bit);

	if (!(bit & CLASS_KEY))
		return CKR_KEY_HANDLE_INVALID;
	if (!(m->row->flags & usage))
		return CKR_MECHANISM_INVALID;
	/* PKCS#11 v3.0 section 5.1.6: a wrong type weighs more than a missing permission. */
	if (!mechanism_takes_key(m->row,
				 attribute_set_ulong(set, CKA_KEY_TYPE, ATTRIBUTE_ANY_KEY_TYPE)))
		return CKR_KEY_TYPE_INCONSISTENT;
	/* C_WrapKey and C_UnwrapKey have a code for the other half of a pair, the others do not. */
	if (!use && usage & (CKF_WRAP | CKF_UNWRAP))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!use || !attribute_set_bool(set, use->flag, false))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return allows(set, m->row->type) ? CKR_OK : CKR_MECHANISM_INVALID;
}

CK_RV object_may_wrap(const struct object *wrapping, const struct object *target)
{
	const struct attribute_set *by = object_attributes(wrapping),
				   *set = object_attributes(target);
	struct attributes wanted = {.count = 0};
	struct span template = attribute_set_get(by, CKA_WRAP_TEMPLATE);

	if (!(attribute_class_bit(object_class(target)) & (CLASS_PRIVATE | CLASS_SECRET)))
		return CKR_KEY_NOT_WRAPPABLE;
	if (!attribute_set_bool(set, CKA_EXTRACTABLE, false))
		return CKR_KEY_UNEXTRACTABLE;
	if (attribute_set_bool(set, CKA_WRAP_WITH_TRUSTED, false) &&
	    !attribute_set_bool(by, CKA_TRUSTED, false))
		return CKR_KEY_NOT_WRAPPABLE;
	/* PKCS#11 v3.0 section 5.18.3: what does not match is, for this wrapping key, no key to wrap. */
	if (template.size && attribute_template_read(template, &wanted) != CKR_OK)
		return CKR_KEY_NOT_WRAPPABLE;
	for (size_t i = 0; i < wanted.count; i++) {
		const struct attribute *a = &wanted.item[i];

		if (!span_equal(attribute_set_get(set, a->type), a->value))
			return CKR_KEY_HANDLE_INVALID;
	}
	return CKR_OK;
}
