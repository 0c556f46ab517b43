/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches that tell whether they are whole. Linked into the tests that kill, fill and cut off a
 * store.
 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "batch.h"

#define RECORDS 4
#define FILL_MAX (RECORDS * RECORDS * RECORDS * 300 + 97)

/* What record ID holds after batch NUMBER: sizes from a few bytes to several pages. */
static size_t fill(uint8_t *data, uint64_t id, uint64_t number)
{
	size_t size = (size_t)(id * id * id * 300 + number % 97);

	memset(data, (int)(number * 31 + id), size);
	return size;
}

CK_RV batch_write(struct blobstore *store, uint64_t number)
{
	static uint8_t data[RECORDS][FILL_MAX];
	struct blob_write batch[RECORDS];

	for (uint64_t id = 1; id <= RECORDS; id++)
		batch[id - 1] = (struct blob_write){
		    .name = {5, 1, id},
		    .expected = number - 1,
		    .version = number,
		    .blob = {data[id - 1], fill(data[id - 1], id, number)},
		};
	return blobstore_write(store, batch, RECORDS);
}

uint64_t batch_last(struct blobstore *store)
{
	static uint8_t data[FILL_MAX];
	struct buffer blob = {0};
	uint64_t number = 0;

	for (uint64_t id = 1; id <= RECORDS; id++) {
		uint64_t version = 99;

		assert_int_equal(
		    blobstore_get(store, (struct blob_name){5, 1, id}, &blob, &version), CKR_OK);
		if (id == 1)
			number = version;
		assert_int_equal(version, number);
		if (number)
			assert_true(span_equal(buffer_span(&blob),
					       (struct span){data, fill(data, id, number)}));
	}
	buffer_free(&blob);
	return number;
}
