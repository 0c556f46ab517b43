/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ECDSA as attestation has it: bare points and bare r || s, in hostile bytes.
 */
#ifndef KEYCLAVE_VERIFIER_ECDSA_H
#define KEYCLAVE_VERIFIER_ECDSA_H

#include <openssl/evp.h>

#include "common/buffer.h"

/* The public key of x || y, big-endian, on the curve ("P-256", "P-384"). NULL: not a point of it. The caller frees. */
EVP_PKEY *ecdsa_key(const char *curve, struct span point);

/* True if KEY is a public key on this curve. */
bool ecdsa_is_on(const EVP_PKEY *key, const char *curve);

/* True if SIGNATURE, r || s in equal halves, is KEY's over FIRST || SECOND by this hash. */
bool ecdsa_verify(EVP_PKEY *key, const EVP_MD *md, struct span signature, struct span first, struct span second);

#endif
