/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an object comes to be: a fresh set is built from a template by the attribute table, never the
 * caller's list patched; what the table does not know is refused. Called by service/ for each of
 * C_CreateObject, C_GenerateKey(Pair), C_UnwrapKey and C_DeriveKey. Inside the enclave.
 */
#include "config.h"

#include "token/object.h"

#include "mechanism/attribute_template.h"
#include "mechanism/keyclave.h"
#include "token/object_rules.h"

/* Classes that a template may ask for; profiles and hardware features are the token's own. */
#define CLASS_MAKEABLE (CLASS_DATA | CLASS_CERTIFICATE | CLASS_KEY)

struct making {
	enum object_birth birth;
	const struct object_policy *policy;
	const struct mechanism_row *mechanism;
	const struct attribute_set *base; /* NULL: none */
	unsigned class_bit;
	CK_KEY_TYPE key_type;
	struct attribute_set *set;
};

/*
 * What PKCS#11 v3.1 table 10 asks of a template at each birth; derivation has no footnote of its
 * own.
 */
static const struct {
	unsigned must;
	unsigned must_not;
	CK_ULONG origin;
} births[] = {
    [OBJECT_CREATED] = {NOTE_CREATE_MUST, NOTE_CREATE_MUST_NOT | NOTE_DERIVE_ONLY,
			CKV_KEYCLAVE_ORIGIN_IMPORTED},
    [OBJECT_GENERATED] = {NOTE_GENERATE_MUST, NOTE_GENERATE_MUST_NOT | NOTE_DERIVE_ONLY,
			  CKV_KEYCLAVE_ORIGIN_GENERATED},
    [OBJECT_DERIVED] = {0, NOTE_GENERATE_MUST_NOT, CKV_KEYCLAVE_ORIGIN_DERIVED},
    [OBJECT_UNWRAPPED] = {NOTE_UNWRAP_MUST, NOTE_UNWRAP_MUST_NOT | NOTE_DERIVE_ONLY,
			  CKV_KEYCLAVE_ORIGIN_UNWRAPPED},
    [OBJECT_KMS_UNWRAPPED] = {NOTE_UNWRAP_MUST, NOTE_UNWRAP_MUST_NOT | NOTE_DERIVE_ONLY,
			      CKV_KEYCLAVE_ORIGIN_KMS_UNWRAPPED},
};

static CK_RV begin_class(struct making *m, CK_OBJECT_CLASS class_if_absent,
			 const struct attributes *template)
{
	CK_OBJECT_CLASS class = class_if_absent;

	if (attributes_find(template, CKA_CLASS)) {
		if (!attributes_ulong(template, CKA_CLASS, &class))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		if (m->birth == OBJECT_GENERATED && class != class_if_absent)
			return CKR_TEMPLATE_INCONSISTENT;
	} else if (class == CK_UNAVAILABLE_INFORMATION) {
		return CKR_TEMPLATE_INCOMPLETE;
	}
	m->class_bit = attribute_class_bit(class);
	if (!(m->class_bit & CLASS_MAKEABLE))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (m->birth == OBJECT_DERIVED && m->class_bit != CLASS_SECRET)
		return CKR_TEMPLATE_INCONSISTENT;
	if ((m->birth == OBJECT_UNWRAPPED || m->birth == OBJECT_KMS_UNWRAPPED) && !(m->class_bit & (CLASS_PRIVATE | CLASS_SECRET)))
		return CKR_TEMPLATE_INCONSISTENT;
	return attribute_set_put_ulong(m->set, CKA_CLASS, class) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV begin_key_type(struct making *m, const struct attributes *template)
{
	const struct mechanism_key_type *known = NULL;
	bool generates = m->birth == OBJECT_GENERATED && m->mechanism;

	m->key_type = ATTRIBUTE_ANY_KEY_TYPE;
	if (!(m->class_bit & CLASS_KEY))
		return CKR_OK;
	if (attributes_find(template, CKA_KEY_TYPE)) {
		if (!attributes_ulong(template, CKA_KEY_TYPE, &m->key_type))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		if (generates && !mechanism_takes_key(m->mechanism, m->key_type))
			return CKR_TEMPLATE_INCONSISTENT;
	} else if (generates) {
		m->key_type = m->mechanism->key_types[0];
	} else if (m->birth == OBJECT_DERIVED) {
		m->key_type = CKK_GENERIC_SECRET;
	} else {
		return CKR_TEMPLATE_INCOMPLETE;
	}
	known = mechanism_key_type_find(m->key_type);
	if (!known)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (known->secret != (m->class_bit == CLASS_SECRET))
		return CKR_TEMPLATE_INCONSISTENT;
	return attribute_set_put_ulong(m->set, CKA_KEY_TYPE, m->key_type) ? CKR_OK
									  : CKR_DEVICE_MEMORY;
}

/* What follows from the components of a key. It may be given with them, as a check. */
static bool computed(CK_ATTRIBUTE_TYPE type)
{
	return type == CKA_CHECK_VALUE || type == CKA_PUBLIC_KEY_INFO;
}

static CK_RV begin_take_one(struct making *m, const struct attribute *a)
{
	const struct attribute_row *row = attribute_find(a->type, m->class_bit, m->key_type);
	struct span present = {NULL, 0}, value = a->value;
	CK_RV rv = CKR_OK;

	if (!row)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (row->notes & (births[m->birth].must_not | NOTE_TOKEN_SETS | NOTE_VIRTUAL))
		return CKR_ATTRIBUTE_READ_ONLY;
	rv = object_rules_value(row, m->policy, &value);
	if (rv != CKR_OK)
		return rv;
	if (m->birth != OBJECT_CREATED && computed(a->type))
		return value.size ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK;
	present = attribute_set_get(m->set, a->type);
	if (present.data)
		return span_equal(present, value) ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
	return attribute_set_put(m->set, a->type, value) ? CKR_OK : CKR_DEVICE_MEMORY;
}

static CK_RV begin_take(struct making *m, const struct attributes *template)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < template->count && rv == CKR_OK; i++)
		rv = begin_take_one(m, &template->item[i]);
	return rv;
}

