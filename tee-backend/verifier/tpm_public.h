/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM's public area (TPMT_PUBLIC, TPM 2.0 Library Part 2, section 12.2.4): of an attestation key or of an EK. Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_TPM_PUBLIC_H
#define KEYCLAVE_VERIFIER_TPM_PUBLIC_H

#include "verifier/tpm_hash.h"

/* TPMA_OBJECT. */
enum tpm_public_attribute {
	TPM_PUBLIC_FIXED_TPM = 1 << 1,
	TPM_PUBLIC_FIXED_PARENT = 1 << 4,
	TPM_PUBLIC_SENSITIVE_DATA_ORIGIN = 1 << 5,
	TPM_PUBLIC_RESTRICTED = 1 << 16,
	TPM_PUBLIC_DECRYPT = 1 << 17,
	TPM_PUBLIC_SIGN = 1 << 18,
};

struct tpm_public {
	struct span area; /* the whole; borrowed, as the others */
	uint16_t name_algorithm;
	uint32_t attributes;
	bool ecc;
	const char *curve;       /* ecc: "P-256", "P-384" */
	struct span modulus;     /* RSA */
	uint32_t exponent;       /* RSA */
	struct span x, y;        /* ecc */
};

/* Reads the whole of AREA. False, and WHY (static): not an RSA or ECC key of a form that is known. */
bool tpm_public_read(struct span area, struct tpm_public *public, const char **why);

/* The key; NULL when it is none (a point off its curve). The caller frees. */
EVP_PKEY *tpm_public_key(const struct tpm_public *public);

/* The object's name, algorithm || hash of the area. 0: not of a hash that is known, or of a weak one. */
size_t tpm_public_name(const struct tpm_public *public, uint8_t name[2 + TPM_HASH_SIZE_MAX]);

/* NULL when a quote by this key means something: it signs what its TPM made only, and never leaves it. Else why not. */
const char *tpm_public_unfit_to_attest(const struct tpm_public *public);

/* An RSA key of big-endian numbers; NULL: below 2048 bits, above 8192, or no key. The caller frees. */
EVP_PKEY *tpm_public_rsa(struct span modulus, struct span exponent);

#endif
