/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One good object of every kind (token_kinds.h).
 */
#include "config.h"

#include "token_kinds.h"

#include "cmocka_test.h"
#include "crypto/operate.h"

#define NONE CK_UNAVAILABLE_INFORMATION

const struct kind_row kind_rows[KINDS] = {
    [KIND_DATA] = {"data", CKO_DATA, NONE, NONE, NULL},
    [KIND_CERTIFICATE] = {"certificate", CKO_CERTIFICATE, NONE, NONE, NULL},
    [KIND_AES] = {"AES", CKO_SECRET_KEY, CKK_AES, CKM_AES_KEY_GEN, NULL},
    [KIND_GENERIC] = {"generic", CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKM_GENERIC_SECRET_KEY_GEN,
		      NULL},
    [KIND_RSA_PUBLIC] = {"RSA public", CKO_PUBLIC_KEY, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, NULL},
    [KIND_RSA_PRIVATE] = {"RSA private", CKO_PRIVATE_KEY, CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, NULL},
    [KIND_EC_PUBLIC] = {"EC public", CKO_PUBLIC_KEY, CKK_EC, CKM_EC_KEY_PAIR_GEN, "P-256"},
    [KIND_EC_PRIVATE] = {"EC private", CKO_PRIVATE_KEY, CKK_EC, CKM_EC_KEY_PAIR_GEN, "P-256"},
    [KIND_ED_PUBLIC] = {"Ed25519 public", CKO_PUBLIC_KEY, CKK_EC_EDWARDS,
			CKM_EC_EDWARDS_KEY_PAIR_GEN, "ED25519"},
    [KIND_ED_PRIVATE] = {"Ed25519 private", CKO_PRIVATE_KEY, CKK_EC_EDWARDS,
			 CKM_EC_EDWARDS_KEY_PAIR_GEN, "ED25519"},
    [KIND_X_PUBLIC] = {"X25519 public", CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY,
		       CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "X25519"},
    [KIND_X_PRIVATE] = {"X25519 private", CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY,
			CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "X25519"},
};

/* Components of each key. */
static struct attribute_set *made[KINDS];

static void put(struct attribute_set *set, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	assert_true(attribute_set_put_ulong(set, type, value));
}

static void make_pair(enum kind public_kind, enum kind private_kind)
{
	const struct kind_row *row = &kind_rows[public_kind];
	struct mechanism m = {.row = mechanism_find(row->generation)};

	for (int i = 0; i < 2; i++) {
		enum kind kind = i ? private_kind : public_kind;

		made[kind] = attribute_set_new();
		put(made[kind], CKA_CLASS, kind_rows[kind].class);
		put(made[kind], CKA_KEY_TYPE, kind_rows[kind].key_type);
	}
	if (row->curve) {
		const struct mechanism_curve *curve = mechanism_curve_named(row->curve);

		assert_true(attribute_set_put(made[public_kind], CKA_EC_PARAMS,
					      (struct span){curve->params, curve->params_size}));
	} else {
		put(made[public_kind], CKA_MODULUS_BITS, 2048);
	}
	assert_int_equal(key_generate_pair(&m, made[public_kind], made[private_kind]), CKR_OK);
}

int kinds_start(void **state)
{
	(void)state;
	if (!operate_start())
		return -1;
	make_pair(KIND_RSA_PUBLIC, KIND_RSA_PRIVATE);
	make_pair(KIND_EC_PUBLIC, KIND_EC_PRIVATE);
	make_pair(KIND_ED_PUBLIC, KIND_ED_PRIVATE);
	make_pair(KIND_X_PUBLIC, KIND_X_PRIVATE);
	return 0;
}

int kinds_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		attribute_set_free(&made[i]);
	return 0;
}

static void create_key(enum kind kind, struct sample *s)
{
	size_t count = 0;
	const struct attribute_row *rows = attribute_rows(&count);

	for (size_t i = 0; i < count; i++) {
		if (attribute_find(rows[i].type, attribute_class_bit(kind_rows[kind].class),
				   kind_rows[kind].key_type) != &rows[i])
			continue;
		if (rows[i].notes & NOTE_CREATE_MUST && made[kind] &&
		    attribute_set_has(made[kind], rows[i].type))
			sample_bytes(s, rows[i].type, attribute_set_get(made[kind], rows[i].type));
	}
}

