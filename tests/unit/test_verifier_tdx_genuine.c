/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes of real platforms, each with the collateral of its time: the verdict is the one that is known of it, and no byte of
 * it can be another.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/cursor.h"
#include "verifier/intel_json.h"
#include "verifier/intel_level.h"
#include "verifier/tdx_quote.h"

#include "evidence_sample.h"
#include "tdx_fixture.h"

#include "cmocka_test.h"

struct genuine {
	const char *quote;
	const char *files[5];
	int64_t time;
	const char *policy;
	const char *log;
	const char *check; /* that refuses; NULL: good */
	const char *words;
	const char *fact, *value; /* that it must have said by then */
	size_t signed_size; /* no byte before it may be another; 0: not tried */
};

/* Sizes, signature, attestation key, the quoting enclave's report, its signature and 32 bytes of its own. */
#define BEFORE_CHAIN(signed_part) ((signed_part) + 4 + 64 + 64 + 6 + 384 + 64 + 2 + 32 + 6)
#define ALLOW(words) "{\"version\":1,\"allow\":[" words "]}"

static const struct genuine genuine[] = {
	{.quote = "tdx/v4-phala.bin",
	 .files = {"tdx/v4-phala.collateral.json"},
	 .time = 1751328000, /* 2025-07-01 */
	 .fact = "tcb-status",
	 .value = "UpToDate",
	 .signed_size = BEFORE_CHAIN(48 + 584)},
	{.quote = "tdx/v4-phala.bin",
	 .files = {"tdx/v4-phala.collateral.json"},
	 .time = 1754006400, /* 2025-08-01: collateral out of date */
	 .check = "revocation",
	 .words = ""},
	{.quote = "tdx/v4-phala-tampered-mrtd.bin",
	 .files = {"tdx/v4-phala.collateral.json"},
	 .time = 1751328000,
	 .check = "signature",
	 .words = "not by the attestation key"},
	{.quote = "tdx/v5-gotdx.bin",
	 .files = {"tdx/v5-gotdx.tcbinfo.json", "tdx/tcb-signing-chain.pem"},
	 .time = 1770076800, /* 2026-02-03 */
	 .policy = ALLOW("\"no-revocation\""),
	 .fact = "tcb-status",
	 .value = "UpToDate",
	 .signed_size = BEFORE_CHAIN(54 + 648)},
	{.quote = "tdx/v5-gotdx.bin",
	 .files = {"tdx/v5-gotdx.tcbinfo.json", "tdx/tcb-signing-chain.pem"},
	 .time = 1770076800,
	 .check = "revocation",
	 .words = "no CRL"},
	{.quote = "tdx/v5-azure-notcblevel.bin",
	 .files = {"tdx/v5-azure-notcblevel.collateral.json"},
	 .time = 1772323200, /* 2026-03-01 */
	 .check = "TCB information",
	 .words = "no TCB level",
	 .fact = "fmspc",
	 .value = "90c06f000000"},
	{.quote = "tdx/v4-debug-td.bin",
	 .files = {"tdx/fmspc-50806f000000.tcbinfo.json", "tdx/td-qeidentity-2026-03.json", "tdx/tcb-signing-chain.pem",
		   "tdx/pckcrl-platform-2026.der", "tdx/rootcrl-2026.der"},
	 .time = 1775001600, /* 2026-04-01 */
	 .check = "debug",
	 .words = "look into"},
	{.quote = "tdx/v4-debug-td.bin",
	 .files = {"tdx/fmspc-50806f000000.tcbinfo.json", "tdx/td-qeidentity-2026-03.json", "tdx/tcb-signing-chain.pem",
		   "tdx/pckcrl-platform-2026.der", "tdx/rootcrl-2026.der"},
	 .time = 1775001600,
	 .policy = ALLOW("\"debug\""),
	 .check = "TCB",
	 .words = "OutOfDate, expected"},
	{.quote = "tdx/v4-debug-td.bin",
	 .files = {"tdx/fmspc-50806f000000.tcbinfo.json", "tdx/td-qeidentity-2026-03.json", "tdx/tcb-signing-chain.pem",
		   "tdx/pckcrl-platform-2026.der", "tdx/rootcrl-2026.der"},
	 .time = 1775001600,
	 .policy = ALLOW("\"debug\",\"old-tcb\""),
	 .fact = "tcb-status",
	 .value = "OutOfDate"},
	{.quote = "tdx/v4-spr-gotdx.bin", /* its TCB signing certificate of 2023 is not here */
	 .files = {"tdx/v4-spr-gotdx.tcbinfo.json", "tdx/v4-spr-gotdx.qeidentity.json", "tdx/tcb-signing-chain.pem",
		   "tdx/pckcrl-platform.gotdx", "tdx/rootcrl.gotdx.der"},
	 .time = 1688169600, /* 2023-07-01 */
	 .check = "certificate chain",
	 .words = "",
	 .fact = "fmspc",
	 .value = "50806f000000"},
	{.quote = "tdx/v4-spr-gotdx.bin", /* and by the time of that certificate the rest is out of date */
	 .files = {"tdx/v4-spr-gotdx.tcbinfo.json", "tdx/v4-spr-gotdx.qeidentity.json", "tdx/tcb-signing-chain.pem"},
	 .time = 1775001600,
	 .policy = ALLOW("\"no-revocation\""),
	 .check = "TCB information",
	 .words = "out of date"},
	{.quote = "tdx/v4-gce-cos.bin",
	 .time = 1735689600, /* 2025-01-01 */
	 .policy = ALLOW("\"no-revocation\""),
	 .log = "tdx/v4-gce-cos.ccel.bin",
	 .fact = "fmspc",
	 .value = "00806f050000",
	 .signed_size = BEFORE_CHAIN(48 + 584)},
	{.quote = "tdx/v4-gce-cos.bin", .time = 1735689600, .check = "revocation", .words = "no CRL"},
	{.quote = "tdx/v3-sgx-not-tdx.bin", .time = 1735689600, .check = "form", .words = "not a quote of a TD"},
	{.quote = "tdx/tdreport-1.bin", .time = 1735689600, .check = "form", .words = ""},
	{.quote = "tdx/v4-intel-testroot.quote.dat",
	 .files = {"tdx/v4-intel-testroot.pckSignChain.pem", "tdx/v4-intel-testroot.rootCaCrl.der",
		   "tdx/v4-intel-testroot.intermediateCaCrl.der"},
	 .time = 1640995200, /* 2022-01-01 */
	 .check = "certificate chain",
	 .words = ""},
};

