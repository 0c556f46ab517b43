/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attestation report of SEV-SNP: layout, signer, chain, what the host could have chosen badly, and facts.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/chain.h"
#include "verifier/cursor.h"
#include "verifier/ecdsa.h"
#include "verifier/sev_snp.h"
#include "verifier/sev_snp_certificate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Offsets in the report; all numbers are little-endian. */
enum sev_snp_field {
	REPORT_VERSION = 0x000,
	GUEST_SVN = 0x004,
	GUEST_POLICY = 0x008,
	FAMILY_ID = 0x010,
	IMAGE_ID = 0x020,
	VMPL = 0x030,
	SIGNATURE_ALGORITHM = 0x034,
	CURRENT_TCB = 0x038,
	PLATFORM_INFO = 0x040,
	KEY_INFO = 0x048,
	MEASUREMENT = 0x090,
	HOST_DATA = 0x0c0,
	ID_KEY_DIGEST = 0x0e0,
	AUTHOR_KEY_DIGEST = 0x110,
	REPORT_ID = 0x140,
	REPORT_ID_MA = 0x160,
	REPORTED_TCB = 0x180,
	CPUID = 0x188,
	CHIP_ID = 0x1a0,
	COMMITTED_TCB = 0x1e0,
	CURRENT_FIRMWARE = 0x1e8,
	COMMITTED_FIRMWARE = 0x1ec,
	LAUNCH_TCB = 0x1f0,
	LAUNCH_MITIGATION = 0x1f8,
	CURRENT_MITIGATION = 0x200,
	SIGNATURE = 0x2a0,
};

#define SIGNATURE_PART 72 /* of which P-384 fills 48 */
#define SIGNATURE_VALUE 48
#define ECDSA_P384_SHA384 1

#define POLICY_SMT (UINT64_C(1) << 16)
#define POLICY_ONE (UINT64_C(1) << 17) /* reserved, must be one */
#define POLICY_MIGRATABLE (UINT64_C(1) << 18)
#define POLICY_DEBUG (UINT64_C(1) << 19)
#define POLICY_SINGLE_SOCKET (UINT64_C(1) << 20)

#define KEY_AUTHOR 1u
#define KEY_MASKED 2u
#define KEY_SIGNER(info) (((info) >> 2) & 7u)
#define SIGNER_VCEK 0u
#define SIGNER_VLEK 1u

struct sev_snp {
	struct appraisal *a;
	struct span report;
	uint32_t version;
	struct endorsements carried;
	X509 *signer; /* borrowed from carried or the appraisal's */
	struct sev_snp_certificate certificate;
};

static struct span field(const struct sev_snp *s, size_t offset, size_t size)
{
	return cursor_slice(s->report, offset, size);
}

static uint32_t number32(const struct sev_snp *s, size_t offset)
{
	struct cursor c;

	cursor_init(&c, field(s, offset, 4));
	return cursor_le32(&c);
}

static uint64_t number64(const struct sev_snp *s, size_t offset)
{
	struct cursor c;

	cursor_init(&c, field(s, offset, 8));
	return cursor_le64(&c);
}

/* ---- form ---- */

static bool is_zero(const struct sev_snp *s, size_t from, size_t to)
{
	return cursor_all(field(s, from, to - from), 0);
}

/* What a newer version might mean by these bytes is not known here; and no signature covers the last run. */
static bool reserved_is_zero(const struct sev_snp *s)
{
	size_t half = SIGNATURE + SIGNATURE_PART;

	return number32(s, KEY_INFO) >> 5 == 0 && is_zero(s, KEY_INFO + 4, SEV_SNP_REPORT_DATA) &&
	       is_zero(s, s->version < 3 ? CPUID : CPUID + 3, CHIP_ID) && is_zero(s, 0x1eb, 0x1ec) &&
	       is_zero(s, 0x1ef, 0x1f0) && is_zero(s, s->version < 5 ? LAUNCH_MITIGATION : 0x208, SIGNATURE) &&
	       is_zero(s, SIGNATURE + SIGNATURE_VALUE, half) &&
	       is_zero(s, half + SIGNATURE_VALUE, SEV_SNP_REPORT_SIZE);
}

static bool check_form(struct sev_snp *s)
{
	if (s->report.size != SEV_SNP_REPORT_SIZE)
		return appraisal_check(s->a, "form", false, "an SNP report has %d bytes, this has %zu",
				       SEV_SNP_REPORT_SIZE, s->report.size);
	s->version = number32(s, REPORT_VERSION);
	if (s->version < 2 || s->version > 5)
		return appraisal_check(s->a, "form", false, "SNP report of version %u: 2 to 5 are known", s->version);
	if (number32(s, SIGNATURE_ALGORITHM) != ECDSA_P384_SHA384)
		return appraisal_check(s->a, "form", false, "signature algorithm %u: ECDSA with P-384 (1) is known",
				       number32(s, SIGNATURE_ALGORITHM));
	if (!reserved_is_zero(s))
		return appraisal_check(s->a, "form", false, "reserved bytes are not zero");
	return appraisal_check(s->a, "form", true, "SNP report, version %u", s->version);
}

