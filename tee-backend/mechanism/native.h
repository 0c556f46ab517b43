/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's CK_ATTRIBUTE arrays to portable values and back. For the PKCS#11 module and the other
 * clients; the enclave sees portable values only. Everything in a template is untrusted and
 * bounded.
 */
#ifndef KEYCLAVE_MECHANISM_NATIVE_H
#define KEYCLAVE_MECHANISM_NATIVE_H

#include "mechanism/attribute.h"

/*
 * One template more than there are types of nested ones: a repeated one is compared, then dropped.
 */
#define NATIVE_NESTED_MAX 4
/*
 * All numbers of a template and of one nested in it, a list of mechanisms in each, and a repeated
 * list.
 */
#define NATIVE_SCRATCH_SIZE \
	(8 * (ATTRIBUTES_MAX + ATTRIBUTES_NESTED_MAX + 3 * ATTRIBUTE_MECHANISMS_MAX))

/*
 * Where converted values lie; bytes that are the same in both forms are borrowed from the program
 * instead. Start with {0}, keep as long as the values are used, then native_arena_free.
 */
struct native_arena {
	uint8_t scratch[NATIVE_SCRATCH_SIZE];
	size_t used;
	struct buffer nested[NATIVE_NESTED_MAX];
	size_t nested_count;
};

/* Frees and wipes what is inside; ARENA can be used anew. NULL is accepted. */
void native_arena_free(struct native_arena *arena);

/*
 * The portable form of one attribute; *VALUE borrows from ARENA or from what A points to, and its
 * data is never NULL. CKR_ATTRIBUTE_TYPE_INVALID: no such attribute here.
 * CKR_ATTRIBUTE_VALUE_INVALID: wrong size, NULL with a size, not well formed, or longer than any
 * object may have. CKR_TEMPLATE_INCONSISTENT: a type twice with different values in a nested
 * template. CKR_HOST_MEMORY.
 */
CK_RV native_to_portable(const CK_ATTRIBUTE *a, struct native_arena *arena, struct span *value);

/*
 * Decodes a program's template wholly into OUT; an attribute that is repeated with the same value
 * counts once. CKR_ARGUMENTS_BAD: T is NULL with N above 0. CKR_TEMPLATE_INCONSISTENT: the same
 * type with different values, or more than ATTRIBUTES_MAX. And as native_to_portable.
 */
CK_RV native_template(const CK_ATTRIBUTE *t, CK_ULONG n, struct attributes *out,
		      struct native_arena *arena);

/*
 * C_GetAttributeValue for one attribute (PKCS#11 v3.1 section 5.7.5): gives the size when
 * DST->pValue is NULL, copies when DST->ulValueLen suffices, else sets it to
 * CK_UNAVAILABLE_INFORMATION and returns CKR_BUFFER_TOO_SMALL. In a nested template the types are
 * set and the same rules hold for each element. VALUE.data NULL (not available): that length too,
 * and CKR_ATTRIBUTE_TYPE_INVALID; a caller that knows better returns CKR_ATTRIBUTE_SENSITIVE.
 * CKR_DEVICE_ERROR: VALUE is not well formed.
 */
CK_RV native_from_portable(const struct attribute_row *row, struct span value, CK_ATTRIBUTE *dst);

#endif