static struct span prepare(const struct genuine *g)
{
	tdx_fixture_begin();
	for (size_t i = 0; i < 5 && g->files[i]; i++)
		tdx_fixture_add(evidence_sample(g->files[i]));
	if (g->policy)
		tdx_fixture_policy(g->policy);
	if (g->log)
		tdx_fixture.event_log = evidence_sample(g->log);
	tdx_fixture.a.time = g->time;
	return evidence_sample(g->quote);
}

/* What was signed is not ours to know: no report data is asked for. */
static bool appraise_genuine(struct span quote)
{
	struct span whole = quote;

	memcpy(tdx_fixture.report_data, cursor_slice(whole, quote.data[0] == 5 ? 574 : 568, 64).data, 64);
	return tdx_fixture_appraise(quote);
}

static void test_genuine(void **state)
{
	const struct genuine *g = *state;
	struct span quote = prepare(g);
	bool accepted = appraise_genuine(quote);

	if (accepted != !g->check) {
		tdx_fixture_print_checks();
		fail();
	}
	if (g->check)
		tdx_fixture_assert_refused(g->check, g->words);
	if (g->fact)
		assert_string_equal(tdx_fixture_text_of(g->fact), g->value);
	if (g->signed_size)
		tdx_fixture_flip_all(quote, true, g->signed_size, 41);
	for (size_t size = 0; g->signed_size && size < 5000; size += 131) {
		struct span cut = evidence_sample_copy((struct span){quote.data, size});

		if (size > 4935) /* padding: what signatures cover is whole */
			break;
		assert_false(tdx_fixture_appraise(cut));
	}
}

