/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes of TDs: what Intel's platforms have signed is judged as their collateral says, a good quote by keys of our own
 * passes only under their root, and each thing bent is refused by the check that it concerns.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/event_log.h"
#include "verifier/intel_level.h"

#include "evidence_sample.h"
#include "tdx_fixture.h"

#include "cmocka_test.h"

/* ---- bending: bytes at an offset of one part, or one word of JSON for another ---- */

static struct {
	enum tdx_signer_part part;
	size_t offset;
	uint8_t with; /* xor */
	const char *from, *to;
	long resize; /* bytes to add or cut */
} bent;

static void bender(struct tdx_signer *s, enum tdx_signer_part part, struct buffer *bytes)
{
	struct buffer changed = {0};
	uint8_t *at = NULL;

	(void)s;
	if (part != bent.part)
		return;
	if (bent.from) {
		at = memmem(bytes->data, bytes->size, bent.from, strlen(bent.from));
		assert_non_null(at);
		assert_true(buffer_append(&changed, bytes->data, (size_t)(at - bytes->data)));
		assert_true(buffer_append(&changed, bent.to, strlen(bent.to)));
		at += strlen(bent.from);
		assert_true(buffer_append(&changed, at, bytes->size - (size_t)(at - bytes->data)));
		assert_true(buffer_set(bytes, changed.data, changed.size));
		buffer_free(&changed);
	} else if (bent.resize) {
		assert_true(buffer_resize(bytes, (size_t)((long)bytes->size + bent.resize)));
	} else {
		bytes->data[bent.offset] ^= bent.with;
	}
}

static void bend_byte(enum tdx_signer_part part, size_t offset, uint8_t with)
{
	memset(&bent, 0, sizeof(bent));
	bent.part = part;
	bent.offset = offset;
	bent.with = with;
	tdx_fixture.signer->bend = bender;
}

static void bend_text(enum tdx_signer_part part, const char *from, const char *to)
{
	bend_byte(part, 0, 0);
	bent.from = from;
	bent.to = to;
}

static void bend_size(enum tdx_signer_part part, long resize)
{
	bend_byte(part, 0, 0);
	bent.resize = resize;
}

/* The signer's members go back to what they were made with. */
static void fresh(void)
{
	tdx_signer_free(&tdx_fixture.signer);
	tdx_fixture_begin();
}

/* ---- good ones ---- */

static void test_good(void **state)
{
	(void)state;
	tdx_fixture_good();
	assert_string_equal(tdx_fixture_text_of("tcb-status"), "UpToDate");
	assert_string_equal(tdx_fixture_text_of("tcb-date"), "2026-01-14T00:00:00Z");
	assert_string_equal(tdx_fixture_text_of("fmspc"), "90c06f000000");
	assert_int_equal(appraisal_find(&tdx_fixture.a, "tcb-evaluation-number")->number, 18);
	assert_true(appraisal_find(&tdx_fixture.a, "mrtd")->pins);
	assert_true(appraisal_find(&tdx_fixture.a, "rtmr1")->pins);
	for (int i = 2; i < 4; i++) {
		assert_false(appraisal_find(&tdx_fixture.a, i == 2 ? "rtmr2" : "rtmr3")->pins);
		assert_true(appraisal_find(&tdx_fixture.a, i == 2 ? "rtmr2" : "rtmr3")->self_reported);
	}
	assert_false(appraisal_find(&tdx_fixture.a, "mrconfigid")->pins);
	assert_int_equal(appraisal_find(&tdx_fixture.a, "mrtd")->bytes.data[47], 0x11);
	assert_int_equal(appraisal_find(&tdx_fixture.a, "rtmr2")->bytes.data[0], 0x22);
	assert_int_equal(appraisal_find(&tdx_fixture.a, "mrservicetd")->bytes.size, 48);
	assert_string_equal(tdx_fixture.a.platform, "tdx");
}

static void test_good_versions(void **state)
{
	(void)state;
	tdx_fixture.version = 4;
	tdx_fixture.body_size = TDX_SIGNER_BODY_SIZE;
	tdx_fixture_good();
	assert_null(appraisal_find(&tdx_fixture.a, "mrservicetd"));
	tdx_fixture_begin();
	tdx_fixture.body_size = TDX_SIGNER_BODY_SIZE;
	tdx_fixture_good();
	/* A register of zeros measures nothing. */
	tdx_fixture_begin();
	memset(tdx_fixture.body + 328, 0, 48);
	tdx_fixture_good();
	assert_false(appraisal_find(&tdx_fixture.a, "rtmr0")->pins);
}

