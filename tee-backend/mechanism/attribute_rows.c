/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the attribute table (attribute.h): data only, in the order of the types. The
 * footnotes are those of PKCS#11 v3.1 chapter 4 and of the key types in chapter 6. Linked on both
 * sides of the trust boundary; reached through attribute.c.
 *
 * Where a row differs from the specification, it says why. What no row can say is the token's:
 * CKA_VALUE and CKA_URL of a certificate may not both be empty; CKA_ALWAYS_AUTHENTICATE needs
 * CKA_PRIVATE.
 */
#include "config.h"

#include "mechanism/attribute.h"
#include "mechanism/keyclave.h"

/* Portable values that rows fall back on. */
static const uint8_t no[] = {0};
static const uint8_t yes[] = {1};
static const uint8_t zero[8] = {0};
static const uint8_t sha1[8] = {0, 0, 0, 0, 0, 0, 0x02, 0x20};
static const uint8_t nothing[1];
static const uint8_t no_attributes[] = {0x80}; /* CBOR: an empty array */

/* Members; a row is ROW(type), a form with its largest size, classes, notes and the default. */
#define ROW(number) .type = (number), .name = #number, .key_type = ATTRIBUTE_ANY_KEY_TYPE
#define ROW_OF(number, key) .type = (number), .name = #number, .key_type = (key)
#define BOOL .form = ATTRIBUTE_BOOL, .max = 1
#define ULONG .form = ATTRIBUTE_ULONG, .max = 8
#define DATE .form = ATTRIBUTE_DATE, .max = 8
#define BYTES(size) .form = ATTRIBUTE_BYTES, .max = (size)
#define BIGNUM(size) .form = ATTRIBUTE_BIGNUM, .max = (size)
#define TEXT(size) .form = ATTRIBUTE_TEXT, .max = (size)
#define MECHANISMS .form = ATTRIBUTE_ULONGS, .max = 8 * ATTRIBUTE_MECHANISMS_MAX
#define TEMPLATE .form = ATTRIBUTE_TEMPLATE, .max = ATTRIBUTE_TEMPLATE_MAX
#define FALLBACK(value) .fallback = (value), .fallback_size = sizeof(value)
#define EMPTY .fallback = nothing, .fallback_size = 0

#define NEVER_GIVEN (NOTE_CREATE_MUST_NOT | NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT)
#define TOKENS_OWN (NEVER_GIVEN | NOTE_TOKEN_SETS)
#define USAGE (NOTE_MODIFIABLE | NOTE_DEFAULT_TOKEN)
#define PRIVATE_PART (NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT | NOTE_SENSITIVE)

#define DATA_MAX ((size_t)256 * 1024) /* a data object or certificate: one chunk of the wire */
#define NAME_MAX_SIZE 8192            /* DER of a distinguished name */
#define RSA_MAX_SIZE 1024             /* 8192 bits */
#define SECRET_MAX_SIZE 1024
#define POINT_MAX_SIZE 256
#define CURVE_MAX_SIZE 1024 /* explicit parameters must come as far as CKR_CURVE_NOT_SUPPORTED */

