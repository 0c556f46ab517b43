/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmocka.h with what it needs before it. Included by every unit test, after the headers under test.
 */
#ifndef KEYCLAVE_TESTS_UNIT_CMOCKA_TEST_H
#define KEYCLAVE_TESTS_UNIT_CMOCKA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