/* ---- form ---- */

static void test_form(void **state)
{
	static const struct {
		size_t offset;
		uint8_t with;
		const char *words;
	} cases[] = {
		{0, 1 ^ 5 ^ 4 ^ 3, "version"},       {2, 1, "attestation key"}, {4, 0x81, "not a quote of a TD"},
		{12, 1, "another vendor"},           {48, 1, "type or size"},   {48, 2, "type or size"},
		{50, 0x40, "type or size"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tdx_fixture_begin();
		bend_byte(TDX_SIGNER_SIGNED, cases[i].offset, cases[i].with);
		tdx_fixture_refused("form", cases[i].words);
	}
	for (size_t offset = 48 + 6 + 648; offset < 48 + 6 + 648 + 4; offset++) {
		tdx_fixture_begin();
		bend_byte(TDX_SIGNER_QUOTE, offset, 1); /* size of the signature's data */
		tdx_fixture_refused("form", "");
	}
	tdx_fixture_begin();
	bend_size(TDX_SIGNER_QUOTE, -1);
	tdx_fixture_refused("form", "ends in its signature");
	tdx_fixture_begin();
	bend_size(TDX_SIGNER_QUOTE, 70); /* padding */
	tdx_fixture_good();
}

static void test_truncated(void **state)
{
	(void)state;
	tdx_fixture_make();
	for (size_t size = 0; size < tdx_fixture.quote.size; size++) {
		struct span cut = evidence_sample_copy((struct span){tdx_fixture.quote.data, size});

		assert_false(tdx_fixture_appraise(cut));
		tdx_fixture_assert_refused("form", "");
		assert_int_equal(tdx_fixture.a.fact_count, 0);
		if (size % 1000 == 999)
			evidence_sample_free(NULL);
	}
}

/* ---- the way of trust ---- */

static void test_root(void **state)
{
	(void)state;
	tdx_fixture.no_root = true;
	tdx_fixture_refused("certificate chain", "");
	assert_int_equal(tdx_fixture.a.fact_count, 0);
}

static void test_pck_ca(void **state)
{
	(void)state;
	tdx_fixture.signer->pck_ca_name = "Intel SGX TCB Signing CA";
	assert_true(tdx_signer_certify(tdx_fixture.signer));
	tdx_fixture_refused("certificate chain", "not a PCK certificate");
}

static void test_revoked(void **state)
{
	(void)state;
	tdx_fixture.signer->pck_revoked = true;
	tdx_fixture_refused("revocation", "revoked");
	fresh();
	tdx_fixture.signer->pck_ca_revoked = true;
	tdx_fixture_refused("revocation", "revoked");
}

static void test_signatures(void **state)
{
	(void)state;
	tdx_fixture.signer->quote_signer = TDX_SIGNER_PCK;
	tdx_fixture_refused("signature", "");
	fresh();
	tdx_fixture.signer->qe_signer = TDX_SIGNER_ATTESTATION;
	tdx_fixture_refused("QE report", "");
	assert_int_equal(tdx_fixture.a.fact_count, 1); /* the root that was given */
	fresh();
	bend_byte(TDX_SIGNER_QE_REPORT, 320, 1);
	tdx_fixture_refused("attestation key", "another");
	tdx_fixture_begin();
	bend_byte(TDX_SIGNER_QE_REPORT, 320 + 63, 1);
	tdx_fixture_refused("attestation key", "another");
	tdx_fixture_begin();
	bend_byte(TDX_SIGNER_QUOTE, 48 + 6 + 136, 1);
	tdx_fixture_refused("signature", "");
}

static void test_report_data(void **state)
{
	(void)state;
	tdx_fixture_make();
	tdx_fixture.report_data[63] ^= 1;
	assert_false(tdx_fixture_appraise(buffer_span(&tdx_fixture.quote)));
	tdx_fixture_assert_refused("report data", "other claims");
}

static void test_pck_extension(void **state)
{
	static const size_t offsets[] = {0, 4, 6, 8};

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		fresh();
		bend_byte(TDX_SIGNER_PCK_EXTENSION, offsets[i], 0x40);
		assert_true(tdx_signer_certify(tdx_fixture.signer));
		tdx_fixture_refused("PCK certificate", "");
	}
	fresh();
	bend_size(TDX_SIGNER_PCK_EXTENSION, 2); /* bytes after it */
	assert_true(tdx_signer_certify(tdx_fixture.signer));
	tdx_fixture_refused("PCK certificate", "");
	fresh();
}