/* CKA_UNWRAP_TEMPLATE and CKA_DERIVE_TEMPLATE of the base key: added, and never contradicted. */
static CK_RV begin_inherit(struct making *m)
{
	struct attributes inherited = {.count = 0};
	struct span value = {NULL, 0};
	CK_RV rv = CKR_OK;

	if (!m->base || (m->birth != OBJECT_UNWRAPPED && m->birth != OBJECT_DERIVED))
		return CKR_OK;
	value = attribute_set_get(m->base, m->birth == OBJECT_UNWRAPPED ? CKA_UNWRAP_TEMPLATE
									: CKA_DERIVE_TEMPLATE);
	if (!value.data)
		return CKR_OK;
	rv = attribute_template_read(value, &inherited);
	if (rv == CKR_OK)
		rv = begin_take(m, &inherited);
	return rv;
}

static CK_RV begin_defaults(struct making *m)
{
	size_t count = 0;
	const struct attribute_row *rows = attribute_rows(&count);

	for (size_t i = 0; i < count; i++) {
		const struct attribute_row *row = &rows[i];

		if (attribute_find(row->type, m->class_bit, m->key_type) != row)
			continue;
		if (!row->fallback || row->notes & NOTE_VIRTUAL ||
		    attribute_set_has(m->set, row->type))
			continue;
		if (!attribute_set_put(m->set, row->type,
				       (struct span){row->fallback, row->fallback_size}))
			return CKR_DEVICE_MEMORY;
	}
	return CKR_OK;
}

static CK_RV begin_required(const struct making *m)
{
	size_t count = 0;
	const struct attribute_row *rows = attribute_rows(&count);

	for (size_t i = 0; i < count; i++)
		if (rows[i].notes & births[m->birth].must &&
		    attribute_find(rows[i].type, m->class_bit, m->key_type) == &rows[i] &&
		    !attribute_set_has(m->set, rows[i].type))
			return CKR_TEMPLATE_INCOMPLETE;
	return CKR_OK;
}

CK_RV object_begin(enum object_birth birth, const struct object_policy *policy,
		   const struct mechanism_row *mechanism, const struct object *base,
		   CK_OBJECT_CLASS class_if_absent, const struct attributes *template,
		   struct attribute_set **set)
{
	struct making m = {.birth = birth,
			   .policy = policy,
			   .mechanism = mechanism,
			   .base = base ? object_attributes(base) : NULL,
			   .set = attribute_set_new()};
	CK_RV rv = m.set ? CKR_OK : CKR_DEVICE_MEMORY;

	*set = NULL;
	if (rv == CKR_OK)
		rv = begin_class(&m, class_if_absent, template);
	if (rv == CKR_OK)
		rv = begin_key_type(&m, template);
	if (rv == CKR_OK)
		rv = begin_take(&m, template);
	if (rv == CKR_OK)
		rv = begin_inherit(&m);
	if (rv == CKR_OK)
		rv = begin_required(&m);
	if (rv == CKR_OK)
		rv = begin_defaults(&m);
	if (rv == CKR_OK)
		rv = object_rules_policy(m.set, policy);
	if (rv == CKR_OK) {
		*set = m.set;
		m.set = NULL;
	}
	attribute_set_free(&m.set);
	return rv;
}

