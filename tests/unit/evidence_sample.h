/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genuine evidence from public test data. It lies outside this tree: in $KC_EVIDENCE, $KEYCLAVE_SHARED/data/evidence or
 * ../shared/data/evidence beside the source. A test of a file that is not there is skipped.
 */
#ifndef KEYCLAVE_TESTS_UNIT_EVIDENCE_SAMPLE_H
#define KEYCLAVE_TESTS_UNIT_EVIDENCE_SAMPLE_H

#include "common/buffer.h"

/* The file's bytes until evidence_sample_free, in a block of exactly their size; skips the running test without it. */
struct span evidence_sample(const char *name);

/* A copy in a block of exactly its size, freed by evidence_sample_free too. */
struct span evidence_sample_copy(struct span bytes);

/* For a test's teardown. */
int evidence_sample_free(void **state);

#endif
