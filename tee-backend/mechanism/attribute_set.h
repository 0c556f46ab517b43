/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An owned set of attributes in portable form, sorted by type: what an object is made of. All its
 * bytes lie in one wiped allocation from secret memory, since a private key's set holds the key.
 */
#ifndef KEYCLAVE_MECHANISM_ATTRIBUTE_SET_H
#define KEYCLAVE_MECHANISM_ATTRIBUTE_SET_H

#include "mechanism/attribute.h"

struct attribute_set; /* opaque */

/* NULL: no memory. */
struct attribute_set *attribute_set_new(void);
struct attribute_set *attribute_set_copy(const struct attribute_set *set);
void attribute_set_free(struct attribute_set **set);

/*
 * Adds or replaces; false: no memory (SET unchanged). VALUE is copied; it may be one of the values
 * of SET.
 */
bool attribute_set_put(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, struct span value);
bool attribute_set_put_bool(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, bool value);
bool attribute_set_put_ulong(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void attribute_set_remove(struct attribute_set *set, CK_ATTRIBUTE_TYPE type);

/*
 * The value, borrowed until SET changes; {NULL, 0} when absent (an empty value has non-NULL data).
 */
struct span attribute_set_get(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type);
bool attribute_set_has(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type);
bool attribute_set_bool(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type, bool otherwise);
CK_ULONG attribute_set_ulong(const struct attribute_set *set, CK_ATTRIBUTE_TYPE type,
			     CK_ULONG otherwise);

size_t attribute_set_count(const struct attribute_set *set);
/* INDEX below the count; in ascending order of type. */
struct attribute attribute_set_at(const struct attribute_set *set, size_t index);

#endif
