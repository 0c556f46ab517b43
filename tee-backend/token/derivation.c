/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token's root of applications' keys: an object that is in no store, and what is derived from it. A program chooses
 * label, length and mechanism, and never the whole input (security rule 15). Inside the enclave.
 */
#include "config.h"

#include "token/derivation.h"

#include <stdio.h>

#include "common/cbor_writer.h"
#include "common/memory.h"
#include "crypto/operate.h"
#include "mechanism/attribute_usage.h"
#include "mechanism/keyclave.h"

#define UNIQUE_ID_PREFIX KEYCLAVE_ROOT_LABEL "-"

/* Where it differs from what the attribute table has for a secret key of which nothing is said. */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	bool value;
} bools[] = {
	{CKA_TOKEN, true},
	{CKA_ALWAYS_SENSITIVE, true},
	{CKA_NEVER_EXTRACTABLE, true},
	{CKA_MODIFIABLE, false},
	{CKA_COPYABLE, false},
	{CKA_DESTROYABLE, false},
	{CKA_LOCAL, false},
};

static bool put_names(struct attribute_set *set, const struct token *token)
{
	char unique[sizeof(UNIQUE_ID_PREFIX) + TOKEN_SERIAL_SIZE];
	int size = snprintf(unique, sizeof(unique), "%s%s", UNIQUE_ID_PREFIX, token_serial(token));

	return attribute_set_put_ulong(set, CKA_CLASS, CKO_SECRET_KEY) &&
	       attribute_set_put_ulong(set, CKA_KEY_TYPE, CKK_GENERIC_SECRET) &&
	       attribute_set_put(set, CKA_LABEL, span_text(KEYCLAVE_ROOT_LABEL)) &&
	       attribute_set_put(set, CKA_UNIQUE_ID, (struct span){(const uint8_t *)unique, (size_t)size});
}

/* Private, sensitive and not extractable by default. */
static bool put_defaults(struct attribute_set *set)
{
	size_t count = 0;
	const struct attribute_row *rows = attribute_rows(&count);

	for (size_t i = 0; i < count; i++) {
		const struct attribute_row *row = attribute_find(rows[i].type, CLASS_SECRET, CKK_GENERIC_SECRET);

		if (row && row->fallback && !(row->notes & NOTE_VIRTUAL) && !attribute_set_has(set, row->type) &&
		    !attribute_set_put(set, row->type, (struct span){row->fallback, row->fallback_size}))
			return false;
	}
	for (size_t i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		if (!attribute_set_put_bool(set, bools[i].type, bools[i].value))
			return false;
	return true;
}

/* It derives, by two mechanisms, and does nothing else. */
static bool put_usage(struct attribute_set *set)
{
	size_t count = 0;
	const struct attribute_usage *uses = attribute_usage_rows(&count);
	uint8_t allowed[16];

	for (size_t i = 0; i < count; i++)
		if (uses[i].classes & CLASS_SECRET &&
		    !attribute_set_put_bool(set, uses[i].flag, uses[i].usage == CKF_DERIVE))
			return false;
	attribute_put_ulong(allowed, CKM_HKDF_DERIVE);
	attribute_put_ulong(allowed + 8, CKM_SP800_108_COUNTER_KDF);
	return attribute_set_put(set, CKA_ALLOWED_MECHANISMS, (struct span){allowed, sizeof(allowed)}) &&
	       attribute_set_put_ulong(set, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION) &&
	       attribute_set_put_ulong(set, CKA_KEYCLAVE_ORIGIN, CKV_KEYCLAVE_ORIGIN_DERIVED) &&
	       attribute_set_put_ulong(set, CKA_KEYCLAVE_VERSION, 1);
}

CK_RV derivation_new(const struct token *token, struct object **object)
{
	struct attribute_set *set = attribute_set_new();
	uint8_t *key = memory_secret_new(SEAL_KEY_SIZE);
	CK_RV rv = set && key ? CKR_OK : CKR_DEVICE_MEMORY;

	*object = NULL;
	if (rv == CKR_OK)
		rv = hierarchy_application_key(token_hierarchy(token), (const uint8_t *)token_serial(token),
					       token_salt(token), key);
	if (rv == CKR_OK && (!put_names(set, token) || !put_defaults(set) || !put_usage(set) ||
			     !attribute_set_put(set, CKA_VALUE, (struct span){key, SEAL_KEY_SIZE}) ||
			     !attribute_set_put_ulong(set, CKA_VALUE_LEN, SEAL_KEY_SIZE)))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = object_load(&set, object);
	attribute_set_free(&set);
	memory_secret_free(key);
	return rv;
}

/* What the caller chose, each with its length before it: where one part ends can not be taken for another's. */
static void write_inputs(struct cbor_writer *w, const struct mechanism *m)
{
	const struct span fixed[MECHANISM_FIXED_COUNT] = {m->fixed, m->fixed_2, m->fixed_3, m->fixed_4};

	if (m->row->scheme == SCHEME_HKDF) {
		cbor_writer_array(w, 2);
		if (m->extract)
			cbor_writer_bytes(w, m->salt);
		else
			cbor_writer_null(w);
		cbor_writer_bytes(w, m->info);
		return;
	}
	cbor_writer_array(w, MECHANISM_FIXED_COUNT);
	for (size_t i = 0; i < MECHANISM_FIXED_COUNT; i++)
		cbor_writer_bytes(w, fixed[i]);
}

/* docs/store.md, section 3: derived-info. */
static CK_RV write_info(struct token *token, const struct mechanism *m, size_t size, bool bind, struct buffer *info)
{
	struct buffer measurement = {0};
	struct cbor_writer w;
	CK_RV rv = bind ? platform_measurement(token_platform(token), &measurement) : CKR_OK;

	cbor_writer_init(&w, info, SIZE_MAX);
	cbor_writer_array(&w, 7);
	cbor_writer_text(&w, "keyclave/1/derived");
	cbor_writer_bytes(&w, span_text(token_serial(token)));
	cbor_writer_uint(&w, m->row->type);
	cbor_writer_uint(&w, m->hash);
	write_inputs(&w, m);
	cbor_writer_uint(&w, size * 8);
	if (bind)
		cbor_writer_bytes(&w, buffer_span(&measurement));
	else
		cbor_writer_null(&w);
	if (rv == CKR_OK && w.failed)
		rv = CKR_DEVICE_MEMORY;
	buffer_free(&measurement);
	return rv;
}

CK_RV token_derive(struct token *token, const struct mechanism *m, size_t size, bool bind, struct buffer *out)
{
	const struct mechanism_row *digest = mechanism_find(m->hash);
	struct mechanism bound = {.row = m->row, .hash = m->hash, .extract = 1, .expand = 1};
	struct buffer info = {0};
	struct key *key = NULL;
	CK_RV rv = CKR_OK;

	/* Extraction alone has no place for the info. */
	if (!digest || (m->row->scheme == SCHEME_HKDF && !m->expand))
		return CKR_MECHANISM_PARAM_INVALID;
	if (m->row->family != FAMILY_KDF)
		return CKR_MECHANISM_INVALID;
	if (!size)
		size = digest->output;
	rv = write_info(token, m, size, bind, &info);
	if (m->row->scheme == SCHEME_HKDF)
		bound.info = buffer_span(&info);
	else
		bound.fixed = buffer_span(&info);
	if (rv == CKR_OK)
		rv = object_key(token->derivation, &key);
	if (rv == CKR_OK)
		rv = operate_derive(key, &bound, size, out);
	key_free(&key);
	buffer_free(&info);
	return rv;
}

struct object *token_derivation(struct token *token)
{
	return token->derivation;
}
