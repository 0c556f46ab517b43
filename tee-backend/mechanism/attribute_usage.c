/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of key usages (attribute_usage.h). Read by token/ for checks and defaults and by
 * service/ for the descriptor of a key. Linked on both sides.
 */
#include "config.h"

#include "mechanism/attribute_usage.h"

static const struct attribute_usage rows[] = {
	{CKF_ENCRYPT, CKA_ENCRYPT, CLASS_PUBLIC | CLASS_SECRET},
	{CKF_DECRYPT, CKA_DECRYPT, CLASS_PRIVATE | CLASS_SECRET},
	{CKF_SIGN, CKA_SIGN, CLASS_PRIVATE | CLASS_SECRET},
	{CKF_SIGN_RECOVER, CKA_SIGN_RECOVER, CLASS_PRIVATE},
	{CKF_VERIFY, CKA_VERIFY, CLASS_PUBLIC | CLASS_SECRET},
	{CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER, CLASS_PUBLIC},
	{CKF_WRAP, CKA_WRAP, CLASS_PUBLIC | CLASS_SECRET},
	{CKF_UNWRAP, CKA_UNWRAP, CLASS_PRIVATE | CLASS_SECRET},
	{CKF_DERIVE, CKA_DERIVE, CLASS_PRIVATE | CLASS_SECRET},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

const struct attribute_usage *attribute_usage_rows(size_t *count)
{
	*count = ROWS;
	return rows;
}

const struct attribute_usage *attribute_usage_find(CK_FLAGS usage, unsigned class_bit)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].usage == usage && rows[i].classes & class_bit)
			return &rows[i];
	return NULL;
}

CK_FLAGS attribute_usage_of(const struct attribute_set *set)
{
	const CK_OBJECT_CLASS class =
		attribute_set_ulong(set, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	const unsigned bit = attribute_class_bit(class);
	CK_FLAGS usage = 0;

	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].classes & bit && attribute_set_bool(set, rows[i].flag, false))
			usage |= rows[i].usage;
	return usage;
}
