/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM's quote by keys of our own, as the TPM 2.0 Library describes its structures: good unless a test bends it.
 */
#ifndef KEYCLAVE_TESTS_UNIT_TPM_FIXTURE_H
#define KEYCLAVE_TESTS_UNIT_TPM_FIXTURE_H

#include "verifier/tpm.h"
#include "verifier/tpm_quote.h"

#define TPM_FIXTURE_NOW INT64_C(1790000000)

enum tpm_fixture_kind {
	TPM_FIXTURE_RSASSA,
	TPM_FIXTURE_RSAPSS,
	TPM_FIXTURE_P256,
	TPM_FIXTURE_P384,
	TPM_FIXTURE_KINDS,
};

struct tpm_fixture {
	enum tpm_fixture_kind kind;
	uint32_t attributes;
	uint16_t name_algorithm, bank, hash;
	uint32_t selection;
	uint8_t pcr[TPM_QUOTE_PCRS][TPM_HASH_SIZE_MAX];
	uint8_t report_data[64], report_data_short[32];
	bool short_form;
	bool other_key; /* signs, instead of the AK */
	size_t flip_attest; /* byte to change before signing, from 1; 0: none */
	struct buffer extra; /* CBOR pairs after the first four */
	size_t extra_count;

	struct buffer ak, attest, signature, evidence; /* made */
	struct span certificates, event_log, ima_log;
	struct policy policy;
	struct endorsements endorsements;
	struct appraisal a;
};

extern struct tpm_fixture tpm_fixture;

int tpm_fixture_setup(void **state);
int tpm_fixture_teardown(void **state);
int tpm_fixture_end(void **state); /* of the group: frees the keys */
void tpm_fixture_begin(void);
EVP_PKEY *tpm_fixture_key(void); /* the AK's; borrowed */
void tpm_fixture_policy(const char *json);

void tpm_fixture_make(void);
bool tpm_fixture_appraise(struct span evidence);
void tpm_fixture_good(void);
void tpm_fixture_refused(const char *check, const char *words);
void tpm_fixture_assert_refused(const char *check, const char *words);
void tpm_fixture_print_checks(void);

/* The evidence of parts, as docs/evidence.md has it. PCR n of SELECTION is PCR[n]. */
void tpm_fixture_put(struct buffer *out, struct span attest, struct span signature, struct span ak, uint32_t selection,
		     const struct span pcr[TPM_QUOTE_PCRS], struct span extra, size_t extra_count);

#endif
