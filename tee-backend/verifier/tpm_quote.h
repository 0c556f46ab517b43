/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TPM2_Quote gives: TPMS_ATTEST and TPMT_SIGNATURE (TPM 2.0 Library Part 2, sections 10.12 and 11.3). Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_TPM_QUOTE_H
#define KEYCLAVE_VERIFIER_TPM_QUOTE_H

#include "verifier/tpm_hash.h"

#define TPM_QUOTE_PCRS 24

struct tpm_quote {
	struct span attest; /* the whole; borrowed, as the others */
	struct span qualified_signer, extra_data, pcr_digest;
	uint64_t clock; /* milliseconds */
	uint32_t reset_count, restart_count;
	bool clock_safe;
	uint64_t firmware_version;
	uint16_t bank;      /* the one that was selected */
	uint32_t selection; /* bit n: PCR n */
};

struct tpm_quote_signature {
	uint16_t scheme, hash;
	struct span rsa;  /* RSASSA, RSAPSS */
	struct span r, s; /* ECDSA */
};

/* False, and WHY (static): not made by a TPM (the magic is looked at first), not a quote, or not over one bank. */
bool tpm_quote_read(struct span attest, struct tpm_quote *quote, const char **why);
bool tpm_quote_read_signature(struct span signature, struct tpm_quote_signature *out, const char **why);

/* True if KEY signed the quote: RSASSA, RSAPSS or ECDSA, over SHA-256 or better. */
bool tpm_quote_verify(EVP_PKEY *key, const struct tpm_quote_signature *signature, const struct tpm_quote *quote);

/*
 * True if VALUE[n], for each selected PCR n, are the values that were quoted. HASH: of the signature, which a TPM uses for
 * this digest as well.
 */
bool tpm_quote_covers(const struct tpm_quote *quote, uint16_t hash, const struct span value[TPM_QUOTE_PCRS]);

#endif