/* ---- the TD ---- */

static void test_attributes(void **state)
{
	(void)state;
	for (int bit = 0; bit < 8; bit++) {
		tdx_fixture_begin();
		tdx_fixture.body[120] = (uint8_t)(1 << bit);
		tdx_fixture_refused("debug", "look into");
	}
	tdx_fixture_begin();
	tdx_fixture_policy("{\"version\":1,\"allow\":[\"debug\"]}");
	tdx_fixture.body[120] = 1;
	tdx_fixture_good();
	assert_int_equal(appraisal_find(&tdx_fixture.a, "debug")->number, 1);
	tdx_fixture_begin();
	tdx_fixture.body[123] |= 0x20;
	tdx_fixture_refused("migration", "migrated");
	tdx_fixture_begin();
	tdx_fixture_policy("{\"version\":1,\"allow\":[\"migratable\"]}");
	tdx_fixture.body[123] |= 0x20;
	tdx_fixture_good();
	tdx_fixture_begin();
	tdx_fixture.body[122] = 0x01;
	tdx_fixture_refused("attributes", "unknown");
	tdx_fixture_begin();
	tdx_fixture.body[64] = 1; /* MRSIGNERSEAM */
	tdx_fixture_refused("TDX module", "another");
	tdx_fixture_begin();
	tdx_fixture.body[112] = 1; /* SEAMATTRIBUTES */
	tdx_fixture_refused("TDX module", "debug");
	/* Where the policy takes over, Intel's identity still judges. */
	tdx_fixture_begin();
	tdx_fixture_policy("{\"version\":1,\"tdx\":{\"seam-attributes\":\"hex:0100000000000000\"}}");
	tdx_fixture.body[112] = 1;
	tdx_fixture_refused("TCB information", "attributes");
}

static void test_expectations(void **state)
{
	(void)state;
	tdx_fixture_policy("{\"version\":1,\"tdx\":{\"tcb-evaluation-number\":{\"min\":18},\"fmspc\":\"90c06f000000\",\"debug\":false}}");
	tdx_fixture_good();
	tdx_fixture_begin();
	tdx_fixture_policy("{\"version\":1,\"tdx\":{\"tcb-evaluation-number\":{\"min\":19}}}");
	tdx_fixture_refused("tcb-evaluation-number", "18");
	tdx_fixture_begin();
	tdx_fixture_policy("{\"version\":1,\"tdx\":{\"rtmr1\":\"hex:00\"}}");
	tdx_fixture_refused("rtmr1", "2121");
}

/* ---- Intel's collateral ---- */

static void test_tcb_status(void **state)
{
	static const char *const names[] = {"SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded",
					    "OutOfDate", "OutOfDateConfigurationNeeded"};
	char json[200];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		tdx_fixture_begin();
		tdx_fixture.signer->status = names[i];
		tdx_fixture_refused("TCB", names[i]);
		tdx_fixture_begin();
		snprintf(json, sizeof(json), "{\"version\":1,\"tdx\":{\"tcb-status\":[\"UpToDate\",\"%s\"]}}", names[i]);
		tdx_fixture_policy(json);
		tdx_fixture_good();
		tdx_fixture_begin();
		tdx_fixture_policy("{\"version\":1,\"tdx\":{\"tcb-status\":[\"UpToDate\"]}}");
		tdx_fixture_refused("tcb-status", names[i]);
		tdx_fixture_begin();
		tdx_fixture_policy("{\"version\":1,\"allow\":[\"old-tcb\"]}");
		tdx_fixture_good();
	}
	tdx_fixture_begin();
	tdx_fixture_policy("{\"version\":1,\"allow\":[\"old-tcb\"],\"tdx\":{\"tcb-status\":[\"UpToDate\",\"Revoked\"]}}");
	tdx_fixture.signer->status = "Revoked";
	tdx_fixture_refused("TCB", "Revoked");
	tdx_fixture_begin();
	tdx_fixture.signer->status = "Splendid";
	tdx_fixture_refused("TCB information", "not known");
}

