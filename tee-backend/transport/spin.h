/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking again for a while before a thread blocks: waking a CPU that sleeps can cost more than the request, above all
 * in a virtual machine. Measures whether it pays. Both sides of the trust boundary; does no I/O itself.
 */
#ifndef KEYCLAVE_TRANSPORT_SPIN_H
#define KEYCLAVE_TRANSPORT_SPIN_H

#include <stdbool.h>
#include <stdint.h>

enum spin_stage {
	SPIN_SETTLED, /* by a comparison, or because spinning had to end */
	SPIN_BLOCKS,  /* the first half of a comparison */
	SPIN_SPINS,   /* the second */
};

/* What one waiting side of one connection has measured. Used by one thread at a time; starts as zeros. */
struct spin {
	enum spin_stage stage;
	bool spinning;    /* in this stage */
	unsigned left;    /* waits of this stage */
	unsigned rest;    /* waits that block when spinning ends the next time */
	unsigned good;    /* spins since then, or since .rest was halved */
	unsigned vain;    /* spins in a row */
	int64_t spent[2]; /* ns in the waits of the comparison: blocking, spinning */
	int64_t began;    /* this wait, in ns */
	int64_t looked;   /* last */
	int64_t end;      /* of looking, 0: block */
};

/* A wait begins, in which LIMIT_US at most go into looking. */
void spin_begin(struct spin *spin, unsigned limit_us);

/* Gives way to others first; true: look again. False: block. To be called before the first look, too. */
bool spin_again(struct spin *spin);

/* What was waited for is there, however that came about. A wait that ends otherwise needs no call. */
void spin_end(struct spin *spin);

#endif
