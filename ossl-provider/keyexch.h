/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatch tables of key agreement, for algorithms.c.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_KEYEXCH_H
#define KEYCLAVE_OSSL_PROVIDER_KEYEXCH_H

#include <openssl/core_dispatch.h>

extern const OSSL_DISPATCH keyexch_ecdh_functions[];
extern const OSSL_DISPATCH keyexch_x25519_functions[];

#endif
