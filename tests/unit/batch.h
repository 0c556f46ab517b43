/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batches that tell whether they are whole: number N writes the same few records, with contents
 * made from N, so that one look at a store says which batch is there and that nothing of another
 * one is.
 */
#ifndef KEYCLAVE_TESTS_BATCH_H
#define KEYCLAVE_TESTS_BATCH_H

#include "blobstore/blobstore.h"

/* Writes batch NUMBER over batch NUMBER - 1 (0: nothing). */
CK_RV batch_write(struct blobstore *store, uint64_t number);

/* The number of the batch that is there as a whole, 0 for none; fails the test when it is not
 * whole. */
uint64_t batch_last(struct blobstore *store);

#endif
