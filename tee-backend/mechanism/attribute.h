/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of attributes: one row for each attribute of each kind of object, in the words of
 * PKCS#11 (the footnotes of its "common attributes" tables). Data only, the same on both sides.
 * Template checks, defaults, the wire's value forms, `pkcs11` conversions and the documentation
 * read it.
 *
 * Portable form: how a value stands on the wire, in the store and inside the enclave. A CK_BBOOL is
 * one byte 0 or 1; a CK_ULONG is 8 bytes big-endian (CK_UNAVAILABLE_INFORMATION is eight 0xff); a
 * list of CK_ULONG is 8 bytes each; a nested template is a CBOR array of [type, bytes]; all else is
 * the bytes themselves.
 */
#ifndef KEYCLAVE_MECHANISM_ATTRIBUTE_H
#define KEYCLAVE_MECHANISM_ATTRIBUTE_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

enum attribute_form {
	ATTRIBUTE_BOOL,
	ATTRIBUTE_ULONG,
	ATTRIBUTE_BYTES,
	ATTRIBUTE_BIGNUM, /* unsigned big-endian, leading zeros stripped on entry */
	ATTRIBUTE_TEXT,   /* RFC2279 string */
	ATTRIBUTE_DATE,   /* CK_DATE, 8 ASCII digits, or empty */
	ATTRIBUTE_ULONGS, /* CK_MECHANISM_TYPE array */
	ATTRIBUTE_TEMPLATE,
};

/* PKCS#11 v3.1 section 4.1.1, table 10: footnote n is bit n. */
enum attribute_note {
	NOTE_CREATE_MUST = 1 << 1,
	NOTE_CREATE_MUST_NOT = 1 << 2,
	NOTE_GENERATE_MUST = 1 << 3,
	NOTE_GENERATE_MUST_NOT = 1 << 4,
	NOTE_UNWRAP_MUST = 1 << 5,
	NOTE_UNWRAP_MUST_NOT = 1 << 6,
	NOTE_SENSITIVE = 1 << 7,      /* not revealed when sensitive or not extractable */
	NOTE_MODIFIABLE = 1 << 8,     /* by C_SetAttributeValue, and at C_CopyObject */
	NOTE_DEFAULT_TOKEN = 1 << 9,  /* the default is ours: see .fallback */
	NOTE_SO_ONLY_TRUE = 1 << 10,
	NOTE_ONLY_TO_TRUE = 1 << 11,  /* once true, stays true */
	NOTE_ONLY_TO_FALSE = 1 << 12, /* once false, stays false */
	/* ours, above the specification's */
	NOTE_TOKEN_SETS = 1 << 13,    /* computed by the token; a template may not name it */
	NOTE_COPY_ONLY = 1 << 14,     /* changeable at C_CopyObject, not by C_SetAttributeValue */
	NOTE_VIRTUAL = 1 << 15,       /* not stored: computed when it is read */
	NOTE_DERIVE_ONLY = 1 << 16,   /* in the template of C_DeriveKey alone */
};

/* Classes as a set; NOT the CKO_ numbers. */
enum attribute_class {
	CLASS_DATA = 1 << 0,
	CLASS_CERTIFICATE = 1 << 1,
	CLASS_PUBLIC = 1 << 2,
	CLASS_PRIVATE = 1 << 3,
	CLASS_SECRET = 1 << 4,
	CLASS_HW_FEATURE = 1 << 5,
	CLASS_DOMAIN_PARAMETERS = 1 << 6,
	CLASS_PROFILE = 1 << 7,
	CLASS_KEY = CLASS_PUBLIC | CLASS_PRIVATE | CLASS_SECRET,
	CLASS_STORAGE = CLASS_DATA | CLASS_CERTIFICATE | CLASS_KEY | CLASS_DOMAIN_PARAMETERS |
			CLASS_PROFILE,
	CLASS_ANY = CLASS_STORAGE | CLASS_HW_FEATURE,
};