/* In both places: the module that launched the TD runs still. */
static void module_svn(uint8_t svn, uint8_t version, uint8_t platform)
{
	const uint8_t all[] = {svn, version, platform};

	memcpy(tdx_fixture.body, all, sizeof(all));
	memcpy(tdx_fixture.body + 584, all, sizeof(all));
}

/* TEE_TCB_SVN_2: the module was replaced under the TD. */
static void test_relaunch(void **state)
{
	(void)state;
	tdx_fixture.body[0] = 4;
	tdx_fixture_refused("TCB", "TDRelaunchAdvised, expected");
	assert_string_equal(tdx_fixture_text_of("tcb-status"), "TDRelaunchAdvised");
	tdx_fixture_begin();
	tdx_fixture.body[0] = 4;
	tdx_fixture_policy("{\"version\":1,\"tdx\":{\"tcb-status\":[\"UpToDate\",\"TDRelaunchAdvised\"]}}");
	tdx_fixture_good();
	tdx_fixture_begin();
	tdx_fixture.body[0] = 4;
	tdx_fixture.signer->status = "ConfigurationNeeded";
	tdx_fixture_refused("TCB", "TDRelaunchAdvisedConfigurationNeeded");
	/* A new launch does not help where the rest is out of date. */
	fresh();
	tdx_fixture.body[0] = 4;
	tdx_fixture.signer->qe_status = "OutOfDate";
	tdx_fixture_refused("TCB", "OutOfDate, expected");
	/* What runs now is judged too. */
	fresh();
	tdx_fixture.body[584] = 4;
	tdx_fixture_refused("TCB", "OutOfDate, expected");
	tdx_fixture_begin();
	tdx_fixture.body[584] = 1;
	tdx_fixture_refused("TCB information", "no level");
	tdx_fixture_begin();
	tdx_fixture.body[585] = 2;
	tdx_fixture_refused("TCB information", "does not know");
	/* No level of Intel's is of that name: it is a conclusion. */
	tdx_fixture_begin();
	tdx_fixture.signer->status = "TDRelaunchAdvised";
	tdx_fixture_refused("TCB information", "not known");
	fresh();
}

static void test_worst(void **state)
{
	(void)state;
	tdx_fixture.signer->qe_status = "SWHardeningNeeded";
	tdx_fixture_refused("TCB", "SWHardeningNeeded");
	tdx_fixture_begin();
	tdx_fixture.signer->module_status = "OutOfDate";
	tdx_fixture_refused("TCB", "OutOfDate, expected");
	tdx_fixture_begin();
	tdx_fixture.signer->status = "ConfigurationNeeded";
	tdx_fixture_refused("TCB", "OutOfDateConfigurationNeeded");
	fresh();
	module_svn(4, 1, 3); /* the module's SVN: its second level */
	tdx_fixture_refused("TCB", "OutOfDate");
	assert_string_equal(tdx_fixture_text_of("tcb-date"), "2024-02-11T00:00:00Z");
	tdx_fixture_begin();
	module_svn(1, 1, 3);
	tdx_fixture_refused("TCB information", "no level");
	tdx_fixture_begin();
	module_svn(5, 1, 2); /* the platform's */
	tdx_fixture_refused("TCB", "OutOfDate");
	tdx_fixture_begin();
	module_svn(5, 2, 3);
	tdx_fixture_refused("TCB information", "does not know");
	tdx_fixture_begin();
	module_svn(5, 0, 3); /* TDX 1.0: the first components count as the platform's */
	tdx_fixture_good();
	/* One component of the PCK certificate, and the PCE. */
	tdx_fixture_begin();
	tdx_fixture.signer->component[7] = 4;
	assert_true(tdx_signer_certify(tdx_fixture.signer));
	bend_text(TDX_SIGNER_TCB_INFO, "{\"svn\":4},{\"svn\":0},{\"svn\":0}", "{\"svn\":5},{\"svn\":0},{\"svn\":0}");
	tdx_fixture_refused("TCB", "OutOfDate");
	fresh();
	bend_text(TDX_SIGNER_TCB_INFO, "\"pcesvn\":13", "\"pcesvn\":14");
	tdx_fixture_refused("TCB", "OutOfDate");
}