static bool check_signing_key(struct sev_snp *s)
{
	uint32_t info = number32(s, KEY_INFO), signer = KEY_SIGNER(info);

	if (info & KEY_MASKED || signer > SIGNER_VLEK)
		return appraisal_check(s->a, "signing key", false,
				       "the report is not signed (the host masks the chip's key)");
	return true;
}

static bool take_certificates(struct sev_snp *s, struct span certificates)
{
	const char *why = NULL;

	if (cursor_all(certificates, 0) || endorsements_add(&s->carried, certificates, &why))
		return true;
	return appraisal_check(s->a, "endorsement certificate", false, "what came with the report: %s", why);
}

/* ---- who signed ---- */

static bool masked_chip(const struct sev_snp *s)
{
	return cursor_all(field(s, CHIP_ID, SEV_SNP_CHIP_SIZE), 0);
}

/* A chip's identity that is shorter than its field (Turin) is followed by zeros. */
static bool same_chip(const struct sev_snp *s, struct span chip)
{
	return span_equal(chip, field(s, CHIP_ID, chip.size)) &&
	       is_zero(s, CHIP_ID + chip.size, CHIP_ID + SEV_SNP_CHIP_SIZE);
}

/* NULL if CERTIFICATE is one for this report's key, else how it is not. */
static const char *mismatch(const struct sev_snp *s, const struct sev_snp_certificate *certificate)
{
	bool vlek = KEY_SIGNER(number32(s, KEY_INFO)) == SIGNER_VLEK;
	struct span tcb = {certificate->tcb, SEV_SNP_TCB_SIZE};

	if (certificate->vlek != vlek)
		return certificate->vlek ? "there is a VLEK, the report is signed by a VCEK"
					 : "there is a VCEK, the report is signed by a VLEK";
	if (!vlek && !masked_chip(s) && !same_chip(s, certificate->chip))
		return "the certificate is of another chip";
	if (!span_equal(tcb, field(s, REPORTED_TCB, SEV_SNP_TCB_SIZE)))
		return "the certificate is for another TCB than the reported one";
	return NULL;
}

/* 72 bytes each, least significant first, to r || s. */
static bool signature_holds(const struct sev_snp *s, X509 *signer)
{
	uint8_t value[2 * SIGNATURE_VALUE];

	for (size_t i = 0; i < SIGNATURE_VALUE; i++) {
		value[SIGNATURE_VALUE - 1 - i] = s->report.data[SIGNATURE + i];
		value[2 * SIGNATURE_VALUE - 1 - i] = s->report.data[SIGNATURE + SIGNATURE_PART + i];
	}
	return ecdsa_verify(X509_get0_pubkey(signer), EVP_sha384(), (struct span){value, sizeof(value)},
			    field(s, 0, SIGNATURE), (struct span){0});
}

/*
 * Looks for the signer among CERTIFICATES. WHY: what was wrong with the last one that came near; *NEAR: one was for
 * this chip and TCB, but did not sign. The host may have put others beside the right one.
 */
static bool find_among(struct sev_snp *s, STACK_OF(X509) * certificates, const char **why, bool *near)
{
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		X509 *x = sk_X509_value(certificates, i);
		const char *other = NULL;

		if (!sev_snp_certificate_read(x, &s->certificate))
			continue;
		other = mismatch(s, &s->certificate);
		if (other) {
			*why = other;
		} else if (signature_holds(s, x)) {
			s->signer = x;
			return true;
		} else {
			*near = true;
		}
	}
	return false;
}

static bool check_signature(struct sev_snp *s)
{
	const char *why = "none is there for this report (from AMD's KDS, or the cloud's certificate table)";
	const struct endorsements *given = s->a->endorsements;
	bool near = false;

	if (!find_among(s, s->carried.certificates, &why, &near) &&
	    !(given && find_among(s, given->certificates, &why, &near))) {
		if (near)
			return appraisal_check(s->a, "signature", false,
					       "the report was changed, or another key signed it");
		return appraisal_check(s->a, "endorsement certificate", false, "%s", why);
	}
	appraisal_check(s->a, "endorsement certificate", true, "%s of %s, for this TCB",
			s->certificate.vlek ? "VLEK" : "VCEK", s->certificate.product->name);
	return appraisal_check(s->a, "signature", true, "good");
}

