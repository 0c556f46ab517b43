/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the rows of the tables in request.c and parameter.c are written: one macro a kind of field, which
 * names the struct's member and proves its type. For these two files only.
 */
#ifndef KEYCLAVE_PROTOCOL_FIELD_H
#define KEYCLAVE_PROTOCOL_FIELD_H

#include "protocol/request.h"

/* Handles and slot numbers fit 32 bits (DESIGN section 7, rule 13). */
#define SLOT_MAX 0xffffffffUL

/* The offset of a member of the type WANT: a row that does not fit its struct does not compile. */
#define AT(T, member, want) (offsetof(T, member) * _Generic(((T *)0)->member, want : (size_t)1))

#define UINT(T, member, limit, otherwise) \
	{.name = #member, .type = FIELD_UINT, .offset = AT(T, member, uint64_t), .max = (limit), \
	 .refusal = (otherwise)}
#define NUMBER(T, member) UINT(T, member, UINT64_MAX, CKR_ARGUMENTS_BAD)
#define SLOT(T, member) UINT(T, member, SLOT_MAX, CKR_SLOT_ID_INVALID)
#define HANDLE(T, member, otherwise) UINT(T, member, HANDLE_MAX, otherwise)
#define BOOL(T, member) \
	{.name = #member, .type = FIELD_BOOL, .offset = AT(T, member, uint64_t), .max = 1, \
	 .refusal = CKR_ARGUMENTS_BAD}
#define BYTES(T, member, limit, otherwise) \
	{.name = #member, .type = FIELD_BYTES, .offset = AT(T, member, struct span), .max = (limit), \
	 .refusal = (otherwise)}
#define EXACT(T, member, length) \
	{.name = #member, .type = FIELD_BYTES, .offset = AT(T, member, struct span), .max = (length), \
	 .min = (length), .refusal = CKR_ARGUMENTS_BAD}
#define EXACT_OR_NONE(T, member, length) \
	{.name = #member, .type = FIELD_BYTES, .offset = AT(T, member, struct span), .max = (length), \
	 .min = (length), .optional = true, .refusal = CKR_ARGUMENTS_BAD}
#define TEXT(T, member, limit) \
	{.name = #member, .type = FIELD_TEXT, .offset = AT(T, member, struct span), .max = (limit), \
	 .refusal = CKR_ARGUMENTS_BAD}
#define NUMBERS(T, member, limit) \
	{.name = #member, .type = FIELD_NUMBERS, .offset = AT(T, member, struct numbers), .max = (limit), \
	 .refusal = CKR_ARGUMENTS_BAD}
#define TEXTS(T, member, limit) \
	{.name = #member, .type = FIELD_TEXTS, .offset = AT(T, member, struct texts), .max = (limit), \
	 .refusal = CKR_ARGUMENTS_BAD}
#define TEMPLATE(T, member) \
	{.name = #member, .type = FIELD_TEMPLATE, .offset = AT(T, member, struct attributes), \
	 .max = ATTRIBUTES_MAX, .refusal = CKR_ATTRIBUTE_VALUE_INVALID}
#define VALUES(T, member) \
	{.name = #member, .type = FIELD_VALUES, .offset = AT(T, member, struct attributes), \
	 .max = ATTRIBUTES_MAX, .refusal = CKR_ATTRIBUTE_VALUE_INVALID}
#define MECHANISM(T, member) \
	{.name = #member, .type = FIELD_MECHANISM, .offset = AT(T, member, struct mechanism), \
	 .refusal = CKR_MECHANISM_PARAM_INVALID}
#define SCHEMA(T, text, rows) \
	{.name = (text), .size = sizeof(T), .fields = (rows), .count = sizeof(rows) / sizeof((rows)[0])}

#endif
