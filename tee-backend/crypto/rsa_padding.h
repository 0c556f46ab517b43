/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removal of PKCS#1 v1.5 encryption padding (RFC 8017 section 7.2.2) without a branch or an address
 * that depends on the decrypted bytes. libcrypto 3.0 strips it with early exits in the provider and
 * later releases reject implicitly; this is the same on all of them. Used by rsa.c in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_RSA_PADDING_H
#define KEYCLAVE_CRYPTO_RSA_PADDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 00, 02, at least eight bytes that are not zero, 00. */
#define RSA_PADDING_SIZE 11

#define RSA_PADDING_PREMASTER 48 /* RFC 5246 section 7.4.7.1 */

/*
 * EM is the block of K bytes as RSA gave it, K > RSA_PADDING_SIZE. Moves the message to
 * EM + RSA_PADDING_SIZE and gives its *SIZE; false: no such padding, and *SIZE is 0.
 */
bool rsa_padding_strip(uint8_t *em, size_t k, size_t *size);

/*
 * The same, but where there is no such padding the message is the last SUBSTITUTE_SIZE bytes of SUBSTITUTE, K bytes long:
 * nothing tells which of the two it is. SUBSTITUTE_SIZE is at most K - RSA_PADDING_SIZE.
 */
void rsa_padding_strip_implicit(uint8_t *em, size_t k, const uint8_t *substitute, size_t substitute_size,
				size_t *size);

/*
 * The length of the message that is made up, from CANDIDATES, 128 numbers of two bytes: the last of them that, masked to
 * the bits of K - 10, is below that.
 */
size_t rsa_padding_substitute_size(const uint8_t candidates[256], size_t k);

/*
 * Overwrites PREMASTER, random on entry, with the message of EM if that is padded rightly, 48 bytes
 * long and begins with CLIENT_VERSION or NEGOTIATED_VERSION; leaves it else.
 */
void rsa_padding_premaster(const uint8_t *em, size_t k, unsigned client_version,
			   unsigned negotiated_version, uint8_t premaster[RSA_PADDING_PREMASTER]);

#endif
