/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The provider's algorithms: the fourth of the project's tables. provider.c answers query_operation from it;
 * the tests read it to see that each row is exercised.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_ALGORITHMS_H
#define KEYCLAVE_OSSL_PROVIDER_ALGORITHMS_H

#include <openssl/core.h>

/* The NULL-terminated rows for OSSL_OP_*, or NULL. Static storage. */
const OSSL_ALGORITHM *algorithms_find(int operation);

#endif
