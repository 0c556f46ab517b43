/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The claims map, by one table of its entries: number, form, limit, place in the struct.
 */
#include "config.h"

#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "verifier/claims.h"

enum claim_form { CLAIM_UINT, CLAIM_BOOL, CLAIM_BYTES, CLAIM_TEXT, CLAIM_NUMBERS, CLAIM_DIGESTS };

enum claim_presence {
	CLAIM_ALWAYS,
	CLAIM_OF_TOKEN, /* of its keys, too; neither of a channel nor of a migration */
	CLAIM_OPTIONAL_OF_TOKEN, /* absent when empty */
	CLAIM_OF_CHANNEL,
	CLAIM_OF_MIGRATION,
	CLAIM_OF_KEY,
	CLAIM_OPTIONAL_OF_KEY, /* absent when empty */
	CLAIM_OPTIONAL,	       /* a number, absent when it is 0 */
};

struct claim_row {
	uint64_t number; /* key of the map, fixed for ever; rows ascend */
	enum claim_form form;
	enum claim_presence presence;
	size_t offset;
	uint64_t max; /* of the number; bytes; items */
};

#define CLAIM_VERSION_NUMBER 1

static const struct claim_row rows[] = {
	{2, CLAIM_TEXT, CLAIM_ALWAYS, offsetof(struct claims, purpose), 64},
	{3, CLAIM_BYTES, CLAIM_ALWAYS, offsetof(struct claims, nonce), CLAIMS_NONCE_MAX},
	{4, CLAIM_TEXT, CLAIM_ALWAYS, offsetof(struct claims, platform), 32},
	{5, CLAIM_TEXT, CLAIM_ALWAYS, offsetof(struct claims, protector), 256},
	{6, CLAIM_TEXT, CLAIM_ALWAYS, offsetof(struct claims, rollback), 32},
	{7, CLAIM_TEXT, CLAIM_OF_TOKEN, offsetof(struct claims, serial), 16},
	{8, CLAIM_TEXT, CLAIM_OF_TOKEN, offsetof(struct claims, token_label), 32},
	{9, CLAIM_UINT, CLAIM_OF_TOKEN, offsetof(struct claims, epoch), UINT64_MAX},
	{10, CLAIM_BYTES, CLAIM_OF_TOKEN, offsetof(struct claims, identity), 256},
	{11, CLAIM_BOOL, CLAIM_OF_TOKEN, offsetof(struct claims, weak_pin), 1},
	{12, CLAIM_UINT, CLAIM_OPTIONAL, offsetof(struct claims, counter_replaced), UINT32_MAX},
	{13, CLAIM_BYTES, CLAIM_OPTIONAL_OF_TOKEN, offsetof(struct claims, migration), CLAIMS_DIGEST_SIZE},
	{14, CLAIM_TEXT, CLAIM_OPTIONAL_OF_TOKEN, offsetof(struct claims, kms_key), 255},
	{15, CLAIM_TEXT, CLAIM_OPTIONAL_OF_TOKEN, offsetof(struct claims, kms_region), 32},
	{20, CLAIM_BYTES, CLAIM_OPTIONAL_OF_KEY, offsetof(struct claims, public_key), 16384},
	{21, CLAIM_UINT, CLAIM_OF_KEY, offsetof(struct claims, class), UINT32_MAX},
	{22, CLAIM_UINT, CLAIM_OF_KEY, offsetof(struct claims, key_type), UINT32_MAX},
	{23, CLAIM_UINT, CLAIM_OF_KEY, offsetof(struct claims, bits), UINT32_MAX},
	{24, CLAIM_UINT, CLAIM_OF_KEY, offsetof(struct claims, origin), 255},
	{25, CLAIM_UINT, CLAIM_OF_KEY, offsetof(struct claims, policy), UINT32_MAX},
	{26, CLAIM_UINT, CLAIM_OF_KEY, offsetof(struct claims, usage), UINT32_MAX},
	{27, CLAIM_NUMBERS, CLAIM_OF_KEY, offsetof(struct claims, mechanisms), CLAIMS_MECHANISMS_MAX},
	{28, CLAIM_BYTES, CLAIM_OPTIONAL_OF_KEY, offsetof(struct claims, id), 8192},
	{29, CLAIM_TEXT, CLAIM_OPTIONAL_OF_KEY, offsetof(struct claims, label), 8192},
	{30, CLAIM_TEXT, CLAIM_OF_KEY, offsetof(struct claims, unique_id), 64},
	{31, CLAIM_UINT, CLAIM_OF_KEY, offsetof(struct claims, version), UINT64_MAX},
	{40, CLAIM_BYTES, CLAIM_OF_CHANNEL, offsetof(struct claims, channel_key), 16384},
	{41, CLAIM_BYTES, CLAIM_OF_CHANNEL, offsetof(struct claims, exporter), CLAIMS_EXPORTER_SIZE},
	{42, CLAIM_DIGESTS, CLAIM_OF_CHANNEL, offsetof(struct claims, identities), CLAIMS_IDENTITIES_MAX},
	{50, CLAIM_BYTES, CLAIM_OF_MIGRATION, offsetof(struct claims, wrap_key), CLAIMS_WRAP_KEY_SIZE},
	{51, CLAIM_BYTES, CLAIM_OF_MIGRATION, offsetof(struct claims, mix), CLAIMS_MIX_MAX},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static const void *field(const struct claims *claims, const struct claim_row *row)
{
	return (const char *)claims + row->offset;
}

static bool present(const struct claims *claims, const struct claim_row *row)
{
	switch (row->presence) {
	case CLAIM_ALWAYS:
		return true;
	case CLAIM_OF_TOKEN:
		return !claims->is_channel && !claims->is_migration;
	case CLAIM_OPTIONAL_OF_TOKEN:
		return !claims->is_channel && !claims->is_migration && ((const struct span *)field(claims, row))->size > 0;
	case CLAIM_OF_CHANNEL:
		return claims->is_channel;
	case CLAIM_OF_MIGRATION:
		return claims->is_migration;
	case CLAIM_OF_KEY:
		return claims->is_key;
	case CLAIM_OPTIONAL:
		return !claims->is_channel && !claims->is_migration && *(const uint64_t *)field(claims, row) > 0;
	case CLAIM_OPTIONAL_OF_KEY:
		return claims->is_key && ((const struct span *)field(claims, row))->size > 0;
	}
	return false;
}

static bool write_claim(struct cbor_writer *w, const struct claims *claims, const struct claim_row *row)
{
	const void *value = field(claims, row);

	cbor_writer_uint(w, row->number);
	switch (row->form) {
	case CLAIM_UINT:
		cbor_writer_uint(w, *(const uint64_t *)value);
		return *(const uint64_t *)value <= row->max;
	case CLAIM_BOOL:
		cbor_writer_bool(w, *(const bool *)value);
		return true;
	case CLAIM_BYTES:
		cbor_writer_bytes(w, *(const struct span *)value);
		return ((const struct span *)value)->size <= row->max;
	case CLAIM_TEXT:
		cbor_writer_text_span(w, *(const struct span *)value);
		return ((const struct span *)value)->size <= row->max;
	case CLAIM_NUMBERS:
		cbor_writer_array(w, claims->mechanism_count);
		for (size_t i = 0; i < claims->mechanism_count; i++)
			cbor_writer_uint(w, claims->mechanisms[i]);
		return claims->mechanism_count <= row->max;
	case CLAIM_DIGESTS:
		cbor_writer_array(w, claims->identity_count);
		for (size_t i = 0; i < claims->identity_count; i++)
			cbor_writer_bytes(w, claims->identities[i]);
		return claims->identity_count <= row->max;
	}
	return false;
}

bool claims_write(const struct claims *claims, struct buffer *out)
{
	struct cbor_writer w;
	size_t count = 1;

	for (size_t i = 0; i < ROW_COUNT; i++)
		count += present(claims, &rows[i]);
	cbor_writer_init(&w, out, CLAIMS_SIZE_MAX);
	cbor_writer_map(&w, count);
	cbor_writer_uint(&w, CLAIM_VERSION_NUMBER);
	cbor_writer_uint(&w, CLAIMS_VERSION);
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (present(claims, &rows[i]) && !write_claim(&w, claims, &rows[i]))
			return false;
	return !w.failed;
}

static bool read_numbers(struct cbor_reader *r, struct claims *claims, uint64_t max)
{
	size_t count = 0;

	if (!cbor_reader_array(r, (size_t)max, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!cbor_reader_uint(r, UINT64_MAX, &claims->mechanisms[i]))
			return false;
	claims->mechanism_count = count;
	return true;
}

static bool read_digests(struct cbor_reader *r, struct claims *claims, uint64_t max)
{
	size_t count = 0;

	if (!cbor_reader_array(r, (size_t)max, &count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!cbor_reader_bytes(r, CLAIMS_DIGEST_SIZE, &claims->identities[i]))
			return false;
	claims->identity_count = count;
	return true;
}

static bool read_claim(struct cbor_reader *r, struct claims *claims, const struct claim_row *row)
{
	void *value = (char *)claims + row->offset;

	switch (row->form) {
	case CLAIM_UINT:
		return cbor_reader_uint(r, row->max, value);
	case CLAIM_BOOL:
		return cbor_reader_bool(r, value);
	case CLAIM_BYTES:
		return cbor_reader_bytes(r, (size_t)row->max, value);
	case CLAIM_TEXT:
		return cbor_reader_text(r, (size_t)row->max, value);
	case CLAIM_NUMBERS:
		return read_numbers(r, claims, row->max);
	case CLAIM_DIGESTS:
		return read_digests(r, claims, row->max);
	}
	return false;
}

/* Reads COUNT pairs; the rows ascend, and so must the map, so that each is met once or not at all. */
static bool read_rows(struct cbor_reader *r, size_t count, struct claims *claims, bool seen[], const char **why)
{
	size_t row = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t number = 0;

		if (!cbor_reader_uint(r, UINT64_MAX, &number)) {
			*why = r->error;
			return false;
		}
		while (row < ROW_COUNT && rows[row].number < number)
			row++;
		if (row == ROW_COUNT || rows[row].number != number || seen[row]) {
			*why = "an unknown, repeated or unordered claim";
			return false;
		}
		if (!read_claim(r, claims, &rows[row])) {
			*why = r->error;
			return false;
		}
		seen[row] = true;
	}
	return true;
}

/* Whether the map has one of the claims of WHICH. */
static bool saw(const bool seen[], enum claim_presence which)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (seen[i] && rows[i].presence == which)
			return true;
	return false;
}

/* A digest and a key are whole, or it is no claim. */
static bool sizes_fit(const struct claims *claims)
{
	if (claims->is_migration && (claims->wrap_key.size != CLAIMS_WRAP_KEY_SIZE || !claims->mix.size))
		return false;
	return !claims->migration.size || claims->migration.size == CLAIMS_DIGEST_SIZE;
}

/*
 * A key's claims come together, or not at all; so do those of a channel and of a migration, which then stand in the place of a
 * token's.
 */
static bool complete(struct claims *claims, const bool seen[], const char **why)
{
	claims->is_key = saw(seen, CLAIM_OF_KEY) || saw(seen, CLAIM_OPTIONAL_OF_KEY);
	claims->is_channel = saw(seen, CLAIM_OF_CHANNEL);
	claims->is_migration = saw(seen, CLAIM_OF_MIGRATION);
	if (claims->is_key + claims->is_channel + claims->is_migration > 1) {
		*why = "claims that do not belong together";
		return false;
	}
	for (size_t i = 0; i < ROW_COUNT; i++) {
		bool optional = rows[i].presence == CLAIM_OPTIONAL_OF_KEY || rows[i].presence == CLAIM_OPTIONAL_OF_TOKEN;

		if (present(claims, &rows[i]) == seen[i] || (optional && !seen[i]) ||
		    (rows[i].presence == CLAIM_OPTIONAL_OF_KEY && claims->is_key))
			continue;
		*why = !seen[i]				       ? "a claim is missing"
		       : rows[i].presence == CLAIM_OPTIONAL ? "a claim that says nothing"
							    : "claims that do not belong together";
		return false;
	}
	*why = "a claim of a wrong size";
	return sizes_fit(claims);
}

bool claims_read(struct span input, struct claims *claims, const char **why)
{
	struct cbor_reader r;
	bool seen[ROW_COUNT] = {false};
	uint64_t number = 0, version = 0;
	size_t count = 0;

	memset(claims, 0, sizeof(*claims));
	*why = "not a map of claims";
	if (input.size > CLAIMS_SIZE_MAX)
		return false;
	cbor_reader_init(&r, input);
	if (!cbor_reader_map(&r, ROW_COUNT + 1, &count) || count == 0)
		return false;
	if (!cbor_reader_uint(&r, UINT64_MAX, &number) || number != CLAIM_VERSION_NUMBER ||
	    !cbor_reader_uint(&r, UINT64_MAX, &version))
		return false;
	if (version != CLAIMS_VERSION) {
		*why = "claims of another version";
		return false;
	}
	if (!read_rows(&r, count - 1, claims, seen, why) || !complete(claims, seen, why))
		return false;
	*why = "bytes follow the claims";
	return cbor_reader_end(&r);
}
