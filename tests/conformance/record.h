/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the conformance suite writes down: one line a case, "name<TAB>return code[ size[ value]]", or for a row,
 * the calls that it got to, "name<TAB>call return code[ size[ value]]; call ...". Two modules that behave alike
 * give the same lines, and a call that one of them refuses changes its own line only.
 */
#ifndef KEYCLAVE_TESTS_CONFORMANCE_RECORD_H
#define KEYCLAVE_TESTS_CONFORMANCE_RECORD_H

#include <stddef.h>

#include "mechanism/cryptoki.h"

/* The first word of all names to come, such as "sign". Borrowed. */
void record_chapter(const char *name);

/* A call that gives a return code only. */
void record_rv(const char *name, CK_RV rv);

/* A call that gives a number as well, when it succeeds or the buffer was too small. */
void record_number(const char *name, CK_RV rv, CK_ULONG number);

/* A call whose bytes are the same for every right module. DATA NULL: the size only. */
void record_bytes(const char *name, CK_RV rv, const void *data, size_t size);

/* The lines to come are calls of one case, up to record_row_end. */
void record_row(const char *what, const char *name);
void record_row_end(void);

/* A number as text, for what is not the result of a call. */
void record_fact(const char *name, unsigned long number);

#endif