/* Intel's own test root, told to be one: chain, signatures, TCB information and QE identity hold under it. */
static void test_genuine_test_root(void **state)
{
	static const char *const files[] = {"rootCaCrl.der", "intermediateCaCrl.der", "tcbSignChain.pem", "tcbInfo.json",
					    "qeIdentity.json"};
	struct span quote = {0}, root = {0};
	const char *why = NULL;
	char name[64];

	(void)state;
	tdx_fixture_begin();
	quote = evidence_sample("tdx/v4-intel-testroot.quote.dat");
	root = evidence_sample("tdx/v4-intel-testroot.trustedRootCaCert.pem");
	assert_true(endorsements_add_roots(&tdx_fixture.endorsements, root, &why));
	for (size_t i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "tdx/v4-intel-testroot.%s", files[i]);
		tdx_fixture_add(evidence_sample(name));
	}
	tdx_fixture.a.time = 1640995200;
	assert_false(appraise_genuine(quote));
	assert_non_null(appraisal_find(&tdx_fixture.a, "mrtd"));
	tdx_fixture_assert_refused("TCB information", "does not know this TDX module"); /* made up: version 193 */
}

/* What the README says of this one: its own TCB information, of 2023, has no level for it. */
static void test_genuine_level(void **state)
{
	struct span quote = evidence_sample("tdx/v4-spr-gotdx.bin"), file = evidence_sample("tdx/v4-spr-gotdx.tcbinfo.json");
	struct intel_level_subject subject = {0};
	struct intel_level level = {0};
	struct intel_json json;
	struct tdx_quote parts;
	const char *why = NULL;

	(void)state;
	tdx_fixture_begin();
	assert_true(tdx_quote_read(quote, &parts, &why));
	tdx_fixture_add(parts.certificates);
	assert_true(intel_pck_read(sk_X509_value(tdx_fixture.endorsements.certificates, 0), &subject.pck));
	assert_int_equal(subject.pck.pcesvn, 11);
	assert_int_equal(subject.pck.component[7], 2);
	assert_memory_equal(subject.pck.fmspc, "\x50\x80\x6f\0\0\0", 6);
	subject.tee_tcb_svn = parts.tee_tcb_svn;
	assert_true(intel_json_read(file, "tcbInfo", &json));
	assert_false(intel_level_platform(json.object, &subject, &level));
	assert_string_equal(level.why, "no TCB level of Intel's matches this platform");
	for (size_t i = 0; i < INTEL_PCK_COMPONENTS; i++) /* what it would take */
		subject.pck.component[i] = 255;
	subject.tee_tcb_svn = evidence_sample_copy((struct span){(const uint8_t *)"\377\0\377\377\377\377\377\377\377\377"
									     "\377\377\377\377\377\377", 16});
	assert_true(intel_level_platform(json.object, &subject, &level));
	intel_json_free(&json);
}

#define GENUINE (sizeof(genuine) / sizeof(genuine[0]))

int main(void)
{
	struct CMUnitTest tests[GENUINE + 2] = {
		cmocka_unit_test_setup_teardown(test_genuine_test_root, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_genuine_level, tdx_fixture_setup, tdx_fixture_teardown),
	};

	for (size_t i = 0; i < GENUINE; i++)
		tests[i + 2] = (struct CMUnitTest){genuine[i].quote, test_genuine, tdx_fixture_setup, tdx_fixture_teardown,
						   (void *)(uintptr_t)&genuine[i]};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
