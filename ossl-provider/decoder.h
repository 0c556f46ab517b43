/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoders' dispatch tables, for algorithms.c.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_DECODER_H
#define KEYCLAVE_OSSL_PROVIDER_DECODER_H

#include <openssl/core_dispatch.h>

/* The private structure= between our PEM decoder and our DER decoders. */
#define DECODER_STRUCTURE "keyclave-uri"

extern const OSSL_DISPATCH decoder_pem_functions[];
extern const OSSL_DISPATCH decoder_rsa_functions[];
extern const OSSL_DISPATCH decoder_rsa_pss_functions[];
extern const OSSL_DISPATCH decoder_ec_functions[];
extern const OSSL_DISPATCH decoder_ed25519_functions[];
extern const OSSL_DISPATCH decoder_x25519_functions[];

#endif
