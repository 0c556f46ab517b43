/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR of the Nitro security module in serde's form: a command without arguments is a text, one with arguments
 * a map of one entry. Answers may have long heads and indefinite maps, but no entry twice and nothing behind them.
 */
#include "config.h"

#include "platform/nsm_message.h"

#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/log.h"

static const char *const names[] = {
    [NSM_MESSAGE_DESCRIBE] = "DescribeNSM",    [NSM_MESSAGE_DESCRIBE_PCR] = "DescribePCR",
    [NSM_MESSAGE_EXTEND_PCR] = "ExtendPCR",    [NSM_MESSAGE_LOCK_PCR] = "LockPCR",
    [NSM_MESSAGE_LOCK_PCRS] = "LockPCRs",      [NSM_MESSAGE_ATTESTATION] = "Attestation",
    [NSM_MESSAGE_RANDOM] = "GetRandom",
};

/* ---- requests ---- */

static void write_optional(struct cbor_writer *w, const char *name, struct span value)
{
	cbor_writer_text(w, name);
	if (value.size)
		cbor_writer_bytes(w, value);
	else
		cbor_writer_null(w);
}

static void write_arguments(struct cbor_writer *w, const struct nsm_message_request *r)
{
	cbor_writer_map(w, 1);
	cbor_writer_text(w, names[r->command]);
	switch (r->command) {
	case NSM_MESSAGE_ATTESTATION:
		cbor_writer_map(w, 3);
		write_optional(w, "user_data", r->user_data);
		write_optional(w, "nonce", r->nonce);
		write_optional(w, "public_key", r->public_key);
		break;
	case NSM_MESSAGE_EXTEND_PCR:
		cbor_writer_map(w, 2);
		cbor_writer_text(w, "index");
		cbor_writer_uint(w, r->index);
		cbor_writer_text(w, "data");
		cbor_writer_bytes(w, r->data);
		break;
	default:
		cbor_writer_map(w, 1);
		cbor_writer_text(w, r->command == NSM_MESSAGE_LOCK_PCRS ? "range" : "index");
		cbor_writer_uint(w, r->index);
		break;
	}
}

CK_RV nsm_message_write(const struct nsm_message_request *request, struct buffer *out)
{
	const unsigned most = NSM_MESSAGE_PCRS - (request->command != NSM_MESSAGE_LOCK_PCRS);
	struct cbor_writer w;

	if (request->index > most || request->data.size > NSM_MESSAGE_DATA_MAX ||
	    request->user_data.size > NSM_MESSAGE_DATA_MAX ||
	    request->nonce.size > NSM_MESSAGE_DATA_MAX ||
	    request->public_key.size > NSM_MESSAGE_KEY_MAX)
		return CKR_ARGUMENTS_BAD;
	buffer_reset(out);
	cbor_writer_init(&w, out, NSM_MESSAGE_REQUEST_MAX);
	if (request->command == NSM_MESSAGE_DESCRIBE || request->command == NSM_MESSAGE_RANDOM)
		cbor_writer_text(&w, names[request->command]);
	else
		write_arguments(&w, request);
	return w.failed ? CKR_DEVICE_MEMORY : CKR_OK;
}

/* ---- answers ---- */

/* The fields that an answer must have, each once. Others are passed over: newer modules may say more. */
enum field {
	FIELD_VERSION_MAJOR,
	FIELD_VERSION_MINOR,
	FIELD_VERSION_PATCH,
	FIELD_MODULE_ID,
	FIELD_MAX_PCRS,
	FIELD_LOCKED_PCRS,
	FIELD_DIGEST,
	FIELD_LOCK,
	FIELD_DATA,
	FIELD_DOCUMENT,
	FIELD_RANDOM,
};