static bool check_chain(struct sev_snp *s)
{
	const struct chain_request request = {
		.vendor = CHAIN_AMD,
		.leaf = s->signer,
		.carried = s->carried.certificates,
		.time = s->a->time,
		.crl_wanted = true,
		.product = s->certificate.product->name,
	};

	return chain_verify(s->a, &request);
}

/* Version 2 does not say on what processor it was made; the certificate does. */
static bool check_product(struct sev_snp *s)
{
	const struct sev_snp_product *p = NULL;
	const uint8_t *cpuid = s->report.data + CPUID;

	if (s->version < 3)
		return true;
	p = sev_snp_product_of(cpuid[0], cpuid[1]);
	return appraisal_check(s->a, "product", p == s->certificate.product,
			       "CPUID family %02x model %02x is %s, the certificate is of %s", cpuid[0], cpuid[1],
			       p ? p->name : "not known", s->certificate.product->name);
}

/* ---- facts ---- */

static void firmware_fact(struct sev_snp *s, const char *name, size_t offset)
{
	const uint8_t *v = s->report.data + offset;
	char text[16];

	snprintf(text, sizeof(text), "%u.%u.%u", v[2], v[1], v[0]); /* stored as build, minor, major */
	appraisal_text(s->a, name, span_text(text));
}

static void tcb_facts(struct sev_snp *s)
{
	struct sev_snp_tcb tcb = sev_snp_tcb_read(s->certificate.product, s->report.data + REPORTED_TCB);

	if (s->certificate.product->fmc)
		appraisal_number(s->a, "tcb.fmc", tcb.fmc);
	appraisal_number(s->a, "tcb.boot-loader", tcb.boot_loader);
	appraisal_number(s->a, "tcb.tee", tcb.tee);
	appraisal_number(s->a, "tcb.snp", tcb.snp);
	appraisal_number(s->a, "tcb.microcode", tcb.microcode);
	firmware_fact(s, "fw", CURRENT_FIRMWARE);
	firmware_fact(s, "fw-committed", COMMITTED_FIRMWARE);
}

static void platform_facts(struct sev_snp *s)
{
	static const struct {
		const char *name;
		unsigned bit;
	} flags[] = {
		{"platform.smt", 0},
		{"platform.tsme", 1},
		{"platform.ecc", 2},
		{"platform.rapl-disabled", 3},
		{"platform.ciphertext-hiding", 4},
		{"platform.alias-check", 5},
		{"platform.tio", 7},
	};
	uint64_t info = number64(s, PLATFORM_INFO);

	appraisal_number(s->a, "platform-info", info);
	for (size_t i = 0; i < COUNT(flags); i++)
		appraisal_flag(s->a, flags[i].name, info >> flags[i].bit & 1);
}

static void policy_facts(struct sev_snp *s)
{
	uint64_t policy = number64(s, GUEST_POLICY);

	appraisal_number(s->a, "policy", policy);
	appraisal_flag(s->a, "debug", policy & POLICY_DEBUG);
	appraisal_flag(s->a, "migratable", policy & POLICY_MIGRATABLE);
	appraisal_flag(s->a, "smt-allowed", policy & POLICY_SMT);
	appraisal_flag(s->a, "single-socket", policy & POLICY_SINGLE_SOCKET);
}

static void byte_facts(struct sev_snp *s)
{
	static const struct {
		const char *name;
		size_t offset, size;
	} runs[] = {
		{"family-id", FAMILY_ID, 16},
		{"image-id", IMAGE_ID, 16},
		{"host-data", HOST_DATA, 32},
		{"id-key-digest", ID_KEY_DIGEST, 48},
		{"author-key-digest", AUTHOR_KEY_DIGEST, 48},
		{"report-id", REPORT_ID, 32},
		{"report-id-ma", REPORT_ID_MA, 32},
		{"report-data", SEV_SNP_REPORT_DATA, 64},
		{"chip-id", CHIP_ID, SEV_SNP_CHIP_SIZE},
		{"tcb", REPORTED_TCB, SEV_SNP_TCB_SIZE},
		{"current-tcb", CURRENT_TCB, SEV_SNP_TCB_SIZE},
		{"committed-tcb", COMMITTED_TCB, SEV_SNP_TCB_SIZE},
		{"launch-tcb", LAUNCH_TCB, SEV_SNP_TCB_SIZE},
	};

	for (size_t i = 0; i < COUNT(runs); i++)
		appraisal_bytes(s->a, runs[i].name, field(s, runs[i].offset, runs[i].size));
	if (s->version >= 3)
		appraisal_bytes(s->a, "cpuid", field(s, CPUID, 3));
}

