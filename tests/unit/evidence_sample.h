/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genuine evidence from public test data. It lies outside this tree: in $KC_EVIDENCE, $KEYCLAVE_SHARED/data/evidence or
 * ../shared/data/evidence beside the source. A test of a file that is not there is skipped.
 */
#ifndef KEYCLAVE_TESTS_UNIT_EVIDENCE_SAMPLE_H
#define KEYCLAVE_TESTS_UNIT_EVIDENCE_SAMPLE_H

#include "verifier/appraisal.h"

/* The file's bytes until evidence_sample_free, in a block of exactly their size; skips the running test without it. */
struct span evidence_sample(const char *name);

/* A copy in a block of exactly its size, freed by evidence_sample_free too. */
struct span evidence_sample_copy(struct span bytes);

/* Judges EVIDENCE into A, which is zero, and sets what A asks. */
typedef bool evidence_sample_judge(struct appraisal *a, struct span evidence, const void *context);

/* The appraisal's facts, one "name=value" a line: hexadecimal, decimal or text. */
void evidence_sample_facts(const struct appraisal *a, struct buffer *out);

/* Fails the test unless A has the fact of "name=value"; of bytes, a value that ends in ".." is the beginning. */
void evidence_sample_has(const struct appraisal *a, const char *wanted);

/*
 * Judges EVIDENCE with each of its bytes changed, one after the other, in a block of its own. Fails the test if one of
 * them is good and differs in any fact from what is unchanged. Returns how many were good (no signature covers them).
 * STEP above 1 takes one byte of so many, unless KC_EVERY_BYTE is set: make check-long has the time.
 */
size_t evidence_sample_flips(struct span evidence, evidence_sample_judge *judge, const void *context, size_t step);

/* Judges the first N bytes of EVIDENCE for each N that is less than its size: none may be good. */
void evidence_sample_cuts(struct span evidence, evidence_sample_judge *judge, const void *context);

/* For a test's teardown. */
int evidence_sample_free(void **state);

#endif
