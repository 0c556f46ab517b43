/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the quote to what was booted: key, signature, PCR values, logs.
 */
#include "config.h"

#include <openssl/x509.h>
#include <string.h>

#include "common/cbor_reader.h"
#include "common/hex.h"
#include "verifier/chain.h"
#include "verifier/event_log.h"
#include "verifier/hcl.h"
#include "verifier/ima_log.h"
#include "verifier/sev_snp.h"
#include "verifier/svsm.h"
#include "verifier/tpm.h"
#include "verifier/tpm_ek.h"
#include "verifier/tpm_public.h"
#include "verifier/tpm_quote.h"

#define ATTEST_MAX 1024
#define SIGNATURE_MAX 2048
#define PUBLIC_MAX 2048
#define CERTIFICATE_MAX 8192
#define TD_QUOTE_MAX ((size_t)64 * 1024)

/* PCRs of the firmware and the boot loader's start: their log must be whole. Later ones go on after it. */
#define PCRS_OF_FIRMWARE 8

struct evidence {
	struct span attest, signature, ak, ek_certificate, hcl, td_quote;
	struct span svsm, svsm_nonce, svsm_manifest;
	struct span pcr[TPM_QUOTE_PCRS];
	uint32_t present; /* bit n: PCR n */
};

struct appraising {
	struct appraisal *a;
	struct evidence evidence;
	struct tpm_quote quote;
	struct tpm_quote_signature signature;
	struct tpm_public ak;
	EVP_PKEY *key;
	struct span certificates;
};

static bool read_pcrs(struct cbor_reader *r, struct evidence *e)
{
	uint64_t pcr = 0, last = 0;
	size_t count = 0;

	if (!cbor_reader_map(r, TPM_QUOTE_PCRS, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!cbor_reader_uint(r, TPM_QUOTE_PCRS - 1, &pcr) || (i && pcr <= last) ||
		    !cbor_reader_bytes(r, TPM_HASH_SIZE_MAX, &e->pcr[pcr]))
			return false;
		e->present |= 1u << pcr;
		last = pcr;
	}
	return count > 0;
}

static bool read_member(struct cbor_reader *r, uint64_t member, struct evidence *e)
{
	switch (member) {
	case TPM_MEMBER_ATTEST:
		return cbor_reader_bytes(r, ATTEST_MAX, &e->attest);
	case TPM_MEMBER_SIGNATURE:
		return cbor_reader_bytes(r, SIGNATURE_MAX, &e->signature);
	case TPM_MEMBER_AK:
		return cbor_reader_bytes(r, PUBLIC_MAX, &e->ak);
	case TPM_MEMBER_PCRS:
		return read_pcrs(r, e);
	case TPM_MEMBER_EK:
		return cbor_reader_bytes(r, CERTIFICATE_MAX, &e->ek_certificate);
	case TPM_MEMBER_HCL:
		return cbor_reader_bytes(r, HCL_SIZE_MAX, &e->hcl);
	case TPM_MEMBER_TD_QUOTE:
		return cbor_reader_bytes(r, TD_QUOTE_MAX, &e->td_quote);
	case TPM_MEMBER_SVSM:
		return cbor_reader_bytes(r, SEV_SNP_REPORT_SIZE, &e->svsm);
	case TPM_MEMBER_SVSM_NONCE:
		return cbor_reader_bytes(r, SVSM_NONCE_SIZE, &e->svsm_nonce);
	case TPM_MEMBER_SVSM_MANIFEST:
		return cbor_reader_bytes(r, PUBLIC_MAX, &e->svsm_manifest);
	default:
		return false;
	}
}

