/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One PKCS#11 object inside the enclave: an immutable snapshot of its attributes, made by the rules of
 * the attribute table, and the key that is parsed from it on first use. A change makes a new snapshot.
 * Token objects live in token.c, session objects in service/; both are these.
 */
#ifndef KEYCLAVE_TOKEN_OBJECT_H
#define KEYCLAVE_TOKEN_OBJECT_H

#include "crypto/key.h"

struct object; /* opaque; counted references; thread-safe */

/* How an object comes to be: decides which footnotes of the attribute table apply, and its origin. */
enum object_birth {
	OBJECT_CREATED,   /* C_CreateObject: imported */
	OBJECT_GENERATED, /* C_GenerateKey(Pair) */
	OBJECT_DERIVED,
	OBJECT_UNWRAPPED,
	OBJECT_KMS_UNWRAPPED, /* as unwrapped, by a KMS */
};

/* What the token's configuration and the caller's state allow. */
struct object_policy {
	bool extractable_allowed; /* CKA_EXTRACTABLE true and CKA_SENSITIVE false may be asked for */
	bool so;                  /* CKU_SO is logged in: may set CKA_TRUSTED */
	bool user;                /* CKU_USER is logged in: may make private objects */
};

/*
 * First half of making an object: a new set with what the template gives, checked against the table for
 * this birth (class and key type known, nothing that may not be there, nothing missing, values valid,
 * policy), and all defaults but those of usage. MECHANISM: of the generation, or NULL.
 * BASE: the key that a derivation or unwrapping starts from (its templates and its ALWAYS_ / NEVER_ bits
 * are inherited), or NULL.
 * CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID,
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_READ_ONLY, CKR_USER_NOT_LOGGED_IN, CKR_DEVICE_MEMORY.
 */
CK_RV object_begin(enum object_birth birth, const struct object_policy *policy,
		   const struct mechanism_row *mechanism, const struct object *base,
		   CK_OBJECT_CLASS class_if_absent, const struct attributes *template,
		   struct attribute_set **set);

/*
 * Second half, after the key's components are in SET (key_generate, key_decode, or the template itself for
 * OBJECT_CREATED, which this completes by key_complete): sets what the token computes (LOCAL,
 * ALWAYS_SENSITIVE, NEVER_EXTRACTABLE, KEY_GEN_MECHANISM, UNIQUE_ID, ORIGIN, usage defaults from the
 * mechanism table), and takes SET over (*SET becomes NULL, on failure too).
 */
CK_RV object_finish(enum object_birth birth, const struct mechanism_row *mechanism,
		    const struct object *base, struct attribute_set **set, struct object **object);

/* Takes over SET as it is: what a sealed record held. */
CK_RV object_load(struct attribute_set **set, struct object **object);

/* C_CopyObject. CKR_ACTION_PROHIBITED (not COPYABLE), CKR_ATTRIBUTE_READ_ONLY, ... */
CK_RV object_copy(const struct object *object, const struct object_policy *policy,
		  const struct attributes *template, struct object **copy);

/* C_SetAttributeValue: a new snapshot with the version raised. CKR_ACTION_PROHIBITED (not MODIFIABLE). */
CK_RV object_change(const struct object *object, const struct object_policy *policy,
		    const struct attributes *template, struct object **changed);

struct object *object_retain(struct object *object);
void object_free(struct object **object); /* drops one reference */

const struct attribute_set *object_attributes(const struct object *object);
CK_OBJECT_CLASS object_class(const struct object *object);
bool object_is_token(const struct object *object);
bool object_is_private(const struct object *object);
CK_ULONG object_version(const struct object *object);

/* True if every attribute of TEMPLATE is in the object with that value; sensitive ones never match. */
bool object_matches(const struct object *object, const struct attributes *template);

/*
 * C_GetAttributeValue for one attribute: CKR_OK and VALUE (borrowed from the object),
 * CKR_ATTRIBUTE_SENSITIVE, or CKR_ATTRIBUTE_TYPE_INVALID.
 */
CK_RV object_get(const struct object *object, CK_ATTRIBUTE_TYPE type, struct span *value);

/* C_GetObjectSize: bytes of all its attributes. */
size_t object_size(const struct object *object);

/* The CKF_ bits of all CKA_ usage flags that it has: CKF_ENCRYPT, CKF_SIGN ... */
CK_FLAGS object_usage(const struct object *object);

/*
 * The parsed key, one reference for the caller; parsed on first use and kept while the object lives,
 * or until object_forget_key. CKR_KEY_HANDLE_INVALID when the object is no key.
 */
CK_RV object_key(struct object *object, struct key **key);
void object_forget_key(struct object *object);

/*
 * May this key be used so? USAGE is one CKF_ bit (CKF_SIGN ... CKF_DERIVE). Checks class, the CKA_ usage
 * flag, CKA_ALLOWED_MECHANISMS and key type. Not CKA_START_DATE and CKA_END_DATE, which are "for reference
 * only" (PKCS#11 v3.1 section 4.8): an enclave has no time that it could trust for that.
 * CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_MECHANISM_INVALID.
 */
CK_RV object_permits(const struct object *object, const struct mechanism *m, CK_FLAGS usage);

/*
 * May WRAPPING wrap TARGET? EXTRACTABLE, WRAP_WITH_TRUSTED, WRAP_TEMPLATE. CKR_KEY_UNEXTRACTABLE,
 * CKR_KEY_NOT_WRAPPABLE, CKR_KEY_HANDLE_INVALID (of the template).
 */
CK_RV object_may_wrap(const struct object *wrapping, const struct object *target);

#endif
