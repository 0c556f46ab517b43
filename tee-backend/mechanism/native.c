/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes between a program's memory and the portable form. Runs in the client's process only; a
 * program's pointers are taken as they are, its sizes are not.
 */
#include "config.h"

#include <string.h>

#include "mechanism/attribute_template.h"
#include "mechanism/native.h"

static const uint8_t nothing[1];

void native_arena_free(struct native_arena *arena)
{
	size_t i = 0;

	if (!arena)
		return;
	for (i = 0; i < NATIVE_NESTED_MAX; i++)
		buffer_free(&arena->nested[i]);
	arena->nested_count = 0;
	arena->used = 0;
}

/* COUNT numbers of a program, which need not be aligned, as 8 bytes each. */
static CK_RV numbers_to_portable(const CK_ATTRIBUTE *a, size_t count, struct native_arena *arena,
				 struct span *value)
{
	uint8_t *out = arena->scratch + arena->used;
	size_t i = 0;

	if (count > (sizeof(arena->scratch) - arena->used) / 8)
		return CKR_HOST_MEMORY;
	for (i = 0; i < count; i++) {
		CK_ULONG number = 0;

		memcpy(&number, (const uint8_t *)a->pValue + i * sizeof(number), sizeof(number));
		attribute_put_ulong(out + 8 * i, number);
	}
	arena->used += 8 * count;
	*value = count > 0 ? (struct span){out, 8 * count} : (struct span){nothing, 0};
	return CKR_OK;
}

