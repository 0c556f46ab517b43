/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCG PC Client Platform Firmware Profile, sections 10.2 (structures), 10.4.5 (EV_NO_ACTION): a bounded reader, and the
 * replay into registers.
 */
#include "config.h"

#include <string.h>

#include "verifier/event_log.h"

#define HEAD_SHA1_SIZE 20
#define EVENT_DATA_MAX ((size_t)512 * 1024)

static bool fail(struct event_log_reader *r, const char *why)
{
	if (!r->error)
		r->error = why;
	return false;
}

/* TCG_EfiSpecIdEvent: signature, platform class, version, size of UINTN, then the algorithms. */
static bool read_banks(struct event_log_reader *r, struct span data)
{
	static const char signature[16] = "Spec ID Event03";
	struct cursor c;
	struct span found = {0};
	uint32_t count = 0;

	cursor_init(&c, data);
	found = cursor_bytes(&c, sizeof(signature));
	if (!span_equal(found, (struct span){(const uint8_t *)signature, sizeof(signature)}))
		return fail(r, "not an event log of the crypto-agile form");
	cursor_bytes(&c, 8);
	count = cursor_le32(&c);
	if (c.failed || !count || count > EVENT_LOG_BANKS_MAX)
		return fail(r, "the event log's head names no banks, or too many");
	for (uint32_t i = 0; i < count; i++) {
		size_t size = 0;

		r->bank[i] = cursor_le16(&c);
		r->size[i] = cursor_le16(&c);
		size = tpm_hash_size(r->bank[i]);
		if (c.failed || !r->size[i] || r->size[i] > TPM_HASH_SIZE_MAX || (size && size != r->size[i]))
			return fail(r, "the event log's head gives a bank a wrong size");
		for (uint32_t j = 0; j < i; j++)
			if (r->bank[j] == r->bank[i])
				return fail(r, "the event log's head names a bank twice");
	}
	cursor_bytes(&c, cursor_u8(&c)); /* vendor information */
	if (!cursor_end(&c))
		return fail(r, "the event log's head has another size than it says");
	r->bank_count = count;
	return true;
}

bool event_log_open(struct event_log_reader *r, struct span log)
{
	uint32_t index = 0, type = 0;
	struct span data = {0};

	*r = (struct event_log_reader){0};
	if (log.size > EVENT_LOG_SIZE_MAX)
		return fail(r, "the event log is too long");
	cursor_init(&r->cursor, log);
	index = cursor_le32(&r->cursor);
	type = cursor_le32(&r->cursor);
	cursor_bytes(&r->cursor, HEAD_SHA1_SIZE);
	data = cursor_bytes(&r->cursor, cursor_le32(&r->cursor));
	if (r->cursor.failed)
		return fail(r, "the event log ends in its head");
	/* edk2 gives the head of a CCEL the index of RTMR0. */
	if (index > 1 || type != EVENT_LOG_EV_NO_ACTION)
		return fail(r, "the event log is of the old form, which has SHA-1 only");
	return read_banks(r, data);
}

/* Firmware leaves the rest of the area as it was: all ones (edk2, and 0xffffffff as index ends a CCEL) or all zeros. */
static bool at_end(const struct event_log_reader *r)
{
	struct span rest = r->cursor.rest;

	return cursor_all(rest, 0xff) || cursor_all(rest, 0);
}

static bool read_digests(struct event_log_reader *r, struct event_log_event *event)
{
	uint32_t count = cursor_le32(&r->cursor);

	if (r->cursor.failed || count != r->bank_count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint16_t bank = cursor_le16(&r->cursor);
		size_t at = 0;

		while (at < r->bank_count && r->bank[at] != bank)
			at++;
		if (at == r->bank_count || event->digest[at].data)
			return false;
		event->digest[at] = cursor_bytes(&r->cursor, r->size[at]);
		if (r->cursor.failed)
			return false;
	}
	return true;
}

bool event_log_next(struct event_log_reader *r, struct event_log_event *event)
{
	uint32_t size = 0;

	*event = (struct event_log_event){0};
	if (r->error || at_end(r))
		return false;
	event->index = cursor_le32(&r->cursor);
	event->type = cursor_le32(&r->cursor);
	if (r->cursor.failed || !read_digests(r, event))
		return fail(r, "an event of the log has other digests than its head says, or none");
	size = cursor_le32(&r->cursor);
	if (size > EVENT_DATA_MAX)
		return fail(r, "an event of the log is too long");
	event->data = cursor_bytes(&r->cursor, size);
	if (r->cursor.failed)
		return fail(r, "the event log ends within an event");
	return true;
}

struct span event_log_digest(const struct event_log_reader *r, const struct event_log_event *event, enum tpm_hash bank)
{
	for (size_t i = 0; i < r->bank_count; i++)
		if (r->bank[i] == bank)
			return event->digest[i];
	return (struct span){0};
}

/* TCG_EfiStartupLocalityEvent: PCR0 began with the locality that TPM2_Startup was sent from (section 10.4.5.3). */
static bool startup_locality(const struct event_log_event *event, uint8_t *locality)
{
	static const char signature[16] = "StartupLocality";

	if (event->index != 0 || event->data.size != sizeof(signature) + 1 ||
	    memcmp(event->data.data, signature, sizeof(signature)) != 0)
		return false;
	*locality = event->data.data[sizeof(signature)];
	return true;
}

static bool replay_event(struct event_log_reader *r, const struct event_log_event *event, enum tpm_hash bank,
			 struct event_log_values *values)
{
	struct span digest = event_log_digest(r, event, bank);
	uint8_t locality = 0;

	if (event->type == EVENT_LOG_EV_NO_ACTION) {
		if (!startup_locality(event, &locality))
			return true;
		if (values->events[0] || values->startup_locality || locality > 4)
			return fail(r, "the event log's startup locality comes late, twice, or is none");
		values->startup_locality = locality;
		values->value[0][values->size - 1] = locality;
		return true;
	}
	if (event->index >= EVENT_LOG_REGISTERS)
		return fail(r, "an event of the log is for a register that there is not");
	values->events[event->index]++;
	return tpm_hash_extend((uint16_t)bank, values->value[event->index], digest) || fail(r, "no memory");
}

bool event_log_replay(struct span log, enum tpm_hash bank, struct event_log_values *values, const char **why)
{
	struct event_log_reader r;
	struct event_log_event event;
	bool has = false;

	*values = (struct event_log_values){.size = tpm_hash_size((uint16_t)bank)};
	if (event_log_open(&r, log)) {
		for (size_t i = 0; i < r.bank_count; i++)
			has = has || r.bank[i] == bank;
		if (!has)
			fail(&r, "the event log has no digests of this bank");
	}
	while (event_log_next(&r, &event) && replay_event(&r, &event, bank, values))
		;
	*why = r.error;
	return !r.error;
}
