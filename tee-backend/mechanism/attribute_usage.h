/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key may be used for: the CKF_ bit of a mechanism's flags, the CKA_ flag of an object that
 * allows it, and the classes that can have it. Both sides of the trust boundary.
 */
#ifndef KEYCLAVE_MECHANISM_ATTRIBUTE_USAGE_H
#define KEYCLAVE_MECHANISM_ATTRIBUTE_USAGE_H

#include "mechanism/attribute_set.h"

struct attribute_usage {
	CK_FLAGS usage;         /* one bit: CKF_SIGN, ... */
	CK_ATTRIBUTE_TYPE flag; /* CKA_SIGN, ... */
	unsigned classes;       /* enum attribute_class set */
};

/* Every row. Static storage. */
const struct attribute_usage *attribute_usage_rows(size_t *count);

/*
 * The row of one bit on a class (one bit of enum attribute_class), or NULL: that class has no such
 * use.
 */
const struct attribute_usage *attribute_usage_find(CK_FLAGS usage, unsigned class_bit);

/* The CKF_ bits of all flags that are true in SET. */
CK_FLAGS attribute_usage_of(const struct attribute_set *set);

#endif