/* Ascending keys, each once; the first four must be there. */
static bool read_evidence(struct span input, struct evidence *e)
{
	struct cbor_reader r;
	uint64_t member = 0, last = 0;
	size_t count = 0;

	*e = (struct evidence){0};
	cbor_reader_init(&r, input);
	if (!cbor_reader_map(&r, TPM_MEMBER_SVSM_MANIFEST, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!cbor_reader_uint(&r, TPM_MEMBER_SVSM_MANIFEST, &member) || member <= last || !read_member(&r, member, e))
			return false;
		last = member;
	}
	return cbor_reader_end(&r) && e->attest.data && e->signature.data && e->ak.data && e->present;
}

static bool judge_form(struct appraising *t, struct span evidence)
{
	struct appraisal *a = t->a;
	const char *why = NULL;

	if (!read_evidence(evidence, &t->evidence))
		return appraisal_check(a, "form", false, "not evidence of a TPM");
	if (!tpm_quote_read(t->evidence.attest, &t->quote, &why) ||
	    !tpm_quote_read_signature(t->evidence.signature, &t->signature, &why) ||
	    !tpm_public_read(t->evidence.ak, &t->ak, &why))
		return appraisal_check(a, "form", false, "%s", why);
	if (!tpm_hash_is_strong(t->quote.bank))
		return appraisal_check(a, "form", false, "a quote of the %s bank, which says nothing",
				       tpm_hash_name(t->quote.bank));
	return appraisal_check(a, "form", true, "quote of the %s bank", tpm_hash_name(t->quote.bank));
}

static bool judge_signature(struct appraising *t)
{
	struct appraisal *a = t->a;
	const char *unfit = tpm_public_unfit_to_attest(&t->ak);
	bool good = false;

	if (unfit)
		return appraisal_check(a, "attestation key", false, "%s", unfit);
	t->key = tpm_public_key(&t->ak);
	good = tpm_quote_verify(t->key, &t->signature, &t->quote);
	return appraisal_check(a, "signature", good, "%s",
			       good ? "by the attestation key" : "not by the attestation key");
}

static bool judge_pcrs(struct appraising *t)
{
	const struct tpm_quote *q = &t->quote;
	bool good = t->evidence.present == q->selection && tpm_quote_covers(q, t->signature.hash, t->evidence.pcr);

	return appraisal_check(t->a, "PCR values", good, "%s", good ? "as quoted" : "others were quoted");
}

/* ---- who vouches for the key ---- */

/* A certificate of this key, among those that came with the evidence and those that were given. */
static X509 *certificate_among(STACK_OF(X509) * certificates, EVP_PKEY *key)
{
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		X509 *one = sk_X509_value(certificates, i);

		if (X509_get0_pubkey(one) && EVP_PKEY_eq(X509_get0_pubkey(one), key) == 1)
			return one;
	}
	return NULL;
}

/* *FOUND: there was a certificate, and its chain decides. */
static bool judge_certificate(struct appraising *t, bool *found)
{
	struct endorsements carried = {0};
	struct chain_request request = {.vendor = CHAIN_TPM, .time = t->a->time, .crl_wanted = true};
	const char *why = NULL;
	bool good = false;

	*found = false;
	if (t->certificates.size && !endorsements_add(&carried, t->certificates, &why)) {
		appraisal_check(t->a, "certificate chain", false, "with the evidence: %s", why);
		*found = true;
		goto out;
	}
	request.carried = carried.certificates;
	request.leaf = certificate_among(carried.certificates, t->key);
	if (!request.leaf && t->a->endorsements)
		request.leaf = certificate_among(t->a->endorsements->certificates, t->key);
	*found = request.leaf != NULL;
	good = *found && chain_verify(t->a, &request);
out:
	endorsements_free(&carried);
	return good;
}

static bool judge_hcl(struct appraising *t)
{
	EVP_PKEY *key = NULL;
	bool good = hcl_appraise(t->a, t->evidence.hcl, t->evidence.td_quote, t->certificates, &key), same = false;

	if (good) {
		same = EVP_PKEY_eq(key, t->key) == 1;
		appraisal_check(t->a, "attestation key", same, "%s",
				same ? "the hardware vouches for it" : "the hardware vouches for another one");
	}
	EVP_PKEY_free(key);
	t->a->tee = good && same;
	return t->a->tee;
}

