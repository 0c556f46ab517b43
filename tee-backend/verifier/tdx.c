/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of trust through a TDX quote (Intel TDX DCAP Quoting Library API, section 4), then what the TD is.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/chain.h"
#include "verifier/cursor.h"
#include "verifier/ecdsa.h"
#include "verifier/event_log.h"
#include "verifier/intel_tcb.h"
#include "verifier/tdx.h"
#include "verifier/tdx_quote.h"

/* Of the quoting enclave's report. */
#define QE_REPORT_DATA 320

/* TDATTRIBUTES (Intel TDX Module ABI). Bits 0 to 7 open the TD to its host: debugging and profiling. */
#define ATTRIBUTES_UNDER_DEBUG UINT64_C(0xff)
#define ATTRIBUTE_SEPT_VE_DISABLE (UINT64_C(1) << 28)
#define ATTRIBUTE_MIGRATABLE (UINT64_C(1) << 29)
/* LASS, SEPT_VE_DISABLE, MIGRATABLE, PKS, KL, TPA, PERFMON: the rest is reserved and has no known meaning. */
#define ATTRIBUTES_KNOWN                                                                                               \
	(ATTRIBUTES_UNDER_DEBUG | UINT64_C(1) << 27 | ATTRIBUTE_SEPT_VE_DISABLE | ATTRIBUTE_MIGRATABLE |               \
	 UINT64_C(3) << 30 | UINT64_C(3) << 62)

/* Index of RTMR n in an event log is n + 1; index 0 is MRTD (UEFI 2.10, section 38.4.1). */
#define LOG_INDEX(rtmr) ((rtmr) + 1)

struct appraising {
	struct appraisal *a;
	struct tdx_quote quote;
	struct endorsements carried; /* of the quote */
	X509 *pck;                   /* borrowed from there, or from the appraisal's */
};

static X509 *pck_among(STACK_OF(X509) * certificates)
{
	for (int i = 0; i < sk_X509_num(certificates); i++)
		if (intel_pck_is(sk_X509_value(certificates, i)))
			return sk_X509_value(certificates, i);
	return NULL;
}

static bool issued_by_pck_ca(X509 *pck)
{
	static const char *const names[] = {"Intel SGX PCK Platform CA", "Intel SGX PCK Processor CA"};
	char name[64];
	int size = X509_NAME_get_text_by_NID(X509_get_issuer_name(pck), NID_commonName, name, sizeof(name));

	return size > 0 && (strcmp(name, names[0]) == 0 || strcmp(name, names[1]) == 0);
}

static bool judge_chain(struct appraising *t)
{
	struct chain_request request = {.vendor = CHAIN_INTEL, .time = t->a->time, .crl_wanted = true};
	const char *why = NULL;

	if (!endorsements_add(&t->carried, t->quote.certificates, &why))
		return appraisal_check(t->a, "certificate chain", false, "in the quote: %s", why);
	t->pck = pck_among(t->carried.certificates);
	if (!t->pck && t->a->endorsements)
		t->pck = pck_among(t->a->endorsements->certificates);
	if (!t->pck)
		return appraisal_check(t->a, "certificate chain", false, "no PCK certificate");
	if (!issued_by_pck_ca(t->pck) || !ecdsa_is_on(X509_get0_pubkey(t->pck), "P-256"))
		return appraisal_check(t->a, "certificate chain", false, "not a PCK certificate");
	request.leaf = t->pck;
	request.carried = t->carried.certificates;
	return chain_verify(t->a, &request);
}

/* The PCK's key speaks for the quoting enclave, which speaks for its attestation key. */
static bool judge_enclave(struct appraising *t)
{
	const struct tdx_quote *q = &t->quote;
	struct span report_data = cursor_slice(q->qe_report, QE_REPORT_DATA, 64);
	uint8_t hash[TPM_HASH_SIZE_MAX];
	bool bound = false;

	if (!ecdsa_verify(X509_get0_pubkey(t->pck), EVP_sha256(), q->qe_signature, q->qe_report, (struct span){0}))
		return appraisal_check(t->a, "QE report", false, "not signed by the PCK certificate's key");
	appraisal_check(t->a, "QE report", true, "signed by the PCK certificate's key");
	bound = tpm_hash_two(TPM_HASH_SHA256, q->attestation_key, q->qe_authentication, hash) &&
		memcmp(report_data.data, hash, 32) == 0 && cursor_all(cursor_slice(report_data, 32, 32), 0);
	return appraisal_check(t->a, "attestation key", bound, "%s",
			       bound ? "the quoting enclave's" : "the quoting enclave speaks for another one");
}