static void facts(struct sev_snp *s)
{
	appraisal_pin(s->a, "measurement", field(s, MEASUREMENT, 48));
	appraisal_number(s->a, "version", s->version);
	appraisal_text(s->a, "product", span_text(s->certificate.product->name));
	policy_facts(s);
	appraisal_number(s->a, "vmpl", number32(s, VMPL));
	appraisal_number(s->a, "guest-svn", number32(s, GUEST_SVN));
	byte_facts(s);
	appraisal_flag(s->a, "author-key", number32(s, KEY_INFO) & KEY_AUTHOR);
	appraisal_text(s->a, "signing-key", span_text(s->certificate.vlek ? "vlek" : "vcek"));
	if (s->certificate.vlek)
		appraisal_text(s->a, "csp-id", s->certificate.csp);
	tcb_facts(s);
	platform_facts(s);
	if (s->version >= 5) {
		appraisal_number(s->a, "launch-mit", number64(s, LAUNCH_MITIGATION));
		appraisal_number(s->a, "current-mit", number64(s, CURRENT_MITIGATION));
	}
}

/* ---- what the host may choose, and must not ---- */

static bool check_chip(struct sev_snp *s)
{
	if (s->certificate.vlek) /* its key is the cloud's, on any of its chips, and its certificate names none */
		return appraisal_check(s->a, "chip", true, "a cloud's key vouches for it, see csp-id");
	if (!masked_chip(s))
		return appraisal_check(s->a, "chip", true, "the one of the certificate");
	return appraisal_check(s->a, "chip", appraisal_allows(s->a, POLICY_ALLOW_MASKED_CHIP),
			       "the host masks the chip's identity (\"masked-chip\" would allow it)");
}

static bool check_guest_policy(struct sev_snp *s)
{
	uint64_t policy = number64(s, GUEST_POLICY);

	if (!(policy & POLICY_ONE))
		return appraisal_check(s->a, "guest policy", false, "bit 17, which is always one, is zero");
	if (policy & POLICY_DEBUG && !appraisal_allows(s->a, POLICY_ALLOW_DEBUG))
		return appraisal_check(s->a, "debug", false, "the guest's policy lets the host debug it");
	appraisal_check(s->a, "debug", true, policy & POLICY_DEBUG ? "THE HOST CAN READ THE GUEST (allowed)" : "off");
	if (policy & POLICY_MIGRATABLE)
		return appraisal_check(s->a, "migration", appraisal_allows(s->a, POLICY_ALLOW_MIGRATABLE),
				       "the guest's policy allows a migration agent");
	return appraisal_check(s->a, "migration", true, "off");
}

static bool check_vmpl(struct sev_snp *s)
{
	uint32_t vmpl = number32(s, VMPL);

	if (appraisal_expected(s->a, "vmpl"))
		return true; /* judged with the other expectations */
	if (vmpl == UINT32_MAX)
		return appraisal_check(s->a, "vmpl", false, "the host asked for this report, not the guest");
	return appraisal_check(s->a, "vmpl", vmpl == 0, "%u, expected 0 (or what the policy's \"vmpl\" says)", vmpl);
}

/* Each part by itself: as one number an old firmware with new microcode would pass. */
static bool check_tcb(struct sev_snp *s)
{
	const struct sev_snp_product *product = s->certificate.product;
	struct sev_snp_tcb tcb = sev_snp_tcb_read(product, s->report.data + REPORTED_TCB);
	bool old = tcb.snp < product->floor;

	if (appraisal_expected(s->a, "tcb.snp"))
		return true;
	return appraisal_check(s->a, "tcb", !old || appraisal_allows(s->a, POLICY_ALLOW_OLD_TCB),
			       "SNP firmware SPL %u, %s needs %u since %s%s", tcb.snp, product->name, product->floor,
			       product->bulletin,
			       old ? " (\"old-tcb\", or a \"tcb.snp\" of the policy, would allow it)" : "");
}

bool sev_snp_appraise(struct appraisal *a, struct span report, struct span certificates)
{
	struct sev_snp s = {.a = a, .report = report};
	bool good = false;

	if (!a->platform)
		a->platform = SEV_SNP_PLATFORM;
	if (check_form(&s) && check_signing_key(&s) && take_certificates(&s, certificates) && check_signature(&s) &&
	    check_chain(&s) && check_product(&s)) {
		a->tee = true;
		facts(&s);
		good = check_chip(&s) && check_guest_policy(&s) && check_vmpl(&s) && check_tcb(&s) &&
		       appraisal_report_data(a, field(&s, SEV_SNP_REPORT_DATA, 64), false);
	}
	endorsements_free(&s.carried);
	return good;
}
