/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoders' dispatch tables, for algorithms.c.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_ENCODER_H
#define KEYCLAVE_OSSL_PROVIDER_ENCODER_H

#include <openssl/core_dispatch.h>

extern const OSSL_DISPATCH encoder_pem_functions[];
extern const OSSL_DISPATCH encoder_der_functions[];
extern const OSSL_DISPATCH encoder_text_functions[];

#endif
