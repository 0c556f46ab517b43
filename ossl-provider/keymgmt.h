/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KEYMGMT: one table of calls for each key type, most of them the same. algorithms.c lists the tables;
 * generate.c fills in the generating calls.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_KEYMGMT_H
#define KEYCLAVE_OSSL_PROVIDER_KEYMGMT_H

#include <openssl/core_dispatch.h>

#include "ossl-provider/pkey.h"

extern const OSSL_DISPATCH keymgmt_rsa_functions[];
extern const OSSL_DISPATCH keymgmt_rsa_pss_functions[];
extern const OSSL_DISPATCH keymgmt_ec_functions[];
extern const OSSL_DISPATCH keymgmt_ed25519_functions[];
extern const OSSL_DISPATCH keymgmt_x25519_functions[];

#endif
