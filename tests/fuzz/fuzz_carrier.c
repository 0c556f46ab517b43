/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate, a request or neither, of any bytes.
 */
#include "config.h"

#include <stdlib.h>

#include "verifier/carrier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct carrier carrier = {0};
	const char *why = NULL;
	bool good = carrier_read((struct span){data, size}, &carrier, &why);

	if (!good && (!why || carrier.kind == CARRIER_NONE))
		abort();
	if (good && carrier.kind != CARRIER_NONE && (!carrier.evidence.size || !carrier.public_key.size))
		abort();
	carrier_free(&carrier);
	return 0;
}
