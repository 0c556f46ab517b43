/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One number for each thread. Work does not count, waiting does: so a long request that loses its daemon has the
 * whole time for another one. Inside the host's process.
 */
#include "config.h"

#include "client/patience.h"
#include "transport/result.h"

static _Thread_local struct {
	unsigned depth;
	int64_t spent;
} patience;

void patience_begin(void)
{
	if (patience.depth++ == 0)
		patience.spent = 0;
}

void patience_end(void)
{
	patience.depth--;
}

int64_t patience_spent(void)
{
	return patience.spent;
}

void patience_spend(int64_t ms)
{
	if (ms > 0)
		patience.spent += ms;
}

int64_t patience_deadline(unsigned timeout_ms)
{
	return result_deadline(patience.spent < (int64_t)timeout_ms ? timeout_ms - (unsigned)patience.spent : 0);
}
