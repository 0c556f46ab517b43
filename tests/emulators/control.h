/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults and facts on demand: a text file that a test writes and an emulator reads before each request. A line is
 * a name and a value, separated by blanks; of a fault the value is how often it happens (none: always). Counting begins
 * anew whenever the file's text changes. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_CONTROL_H
#define KEYCLAVE_TESTS_EMULATORS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* PATH may be NULL: then there are no faults. One for the process. */
void control_open(const char *path);

/* Rereads the file; before each request. */
void control_refresh(void);

/* True if the fault is to happen now, which counts. */
bool control_fault(const char *name);

/* The value's text; false if there is no such line. */
bool control_text(const char *name, char *value, size_t size);

/* The value as a number, else OTHERWISE. */
uint64_t control_number(const char *name, uint64_t otherwise);

/* SIZE bytes: SHA-384 of the value's text, repeated if more are wanted; of OTHERWISE if there is no such line. "zero":
 * zeros. */
void control_digest(const char *name, const char *otherwise, uint8_t *bytes, size_t size);

#endif
