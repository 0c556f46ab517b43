/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Genuine Nitro attestation documents: each is good or refused as it must be, says what it must say, and none is good with
 * a byte changed.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/nitro.h"

#include "cmocka_test.h"
#include "evidence_sample.h"

#define AT_2026_11 1795478400

static const struct sample {
	const char *title, *document;
	int64_t time; /* 0: its own */
	uint32_t allow;
	uint64_t max_age;
	struct span report_data;
	const char *refused, *word; /* NULL: good */
	int64_t made; /* the second that it was made in */
	const char *facts[14];
} samples[] = {
	{.title = "with a public key of 64 bytes",
	 .document = "nitro/nsm-valid-pubkey64.cbor",
	 .made = 1734075478,
	 .facts = {"timestamp=1734075478960", "debug=0", "module-id=i-0f1cd77d37fd8bcc9-enc018e7aa61e2040ff",
		   "pcr0=189038eccf28a3a0..", "pcr1=5d3938eb05288e20..", "pcr2=6c3ef363c488a9a8..", "pcr3=000000000000..",
		   "pcr4=45ff8769d16a46d1..", "pcr15=000000..",
		   "public-key=e646f8b0071d5ba75931402522cc6a5c42a84a6fea238864e5ac9.."}},
	{.title = "years later, as its own time has it",
	 .document = "nitro/nsm-valid-pubkey64.cbor",
	 .time = AT_2026_11,
	 .made = 1734075478,
	 .facts = {"timestamp=1734075478960"}},
	{.title = "years later, too old",
	 .document = "nitro/nsm-valid-pubkey64.cbor",
	 .time = AT_2026_11,
	 .max_age = 300,
	 .refused = "age",
	 .word = "expected at most 300"},
	{.title = "before it was made",
	 .document = "nitro/nsm-valid-pubkey64.cbor",
	 .time = 1734075478 - 301,
	 .refused = "age",
	 .word = "after now"},
	{.title = "a public key is no evidence of claims",
	 .document = "nitro/nsm-valid-pubkey64.cbor",
	 .made = 1734075478,
	 .report_data = {(const uint8_t[64]){0}, 64},
	 .refused = "report data",
	 .word = "KMS"},
	{.title = "with a nonce of 256 bytes",
	 .document = "nitro/nsm-valid-pcr8-nonce.cbor",
	 .made = 1665651482,
	 .facts = {"timestamp=1665651482136", "module-id=i-020b6af9246d90e92-enc0183d09086c24190",
		   "pcr0=f4d48b81a460c991..", "pcr1=bcdf05fefccaa8e5..", "pcr2=d8f114da658de548..",
		   "pcr3=4a9329d69c836267..", "pcr4=1f442c86d494a881..", "pcr8=8790eb3cce6c83d0..",
		   "nonce=cb3dc2eb76c0c1344adf10cc4868591e5bb7fa4b4a8069e14476.."}},
	{.title = "no user data, other claims",
	 .document = "nitro/nsm-valid-pcr8-nonce.cbor",
	 .made = 1665651482,
	 .report_data = {(const uint8_t[64]){0}, 64},
	 .refused = "report data",
	 .word = "other claims"},
	{.title = "with a public key of 32 bytes",
	 .document = "nitro/nsm-valid-nautilus1.cbor",
	 .made = 1744683923,
	 .facts = {"timestamp=1744683923696", "module-id=i-06e4b98c6549ff803-enc0196373b195fb723",
		   "pcr0=cbe1afb6ed0ff89f..", "pcr1=cbe1afb6ed0ff89f..", "pcr2=21b9efbc18480766..",
		   "pcr3=9af4960cd10ff0dd..", "pcr4=f3e18816e8d0ba69..",
		   "public-key=e8e62201dbe293b703c759f653107acbc2c911fa1d2e66f2c747b.."}},
	{.title = "a map of indefinite length",
	 .document = "nitro/nsm-valid-indef-cbor.cbor",
	 .made = 1767472867,
	 .facts = {"timestamp=1767472867402", "module-id=i-0368fa67e156d6d23-enc019b8596b1a9dad6",
		   "pcr0=4b8d4cf2a99e05ce..", "pcr1=0343b056cd8485ca..", "pcr2=16efcc1d6952c5b9..",
		   "pcr4=245617239e18ae8e..", "user-data=69553adc61d6e9fcdecbe1ea49bb2b52a60238e0"}},
	{.title = "a map of indefinite length, its user data asked for",
	 .document = "nitro/nsm-valid-indef-cbor.cbor",
	 .made = 1767472867,
	 .report_data = {(const uint8_t[]){0x69, 0x55, 0x3a, 0xdc, 0x61, 0xd6, 0xe9, 0xfc, 0xde, 0xcb,
					   0xe1, 0xea, 0x49, 0xbb, 0x2b, 0x52, 0xa6, 0x02, 0x38, 0xe0}, 20},
	 .facts = {"debug=0"}},
	{.title = "a debug enclave",
	 .document = "nitro/nsm-debug.cbor",
	 .made = 1665582606,
	 .refused = "debug",
	 .word = "zero"},
	{.title = "a debug enclave, allowed",
	 .document = "nitro/nsm-debug.cbor",
	 .made = 1665582606,
	 .allow = POLICY_ALLOW_DEBUG,
	 .facts = {"debug=1", "module-id=i-03ad7cdb817437eeb-enc0183cc7569b3f6e1", "pcr0=000000000000..",
		   "pcr3=4a9329d69c836267..", "pcr4=615fa5b1a8838d39..",
		   "public-key=6d7920737570657220736563726574206b6579", "user-data=68656c6c6f2c20776f726c6421"}},
	{.title = "malformed",
	 .document = "nitro/nsm-malformed-truncated-key.cbor",
	 .made = 1767472867,
	 .allow = UINT32_MAX,
	 .refused = "form",
	 .word = "not an attestation document"},
	{.title = "another root",
	 .document = "nitro/nsm-fake-root.cbor",
	 .made = 1734080745,
	 .allow = UINT32_MAX,
	 .refused = "certificate chain",
	 .word = "not trusted"},
	{.title = "tampered with",
	 .document = "nitro/nsm-tampered-pubkey.cbor",
	 .made = 1734075478,
	 .allow = UINT32_MAX,
	 .refused = "signature",
	 .word = "changed"},
};