#define ATTRIBUTE_ANY_KEY_TYPE CK_UNAVAILABLE_INFORMATION

#define ATTRIBUTE_MECHANISMS_MAX 128                /* in CKA_ALLOWED_MECHANISMS */
#define ATTRIBUTE_TEMPLATE_MAX ((size_t)16 * 1024) /* bytes of a nested template's portable form */

struct attribute_row {
	CK_ATTRIBUTE_TYPE type;
	const char *name; /* "CKA_SENSITIVE" */
	enum attribute_form form;
	unsigned classes;      /* enum attribute_class set */
	CK_KEY_TYPE key_type;  /* or ATTRIBUTE_ANY_KEY_TYPE */
	unsigned notes;        /* enum attribute_note set */
	/* The default in portable form. NULL: absent; an empty one is not NULL and has size 0. */
	const uint8_t *fallback;
	size_t fallback_size;
	size_t max; /* bytes of the portable form */
};

/* Every row, in the order of attribute type; *COUNT rows. Static storage. */
const struct attribute_row *attribute_rows(size_t *count);

/*
 * The row for TYPE on an object of CLASS (one bit) and KEY_TYPE, or NULL:
 * CKR_ATTRIBUTE_TYPE_INVALID. KEY_TYPE is ATTRIBUTE_ANY_KEY_TYPE for what is no key.
 */
const struct attribute_row *attribute_find(CK_ATTRIBUTE_TYPE type, unsigned class_bit,
					   CK_KEY_TYPE key_type);

/* Any row with TYPE: enough to know its form and name, which are the same in all. NULL: unknown. */
const struct attribute_row *attribute_any(CK_ATTRIBUTE_TYPE type);

/*
 * The largest .max of the rows with TYPE: the bound where class and key type are not known yet.
 * 0: unknown.
 */
size_t attribute_max(CK_ATTRIBUTE_TYPE type);

/* "CKA_LABEL" or "0x..." in a static per-thread buffer; for logs, the CLI and messages. */
const char *attribute_name(CK_ATTRIBUTE_TYPE type);

/* CKO_ number to its bit; 0: not a class that this token knows. */
unsigned attribute_class_bit(CK_OBJECT_CLASS class);

/*
 * One named value in portable form; the bytes are borrowed. data NULL: the value is not available.
 */
struct attribute {
	CK_ATTRIBUTE_TYPE type;
	struct span value;
};

#define ATTRIBUTES_MAX 64        /* in one template */
#define ATTRIBUTES_NESTED_MAX 32 /* in a nested one; nesting stops there */

/* A template whose bytes are borrowed (from a frame, or from a program's CK_ATTRIBUTE array). */
struct attributes {
	struct attribute item[ATTRIBUTES_MAX];
	size_t count;
};

/* NULL when TYPE is not in it. */
const struct attribute *attributes_find(const struct attributes *list, CK_ATTRIBUTE_TYPE type);

/* Appends; false when it is full. */
bool attributes_add(struct attributes *list, CK_ATTRIBUTE_TYPE type, struct span value);

/* Reads of a value in portable form; false: absent or of the wrong size. */
bool attributes_bool(const struct attributes *list, CK_ATTRIBUTE_TYPE type, bool *value);
bool attributes_ulong(const struct attributes *list, CK_ATTRIBUTE_TYPE type, CK_ULONG *value);

/*
 * True when VALUE is well formed for FORM: size, 0 or 1, no leading zeros, UTF-8, a date, a nested
 * template of known attributes (attribute_template.h).
 */
bool attribute_form_valid(enum attribute_form form, struct span value);

/* True when VALUE is that for ROW, and no longer than it allows. */
bool attribute_value_valid(const struct attribute_row *row, struct span value);

/* CK_UNAVAILABLE_INFORMATION is eight 0xff, whatever the size of CK_ULONG on either side. */
void attribute_put_ulong(uint8_t out[8], CK_ULONG value);
CK_ULONG attribute_get_ulong(const uint8_t in[8]);

#endif