static bool judge_signature(struct appraising *t)
{
	const struct tdx_quote *q = &t->quote;
	EVP_PKEY *key = ecdsa_key("P-256", q->attestation_key);
	bool good = ecdsa_verify(key, EVP_sha256(), q->signature, q->signed_part, (struct span){0});

	EVP_PKEY_free(key);
	return appraisal_check(t->a, "signature", good, "%s",
			       good ? "by the attestation key" : "not by the attestation key");
}

static uint64_t number(struct span bytes)
{
	struct cursor c;

	cursor_init(&c, bytes);
	return cursor_le64(&c);
}

/* What the firmware has not extended before it starts something else is zeros until then, and open to what it started. */
#define RTMRS_OF_FIRMWARE 2

/* A register that was never extended measures no code. */
static void fact_measurement(struct appraisal *a, const char *name, struct span value, bool by_firmware)
{
	if (cursor_all(value, 0))
		appraisal_bytes(a, name, value);
	else if (!by_firmware)
		appraisal_self_reported(a, name, value);
	else
		appraisal_pin(a, name, value);
}

static void add_facts(struct appraising *t)
{
	static const char *const rtmrs[TDX_QUOTE_RTMRS] = {"rtmr0", "rtmr1", "rtmr2", "rtmr3"};
	struct appraisal *a = t->a;
	const struct tdx_quote *q = &t->quote;
	uint64_t attributes = number(q->tdattributes);

	appraisal_number(a, "version", q->version);
	fact_measurement(a, "mrtd", q->mrtd, true);
	for (size_t i = 0; i < TDX_QUOTE_RTMRS; i++)
		fact_measurement(a, rtmrs[i], q->rtmr[i], i < RTMRS_OF_FIRMWARE);
	appraisal_bytes(a, "mrconfigid", q->mrconfigid);
	appraisal_bytes(a, "mrowner", q->mrowner);
	appraisal_bytes(a, "mrownerconfig", q->mrownerconfig);
	appraisal_bytes(a, "mrseam", q->mrseam);
	appraisal_bytes(a, "mrsignerseam", q->mrsignerseam);
	appraisal_bytes(a, "seam-attributes", q->seamattributes);
	appraisal_bytes(a, "td-attributes", q->tdattributes);
	appraisal_bytes(a, "xfam", q->xfam);
	appraisal_bytes(a, "tee-tcb-svn", q->tee_tcb_svn);
	if (q->tee_tcb_svn_2.data) {
		appraisal_bytes(a, "tee-tcb-svn-2", q->tee_tcb_svn_2);
		appraisal_bytes(a, "mrservicetd", q->mrservicetd);
	}
	appraisal_bytes(a, "report-data", q->report_data);
	appraisal_flag(a, "debug", attributes & ATTRIBUTES_UNDER_DEBUG);
	appraisal_flag(a, "migratable", attributes & ATTRIBUTE_MIGRATABLE);
	appraisal_flag(a, "sept-ve-disable", attributes & ATTRIBUTE_SEPT_VE_DISABLE);
}

static bool judge_attributes(struct appraising *t)
{
	struct appraisal *a = t->a;
	uint64_t attributes = number(t->quote.tdattributes);
	bool debug = attributes & ATTRIBUTES_UNDER_DEBUG, migratable = attributes & ATTRIBUTE_MIGRATABLE;

	if (debug && !appraisal_allows(a, POLICY_ALLOW_DEBUG))
		return appraisal_check(a, "debug", false, "the host can look into this TD (attributes %016llx)",
				       (unsigned long long)attributes);
	appraisal_check(a, "debug", true, "%s", debug ? "the host can look into this TD, as the policy allows" : "off");
	if (migratable && !appraisal_allows(a, POLICY_ALLOW_MIGRATABLE))
		return appraisal_check(a, "migration", false, "this TD can be migrated");
	appraisal_check(a, "migration", true, "%s", migratable ? "this TD can be migrated, as the policy allows" : "off");
	if ((attributes & ~ATTRIBUTES_KNOWN) && !appraisal_expected(a, "td-attributes"))
		return appraisal_check(a, "attributes", false, "%016llx has bits of unknown meaning",
				       (unsigned long long)attributes);
	return true;
}

