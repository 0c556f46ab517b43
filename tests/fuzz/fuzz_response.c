/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client reads from whoever answers: the first byte picks the row that was asked, the rest is
 * the body. What is accepted must say the same when it is written again.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static union message response;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct request_row *row = size ? request_find(data[0]) : NULL;
	struct buffer again = {0};
	uint64_t sequence = 0;
	CK_RV rv = CKR_OK;

	if (!row)
		return 0;
	if (codec_read_response((struct span){data + 1, size - 1}, row, &sequence, &rv, &response)) {
		if (!codec_write_response(&again, row, sequence, rv, &response) ||
		    again.size != size - 1 || memcmp(again.data, data + 1, size - 1) != 0)
			abort();
	}
	buffer_free(&again);
	return 0;
}
