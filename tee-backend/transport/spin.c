/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spinning is a bet that nobody else needs this CPU, least of all the peer. Whether it is won depends on the
 * scheduler, the hypervisor, the load and what is asked for, so it is not computed but tried: some waits block, as many
 * spin, and the following ones spin only if that made them shorter by a good part. It ends at once, each time for
 * longer, when somebody else computed here meanwhile (a sleeper is run sooner than who used up his time), or after a
 * few spins in vain.
 */
#include "config.h"

#include <sched.h>
#include <time.h>

#include "transport/spin.h"

#define SPIN_TRIES 16     /* waits of either kind that are compared */
#define SPIN_SETTLE 1024  /* waits for which a comparison holds */
#define SPIN_GAIN 8       /* spinning has to save one part in so many of the time */
#define SPIN_VAIN 4       /* spins in a row that are too many */
#define SPIN_REST 64      /* waits that block thereafter; each time doubled, up to */
#define SPIN_REST_MAX 4096
#define SPIN_GOOD 128     /* spins that halve it again */

/* Between two looks: somebody else's time slice. */
#define SPIN_CROWDED_NS 1000000

/* A longer wait counts as this: for a time slice as well, or for a peer that has nothing to say. */
#define SPIN_LONGEST_NS 1000000

static int64_t spin_now(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void spin_next_stage(struct spin *spin)
{
	spin->left = SPIN_TRIES;
	switch (spin->stage) {
	case SPIN_SETTLED:
		spin->stage = SPIN_BLOCKS;
		spin->spinning = false;
		spin->spent[false] = spin->spent[true] = 0;
		break;
	case SPIN_BLOCKS:
		spin->stage = SPIN_SPINS;
		spin->spinning = true;
		break;
	case SPIN_SPINS:
		spin->stage = SPIN_SETTLED;
		spin->spinning = spin->spent[true] < spin->spent[false] - spin->spent[false] / SPIN_GAIN;
		spin->left = SPIN_SETTLE;
		break;
	}
}

void spin_begin(struct spin *spin, unsigned limit_us)
{
	if (!spin->left)
		spin_next_stage(spin);
	spin->began = spin->looked = spin_now();
	spin->end = spin->spinning ? spin->began + (int64_t)limit_us * 1000 : 0;
}

static void spin_rest(struct spin *spin)
{
	if (spin->rest < SPIN_REST)
		spin->rest = SPIN_REST;
	spin->stage = SPIN_SETTLED;
	spin->spinning = false;
	spin->left = spin->rest;
	spin->good = 0;
	spin->vain = 0;
	if (spin->rest < SPIN_REST_MAX)
		spin->rest *= 2;
}

bool spin_again(struct spin *spin)
{
	int64_t now = 0;
	bool crowded = false;

	if (!spin->end)
		return false;
	(void)sched_yield();
	now = spin_now();
	crowded = now - spin->looked >= SPIN_CROWDED_NS;
	spin->looked = now;
	if (now < spin->end && !crowded)
		return true;
	spin->end = 0;
	if (++spin->vain == SPIN_VAIN || crowded)
		spin_rest(spin);
	return false;
}

void spin_end(struct spin *spin)
{
	int64_t spent = 0;

	if (spin->stage != SPIN_SETTLED) {
		spent = spin_now() - spin->began;
		spin->spent[spin->spinning] += spent < SPIN_LONGEST_NS ? spent : SPIN_LONGEST_NS;
	}
	spin->left--;
	if (!spin->end)
		return;
	spin->vain = 0;
	if (++spin->good == SPIN_GOOD) {
		spin->good = 0;
		spin->rest /= 2;
	}
}