static bool judge(struct appraisal *a, struct span document, const void *context)
{
	static struct policy policy;
	const struct sample *s = context;

	policy = (struct policy){.allow = s->allow, .max_age_s = s->max_age};
	a->policy = &policy;
	a->time = s->time ? s->time : s->made;
	a->report_data = s->report_data;
	return nitro_appraise(a, document);
}

static void test_sample(void **state)
{
	const struct sample *s = *state;
	struct span document = evidence_sample(s->document);
	static struct appraisal a;
	bool good = false;

	memset(&a, 0, sizeof(a));
	good = judge(&a, document, s);
	assert_true(a.check_count > 0);
	if (good == (s->refused != NULL))
		fail_msg("%s: %s", a.check[a.check_count - 1].name, a.check[a.check_count - 1].detail);
	if (s->refused) {
		assert_string_equal(a.check[a.check_count - 1].name, s->refused);
		if (!strstr(a.check[a.check_count - 1].detail, s->word))
			fail_msg("%s", a.check[a.check_count - 1].detail);
		return;
	}
	for (size_t i = 0; i < sizeof(s->facts) / sizeof(s->facts[0]) && s->facts[i]; i++)
		evidence_sample_has(&a, s->facts[i]);
	assert_string_equal(a.check[2].name, "certificate chain");
	assert_non_null(strstr(a.check[2].detail, "AWS Nitro Enclaves G1"));
	assert_null(appraisal_find(&a, "root"));
}

/* A signature over P-384 takes its time: in make check, all bytes of the latest kind and some of the others. */
static void test_changed(void **state)
{
	const struct sample *s = *state;
	struct span document = evidence_sample(s->document);
	size_t step = strstr(s->document, "indef") ? 1 : 13;

	assert_int_equal(evidence_sample_flips(document, judge, s, step), 0);
	evidence_sample_cuts(document, judge, s);
}

int main(void)
{
	static const char *const changed[] = {"with a public key of 64 bytes", "with a nonce of 256 bytes",
					      "with a public key of 32 bytes", "a map of indefinite length",
					      "a debug enclave, allowed"};
	struct CMUnitTest tests[sizeof(samples) / sizeof(samples[0]) + sizeof(changed) / sizeof(changed[0])];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct CMUnitTest test = {.name = samples[i].title,
					  .test_func = test_sample,
					  .teardown_func = evidence_sample_free,
					  .initial_state = (void *)(uintptr_t)&samples[i]};

		tests[count++] = test;
		for (size_t c = 0; c < sizeof(changed) / sizeof(changed[0]); c++) {
			if (strcmp(samples[i].title, changed[c]) != 0)
				continue;
			test.test_func = test_changed;
			tests[count++] = test;
		}
	}
	return cmocka_run_group_tests_name("documents", tests, NULL, NULL);
}