/*
 * Completes an imported key without its CKA_CHECK_VALUE or CKA_PUBLIC_KEY_INFO (no class has both),
 * and compares what came of it with what was given. An empty check value asks for none (PKCS#11
 * v3.1 section 4.10.2).
 */
static CK_RV finish_complete(struct attribute_set *set)
{
	CK_ATTRIBUTE_TYPE type =
	    attribute_set_has(set, CKA_CHECK_VALUE) ? CKA_CHECK_VALUE : CKA_PUBLIC_KEY_INFO;
	struct span value = attribute_set_get(set, type);
	struct buffer given = {0};
	bool has = value.data != NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	if (has && !buffer_set(&given, value.data, value.size))
		goto out;
	attribute_set_remove(set, type);
	rv = key_complete(set);
	if (rv != CKR_OK || !has)
		goto out;
	if (given.size && !span_equal(attribute_set_get(set, type), buffer_span(&given)))
		rv = CKR_ATTRIBUTE_VALUE_INVALID;
	else if (!given.size && type == CKA_CHECK_VALUE)
		attribute_set_remove(set, type);
out:
	buffer_free(&given);
	return rv;
}

/* Puts what the class has a row for; others stay without. */
static bool put_bool(struct attribute_set *set, unsigned class_bit, CK_KEY_TYPE key_type,
		     CK_ATTRIBUTE_TYPE type, bool value)
{
	return !attribute_find(type, class_bit, key_type) ||
	       attribute_set_put_bool(set, type, value);
}

static bool put_ulong(struct attribute_set *set, unsigned class_bit, CK_KEY_TYPE key_type,
		      CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	return !attribute_find(type, class_bit, key_type) ||
	       attribute_set_put_ulong(set, type, value);
}

/*
 * PKCS#11 v3.1 sections 4.9 and 4.10: the history of a secret. An imported or unwrapped key was
 * seen outside; a derived one is no better than its base.
 */
static bool finish_history(struct attribute_set *set, enum object_birth birth,
			   const struct attribute_set *base, unsigned bit, CK_KEY_TYPE type)
{
	bool sensitive = attribute_set_bool(set, CKA_SENSITIVE, false);
	bool extractable = attribute_set_bool(set, CKA_EXTRACTABLE, true);
	bool always = birth == OBJECT_GENERATED, never = birth == OBJECT_GENERATED;

	if (birth == OBJECT_DERIVED && base) {
		always = attribute_set_bool(base, CKA_ALWAYS_SENSITIVE, false);
		never = attribute_set_bool(base, CKA_NEVER_EXTRACTABLE, false);
	}
	return put_bool(set, bit, type, CKA_ALWAYS_SENSITIVE, always && sensitive) &&
	       put_bool(set, bit, type, CKA_NEVER_EXTRACTABLE, never && !extractable);
}

static bool finish_key(struct attribute_set *set, enum object_birth birth,
		       const struct mechanism_row *mechanism, const struct attribute_set *base,
		       unsigned bit, CK_KEY_TYPE type)
{
	bool generated = birth == OBJECT_GENERATED;
	CK_ULONG by = generated && mechanism ? mechanism->type : CK_UNAVAILABLE_INFORMATION;

	return put_bool(set, bit, type, CKA_LOCAL, generated) &&
	       put_ulong(set, bit, type, CKA_KEY_GEN_MECHANISM, by) &&
	       put_ulong(set, bit, type, CKA_KEYCLAVE_ORIGIN, births[birth].origin) &&
	       finish_history(set, birth, base, bit, type) && object_rules_usage(set, bit, type);
}

CK_RV object_finish(enum object_birth birth, const struct mechanism_row *mechanism,
		    const struct object *base, struct attribute_set **set, struct object **object)
{
	unsigned bit =
	    attribute_class_bit(attribute_set_ulong(*set, CKA_CLASS, CK_UNAVAILABLE_INFORMATION));
	CK_KEY_TYPE type = attribute_set_ulong(*set, CKA_KEY_TYPE, ATTRIBUTE_ANY_KEY_TYPE);
	CK_RV rv = CKR_OK;

	*object = NULL;
	if (bit & CLASS_KEY && birth == OBJECT_CREATED)
		rv = finish_complete(*set);
	if (rv == CKR_OK && bit & CLASS_KEY &&
	    !finish_key(*set, birth, mechanism, base ? object_attributes(base) : NULL, bit, type))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = object_rules_identity(*set);
	if (rv == CKR_OK)
		rv = object_load(set, object);
	attribute_set_free(set);
	return rv;
}