/* Adds to OUT what is not in it yet. *REPEATED: it was there with the same value. */
static CK_RV add(struct attributes *out, CK_ATTRIBUTE_TYPE type, struct span value, bool *repeated)
{
	const struct attribute *before = attributes_find(out, type);

	*repeated = before != NULL;
	if (before)
		return span_equal(before->value, value) ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
	return attributes_add(out, type, value) ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV flat_to_portable(const struct attribute_row *row, const CK_ATTRIBUTE *a,
			      struct native_arena *arena, struct span *value)
{
	switch (row->form) {
	case ATTRIBUTE_ULONG:
		if (a->ulValueLen != sizeof(CK_ULONG))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		return numbers_to_portable(a, 1, arena, value);
	case ATTRIBUTE_ULONGS:
		if (a->ulValueLen % sizeof(CK_ULONG) != 0 ||
		    a->ulValueLen / sizeof(CK_ULONG) > ATTRIBUTE_MECHANISMS_MAX)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		return numbers_to_portable(a, a->ulValueLen / sizeof(CK_ULONG), arena, value);
	case ATTRIBUTE_BIGNUM:
	case ATTRIBUTE_BOOL:
	case ATTRIBUTE_BYTES:
	case ATTRIBUTE_TEXT:
	case ATTRIBUTE_DATE:
		break;
	case ATTRIBUTE_TEMPLATE:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	*value = (struct span){nothing, 0};
	if (a->ulValueLen > 0)
		*value = (struct span){a->pValue, a->ulValueLen};
	while (row->form == ATTRIBUTE_BIGNUM && value->size > 1 && value->data[0] == 0) {
		value->data++;
		value->size--;
	}
	if (value->size > attribute_max(row->type) || !attribute_form_valid(row->form, *value))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

/* A nested template: decoded, then written as CBOR into a buffer of the arena. */
static CK_RV nested_to_portable(const CK_ATTRIBUTE *a, struct native_arena *arena,
				struct span *value)
{
	const size_t count = a->ulValueLen / sizeof(CK_ATTRIBUTE);
	const size_t used = arena->used;
	struct attributes list;
	struct buffer *out = NULL;
	CK_RV rv = CKR_OK;
	size_t i = 0;

	list.count = 0;
	if (a->ulValueLen % sizeof(CK_ATTRIBUTE) != 0 || count > ATTRIBUTES_NESTED_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (arena->nested_count >= NATIVE_NESTED_MAX)
		return CKR_HOST_MEMORY;
	for (i = 0; i < count && rv == CKR_OK; i++) {
		const struct attribute_row *row = NULL;
		struct span inner = {0};
		bool repeated = false;
		CK_ATTRIBUTE item;

		memcpy(&item, (const uint8_t *)a->pValue + i * sizeof(item), sizeof(item));
		row = attribute_any(item.type);
		if (!row)
			rv = CKR_ATTRIBUTE_TYPE_INVALID;
		else if (!item.pValue && item.ulValueLen > 0)
			rv = CKR_ATTRIBUTE_VALUE_INVALID;
		else
			rv = flat_to_portable(row, &item, arena, &inner);
		if (rv == CKR_OK)
			rv = add(&list, item.type, inner, &repeated);
	}
	out = &arena->nested[arena->nested_count];
	if (rv == CKR_OK)
		rv = attribute_template_write(out, &list);
	arena->used = used;
	if (rv != CKR_OK) {
		buffer_free(out);
		return rv;
	}
	arena->nested_count++;
	*value = buffer_span(out);
	return CKR_OK;
}

CK_RV native_to_portable(const CK_ATTRIBUTE *a, struct native_arena *arena, struct span *value)
{
	const struct attribute_row *row = attribute_any(a->type);

	*value = (struct span){NULL, 0};
	if (!row)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (!a->pValue && a->ulValueLen > 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (row->form == ATTRIBUTE_TEMPLATE)
		return nested_to_portable(a, arena, value);
	return flat_to_portable(row, a, arena, value);
}

CK_RV native_template(const CK_ATTRIBUTE *t, CK_ULONG n, struct attributes *out,
		      struct native_arena *arena)
{
	CK_ULONG i = 0;

	out->count = 0;
	if (!t && n > 0)
		return CKR_ARGUMENTS_BAD;
	if (n > ATTRIBUTES_MAX)
		return CKR_TEMPLATE_INCONSISTENT;
	for (i = 0; i < n; i++) {
		const size_t used = arena->used;
		const size_t nested = arena->nested_count;
		struct span value = {0};
		bool repeated = false;
		CK_RV rv = native_to_portable(&t[i], arena, &value);

		if (rv == CKR_OK)
			rv = add(out, t[i].type, value, &repeated);
		if (rv != CKR_OK)
			return rv;
		if (!repeated)
			continue;
		arena->used = used;
		if (arena->nested_count > nested)
			buffer_free(&arena->nested[--arena->nested_count]);
	}
	return CKR_OK;
}

/* ---- C_GetAttributeValue ---- */

static size_t native_size(enum attribute_form form, struct span value,
			  const struct attributes *nested)
{
	switch (form) {
	case ATTRIBUTE_ULONG:
	case ATTRIBUTE_ULONGS:
		return value.size / 8 * sizeof(CK_ULONG);
	case ATTRIBUTE_TEMPLATE:
		return nested->count * sizeof(CK_ATTRIBUTE);
	case ATTRIBUTE_BOOL:
	case ATTRIBUTE_BYTES:
	case ATTRIBUTE_BIGNUM:
	case ATTRIBUTE_TEXT:
	case ATTRIBUTE_DATE:
		break;
	}
	return value.size;
}

static void numbers_from_portable(struct span value, void *out)
{
	size_t i = 0;

	for (i = 0; i < value.size / 8; i++) {
		const CK_ULONG number = attribute_get_ulong(value.data + 8 * i);

		memcpy((uint8_t *)out + i * sizeof(number), &number, sizeof(number));
	}
}

/* The elements' types are ours to give; what they point to, and how much, is the program's. */
static CK_RV nested_from_portable(const struct attributes *nested, void *out)
{
	CK_RV result = CKR_OK;
	size_t i = 0;

	for (i = 0; i < nested->count; i++) {
		const struct attribute *from = &nested->item[i];
		uint8_t *at = (uint8_t *)out + i * sizeof(CK_ATTRIBUTE);
		CK_ATTRIBUTE item;
		CK_RV rv = CKR_OK;

		memcpy(&item, at, sizeof(item));
		item.type = from->type;
		rv = native_from_portable(attribute_any(from->type), from->value, &item);
		memcpy(at, &item, sizeof(item));
		if (rv != CKR_OK)
			result = rv;
	}
	return result;
}

CK_RV native_from_portable(const struct attribute_row *row, struct span value, CK_ATTRIBUTE *dst)
{
	struct attributes nested;
	size_t size = 0;

	nested.count = 0;
	if (!value.data || !attribute_form_valid(row->form, value)) {
		dst->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return value.data ? CKR_DEVICE_ERROR : CKR_ATTRIBUTE_TYPE_INVALID;
	}
	if (row->form == ATTRIBUTE_TEMPLATE)
		attribute_template_read(value, &nested);
	size = native_size(row->form, value, &nested);
	if (dst->pValue && dst->ulValueLen < size) {
		dst->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	dst->ulValueLen = size;
	if (!dst->pValue || size == 0)
		return CKR_OK;
	if (row->form == ATTRIBUTE_ULONG || row->form == ATTRIBUTE_ULONGS)
		numbers_from_portable(value, dst->pValue);
	else if (row->form == ATTRIBUTE_TEMPLATE)
		return nested_from_portable(&nested, dst->pValue);
	else
		memcpy(dst->pValue, value.data, size);
	return CKR_OK;
}
