/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pauses between requests to a busy device, with jitter, so that those who were refused together do not come
 * together again.
 */
#include "config.h"

#include "platform/retry.h"

#include <errno.h>
#include <stdint.h>

#include "common/memory.h"

#define FIRST_MS 10
#define LONGEST_MS 2000

static void add_ms(struct timespec *t, unsigned ms)
{
	t->tv_sec += ms / 1000;
	t->tv_nsec += (long)(ms % 1000) * 1000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_sec++;
		t->tv_nsec -= 1000000000;
	}
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

void retry_begin(struct retry *retry, unsigned deadline_ms)
{
	clock_gettime(CLOCK_MONOTONIC, &retry->end);
	add_ms(&retry->end, deadline_ms);
	retry->pause_ms = FIRST_MS;
}

bool retry_again(struct retry *retry)
{
	struct timespec wake;
	uint8_t jitter = 0;
	int error = errno;

	clock_gettime(CLOCK_MONOTONIC, &wake);
	(void)memory_random(&jitter, sizeof(jitter));
	add_ms(&wake, retry->pause_ms + retry->pause_ms * jitter / 1024);
	if (is_before(&retry->end, &wake))
		return false;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR)
		;
	retry->pause_ms = retry->pause_ms * 2 < LONGEST_MS ? retry->pause_ms * 2 : LONGEST_MS;
	errno = error;
	return true;
}
