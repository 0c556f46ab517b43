/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deadlines on the monotonic clock, so that a step of the wall clock neither cuts nor stretches a
 * wait. Called by every waiting function of this folder.
 */
#include "config.h"

#include <limits.h>
#include <time.h>

#include "transport/result.h"

static int64_t result_now(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t result_deadline(unsigned timeout_ms)
{
	return result_now() + (int64_t)timeout_ms;
}

int result_time_left(int64_t deadline)
{
	int64_t left = 0;

	if (deadline == RESULT_NO_DEADLINE)
		return -1;
	left = deadline - result_now();
	if (left <= 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}
