/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the attribute table, checks and reads values in portable form, and keeps borrowed
 * templates. Called on both sides of the trust boundary.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "mechanism/attribute.h"
#include "mechanism/attribute_template.h"

/* The first of the rows with TYPE; they stand together. NULL: none. */
static const struct attribute_row *first_row(CK_ATTRIBUTE_TYPE type, size_t *count)
{
	size_t all = 0;
	const struct attribute_row *rows = attribute_rows(&all);
	size_t low = 0;
	size_t high = all;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (rows[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	while (high < all && rows[high].type == type)
		high++;
	*count = high - low;
	return *count > 0 ? &rows[low] : NULL;
}

const struct attribute_row *attribute_find(CK_ATTRIBUTE_TYPE type, unsigned class_bit,
					   CK_KEY_TYPE key_type)
{
	size_t count = 0;
	const struct attribute_row *row = first_row(type, &count);
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if ((row[i].classes & class_bit) &&
		    (row[i].key_type == ATTRIBUTE_ANY_KEY_TYPE || row[i].key_type == key_type))
			return &row[i];
	}
	return NULL;
}

const struct attribute_row *attribute_any(CK_ATTRIBUTE_TYPE type)
{
	size_t count = 0;

	return first_row(type, &count);
}

size_t attribute_max(CK_ATTRIBUTE_TYPE type)
{
	size_t count = 0;
	const struct attribute_row *row = first_row(type, &count);
	size_t max = 0;
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (row[i].max > max)
			max = row[i].max;
	}
	return max;
}

const char *attribute_name(CK_ATTRIBUTE_TYPE type)
{
	static _Thread_local char number[2 + 2 * sizeof(type) + 1];
	const struct attribute_row *row = attribute_any(type);

	if (row)
		return row->name;
	snprintf(number, sizeof(number), "0x%lx", type);
	return number;
}

unsigned attribute_class_bit(CK_OBJECT_CLASS class)
{
	switch (class) {
	case CKO_DATA:
		return CLASS_DATA;
	case CKO_CERTIFICATE:
		return CLASS_CERTIFICATE;
	case CKO_PUBLIC_KEY:
		return CLASS_PUBLIC;
	case CKO_PRIVATE_KEY:
		return CLASS_PRIVATE;
	case CKO_SECRET_KEY:
		return CLASS_SECRET;
	case CKO_HW_FEATURE:
		return CLASS_HW_FEATURE;
	case CKO_DOMAIN_PARAMETERS:
		return CLASS_DOMAIN_PARAMETERS;
	case CKO_PROFILE:
		return CLASS_PROFILE;
	default:
		return 0;
	}
}

const struct attribute *attributes_find(const struct attributes *list, CK_ATTRIBUTE_TYPE type)
{
	size_t i = 0;

	for (i = 0; i < list->count; i++) {
		if (list->item[i].type == type)
			return &list->item[i];
	}
	return NULL;
}

bool attributes_add(struct attributes *list, CK_ATTRIBUTE_TYPE type, struct span value)
{
	if (list->count >= ATTRIBUTES_MAX)
		return false;
	list->item[list->count].type = type;
	list->item[list->count].value = value;
	list->count++;
	return true;
}

bool attributes_bool(const struct attributes *list, CK_ATTRIBUTE_TYPE type, bool *value)
{
	const struct attribute *found = attributes_find(list, type);

	if (!found || !found->value.data || found->value.size != 1)
		return false;
	*value = found->value.data[0] != 0;
	return true;
}

bool attributes_ulong(const struct attributes *list, CK_ATTRIBUTE_TYPE type, CK_ULONG *value)
{
	const struct attribute *found = attributes_find(list, type);

	if (!found || !found->value.data || found->value.size != 8)
		return false;
	*value = attribute_get_ulong(found->value.data);
	return true;
}

/* CK_DATE of PKCS#11 v3.1 section 3.1: YYYYMMDD in ASCII digits; empty stands for no date. */
static bool date_valid(struct span value)
{
	unsigned month = 0;
	unsigned day = 0;
	size_t i = 0;

	if (value.size == 0)
		return true;
	if (value.size != 8)
		return false;
	for (i = 0; i < 8; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
	}
	month = (value.data[4] - 48U) * 10 + (value.data[5] - 48U);
	day = (value.data[6] - 48U) * 10 + (value.data[7] - 48U);
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool attribute_form_valid(enum attribute_form form, struct span value)
{
	struct attributes nested;

	if (!value.data && value.size > 0)
		return false;
	switch (form) {
	case ATTRIBUTE_BOOL:
		return value.size == 1 && value.data[0] <= 1;
	case ATTRIBUTE_ULONG:
		return value.size == 8;
	case ATTRIBUTE_BYTES:
		return true;
	case ATTRIBUTE_BIGNUM:
		return value.size == 1 || (value.size > 1 && value.data[0] != 0);
	case ATTRIBUTE_TEXT:
		return span_is_utf8(value);
	case ATTRIBUTE_DATE:
		return date_valid(value);
	case ATTRIBUTE_ULONGS:
		return value.size % 8 == 0;
	case ATTRIBUTE_TEMPLATE:
		return attribute_template_read(value, &nested) == CKR_OK;
	}
	return false;
}

bool attribute_value_valid(const struct attribute_row *row, struct span value)
{
	return value.size <= row->max && attribute_form_valid(row->form, value);
}

void attribute_put_ulong(uint8_t out[8], CK_ULONG value)
{
	uint64_t wide = value == CK_UNAVAILABLE_INFORMATION ? UINT64_MAX : value;
	size_t i = 0;

	for (i = 8; i > 0; i--) {
		out[i - 1] = (uint8_t)(wide & 0xff);
		wide >>= 8;
	}
}

CK_ULONG attribute_get_ulong(const uint8_t in[8])
{
	uint64_t wide = 0;
	size_t i = 0;

	for (i = 0; i < 8; i++)
		wide = wide << 8 | in[i];
	return wide > (CK_ULONG)-1 ? CK_UNAVAILABLE_INFORMATION : (CK_ULONG)wide;
}