static void test_tcb_info(void **state)
{
	static const char *const cases[][3] = {
		{"\"id\":\"TDX\"", "\"id\":\"SGX\"", "not for TDX"},
		{"\"version\":3", "\"version\":2", "another version"},
		{"\"fmspc\":\"90c06f000000\"", "\"fmspc\":\"90c06f000001\"", "another platform"},
		{"\"pceId\":\"0000\"", "\"pceId\":\"0001\"", "another platform"},
		{"\"issueDate\":\"2026", "\"issueDate\":\"2027", "later time"},
		{"\"nextUpdate\":\"2026", "\"nextUpdate\":\"2025", "out of date"},
		{"\"issueDate\":\"2026-0", "\"issueDate\":\"2026-6", "members"},
		{"\"tcbEvaluationDataNumber\":18", "\"tcbEvaluationDataNumber\":-1", "members"},
		{"\"sgxtcbcomponents\":[{\"svn\":4},", "\"sgxtcbcomponents\":[", "components"},
		{"\"tdxModuleIdentities\"", "\"tdxModuleIdentitiez\"", "does not know"},
		{NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; cases[i][1]; i++) {
		tdx_fixture_begin();
		bend_text(TDX_SIGNER_TCB_INFO, cases[i][0], cases[i][1]);
		tdx_fixture_refused("TCB information", cases[i][2]);
	}
	/* Signed by another, or changed after signing. */
	tdx_fixture_begin();
	bend_text(TDX_SIGNER_TCB_FILE, "\"tcbType\":0", "\"tcbType\":1");
	tdx_fixture_refused("TCB information", "no good signature");
	tdx_fixture_begin();
	bend_text(TDX_SIGNER_TCB_FILE, "{\"tcbInfo\":", "{\"tcbInfo\": "); /* white space outside is nobody's */
	tdx_fixture_good();
	tdx_fixture_begin();
	bend_text(TDX_SIGNER_TCB_FILE, "\"tcbType\":0", "\"tcbType\": 0"); /* inside it is signed */
	tdx_fixture_refused("TCB information", "no good signature");
	tdx_fixture_begin();
	tdx_fixture.signer->json_signer = TDX_SIGNER_PCK;
	tdx_fixture_refused("TCB information", "no good signature");
	fresh();
	tdx_fixture.signer->tcb_name = "Intel SGX PCK Certificate";
	assert_true(tdx_signer_certify(tdx_fixture.signer));
	tdx_fixture_refused("TCB information", "no good signature");
	fresh();
}

static void test_qe_identity(void **state)
{
	static const char *const cases[][3] = {
		{"\"id\":\"TD_QE\"", "\"id\":\"QE\"", "not for TDX"},
		{"\"version\":2", "\"version\":3", "another version"},
		{"\"nextUpdate\":\"2026", "\"nextUpdate\":\"2025", "out of date"},
		{"\"mrsigner\":\"0d", "\"mrsigner\":\"0e", "another signer"},
		{"\"isvprodid\":2", "\"isvprodid\":1", "another product"},
		{"\"attributes\":\"11", "\"attributes\":\"12", "other attributes"},
		{"\"miscselect\":\"00", "\"miscselect\":\"01", "other attributes"},
		{"\"attributesMask\":\"FB", "\"attributesMask\":\"F", "members"},
		{NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; cases[i][2]; i++) {
		tdx_fixture_begin();
		bend_text(TDX_SIGNER_QE_IDENTITY, cases[i][0], cases[i][1]);
		tdx_fixture_refused("QE identity", cases[i][2]);
	}
	tdx_fixture_begin();
	bend_byte(TDX_SIGNER_QE_REPORT, 258, 4 ^ 3);
	tdx_fixture_refused("TCB", "OutOfDate");
	tdx_fixture_begin();
	bend_byte(TDX_SIGNER_QE_REPORT, 258, 4 ^ 0);
	tdx_fixture_refused("QE identity", "no level");
	tdx_fixture_begin();
	bend_byte(TDX_SIGNER_QE_REPORT, 48, 0x02); /* a quoting enclave under debug */
	tdx_fixture_refused("QE identity", "other attributes");
	tdx_fixture_begin();
	bend_text(TDX_SIGNER_QE_FILE, "\"isvprodid\":2", "\"isvprodid\":3");
	tdx_fixture_refused("QE identity", "no good signature");
}

static void test_time(void **state)
{
	(void)state;
	tdx_fixture.a.time = NOW + 31 * DAY;
	tdx_fixture_refused("revocation", "");
	tdx_fixture_begin();
	tdx_fixture.a.time = NOW + (int64_t)4000 * DAY;
	tdx_fixture_refused("certificate chain", "");
	tdx_fixture_begin();
	tdx_fixture.a.time = NOW - 2 * DAY;
	tdx_fixture_refused("certificate chain", "");
}

static void intels_qe(struct tdx_signer *s, enum tdx_signer_part part, struct buffer *bytes)
{
	static const uint8_t mrsigner[32] = {0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34,
					     0xa7, 0xfc, 0x43, 0xed, 0x03, 0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba,
					     0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5};

	(void)s;
	if (part == TDX_SIGNER_QE_REPORT)
		memcpy(bytes->data + 128, mrsigner, sizeof(mrsigner));
}

static void test_no_collateral(void **state)
{
	struct buffer crls = {0};

	(void)state;
	tdx_fixture.no_collateral = true;
	tdx_fixture_refused("revocation", "");
	tdx_fixture_begin();
	tdx_fixture.no_collateral = true;
	assert_true(tdx_signer_crls(tdx_fixture.signer, &crls));
	tdx_fixture_add(buffer_span(&crls));
	tdx_fixture_refused("TCB information", "does not allow its lack");
	tdx_fixture_begin();
	tdx_fixture.no_collateral = true;
	tdx_fixture_policy("{\"version\":1,\"allow\":[\"no-revocation\"]}");
	tdx_fixture_refused("QE identity", "not Intel's");
	tdx_fixture_begin();
	tdx_fixture.no_collateral = true;
	tdx_fixture_policy("{\"version\":1,\"allow\":[\"no-revocation\"]}");
	tdx_fixture.signer->bend = intels_qe;
	tdx_fixture_good();
	assert_null(appraisal_find(&tdx_fixture.a, "tcb-status"));
	buffer_free(&crls);
}

/* A newer one beside an older: the newer decides; a forged one beside a good one does no harm. */
static void test_several(void **state)
{
	struct buffer other = {0};

	(void)state;
	tdx_fixture.signer->evaluation = 17;
	tdx_fixture.signer->status = "OutOfDate";
	assert_true(tdx_signer_tcb_info(tdx_fixture.signer, &other));
	tdx_fixture.signer->evaluation = 18;
	tdx_fixture.signer->status = "UpToDate";
	tdx_fixture_add(buffer_span(&other));
	tdx_fixture_good();
	tdx_fixture_begin();
	buffer_reset(&other);
	tdx_fixture.signer->evaluation = 99;
	tdx_fixture.signer->json_signer = TDX_SIGNER_ATTESTATION;
	assert_true(tdx_signer_tcb_info(tdx_fixture.signer, &other));
	tdx_fixture.signer->evaluation = 18;
	tdx_fixture.signer->json_signer = TDX_SIGNER_TCB;
	tdx_fixture_add(buffer_span(&other));
	tdx_fixture_good();
	buffer_free(&other);
}

/* ---- event log ---- */

static struct buffer log_made;

static void put(const void *data, size_t size)
{
	assert_true(buffer_append(&log_made, data, size));
}

static void put32(uint32_t v)
{
	put((uint8_t[]){(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)}, 4);
}

static void log_head(void)
{
	static const uint8_t zero[20];

	buffer_free(&log_made);
	put32(1);
	put32(EVENT_LOG_EV_NO_ACTION);
	put(zero, 20);
	put32(33);
	put("Spec ID Event03\0\0\0\0\0\0\2\0\2\1\0\0\0\x0c\0\x30\0\0", 33);
}

static void log_event(uint32_t index, const char *measured, const char *logged)
{
	uint8_t digest[TPM_HASH_SIZE_MAX];

	assert_true(tpm_hash_two(TPM_HASH_SHA384, span_text(measured), (struct span){0}, digest));
	put32(index);
	put32(EVENT_LOG_EV_IPL);
	put32(1);
	put("\x0c\0", 2);
	put(digest, 48);
	put32((uint32_t)strlen(logged) + 1);
	put(logged, strlen(logged) + 1);
}

static void good_log(void)
{
	struct event_log_values values;
	const char *why = NULL;

	log_head();
	log_event(1, "firmware", "?");
	log_event(2, "loader", "?");
	log_event(3, "/vmlinuz quiet", "kernel_cmdline: /vmlinuz quiet");
	assert_true(event_log_replay(buffer_span(&log_made), TPM_HASH_SHA384, &values, &why));
	for (size_t i = 0; i < 3; i++)
		memcpy(tdx_fixture.body + 328 + 48 * i, values.value[i + 1], 48);
	tdx_fixture.event_log = buffer_span(&log_made);
}

static void test_event_log(void **state)
{
	(void)state;
	good_log();
	tdx_fixture_good();
	assert_string_equal(tdx_fixture_text_of("cmdline"), "/vmlinuz quiet");
	tdx_fixture_begin();
	good_log();
	tdx_fixture.body[328 + 48] ^= 1;
	tdx_fixture_refused("event log", "RTMR1");
	tdx_fixture_begin();
	good_log();
	log_event(4, "an application", "?"); /* RTMR3 has another value */
	tdx_fixture.event_log = buffer_span(&log_made);
	tdx_fixture_refused("event log", "RTMR3");
	tdx_fixture_begin();
	good_log();
	log_event(5, "x", "?");
	tdx_fixture.event_log = buffer_span(&log_made);
	tdx_fixture_refused("event log", "which there is not");
	tdx_fixture_begin();
	good_log();
	tdx_fixture.event_log.size--;
	tdx_fixture_refused("event log", "ends within");
	buffer_free(&log_made);
}

/* ---- each byte ---- */

static void test_flipped(void **state)
{
	(void)state;
	tdx_fixture_make();
	tdx_fixture_flip_all(buffer_span(&tdx_fixture.quote), true, 48 + 6 + 648 + 4 + 64 + 64 + 6 + 384 + 64 + 2 + 32 + 6, 5);
}



static void test_converge(void **state)
{
	(void)state;
	for (enum intel_level_status i = 0; i <= INTEL_LEVEL_UNKNOWN; i++) {
		assert_int_equal(intel_level_converge(i, INTEL_LEVEL_UP_TO_DATE), i);
		assert_int_equal(intel_level_converge(INTEL_LEVEL_REVOKED, i), i > INTEL_LEVEL_REVOKED ? i : INTEL_LEVEL_REVOKED);
		for (enum intel_level_status j = 0; j <= INTEL_LEVEL_UNKNOWN; j++) {
			assert_int_equal(intel_level_converge(i, j), intel_level_converge(j, i));
			assert_true(intel_level_converge(i, j) >= i);
		}
	}
	assert_int_equal(intel_level_converge(INTEL_LEVEL_CONFIGURATION, INTEL_LEVEL_OUT_OF_DATE),
			 INTEL_LEVEL_OUT_OF_DATE_CONFIGURATION);
	assert_int_equal(intel_level_converge(INTEL_LEVEL_SW_HARDENING, INTEL_LEVEL_OUT_OF_DATE), INTEL_LEVEL_OUT_OF_DATE);
	assert_int_equal(intel_level_relaunch(INTEL_LEVEL_OUT_OF_DATE, INTEL_LEVEL_REVOKED), INTEL_LEVEL_REVOKED);
	assert_int_equal(intel_level_relaunch(INTEL_LEVEL_REVOKED, INTEL_LEVEL_UP_TO_DATE), INTEL_LEVEL_REVOKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_good_versions, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_form, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_truncated, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_root, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pck_ca, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_revoked, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_signatures, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_report_data, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pck_extension, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_attributes, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_expectations, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_tcb_status, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_relaunch, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_worst, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_tcb_info, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_qe_identity, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_time, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_no_collateral, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_several, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_event_log, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_flipped, tdx_fixture_setup, tdx_fixture_teardown),
		cmocka_unit_test_setup_teardown(test_converge, tdx_fixture_setup, tdx_fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
