/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The portable form of a nested template (CKA_WRAP_TEMPLATE and its like): a deterministic CBOR
 * array of [type, bytes], sorted by type, no type twice, no template inside. Both sides of the
 * trust boundary.
 */
#ifndef KEYCLAVE_MECHANISM_ATTRIBUTE_TEMPLATE_H
#define KEYCLAVE_MECHANISM_ATTRIBUTE_TEMPLATE_H

#include "mechanism/attribute.h"

/*
 * Appends LIST, in any order, to OUT. CKR_ATTRIBUTE_VALUE_INVALID: more than ATTRIBUTES_NESTED_MAX,
 * a template inside, or over ATTRIBUTE_TEMPLATE_MAX bytes; CKR_TEMPLATE_INCONSISTENT: a type twice;
 * CKR_HOST_MEMORY: no memory.
 */
CK_RV attribute_template_write(struct buffer *out, const struct attributes *list);

/*
 * Decodes VALUE whole; what LIST has is borrowed from it. Each value is checked for its form.
 * CKR_ATTRIBUTE_VALUE_INVALID for whatever is not the form above.
 */
CK_RV attribute_template_read(struct span value, struct attributes *list);

#endif