/* The SVSM speaks for the EK. That the key lies in the same TPM, only a challenge of the EK shows (svsm.h). */
static bool judge_svsm(struct appraising *t)
{
	const struct evidence *e = &t->evidence;
	struct tpm_public ek;

	if (!svsm_appraise(t->a, e->svsm, t->certificates, e->svsm_nonce, e->svsm_manifest, &ek))
		return false;
	t->a->tee = appraisal_expected(t->a, "ak-name");
	return appraisal_check(t->a, "attestation key", t->a->tee, "%s",
			       t->a->tee ? "the policy's to judge, by its name"
					 : "the SVSM vouches for the EK alone: pin \"ak-name\" when a challenge of the EK "
					   "has proved it");
}

static bool judge_trust(struct appraising *t)
{
	struct appraisal *a = t->a;
	bool found = false, good = false;

	if (t->evidence.hcl.data)
		return judge_hcl(t);
	if (t->evidence.svsm.data)
		return judge_svsm(t);
	if (t->evidence.td_quote.data)
		return appraisal_check(a, "attestation key", false, "a TD's quote that says nothing of it");
	if (a->beside)
		return appraisal_check(a, "attestation key", false, "the hardware does not vouch for it: nothing binds this vTPM");
	if (appraisal_expected(a, "ak-name"))
		return appraisal_check(a, "attestation key", true, "the policy's to judge, by its name");
	good = judge_certificate(t, &found);
	if (found)
		return good;
	if (appraisal_allows(a, POLICY_ALLOW_HOST_VTPM))
		return appraisal_check(a, "attestation key", true, "NOT JUDGED: nobody vouches for it, as the policy allows");
	return appraisal_check(a, "attestation key", false,
			       "nobody vouches for it (pin \"ak-name\", give its certificate, or allow \"host-vtpm\")");
}

/* ---- what it says ---- */

/*
 * The firmware has measured into 0 to 7 before it started anything else. 8 to 15 are zeros until then: what was booted writes
 * there what it likes (security rule 5). 16 and 23 can be reset by anybody, 17 to 22 by a late launch.
 */
static void fact_pcr(struct appraisal *a, const char *name, unsigned pcr, struct span value)
{
	if (pcr >= 16 || cursor_all(value, 0))
		appraisal_bytes(a, name, value);
	else if (pcr >= PCRS_OF_FIRMWARE)
		appraisal_self_reported(a, name, value);
	else
		appraisal_pin(a, name, value);
}

static void add_facts(struct appraising *t)
{
	static const char *const names[TPM_QUOTE_PCRS] = {
		"pcr0",  "pcr1",  "pcr2",  "pcr3",  "pcr4",  "pcr5",  "pcr6",  "pcr7",  "pcr8",  "pcr9",  "pcr10", "pcr11",
		"pcr12", "pcr13", "pcr14", "pcr15", "pcr16", "pcr17", "pcr18", "pcr19", "pcr20", "pcr21", "pcr22", "pcr23",
	};
	struct appraisal *a = t->a;
	uint8_t name[2 + TPM_HASH_SIZE_MAX];
	char hex[2 * sizeof(name) + 1] = "";
	size_t size = tpm_public_name(&t->ak, name);

	hex_encode((struct span){name, size}, hex);
	if (size)
		appraisal_text(a, "ak-name", span_text(hex));
	appraisal_text(a, "pcr-bank", span_text(tpm_hash_name(t->quote.bank)));
	for (unsigned i = 0; i < TPM_QUOTE_PCRS; i++)
		if (t->quote.selection >> i & 1)
			fact_pcr(a, names[i], i, t->evidence.pcr[i]);
	appraisal_number(a, "firmware-version", t->quote.firmware_version);
	appraisal_number(a, "clock", t->quote.clock);
	appraisal_flag(a, "clock-safe", t->quote.clock_safe);
	appraisal_number(a, "reset-count", t->quote.reset_count);
	appraisal_number(a, "restart-count", t->quote.restart_count);
}

