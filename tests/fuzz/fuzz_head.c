/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's head, which is read before there is a key, on any bytes. What the decoder accepts is
 * the only form of that head: encoded again it gives the same bytes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "keys/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool inside(struct span part, struct span whole)
{
	return !part.size || (part.data >= whole.data && part.size <= whole.size &&
			      (size_t)(part.data - whole.data) <= whole.size - part.size);
}

static void decode_head(struct span clear)
{
	struct head head;
	struct buffer again = {0};
	const char *why = NULL;

	if (!head_decode(clear, &head, &why)) {
		must(why != NULL);
		return;
	}
	if (head.schema != HEAD_SCHEMA) {
		must(head.slot_count == 0 && head.uuid.size == 0);
		return;
	}
	must(head.uuid.size == HEAD_UUID_SIZE && inside(head.uuid, clear));
	must(head.platform.size >= 1 && head.platform.size <= HEAD_NAME_MAX &&
	     inside(head.platform, clear));
	must(head.protector.size >= 1 && head.protector.size <= HEAD_NAME_MAX &&
	     inside(head.protector, clear));
	must(head.slot_count >= 1 && head.slot_count <= HEAD_SLOTS_MAX);
	for (size_t i = 0; i < head.slot_count; i++) {
		must(head.slots[i].mix.size <= HEAD_MIX_MAX && inside(head.slots[i].mix, clear));
		must(head.slots[i].wrapped.size == HEAD_WRAPPED_SIZE &&
		     inside(head.slots[i].wrapped, clear));
	}
	must(head_encode(&head, &again));
	must(span_equal(buffer_span(&again), clear));
	buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span record = {.data = data, .size = size};
	struct span clear = {0};
	struct span proof = {0};
	struct buffer again = {0};
	const char *why = NULL;

	if (!head_record_decode(record, &clear, &proof, &why)) {
		must(why != NULL);
		/* So that the inner decoder sees what the outer one would keep from it. */
		decode_head(record);
		return 0;
	}
	must(inside(clear, record) && inside(proof, record));
	must(head_record_encode(clear, proof, &again));
	must(span_equal(buffer_span(&again), record));
	buffer_free(&again);
	decode_head(clear);
	return 0;
}
