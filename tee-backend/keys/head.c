/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codec of the store's head. Exact: what head_decode accepts, head_encode gives back byte for byte,
 * so that a head has one form only. Called by hierarchy.c.
 */
#include "config.h"

#include "keys/head.h"

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/log.h"

/* What a proof may have: a sealed SHA-256. */
#define PROOF_SIZE (49 + 32)

CK_RV head_add_slot(struct head *head, const struct head_slot *slot)
{
	if (head->slot_count == HEAD_SLOTS_MAX) {
		log_error("no room for one more wrap slot: keyclave migrate cancel takes those of migrations away");
		return CKR_DEVICE_MEMORY;
	}
	head->slots[head->slot_count++] = *slot;
	return CKR_OK;
}

bool head_encode(const struct head *head, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, (!head->counter.size ? 5U : head->replaced ? 9U : 7U) + (head->migration.size ? 1U : 0U));
	cbor_writer_uint(&w, head->schema);
	cbor_writer_bytes(&w, head->uuid);
	cbor_writer_text_span(&w, head->platform);
	cbor_writer_text_span(&w, head->protector);
	cbor_writer_array(&w, head->slot_count);
	for (size_t i = 0; i < head->slot_count; i++) {
		cbor_writer_array(&w, 3);
		cbor_writer_uint(&w, head->slots[i].kind);
		cbor_writer_bytes(&w, head->slots[i].mix);
		cbor_writer_bytes(&w, head->slots[i].wrapped);
	}
	if (head->counter.size) {
		cbor_writer_bytes(&w, head->counter);
		cbor_writer_uint(&w, head->counter_start);
	}
	if (head->counter.size && head->replaced) {
		cbor_writer_uint(&w, head->counter_base);
		cbor_writer_uint(&w, head->replaced);
	}
	if (head->migration.size) {
		cbor_writer_array(&w, 2);
		cbor_writer_bytes(&w, head->migration);
		cbor_writer_bytes(&w, head->challenge);
	}
	return !w.failed;
}

static bool refuse(const struct cbor_reader *r, const char *what, const char **why)
{
	*why = r->error ? r->error : what;
	return false;
}

static bool decode_slot(struct cbor_reader *r, struct head_slot *slot, const char **why)
{
	size_t count = 0;

	if (!cbor_reader_array(r, 3, &count) || count != 3 ||
	    !cbor_reader_uint(r, UINT32_MAX, &slot->kind) ||
	    !cbor_reader_bytes(r, HEAD_MIX_MAX, &slot->mix) ||
	    !cbor_reader_bytes(r, HEAD_WRAPPED_SIZE, &slot->wrapped))
		return refuse(r, "a slot has not three items", why);
	if (slot->kind == 0 || slot->wrapped.size != HEAD_WRAPPED_SIZE)
		return refuse(r, "a slot of a wrong kind or size", why);
	return true;
}

/* The last two, four or no items of COUNT. */
static bool decode_counter(struct cbor_reader *r, size_t count, struct head *head)
{
	if (count == 5)
		return true;
	if (!cbor_reader_bytes(r, HEAD_COUNTER_MAX, &head->counter) || !head->counter.size ||
	    !cbor_reader_uint(r, INT64_MAX, &head->counter_start))
		return false;
	head->counter_base = head->counter_start;
	return count == 7 || (cbor_reader_uint(r, INT64_MAX, &head->counter_base) &&
			      cbor_reader_uint(r, UINT32_MAX, &head->replaced) && head->replaced);
}

static bool decode_migration(struct cbor_reader *r, struct head *head, const char **why)
{
	size_t count = 0;

	if (!cbor_reader_array(r, 2, &count) || count != 2 ||
	    !cbor_reader_bytes(r, HEAD_MIGRATION_SIZE, &head->migration) ||
	    !cbor_reader_bytes(r, HEAD_CHALLENGE_SIZE, &head->challenge))
		return refuse(r, "its policy of migrations is not of a known form", why);
	if (head->migration.size != HEAD_MIGRATION_SIZE ||
	    (head->challenge.size && head->challenge.size != HEAD_CHALLENGE_SIZE))
		return refuse(r, "its policy of migrations is too short", why);
	return true;
}

bool head_decode(struct span clear, struct head *head, const char **why)
{
	struct cbor_reader r;
	size_t count = 0;

	*head = (struct head){0};
	*why = NULL;
	cbor_reader_init(&r, clear);
	if (!cbor_reader_array(&r, SIZE_MAX, &count) || count == 0 ||
	    !cbor_reader_uint(&r, UINT32_MAX, &head->schema))
		return refuse(&r, "it does not begin with a schema", why);
	if (head->schema != HEAD_SCHEMA)
		return true;
	if (count < 5 || count > 10 || !cbor_reader_bytes(&r, HEAD_UUID_SIZE, &head->uuid) ||
	    !cbor_reader_text(&r, HEAD_NAME_MAX, &head->platform) ||
	    !cbor_reader_text(&r, HEAD_NAME_MAX, &head->protector) ||
	    !cbor_reader_array(&r, HEAD_SLOTS_MAX, &head->slot_count))
		return refuse(&r, "it has not five to ten items", why);
	if (head->uuid.size != HEAD_UUID_SIZE || head->platform.size == 0 ||
	    head->protector.size == 0 || head->slot_count == 0)
		return refuse(&r, "an item is empty or too short", why);
	for (size_t i = 0; i < head->slot_count; i++) {
		if (!decode_slot(&r, &head->slots[i], why))
			return false;
	}
	/* An even number has a policy of migrations after the others. */
	if (!decode_counter(&r, (count - 1) | 1, head))
		return refuse(&r, "its counter is not of a known form", why);
	if (count % 2 == 0 && !decode_migration(&r, head, why))
		return false;
	return cbor_reader_end(&r) || refuse(&r, "bytes follow it", why);
}

bool head_record_encode(struct span clear, struct span proof, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, 2);
	cbor_writer_bytes(&w, clear);
	cbor_writer_bytes(&w, proof);
	return !w.failed;
}

bool head_record_decode(struct span record, struct span *clear, struct span *proof,
			const char **why)
{
	struct cbor_reader r;
	size_t count = 0;

	*why = NULL;
	cbor_reader_init(&r, record);
	if (!cbor_reader_array(&r, 2, &count) || count != 2 ||
	    !cbor_reader_bytes(&r, HEAD_CLEAR_MAX, clear) || !cbor_reader_bytes(&r, PROOF_SIZE, proof))
		return refuse(&r, "it has not two byte strings", why);
	return cbor_reader_end(&r) || refuse(&r, "bytes follow it", why);
}
