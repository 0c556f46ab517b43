/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening what a hostile store gives: never under a key that did not seal it, whatever the bytes;
 * and what was sealed opens again, but not after the change that the input describes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "keys/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[SEAL_KEY_SIZE] = {0x6b, 0x63};
static const struct blob_name name = {RECORD_OBJECT, 1, 2};

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = {.data = data, .size = size};
	struct buffer sealed = {0};
	struct buffer plain = {0};
	size_t at = 0;

	must(seal_open(key, name, 1, input, &plain) == CKR_DATA_INVALID && plain.size == 0);
	must(seal_message_open(key, "fuzz", input, input, &plain) == CKR_DATA_INVALID &&
	     plain.size == 0);

	must(seal_close(key, name, 1, input, &sealed) == CKR_OK);
	must(sealed.size == size + SEAL_OVERHEAD);
	must(seal_open(key, name, 1, buffer_span(&sealed), &plain) == CKR_OK);
	must(span_equal(buffer_span(&plain), input));
	/* The first bytes say which byte changes, and how. */
	at = size >= 3 ? (size_t)(data[0] << 8 | data[1]) % sealed.size : 0;
	sealed.data[at] ^= (uint8_t)(size >= 3 && data[2] ? data[2] : 1);
	must(seal_open(key, name, 1, buffer_span(&sealed), &plain) == CKR_DATA_INVALID &&
	     plain.size == 0);
	buffer_free(&sealed);
	buffer_free(&plain);
	return 0;
}
