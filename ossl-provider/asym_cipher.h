/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatch table of RSA decryption, for algorithms.c.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_ASYM_CIPHER_H
#define KEYCLAVE_OSSL_PROVIDER_ASYM_CIPHER_H

#include <openssl/core_dispatch.h>

extern const OSSL_DISPATCH asym_cipher_rsa_functions[];

#endif
