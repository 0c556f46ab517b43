/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the attribute table and the token's policy say of single values, for making, copying and
 * changing alike. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_OBJECT_RULES_H
#define KEYCLAVE_TOKEN_OBJECT_RULES_H

#include "token/object.h"

/*
 * Checks *VALUE for ROW: its form, and that only the SO asks for CKA_TRUSTED. The empty value of a template
 * (NULL, 0) becomes the empty value of a set. CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_READ_ONLY.
 */
CK_RV object_rules_value(const struct attribute_row *row, const struct object_policy *policy,
			 struct span *value);

/*
 * Checks a whole set: private objects need the user, keys stay in unless the policy allows otherwise,
 * CKA_ALWAYS_AUTHENTICATE needs CKA_PRIVATE.
 * CKR_USER_NOT_LOGGED_IN, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT.
 */
CK_RV object_rules_policy(const struct attribute_set *set, const struct object_policy *policy);

/*
 * The usage flags that a template left out: what the mechanism table can do with such keys, but never
 * CKA_WRAP, which would make each key a way out for the extractable ones. False: no memory.
 */
bool object_rules_usage(struct attribute_set *set, unsigned class_bit, CK_KEY_TYPE key_type);

/* A new CKA_UNIQUE_ID, and version 1. */
CK_RV object_rules_identity(struct attribute_set *set);

#endif