void kind_create(enum kind kind, struct sample *s)
{
	s->list.count = 0;
	sample_ulong(s, CKA_CLASS, kind_rows[kind].class);
	if (kind_rows[kind].key_type != NONE)
		sample_ulong(s, CKA_KEY_TYPE, kind_rows[kind].key_type);
	switch (kind) {
	case KIND_DATA:
		break;
	case KIND_CERTIFICATE:
		sample_ulong(s, CKA_CERTIFICATE_TYPE, CKC_X_509);
		sample_text(s, CKA_SUBJECT, "subject");
		sample_text(s, CKA_VALUE, "certificate");
		break;
	case KIND_AES:
	case KIND_GENERIC:
		sample_text(s, CKA_VALUE, "0123456789abcdef");
		break;
	case KIND_RSA_PRIVATE:
		/* With the modulus and the private exponent alone there is no way to the primes. */
		sample_bytes(s, CKA_PUBLIC_EXPONENT,
			     attribute_set_get(made[kind], CKA_PUBLIC_EXPONENT));
		create_key(kind, s);
		break;
	default:
		create_key(kind, s);
	}
}

void kind_generate(enum kind kind, struct sample *s)
{
	s->list.count = 0;
	if (kind_rows[kind].class == CKO_SECRET_KEY)
		sample_ulong(s, CKA_VALUE_LEN, 16);
	else if (kind_rows[kind].class == CKO_PUBLIC_KEY && kind_rows[kind].curve)
		sample_bytes(s, CKA_EC_PARAMS, attribute_set_get(made[kind], CKA_EC_PARAMS));
	else if (kind_rows[kind].class == CKO_PUBLIC_KEY)
		sample_ulong(s, CKA_MODULUS_BITS, 2048);
}

struct span kind_value(const struct attribute_row *row)
{
	static const uint8_t one[] = {0, 0, 0, 0, 0, 0, 0, 1}, none[] = {0x80};

	switch (row->form) {
	case ATTRIBUTE_BOOL:
		return (struct span){one, 1};
	case ATTRIBUTE_ULONG:
	case ATTRIBUTE_ULONGS:
		return (struct span){one, 8};
	case ATTRIBUTE_DATE:
		return text_span("20300101");
	case ATTRIBUTE_TEMPLATE:
		return (struct span){none, 1};
	case ATTRIBUTE_BYTES:
	case ATTRIBUTE_BIGNUM:
	case ATTRIBUTE_TEXT:
		break;
	}
	return text_span("x");
}

CK_RV kind_make(enum object_birth birth, const struct object_policy *policy, enum kind kind,
		const struct object *base, const struct sample *s, struct object **object)
{
	const struct kind_row *row = &kind_rows[kind];
	const struct mechanism_row *by =
	    birth == OBJECT_GENERATED ? mechanism_find(row->generation) : NULL;
	CK_OBJECT_CLASS absent = birth == OBJECT_CREATED ? CK_UNAVAILABLE_INFORMATION : row->class;
	struct attribute_set *set = NULL;
	CK_RV rv = object_begin(birth, policy, by, base, absent, &s->list, &set);

	/* What the operation would have put into it. */
	if (rv == CKR_OK && birth != OBJECT_CREATED && object) {
		if (row->class == CKO_SECRET_KEY)
			assert_true(
			    attribute_set_put(set, CKA_VALUE, text_span("0123456789abcdef")));
		else
			for (size_t i = 0; i < attribute_set_count(made[kind]); i++) {
				struct attribute a = attribute_set_at(made[kind], i);

				assert_true(attribute_set_put(set, a.type, a.value));
			}
	}
	if (rv == CKR_OK && object)
		rv = object_finish(birth, by, base, &set, object);
	attribute_set_free(&set);
	return rv;
}

struct object *kind_object(enum kind kind, const struct sample *more)
{
	static const struct object_policy all = {
	    .extractable_allowed = true, .so = true, .user = true};
	struct sample s;
	struct object *object = NULL;

	kind_create(kind, &s);
	for (size_t i = 0; more && i < more->list.count; i++)
		sample_bytes(&s, more->list.item[i].type, more->list.item[i].value);
	assert_int_equal(kind_make(OBJECT_CREATED, &all, kind, NULL, &s, &object), CKR_OK);
	return object;
}