/* Beside what vouches for the quote's key: which TPM it says that it is. */
static void add_ek_facts(struct appraising *t)
{
	struct endorsements carried = {0};
	const char *why = NULL;

	if (t->certificates.size)
		(void)endorsements_add(&carried, t->certificates, &why);
	tpm_ek_appraise(t->a, t->evidence.ek_certificate, carried.certificates);
	endorsements_free(&carried);
}

/* A bank that the firmware does not extend is open: whoever runs later writes the PCR values that he likes. */
static bool judge_bank(struct appraising *t)
{
	for (unsigned i = 0; i < 16; i++)
		if ((t->quote.selection >> i & 1) && !cursor_all(t->evidence.pcr[i], 0))
			return true;
	return appraisal_check(t->a, "PCR values", false, "nothing was measured into this bank");
}

static bool judge_event_log(struct appraising *t, struct span log)
{
	struct event_log_values values;
	const char *why = NULL;
	uint32_t trusted = 0;

	if (!log.data)
		return true;
	if (!event_log_replay(log, (enum tpm_hash)t->quote.bank, &values, &why))
		return appraisal_check(t->a, "event log", false, "%s", why);
	for (unsigned i = 0; i < TPM_QUOTE_PCRS; i++) {
		bool equal = t->quote.selection >> i & 1;

		if (!equal)
			continue;
		equal = memcmp(values.value[i], t->evidence.pcr[i].data, values.size) == 0;
		if (!equal && i < PCRS_OF_FIRMWARE)
			return appraisal_check(t->a, "event log", false, "it does not replay to PCR%u", i);
		trusted |= (uint32_t)equal << i;
	}
	if (!trusted)
		return appraisal_check(t->a, "event log", false, "it replays to none of the quoted PCRs");
	appraisal_check(t->a, "event log", true, "replays to the quoted PCRs (%06x)", trusted);
	event_log_facts(t->a, log, (enum tpm_hash)t->quote.bank, trusted, false);
	return true;
}

static bool judge_ima_log(struct appraising *t, struct span log)
{
	uint8_t value[TPM_HASH_SIZE_MAX];
	const char *why = NULL;
	struct span pcr = t->evidence.pcr[IMA_LOG_PCR];

	if (!log.data)
		return true;
	if (!pcr.data)
		return appraisal_check(t->a, "measured files", false, "PCR10 was not quoted");
	if (!ima_log_replay(log, t->quote.bank, value, &why))
		return appraisal_check(t->a, "measured files", false, "%s", why);
	if (!span_equal(pcr, (struct span){value, tpm_hash_size(t->quote.bank)}))
		return appraisal_check(t->a, "measured files", false, "the list does not replay to PCR10");
	return ima_log_facts(t->a, log) && appraisal_check(t->a, "measured files", true, "the list replays to PCR10");
}

static bool judge(struct appraising *t, struct span evidence, struct span event_log, struct span ima_log)
{
	if (!judge_form(t, evidence) || !judge_signature(t) ||
	    !appraisal_report_data(t->a, t->quote.extra_data, true) || !judge_pcrs(t) || !judge_trust(t))
		return false;
	add_facts(t);
	add_ek_facts(t);
	return judge_bank(t) && judge_event_log(t, event_log) && judge_ima_log(t, ima_log);
}

bool tpm_appraise(struct appraisal *a, struct span evidence, struct span certificates, struct span event_log,
		  struct span ima_log)
{
	struct appraising t = {.a = a, .certificates = certificates};
	bool good = false;

	a->platform = "tpm";
	a->tee = false;
	good = judge(&t, evidence, event_log, ima_log);
	EVP_PKEY_free(t.key);
	return good;
}
