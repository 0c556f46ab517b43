/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hash algorithms by their TCG identifiers (TCG Algorithm Registry), as TPMs, event logs and IMA name them.
 */
#ifndef KEYCLAVE_VERIFIER_TPM_HASH_H
#define KEYCLAVE_VERIFIER_TPM_HASH_H

#include <openssl/evp.h>

#include "common/buffer.h"

#define TPM_HASH_SIZE_MAX 64

enum tpm_hash {
	TPM_HASH_SHA1 = 0x0004, /* read, never believed */
	TPM_HASH_SHA256 = 0x000b,
	TPM_HASH_SHA384 = 0x000c,
	TPM_HASH_SHA512 = 0x000d,
};

/* NULL and 0: an algorithm that is not in the enum. */
const EVP_MD *tpm_hash_md(uint16_t algorithm);
size_t tpm_hash_size(uint16_t algorithm);

/* "sha256", as the kernel and policies name a bank; and back, or 0. */
const char *tpm_hash_name(uint16_t algorithm);
uint16_t tpm_hash_by_name(struct span name);

/* SHA-256 or better. */
bool tpm_hash_is_strong(uint16_t algorithm);

/* OUT (TPM_HASH_SIZE_MAX bytes) = H(FIRST || SECOND). False: not known, or libcrypto's refusal. */
bool tpm_hash_two(uint16_t algorithm, struct span first, struct span second, uint8_t *out);

/* VALUE = H(VALUE || DIGEST): what a PCR or RTMR does. */
bool tpm_hash_extend(uint16_t algorithm, uint8_t *value, struct span digest);

/* True if DIGEST is the hash of DATA. */
bool tpm_hash_covers(uint16_t algorithm, struct span digest, struct span data);

#endif