/* Intel signs its module's successors too; a module by another signer would be another trusted base. */
static bool judge_module(struct appraising *t)
{
	const struct tdx_quote *q = &t->quote;

	if (!cursor_all(q->mrsignerseam, 0) && !appraisal_expected(t->a, "mrsignerseam"))
		return appraisal_check(t->a, "TDX module", false, "signed by another than Intel");
	if (!cursor_all(q->seamattributes, 0) && !appraisal_expected(t->a, "seam-attributes"))
		return appraisal_check(t->a, "TDX module", false, "has attributes (debug or reserved)");
	return appraisal_check(t->a, "TDX module", true, "signed by Intel");
}

static bool judge_tcb(struct appraising *t)
{
	struct intel_level_subject subject = {
		.tee_tcb_svn = t->quote.tee_tcb_svn,
		.tee_tcb_svn_2 = t->quote.tee_tcb_svn_2,
		.mrsigner_seam = t->quote.mrsignerseam,
		.seam_attributes = t->quote.seamattributes,
		.qe_report = t->quote.qe_report,
	};
	char fmspc[2 * sizeof(subject.pck.fmspc) + 1];

	if (!intel_pck_read(t->pck, &subject.pck))
		return appraisal_check(t->a, "PCK certificate", false, "its SGX extension is not of Intel's form");
	for (size_t i = 0; i < sizeof(subject.pck.fmspc); i++)
		snprintf(fmspc + 2 * i, 3, "%02x", subject.pck.fmspc[i]);
	appraisal_text(t->a, "fmspc", span_text(fmspc));
	appraisal_number(t->a, "pcesvn", subject.pck.pcesvn);
	return intel_tcb_appraise(t->a, &subject);
}

/*
 * RTMR0 to 2 are the firmware's and the kernel's: their log must be whole. RTMR3 is extended by programs, which do not
 * write to this log: it is compared when the log has events of it.
 */
static bool judge_log(struct appraising *t, struct span log)
{
	struct event_log_values values;
	const char *why = NULL;
	uint32_t trusted = 0;

	if (!log.data)
		return true;
	if (!event_log_replay(log, TPM_HASH_SHA384, &values, &why))
		return appraisal_check(t->a, "event log", false, "%s", why);
	for (size_t i = LOG_INDEX(TDX_QUOTE_RTMRS); i < EVENT_LOG_REGISTERS; i++)
		if (values.events[i])
			return appraisal_check(t->a, "event log", false, "it has events of RTMR%zu, which there is not", i - 1);
	for (size_t i = 0; i < TDX_QUOTE_RTMRS; i++) {
		size_t index = LOG_INDEX(i);
		bool equal = memcmp(values.value[index], t->quote.rtmr[i].data, values.size) == 0;

		if (!equal && (i < 3 || values.events[index]))
			return appraisal_check(t->a, "event log", false, "it does not replay to RTMR%zu", i);
		trusted |= (uint32_t)equal << index;
	}
	appraisal_check(t->a, "event log", true, "replays to the RTMRs");
	event_log_facts(t->a, log, TPM_HASH_SHA384, trusted, true);
	return true;
}

static bool judge(struct appraising *t, struct span quote, struct span event_log)
{
	const char *why = NULL;

	if (!tdx_quote_read(quote, &t->quote, &why))
		return appraisal_check(t->a, "form", false, "%s", why);
	appraisal_check(t->a, "form", true, "TDX quote, version %u", t->quote.version);
	if (!judge_chain(t) || !judge_enclave(t) || !judge_signature(t))
		return false;
	t->a->tee = true;
	add_facts(t);
	return appraisal_report_data(t->a, t->quote.report_data, false) && judge_attributes(t) && judge_module(t) &&
	       judge_tcb(t) && judge_log(t, event_log);
}

bool tdx_appraise(struct appraisal *a, struct span quote, struct span event_log)
{
	struct appraising t = {.a = a};
	bool good = false;

	a->platform = "tdx";
	a->tee = false;
	good = judge(&t, quote, event_log);
	endorsements_free(&t.carried);
	return good;
}
