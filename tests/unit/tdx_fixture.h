/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of TD quotes share: one appraisal and all that it borrows, with keys of our own or of Intel's.
 */
#ifndef KEYCLAVE_TESTS_UNIT_TDX_FIXTURE_H
#define KEYCLAVE_TESTS_UNIT_TDX_FIXTURE_H

#include "verifier/tdx.h"

#include "tdx_signer.h"

#define NOW INT64_C(1790000000) /* 2026-09-21 */
#define DAY (24 * 60 * 60)

/* One appraisal and all that it borrows. */
struct tdx_fixture {
	struct tdx_signer *signer;
	struct policy policy;
	struct endorsements endorsements;
	struct buffer quote;
	uint8_t body[TDX_SIGNER_BODY_15_SIZE];
	uint8_t report_data[64];
	size_t body_size;
	uint16_t version;
	bool no_root, no_collateral;
	struct span event_log;
	struct appraisal a;
};

extern struct tdx_fixture tdx_fixture;

/* For cmocka's set-up and teardown; begin makes the fixture as it was after it, clear frees all but the signer. */
int tdx_fixture_setup(void **state);
int tdx_fixture_teardown(void **state);
void tdx_fixture_begin(void);
void tdx_fixture_clear(void);

/* An endorsement file, and the policy. */
void tdx_fixture_add(struct span file);
void tdx_fixture_policy(const char *json);

/* Makes quote and endorsements as the fixture describes them; appraises a quote, with the policy's expectations. */
void tdx_fixture_make(void);
bool tdx_fixture_appraise(struct span quote);

/* Make, then: all checks passed; or refused by the last check, which is CHECK and says WORDS. */
void tdx_fixture_good(void);
void tdx_fixture_refused(const char *check, const char *words);

/* The same of what was appraised. */
void tdx_fixture_assert_refused(const char *check, const char *words);
void tdx_fixture_print_checks(void);
const char *tdx_fixture_text_of(const char *name);

/*
 * The quote's byte after byte (by STEP outside of what signatures cover): refused, or the same verdict and facts where none
 * covers it. EXPECTED: what the quote itself comes to.
 */
void tdx_fixture_flip_all(struct span quote, bool expected, size_t signed_size, size_t step);

#endif
