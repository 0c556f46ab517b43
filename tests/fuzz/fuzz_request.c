/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the enclave reads first from a client: any bytes as a frame's body. A body that is accepted must
 * say the same when it is written again, byte for byte: the encoding is deterministic.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static union message request;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span body = {data, size};
	const struct request_row *row = NULL;
	struct buffer again = {0};
	struct span ticket = {0};
	uint64_t sequence = 0;

	if (codec_read_request(body, &row, &sequence, &request) == CKR_OK) {
		if (codec_write_request(&again, row, sequence, &request) != CKR_OK ||
		    again.size != size || memcmp(again.data, data, size) != 0)
			abort();
	}
	(void)codec_read_ticket(body, &ticket);
	buffer_free(&again);
	return 0;
}