static const struct attribute_row rows[] = {
	{ROW(CKA_CLASS), ULONG, .classes = CLASS_ANY, .notes = NOTE_CREATE_MUST},
	{ROW(CKA_TOKEN), BOOL, .classes = CLASS_STORAGE, .notes = NOTE_COPY_ONLY, FALLBACK(no)},
	{ROW(CKA_PRIVATE), BOOL, .classes = CLASS_STORAGE & ~(CLASS_PRIVATE | CLASS_SECRET),
	 .notes = NOTE_COPY_ONLY | NOTE_DEFAULT_TOKEN, FALLBACK(no)},
	{ROW(CKA_PRIVATE), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 .notes = NOTE_COPY_ONLY | NOTE_DEFAULT_TOKEN, FALLBACK(yes)},
	{ROW(CKA_LABEL), TEXT(4096), .classes = CLASS_STORAGE, .notes = NOTE_MODIFIABLE, EMPTY},
	{ROW(CKA_UNIQUE_ID), TEXT(64), .classes = CLASS_ANY, .notes = TOKENS_OWN},

	{ROW(CKA_APPLICATION), TEXT(4096), .classes = CLASS_DATA, EMPTY},
	{ROW(CKA_VALUE), BYTES(DATA_MAX), .classes = CLASS_DATA, EMPTY},
	{ROW(CKA_VALUE), BYTES(DATA_MAX), .classes = CLASS_CERTIFICATE, .notes = NOTE_CREATE_MUST},
	{ROW(CKA_VALUE), BYTES(SECRET_MAX_SIZE), .classes = CLASS_SECRET,
	 .notes = NOTE_CREATE_MUST | PRIVATE_PART},
	{ROW_OF(CKA_VALUE, CKK_EC), BYTES(POINT_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | PRIVATE_PART},
	{ROW_OF(CKA_VALUE, CKK_EC_EDWARDS), BYTES(POINT_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | PRIVATE_PART},
	{ROW_OF(CKA_VALUE, CKK_EC_MONTGOMERY), BYTES(POINT_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | PRIVATE_PART},
	{ROW(CKA_OBJECT_ID), BYTES(1024), .classes = CLASS_DATA, EMPTY},

	{ROW(CKA_CERTIFICATE_TYPE), ULONG, .classes = CLASS_CERTIFICATE, .notes = NOTE_CREATE_MUST},
	{ROW(CKA_ISSUER), BYTES(NAME_MAX_SIZE), .classes = CLASS_CERTIFICATE,
	 .notes = NOTE_MODIFIABLE, EMPTY},
	{ROW(CKA_SERIAL_NUMBER), BYTES(256), .classes = CLASS_CERTIFICATE, .notes = NOTE_MODIFIABLE,
	 EMPTY},
	{ROW(CKA_TRUSTED), BOOL, .classes = CLASS_CERTIFICATE | CLASS_PUBLIC | CLASS_SECRET,
	 .notes = NOTE_MODIFIABLE | NOTE_SO_ONLY_TRUE, FALLBACK(no)},
	{ROW(CKA_CERTIFICATE_CATEGORY), ULONG, .classes = CLASS_CERTIFICATE, FALLBACK(zero)},
	{ROW(CKA_JAVA_MIDP_SECURITY_DOMAIN), ULONG, .classes = CLASS_CERTIFICATE, FALLBACK(zero)},
	{ROW(CKA_URL), TEXT(4096), .classes = CLASS_CERTIFICATE, EMPTY},
	{ROW(CKA_HASH_OF_SUBJECT_PUBLIC_KEY), BYTES(64), .classes = CLASS_CERTIFICATE, EMPTY},
	{ROW(CKA_HASH_OF_ISSUER_PUBLIC_KEY), BYTES(64), .classes = CLASS_CERTIFICATE, EMPTY},
	{ROW(CKA_NAME_HASH_ALGORITHM), ULONG, .classes = CLASS_CERTIFICATE, FALLBACK(sha1)},
	{ROW(CKA_CHECK_VALUE), BYTES(3), .classes = CLASS_CERTIFICATE | CLASS_SECRET,
	 .notes = NOTE_DEFAULT_TOKEN},

	{ROW(CKA_KEY_TYPE), ULONG, .classes = CLASS_KEY,
	 .notes = NOTE_CREATE_MUST | NOTE_UNWRAP_MUST},
	{ROW(CKA_SUBJECT), BYTES(NAME_MAX_SIZE), .classes = CLASS_CERTIFICATE,
	 .notes = NOTE_CREATE_MUST},
	{ROW(CKA_SUBJECT), BYTES(NAME_MAX_SIZE), .classes = CLASS_PUBLIC | CLASS_PRIVATE,
	 .notes = NOTE_MODIFIABLE, EMPTY},
	{ROW(CKA_ID), BYTES(1024), .classes = CLASS_CERTIFICATE | CLASS_KEY,
	 .notes = NOTE_MODIFIABLE, EMPTY},
	{ROW(CKA_SENSITIVE), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 .notes = NOTE_MODIFIABLE | NOTE_ONLY_TO_TRUE | NOTE_DEFAULT_TOKEN, FALLBACK(yes)},
	{ROW(CKA_ENCRYPT), BOOL, .classes = CLASS_PUBLIC | CLASS_SECRET, .notes = USAGE},
	{ROW(CKA_DECRYPT), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET, .notes = USAGE},
	{ROW(CKA_WRAP), BOOL, .classes = CLASS_PUBLIC | CLASS_SECRET, .notes = USAGE},
	{ROW(CKA_UNWRAP), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET, .notes = USAGE},
	{ROW(CKA_SIGN), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET, .notes = USAGE},
	{ROW(CKA_SIGN_RECOVER), BOOL, .classes = CLASS_PRIVATE, .notes = USAGE},
	{ROW(CKA_VERIFY), BOOL, .classes = CLASS_PUBLIC | CLASS_SECRET, .notes = USAGE},
	{ROW(CKA_VERIFY_RECOVER), BOOL, .classes = CLASS_PUBLIC, .notes = USAGE},
	{ROW(CKA_DERIVE), BOOL, .classes = CLASS_KEY, .notes = NOTE_MODIFIABLE, FALLBACK(no)},
	{ROW(CKA_START_DATE), DATE, .classes = CLASS_CERTIFICATE, EMPTY},
	{ROW(CKA_START_DATE), DATE, .classes = CLASS_KEY, .notes = NOTE_MODIFIABLE, EMPTY},
	{ROW(CKA_END_DATE), DATE, .classes = CLASS_CERTIFICATE, EMPTY},
	{ROW(CKA_END_DATE), DATE, .classes = CLASS_KEY, .notes = NOTE_MODIFIABLE, EMPTY},

	{ROW_OF(CKA_MODULUS, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT},
	{ROW_OF(CKA_MODULUS, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},
	{ROW_OF(CKA_MODULUS_BITS, CKK_RSA), ULONG, .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST_NOT | NOTE_GENERATE_MUST},
	{ROW_OF(CKA_PUBLIC_EXPONENT, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST},
	/*
	 * Not NOTE_CREATE_MUST, which v3.0 added: v2.40 programs leave it out, and it follows from
	 * the rest.
	 */
	{ROW_OF(CKA_PUBLIC_EXPONENT, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},
	{ROW_OF(CKA_PRIVATE_EXPONENT, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | PRIVATE_PART},
	{ROW_OF(CKA_PRIME_1, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = PRIVATE_PART},
	{ROW_OF(CKA_PRIME_2, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = PRIVATE_PART},
	{ROW_OF(CKA_EXPONENT_1, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = PRIVATE_PART},
	{ROW_OF(CKA_EXPONENT_2, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = PRIVATE_PART},
	{ROW_OF(CKA_COEFFICIENT, CKK_RSA), BIGNUM(RSA_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = PRIVATE_PART},
	{ROW(CKA_PUBLIC_KEY_INFO), BYTES(DATA_MAX), .classes = CLASS_CERTIFICATE,
	 .notes = NOTE_DEFAULT_TOKEN, EMPTY},
	/* Never changed, although v3.1 lets private keys: evidence and the provider rely on it. */
	{ROW(CKA_PUBLIC_KEY_INFO), BYTES(2 * RSA_MAX_SIZE + 256),
	 .classes = CLASS_PUBLIC | CLASS_PRIVATE, .notes = NOTE_DEFAULT_TOKEN},

	{ROW(CKA_VALUE_LEN), ULONG, .classes = CLASS_SECRET,
	 .notes = NOTE_CREATE_MUST_NOT | NOTE_GENERATE_MUST},
	{ROW(CKA_EXTRACTABLE), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 .notes = NOTE_MODIFIABLE | NOTE_ONLY_TO_FALSE | NOTE_DEFAULT_TOKEN, FALLBACK(no)},
	{ROW(CKA_LOCAL), BOOL, .classes = CLASS_KEY, .notes = TOKENS_OWN},
	{ROW(CKA_NEVER_EXTRACTABLE), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 .notes = TOKENS_OWN},
	{ROW(CKA_ALWAYS_SENSITIVE), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 .notes = TOKENS_OWN},
	{ROW(CKA_KEY_GEN_MECHANISM), ULONG, .classes = CLASS_KEY, .notes = TOKENS_OWN},
	{ROW(CKA_MODIFIABLE), BOOL, .classes = CLASS_STORAGE, .notes = NOTE_COPY_ONLY,
	 FALLBACK(yes)},
	{ROW(CKA_COPYABLE), BOOL, .classes = CLASS_STORAGE,
	 .notes = NOTE_MODIFIABLE | NOTE_ONLY_TO_FALSE, FALLBACK(yes)},
	{ROW(CKA_DESTROYABLE), BOOL, .classes = CLASS_STORAGE, .notes = NOTE_COPY_ONLY,
	 FALLBACK(yes)},

	{ROW_OF(CKA_EC_PARAMS, CKK_EC), BYTES(CURVE_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST},
	{ROW_OF(CKA_EC_PARAMS, CKK_EC), BYTES(CURVE_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},
	{ROW_OF(CKA_EC_PARAMS, CKK_EC_EDWARDS), BYTES(CURVE_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST},
	{ROW_OF(CKA_EC_PARAMS, CKK_EC_EDWARDS), BYTES(CURVE_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},
	{ROW_OF(CKA_EC_PARAMS, CKK_EC_MONTGOMERY), BYTES(CURVE_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST},
	{ROW_OF(CKA_EC_PARAMS, CKK_EC_MONTGOMERY), BYTES(CURVE_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},
	/*
	 * On private keys too, above the specification: a public key can then be made from the
	 * private one.
	 */
	{ROW_OF(CKA_EC_POINT, CKK_EC), BYTES(POINT_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT},
	{ROW_OF(CKA_EC_POINT, CKK_EC), BYTES(POINT_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},
	{ROW_OF(CKA_EC_POINT, CKK_EC_EDWARDS), BYTES(POINT_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT},
	{ROW_OF(CKA_EC_POINT, CKK_EC_EDWARDS), BYTES(POINT_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},
	{ROW_OF(CKA_EC_POINT, CKK_EC_MONTGOMERY), BYTES(POINT_MAX_SIZE), .classes = CLASS_PUBLIC,
	 .notes = NOTE_CREATE_MUST | NOTE_GENERATE_MUST_NOT},
	{ROW_OF(CKA_EC_POINT, CKK_EC_MONTGOMERY), BYTES(POINT_MAX_SIZE), .classes = CLASS_PRIVATE,
	 .notes = NOTE_GENERATE_MUST_NOT | NOTE_UNWRAP_MUST_NOT},

	{ROW(CKA_ALWAYS_AUTHENTICATE), BOOL, .classes = CLASS_PRIVATE, FALLBACK(no)},
	{ROW(CKA_WRAP_WITH_TRUSTED), BOOL, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 .notes = NOTE_MODIFIABLE | NOTE_ONLY_TO_TRUE, FALLBACK(no)},
	{ROW(CKA_HW_FEATURE_TYPE), ULONG, .classes = CLASS_HW_FEATURE, .notes = NOTE_CREATE_MUST},
	{ROW(CKA_PROFILE_ID), ULONG, .classes = CLASS_PROFILE, .notes = TOKENS_OWN},

	/* An empty template, or an empty list of mechanisms, restricts nothing. */
	{ROW(CKA_WRAP_TEMPLATE), TEMPLATE, .classes = CLASS_PUBLIC | CLASS_SECRET,
	 FALLBACK(no_attributes)},
	{ROW(CKA_UNWRAP_TEMPLATE), TEMPLATE, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 FALLBACK(no_attributes)},
	{ROW(CKA_DERIVE_TEMPLATE), TEMPLATE, .classes = CLASS_PRIVATE | CLASS_SECRET,
	 FALLBACK(no_attributes)},
	{ROW(CKA_ALLOWED_MECHANISMS), MECHANISMS, .classes = CLASS_KEY, EMPTY},

	{ROW(CKA_KEYCLAVE_EVIDENCE), BYTES(DATA_MAX), .classes = CLASS_KEY | CLASS_HW_FEATURE,
	 .notes = TOKENS_OWN | NOTE_VIRTUAL},
	/*
	 * C_SetAttributeValue on it stays in the client: it is of the session and changes no
	 * object.
	 */
	{ROW(CKA_KEYCLAVE_NONCE), BYTES(KEYCLAVE_NONCE_MAX),
	 .classes = CLASS_KEY | CLASS_HW_FEATURE,
	 .notes = NEVER_GIVEN | NOTE_MODIFIABLE | NOTE_VIRTUAL},
	{ROW(CKA_KEYCLAVE_ORIGIN), ULONG, .classes = CLASS_KEY, .notes = TOKENS_OWN},
	{ROW(CKA_KEYCLAVE_VERSION), ULONG, .classes = CLASS_STORAGE, .notes = TOKENS_OWN},
	{ROW(CKA_KEYCLAVE_PLATFORM), TEXT(64), .classes = CLASS_HW_FEATURE,
	 .notes = TOKENS_OWN | NOTE_VIRTUAL},
	{ROW(CKA_KEYCLAVE_TOKEN_IDENTITY), BYTES(1024), .classes = CLASS_HW_FEATURE,
	 .notes = TOKENS_OWN | NOTE_VIRTUAL},
	{ROW(CKA_KEYCLAVE_ROLLBACK), TEXT(64), .classes = CLASS_HW_FEATURE,
	 .notes = TOKENS_OWN | NOTE_VIRTUAL},
	/* In search templates only: an object of which this could be read has it not. */
	{ROW(CKA_KEYCLAVE_DAMAGED), BOOL, .classes = CLASS_STORAGE, .notes = TOKENS_OWN | NOTE_VIRTUAL},
	{ROW(CKA_KEYCLAVE_BIND_MEASUREMENT), BOOL, .classes = CLASS_SECRET, .notes = NOTE_DERIVE_ONLY},
};

const struct attribute_row *attribute_rows(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
