/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers that cryptoki.h and keyclave.h give to names, read from their text: so that tests
 * compare a table's names with the headers and not with what the compiler made of both.
 */
#ifndef KEYCLAVE_TESTS_UNIT_CONSTANTS_H
#define KEYCLAVE_TESTS_UNIT_CONSTANTS_H

#include <stdbool.h>

/* Reads both headers below $KC_SRCDIR. False: not there. */
bool constants_load(void);
void constants_unload(void);

/* The value of "#define NAME value". False: no such line, or not a constant. */
bool constants_value(const char *name, unsigned long *value);

#endif