static const struct {
	enum nsm_message_command command;
	const char *name;
	enum field field;
} fields[] = {
    {NSM_MESSAGE_DESCRIBE, "version_major", FIELD_VERSION_MAJOR},
    {NSM_MESSAGE_DESCRIBE, "version_minor", FIELD_VERSION_MINOR},
    {NSM_MESSAGE_DESCRIBE, "version_patch", FIELD_VERSION_PATCH},
    {NSM_MESSAGE_DESCRIBE, "module_id", FIELD_MODULE_ID},
    {NSM_MESSAGE_DESCRIBE, "max_pcrs", FIELD_MAX_PCRS},
    {NSM_MESSAGE_DESCRIBE, "locked_pcrs", FIELD_LOCKED_PCRS},
    {NSM_MESSAGE_DESCRIBE, "digest", FIELD_DIGEST},
    {NSM_MESSAGE_DESCRIBE_PCR, "lock", FIELD_LOCK},
    {NSM_MESSAGE_DESCRIBE_PCR, "data", FIELD_DATA},
    {NSM_MESSAGE_EXTEND_PCR, "data", FIELD_DATA},
    {NSM_MESSAGE_ATTESTATION, "document", FIELD_DOCUMENT},
    {NSM_MESSAGE_RANDOM, "random", FIELD_RANDOM},
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static bool span_is(struct span text, const char *word)
{
	return span_equal(text, span_text(word));
}

static bool at_break(struct cbor_reader *r)
{
	struct cbor_reader ahead = *r;
	struct cbor_item item = {0};

	if (!cbor_reader_next(&ahead, &item) || item.type != CBOR_READER_BREAK)
		return false;
	*r = ahead;
	return true;
}

/* True while a collection of COUNT (SIZE_MAX: until its break) has another entry; SEEN have been read. */
static bool another(struct cbor_reader *r, size_t count, size_t seen)
{
	if (r->error)
		return false;
	return count == SIZE_MAX ? !at_break(r) && !r->error : seen < count;
}

static bool read_number(struct cbor_reader *r, unsigned *value)
{
	uint64_t number = 0;

	if (!cbor_reader_uint(r, UINT16_MAX, &number))
		return false;
	*value = (unsigned)number;
	return true;
}

static bool read_locked(struct cbor_reader *r, uint32_t *locked)
{
	size_t count = 0;

	if (!cbor_reader_array(r, NSM_MESSAGE_PCRS, &count))
		return false;
	for (size_t i = 0; another(r, count, i); i++) {
		uint64_t index = 0;

		if (!cbor_reader_uint(r, NSM_MESSAGE_PCRS - 1, &index))
			return false;
		*locked |= 1U << index;
	}
	return !r->error;
}

static bool read_field(struct cbor_reader *r, enum field field, struct nsm_message_answer *a)
{
	switch (field) {
	case FIELD_VERSION_MAJOR:
		return read_number(r, &a->version[0]);
	case FIELD_VERSION_MINOR:
		return read_number(r, &a->version[1]);
	case FIELD_VERSION_PATCH:
		return read_number(r, &a->version[2]);
	case FIELD_MODULE_ID:
		return cbor_reader_text(r, 256, &a->module_id);
	case FIELD_MAX_PCRS:
		return read_number(r, &a->max_pcrs);
	case FIELD_LOCKED_PCRS:
		return read_locked(r, &a->locked);
	case FIELD_DIGEST:
		return cbor_reader_text(r, 16, &a->digest);
	case FIELD_LOCK:
		return cbor_reader_bool(r, &a->lock);
	case FIELD_DATA:
		return cbor_reader_bytes(r, NSM_MESSAGE_PCR_MAX, &a->data);
	case FIELD_DOCUMENT:
	case FIELD_RANDOM:
		return cbor_reader_bytes(r, NSM_MESSAGE_RESPONSE_MAX, &a->data);
	}
	return false;
}

/* The row of NAME in an answer to COMMAND; FIELD_COUNT: there is none. */
static size_t find_field(enum nsm_message_command command, struct span name)
{
	size_t i = 0;

	while (i < FIELD_COUNT && (fields[i].command != command || !span_is(name, fields[i].name)))
		i++;
	return i;
}

/* NULL, or what is wrong with the map of an answer's fields. */
static const char *read_fields(struct cbor_reader *r, enum nsm_message_command command,
			       struct nsm_message_answer *a)
{
	bool seen[FIELD_COUNT] = {false};
	size_t count = 0;

	if (!cbor_reader_map(r, 64, &count))
		return r->error;
	for (size_t n = 0; another(r, count, n); n++) {
		struct span name = {0};
		size_t i = 0;

		if (!cbor_reader_text(r, 256, &name))
			return r->error;
		i = find_field(command, name);
		if (i == FIELD_COUNT) {
			if (!cbor_reader_skip(r, 8))
				return r->error;
			continue;
		}
		if (seen[i])
			return "an entry comes twice";
		seen[i] = true;
		if (!read_field(r, fields[i].field, a))
			return r->error;
	}
	for (size_t i = 0; i < FIELD_COUNT && !r->error; i++)
		if (fields[i].command == command && !seen[i])
			return "an entry is missing";
	return r->error;
}

static CK_RV module_error(enum nsm_message_command command, struct span name)
{
	static const struct {
		const char *name;
		CK_RV rv;
	} errors[] = {
	    {"InvalidArgument", CKR_ARGUMENTS_BAD}, {"InvalidIndex", CKR_ARGUMENTS_BAD},
	    {"InputTooLarge", CKR_ARGUMENTS_BAD},   {"ReadOnlyIndex", CKR_ACTION_PROHIBITED},
	};
	CK_RV rv = CKR_DEVICE_ERROR;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (span_is(name, errors[i].name))
			rv = errors[i].rv;
	log_error("the Nitro security module refuses %s: %.*s", names[command], (int)name.size,
		  (const char *)name.data);
	return rv;
}

/* NULL, or why this is no answer to COMMAND; *REFUSAL is the module's error, if it is one. */
static const char *read_answer(struct cbor_reader *r, enum nsm_message_command command,
			       struct nsm_message_answer *a, struct span *refusal)
{
	const bool bare = command == NSM_MESSAGE_LOCK_PCR || command == NSM_MESSAGE_LOCK_PCRS;
	struct cbor_item top = {0};
	struct span name = {0};
	const char *why = NULL;

	if (!cbor_reader_next(r, &top))
		return r->error;
	if (top.type == CBOR_READER_TEXT) {
		if (!bare || !span_is(top.bytes, names[command]))
			return "an answer to something else";
		return cbor_reader_end(r) ? NULL : "bytes follow";
	}
	if (top.type != CBOR_READER_MAP || (top.count != 1 && top.count != SIZE_MAX))
		return "neither a name nor a map of one";
	if (!cbor_reader_text(r, 64, &name))
		return r->error;
	if (span_is(name, "Error"))
		why = cbor_reader_text(r, 64, refusal) ? NULL : r->error;
	else if (!bare && span_is(name, names[command]))
		why = read_fields(r, command, a);
	else
		why = "an answer to something else";
	if (!why && top.count == SIZE_MAX && !at_break(r))
		why = "not a map of one";
	if (!why && !cbor_reader_end(r))
		why = "bytes follow";
	return why;
}

CK_RV nsm_message_read(enum nsm_message_command command, struct span answer,
		       struct nsm_message_answer *out)
{
	struct cbor_reader r;
	struct span refusal = {0};
	const char *why = NULL;

	memset(out, 0, sizeof(*out));
	cbor_reader_init(&r, answer);
	r.dialect = CBOR_READER_LENIENT;
	why = read_answer(&r, command, out, &refusal);
	if (why) {
		log_error("the Nitro security module's answer to %s is not usable: %s",
			  names[command], why);
		return CKR_DEVICE_ERROR;
	}
	return refusal.size ? module_error(command, refusal) : CKR_OK;
}
