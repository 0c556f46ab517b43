/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way from a certificate to a pinned root: what must be refused is made here by an authority of the test's own, what
 * must be accepted is also shown on the vendors' genuine certificates and CRLs.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/chain.h"

#include "cmocka_test.h"
#include "evidence_sample.h"
#include "test_ca.h"

#define DAY ((int64_t)86400)
#define NOW ((int64_t)1750000000) /* 2025-06-15 */

static EVP_PKEY *root_key, *ca_key, *leaf_key, *other_key;

/* A chain of three, and what a test bends of it before it is judged. */
struct family {
	struct test_ca_request root, ca, leaf;
	X509 *made_root, *made_ca, *made_leaf;
	struct endorsements e;
	struct policy policy;
	struct chain_request request;
	struct appraisal a;
};

static struct family *new_family(void)
{
	static struct family f;

	memset(&f, 0, sizeof(f));
	f.root = (struct test_ca_request){
		.name = "Root", .key = root_key, .ca = true, .from = NOW - 100 * DAY, .to = NOW + 100 * DAY, .serial = 1};
	f.ca = f.leaf = f.root;
	f.ca.name = "CA";
	f.ca.key = ca_key;
	f.ca.issuer_key = root_key;
	f.ca.serial = 2;
	f.leaf.name = "Leaf";
	f.leaf.key = leaf_key;
	f.leaf.issuer_key = ca_key;
	f.leaf.ca = false;
	f.leaf.serial = 3;
	f.request = (struct chain_request){.vendor = CHAIN_INTEL, .time = NOW};
	return &f;
}

static void push(STACK_OF(X509) * *to, X509 *x)
{
	if (!*to)
		*to = sk_X509_new_null();
	assert_true(sk_X509_push(*to, x) > 0);
}

static void make(struct family *f)
{
	f->made_root = test_ca_certificate(&f->root);
	f->ca.issuer = f->made_root;
	f->made_ca = test_ca_certificate(&f->ca);
	f->leaf.issuer = f->made_ca;
	f->made_leaf = test_ca_certificate(&f->leaf);
	f->request.leaf = f->made_leaf;
	push(&f->e.certificates, f->made_ca);
	push(&f->e.certificates, f->made_root);
	X509_up_ref(f->made_root);
	push(&f->e.roots, f->made_root);
}

static void add_crl(struct family *f, struct test_ca_crl_request r)
{
	if (!r.from)
		r.from = NOW - DAY;
	if (!r.to)
		r.to = NOW + DAY;
	if (!f->e.crls)
		f->e.crls = sk_X509_CRL_new_null();
	assert_true(sk_X509_CRL_push(f->e.crls, test_ca_crl(&r)) > 0);
}

/* Both levels' CRLs, good ones. */
static void add_crls(struct family *f)
{
	add_crl(f, (struct test_ca_crl_request){.issuer = f->made_root, .key = root_key});
	add_crl(f, (struct test_ca_crl_request){.issuer = f->made_ca, .key = ca_key});
}

static bool judge(struct family *f)
{
	memset(&f->a, 0, sizeof(f->a));
	f->a.policy = &f->policy;
	f->a.endorsements = &f->e;
	f->a.time = f->request.time;
	return chain_verify(&f->a, &f->request);
}

static const struct appraisal_check *last_check(const struct family *f)
{
	assert_true(f->a.check_count > 0);
	return &f->a.check[f->a.check_count - 1];
}

static void accepts(struct family *f)
{
	if (!judge(f))
		fail_msg("%s: %s", last_check(f)->name, last_check(f)->detail);
	for (size_t i = 0; i < f->a.check_count; i++)
		assert_true(f->a.check[i].passed);
}

static void refuses(struct family *f, const char *check, const char *word)
{
	assert_false(judge(f));
	assert_string_equal(last_check(f)->name, check);
	assert_false(last_check(f)->passed);
	if (!strstr(last_check(f)->detail, word))
		fail_msg("\"%s\" is not in \"%s\"", word, last_check(f)->detail);
}

static void refuses_chain(struct family *f, const char *word)
{
	refuses(f, "certificate chain", word);
}

static void drop(struct family *f)
{
	X509_free(f->made_leaf);
	endorsements_free(&f->e);
}

static void test_good(void **state)
{
	struct family *f = new_family();

	(void)state;
	make(f);
	accepts(f);
	assert_string_equal(f->a.check[0].name, "certificate chain");
	assert_int_equal(f->a.check_count, 1);
	assert_string_equal(appraisal_find(&f->a, "root")->text, "Root");
	for (enum chain_vendor v = CHAIN_AMD; v <= CHAIN_TPM; v++) {
		f->request.vendor = v;
		accepts(f);
	}
	drop(f);
}

static void test_root_must_be_trusted(void **state)
{
	struct family *f = new_family();

	(void)state;
	make(f);
	sk_X509_pop_free(f->e.roots, X509_free);
	f->e.roots = NULL;
	refuses_chain(f, "not trusted: Root");
	assert_null(appraisal_find(&f->a, "root"));
	/* Partial chains: trust in the CA below is no trust in the root. */
	X509_up_ref(f->made_ca);
	push(&f->e.roots, f->made_ca);
	refuses_chain(f, "not trusted: Root");
	/* Another root of the same name. */
	f->root.key = other_key;
	push(&f->e.roots, test_ca_certificate(&f->root));
	refuses_chain(f, "not trusted: Root");
	f->root.key = root_key;
	/* Its own key in a certificate that was made again: the trusted one is found, whichever comes with the evidence. */
	f->root.to += DAY;
	push(&f->e.roots, test_ca_certificate(&f->root));
	accepts(f);
	drop(f);
}

static void test_the_way_must_be_there(void **state)
{
	struct family *f = new_family();

	(void)state;
	make(f);
	X509_free(sk_X509_delete(f->e.certificates, 0));
	refuses_chain(f, "no certificate of its issuer: CA");
	drop(f);

	/* Carried with the evidence is as good. */
	f = new_family();
	make(f);
	f->request.carried = f->e.certificates;
	f->e.certificates = NULL;
	accepts(f);
	sk_X509_pop_free(f->request.carried, X509_free);
	drop(f);

	f = new_family();
	f->leaf.issuer_key = leaf_key;
	make(f);
	refuses_chain(f, "no certificate of its issuer: CA");
	drop(f);
}

static void test_leaf_vouches_for_itself(void **state)
{
	struct family *f = new_family();

	(void)state;
	make(f);
	f->request.leaf = f->made_root;
	refuses_chain(f, "vouches for itself: Root");
	drop(f);
}

/* One of the same name with another key, offered first, hides nothing. */
static void test_decoy(void **state)
{
	struct family *f = new_family();
	struct test_ca_request decoy;

	(void)state;
	make(f);
	decoy = f->ca;
	decoy.key = other_key;
	assert_true(sk_X509_insert(f->e.certificates, test_ca_certificate(&decoy), 0) > 0);
	decoy = f->ca; /* the right key, but no longer in date */
	decoy.to = NOW - DAY;
	assert_true(sk_X509_insert(f->e.certificates, test_ca_certificate(&decoy), 0) > 0);
	accepts(f);
	drop(f);
}

static void test_dates(void **state)
{
	(void)state;
	for (int level = 0; level < 3; level++) {
		for (int late = 0; late < 2; late++) {
			struct family *f = new_family();
			struct test_ca_request *r = level == 0 ? &f->root : level == 1 ? &f->ca : &f->leaf;

			if (late)
				r->to = NOW - 1;
			else
				r->from = NOW + 1;
			make(f);
			refuses_chain(f, late ? "expired" : "not yet valid");
			f->request.time += late ? -10 : 10;
			accepts(f);
			drop(f);
		}
	}
}

static void test_not_a_ca(void **state)
{
	struct family *f = new_family();

	(void)state;
	f->ca.ca = false;
	make(f);
	refuses_chain(f, "CA: invalid CA certificate");
	drop(f);

	/* Its key usage alone makes no CA. */
	const uint8_t cert_sign[] = {0x03, 0x02, 0x02, 0x04};
	const struct test_ca_extension usage = {.oid = "2.5.29.15", .value = {cert_sign, sizeof(cert_sign)}, .critical = true};

	f = new_family();
	f->ca.ca = false;
	f->ca.extension = &usage;
	f->ca.extension_count = 1;
	make(f);
	refuses_chain(f, "CA: invalid CA certificate");
	drop(f);
}

static void test_unknown_critical_extension(void **state)
{
	const struct test_ca_extension odd = {.oid = "1.2.3.4", .value = {(const uint8_t[]){5, 0}, 2}, .critical = true};
	struct family *f = new_family();

	(void)state;
	f->leaf.extension = &odd;
	f->leaf.extension_count = 1;
	make(f);
	refuses_chain(f, "unhandled critical extension");
	drop(f);
}

static void test_floors(void **state)
{
	EVP_PKEY *rsa = test_ca_key("RSA-2048");
	struct family *f = new_family();

	(void)state;
	f->leaf.key = rsa;
	make(f);
	refuses_chain(f, "key too weak");
	f->request.vendor = CHAIN_TPM;
	accepts(f);
	f->request.vendor = CHAIN_NITRO;
	refuses_chain(f, "key too weak");
	drop(f);

	f = new_family();
	f->leaf.digest = EVP_sha256();
	make(f);
	accepts(f);
	f->request.vendor = CHAIN_NITRO;
	refuses_chain(f, "digest");
	drop(f);

	f = new_family();
	f->leaf.digest = EVP_sha1();
	make(f);
	f->request.vendor = CHAIN_TPM;
	refuses_chain(f, "digest");
	drop(f);
	EVP_PKEY_free(rsa);
}

static void test_too_long(void **state)
{
	struct family *f = new_family();
	struct test_ca_request r = f->ca;
	X509 *below = NULL;

	(void)state;
	make(f);
	r = f->ca;
	for (int i = 0; i < 7; i++) {
		char name[16];

		snprintf(name, sizeof(name), "CA %d", i);
		r.name = name;
		r.issuer = i ? below : f->made_root;
		r.issuer_key = i ? ca_key : root_key;
		below = test_ca_certificate(&r);
		push(&f->e.certificates, below);
		f->leaf.issuer = below;
		X509_free(f->made_leaf);
		f->request.leaf = f->made_leaf = test_ca_certificate(&f->leaf);
		if (i < 6)
			accepts(f);
		else
			refuses_chain(f, "longer");
	}
	drop(f);
}

/* ---- revocation ---- */

static void test_crl_must_be_there(void **state)
{
	struct family *f = new_family();

	(void)state;
	make(f);
	f->request.crl_wanted = true;
	refuses(f, "revocation", "no CRL of CA");
	f->policy.allow = POLICY_ALLOW_NO_REVOCATION;
	accepts(f);
	assert_non_null(strstr(last_check(f)->detail, "NOT JUDGED"));
	f->policy.allow = 0;
	add_crl(f, (struct test_ca_crl_request){.issuer = f->made_ca, .key = ca_key});
	refuses(f, "revocation", "no CRL of Root");
	add_crl(f, (struct test_ca_crl_request){.issuer = f->made_root, .key = root_key});
	accepts(f);
	assert_string_equal(last_check(f)->detail, "not revoked, by CRLs that are in date");
	/* AMD's root speaks of its own only. */
	sk_X509_CRL_pop_free(f->e.crls, X509_CRL_free);
	f->e.crls = NULL;
	f->request.vendor = CHAIN_AMD;
	refuses(f, "revocation", "no CRL of Root");
	add_crl(f, (struct test_ca_crl_request){.issuer = f->made_root, .key = root_key});
	accepts(f);
	drop(f);
}

static void test_crl_that_does_not_count(void **state)
{
	struct family *f = new_family();
	struct test_ca_crl_request bad[7];

	(void)state;
	make(f);
	f->request.crl_wanted = true;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		bad[i] = (struct test_ca_crl_request){.issuer = f->made_ca, .key = ca_key};
	bad[0].from = NOW - 3 * DAY; /* past */
	bad[0].to = NOW - 1;
	bad[1].from = NOW + 1; /* to come */
	bad[2].key = other_key; /* forged */
	bad[3].partial = true;
	bad[4].digest = EVP_sha1();
	bad[5].issuer = f->made_root;
	bad[5].key = root_key;
	bad[6].issuer = f->made_leaf; /* another's */
	bad[6].key = leaf_key;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		add_crl(f, (struct test_ca_crl_request){.issuer = f->made_root, .key = root_key});
		add_crl(f, bad[i]);
		refuses(f, "revocation", "no CRL of CA");
		sk_X509_CRL_pop_free(f->e.crls, X509_CRL_free);
		f->e.crls = NULL;
	}
	drop(f);

	f = new_family();
	f->ca.no_crl_sign = true;
	make(f);
	f->request.crl_wanted = true;
	add_crls(f);
	refuses(f, "revocation", "no CRL of CA");
	drop(f);
}

static void test_revoked(void **state)
{
	(void)state;
	for (int level = 0; level < 2; level++) {
		struct family *f = new_family();
		struct test_ca_crl_request r = {0};

		make(f);
		r.issuer = level ? f->made_root : f->made_ca;
		r.key = level ? root_key : ca_key;
		r.revoked = level ? f->made_ca : f->made_leaf;
		r.from = NOW - 3 * DAY;
		r.to = NOW - 2 * DAY; /* past its date: good for a no, not for a yes */
		add_crl(f, r);
		refuses(f, "revocation", "revoked by its issuer");
		f->policy.allow = POLICY_ALLOW_NO_REVOCATION;
		f->request.crl_wanted = true;
		refuses(f, "revocation", "revoked by its issuer");
		/* A newer list without it: it was on hold. */
		add_crls(f);
		accepts(f);
		/* And an older one does not bring it back. */
		r.from = NOW - 3600;
		r.to = NOW + DAY;
		add_crl(f, r);
		refuses(f, "revocation", "revoked by its issuer");
		/* Nor does a forged one. */
		r.from = NOW - 60;
		r.revoked = NULL;
		r.key = other_key;
		add_crl(f, r);
		refuses(f, "revocation", "revoked by its issuer");
		drop(f);
	}
}

/* Who is not the issuer revokes nothing. */
static void test_revoked_by_another(void **state)
{
	struct family *f = new_family();

	(void)state;
	make(f);
	f->request.crl_wanted = true;
	add_crls(f);
	add_crl(f, (struct test_ca_crl_request){
			   .issuer = f->made_root, .key = root_key, .revoked = f->made_leaf, .from = NOW - 10});
	add_crl(f, (struct test_ca_crl_request){
			   .issuer = f->made_ca, .key = other_key, .revoked = f->made_leaf, .from = NOW - 10});
	accepts(f);
	drop(f);
}

static void test_names_are_fit_for_a_terminal(void **state)
{
	struct family *f = new_family();

	(void)state;
	f->root.name = "\033[31mred\n";
	make(f);
	sk_X509_pop_free(f->e.roots, X509_free);
	f->e.roots = NULL;
	refuses_chain(f, "not trusted: ?[31mred?");
	drop(f);
}

/* ---- genuine ---- */

#define AT_2023_06 1685577600
#define AT_2024_11 1731000000
#define AT_2025_01 1735689600
#define AT_2025_06 1748736000
#define AT_2025_07 1751328000
#define AT_2026_02 1770076800
#define AT_2026_09 1788220800
#define AT_2026_11 1795478400

static const struct genuine {
	const char *title, *leaf, *others[3];
	const char *roots;
	const char *leaf_name; /* NULL: the first of the leaf's file */
	enum chain_vendor vendor;
	const char *product;
	int64_t time;
	bool crl_wanted;
	const char *refused; /* the check, or NULL */
	const char *word;    /* in the last check's detail */
} genuine[] = {
	{"Milan", "sev-snp/v2-milan.vcek.der", {"sev-snp/ask-ark-milan.pem"}, NULL, NULL, CHAIN_AMD, "Milan",
	 AT_2023_06, false, NULL, "SEV-VCEK to AMD ARK-Milan"},
	{"Milan with its CRL", "sev-snp/v2-milan.vcek.der", {"sev-snp/ask-ark-milan.pem", "sev-snp/crl-milan.pem"},
	 NULL, NULL, CHAIN_AMD, "Milan", AT_2025_06, true, NULL, "in date"},
	{"Milan with an old CRL", "sev-snp/v2-milan.vcek.der", {"sev-snp/ask-ark-milan.pem", "sev-snp/crl-milan.pem"},
	 NULL, NULL, CHAIN_AMD, "Milan", AT_2026_11, true, "revocation", "no CRL of ARK-Milan"},
	{"Milan with Genoa's CRL", "sev-snp/v2-milan.vcek.der", {"sev-snp/ask-ark-milan.pem", "sev-snp/crl-genoa.pem"},
	 NULL, NULL, CHAIN_AMD, "Milan", AT_2025_06, true, "revocation", "no CRL of ARK-Milan"},
	{"Milan is not Genoa", "sev-snp/v2-milan.vcek.der", {"sev-snp/ask-ark-milan.pem"}, NULL, NULL, CHAIN_AMD,
	 "Genoa", AT_2023_06, false, "certificate chain", "AMD ARK-Milan is not the root of Genoa"},
	{"AMD is not Intel", "sev-snp/v2-milan.vcek.der", {"sev-snp/ask-ark-milan.pem"}, NULL, NULL, CHAIN_INTEL, NULL,
	 AT_2023_06, false, "certificate chain", "not trusted: ARK-Milan"},
	{"Milan under Genoa's chain", "sev-snp/v2-milan.vcek.der", {"sev-snp/ask-ark-genoa.pem"}, NULL, NULL, CHAIN_AMD,
	 NULL, AT_2023_06, false, "certificate chain", "no certificate of its issuer: SEV-Milan"},
	{"broken signature", "sev-snp/v2-milan-idkey.vcek-bad-legacy.der", {"sev-snp/ask-ark-milan.pem"}, NULL, NULL,
	 CHAIN_AMD, "Milan", AT_2025_01, false, "certificate chain", "no certificate of its issuer"},
	{"broken signature, newer", "sev-snp/v2-milan-idkey.vcek-bad-new.der", {"sev-snp/ask-ark-milan.pem"}, NULL, NULL,
	 CHAIN_AMD, "Milan", AT_2025_01, false, "certificate chain", "no certificate of its issuer"},
	{"Genoa with an old CRL", "sev-snp/v5-genoa.vcek.der", {"sev-snp/ask-ark-genoa.pem", "sev-snp/crl-genoa.pem"}, NULL,
	 NULL, CHAIN_AMD, "Genoa", AT_2026_11, true, "revocation", "no CRL of ARK-Genoa"},
	{"Genoa's table", "sev-snp/v3-genoa-tsm.certtable.bin", {"sev-snp/crl-genoa.pem"}, NULL, "SEV-VCEK", CHAIN_AMD,
	 "Genoa", AT_2025_06, true, NULL, "in date"},
	{"Turin", "sev-snp/v5-turin.vcek.pem", {"sev-snp/ask-ark-turin.pem"}, NULL, NULL, CHAIN_AMD, "Turin", AT_2026_11,
	 false, NULL, "AMD ARK-Turin"},
	{"Turin, another", "sev-snp/turin-only.vcek.der", {"sev-snp/ask-ark-turin.pem"}, NULL, NULL, CHAIN_AMD, "Turin",
	 AT_2026_11, false, NULL, "AMD ARK-Turin"},
	{"VLEK", "sev-snp/v3-milan-aws-vlek.vlek.der", {"sev-snp/asvk-ark-milan.pem"}, NULL, NULL, CHAIN_AMD, "Milan",
	 AT_2025_06, false, NULL, "SEV-VLEK to AMD ARK-Milan"},
	{"VLEK with Milan's CRL", "sev-snp/v3-milan-aws-vlek.vlek.der",
	 {"sev-snp/asvk-ark-milan.pem", "sev-snp/crl-milan.pem"}, NULL, NULL, CHAIN_AMD, "Milan", AT_2025_06, true, NULL,
	 "in date"},
	{"VLEK past its year", "sev-snp/v3-milan-aws-vlek.vlek.der", {"sev-snp/asvk-ark-milan.pem"}, NULL, NULL,
	 CHAIN_AMD, "Milan", AT_2026_02, false, "certificate chain", "SEV-VLEK: certificate has expired"},
	{"TCB signing", "tdx/v4-phala.collateral.json", {NULL}, NULL, "Intel SGX TCB Signing", CHAIN_INTEL, NULL,
	 AT_2025_07, true, NULL, "in date"},
	{"PCK platform CA", "tdx/v4-phala.collateral.json", {NULL}, NULL, "Intel SGX PCK Platform CA", CHAIN_INTEL, NULL,
	 AT_2025_07, true, NULL, "in date"},
	{"TCB signing, later", "tdx/tcb-signing-chain.pem", {"tdx/rootcrl-2026.der"}, NULL, "Intel SGX TCB Signing",
	 CHAIN_INTEL, NULL, AT_2026_09, true, NULL, "in date"},
	{"Intel's test root", "tdx/v4-intel-testroot.pckCert.pem",
	 {"tdx/v4-intel-testroot.pckSignChain.pem"}, NULL, NULL, CHAIN_INTEL, NULL, AT_2023_06, false,
	 "certificate chain", "not trusted: Intel SGX Root CA"},
	{"Intel's test root, trusted", "tdx/v4-intel-testroot.pckCert.pem",
	 {"tdx/v4-intel-testroot.pckSignChain.pem", "tdx/v4-intel-testroot.rootCaCrl.der",
	  "tdx/v4-intel-testroot.intermediateCaCrl.der"},
	 "tdx/v4-intel-testroot.trustedRootCaCert.pem", NULL, CHAIN_INTEL, NULL, AT_2023_06, true, NULL, "in date"},
	{"GCE's attestation key", "tpm/test_gce_ak_cert.pem",
	 {"tpm/test_gce_ak_intermediate_cert.pem", "tpm/gcp_ek_ak_ca_root.crt"}, NULL, NULL, CHAIN_TPM, "gce",
	 AT_2026_11, false, NULL, "Google EK/AK CA Root"},
	{"GCE's older CA", "tpm/tpm_ek_intermediate_2.crt", {"tpm/tpm_ek_root_1.cer"}, NULL, NULL, CHAIN_TPM, "gce",
	 AT_2026_11, false, NULL, "Google tpm_ek_v1_cloud_host_root"},
	{"Azure's attestation key", "tpm/test_azure_ak_certificate_01.pem",
	 {"tpm/azure_tpm_intermediate_01.pem", "tpm/azure_tpm_intermediate_03.pem", "tpm/azure_tpm_root_2023.pem"}, NULL,
	 NULL, CHAIN_TPM, "azure", AT_2026_09, false, NULL, "Azure Virtual TPM Root"},
	{"Azure's attestation key, expired", "tpm/test_azure_ak_certificate_01.pem",
	 {"tpm/azure_tpm_intermediate_03.pem", "tpm/azure_tpm_root_2023.pem"}, NULL, NULL, CHAIN_TPM, "azure",
	 AT_2026_11, false, "certificate chain", "expired"},
	{"Azure's other intermediate", "tpm/test_azure_ak_certificate_01.pem",
	 {"tpm/azure_tpm_intermediate_01.pem", "tpm/azure_tpm_root_2023.pem"}, NULL, NULL, CHAIN_TPM, "azure",
	 AT_2025_06, false, "certificate chain", "no certificate of its issuer"},
};

static void add_file(struct endorsements *e, const char *name, bool as_root)
{
	const char *why = NULL;
	struct span file = {0};

	if (!name)
		return;
	file = evidence_sample(name);
	if (!(as_root ? endorsements_add_roots : endorsements_add)(e, file, &why))
		fail_msg("%s: %s", name, why);
}

static X509 *named(const struct endorsements *e, const char *name)
{
	for (int i = 0; i < sk_X509_num(e->certificates); i++) {
		X509 *x = sk_X509_value(e->certificates, i);
		char is[64] = "";

		X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, is, sizeof(is));
		if (!name || strcmp(name, is) == 0)
			return x;
	}
	fail_msg("no certificate of %s", name);
	return NULL;
}

static void test_genuine(void **state)
{
	const struct genuine *g = *state;
	struct family *f = new_family();

	add_file(&f->e, g->leaf, false);
	for (size_t i = 0; i < 3; i++)
		add_file(&f->e, g->others[i], false);
	add_file(&f->e, g->roots, true);
	f->request = (struct chain_request){.vendor = g->vendor,
					    .leaf = named(&f->e, g->leaf_name),
					    .time = g->time,
					    .crl_wanted = g->crl_wanted,
					    .product = g->product};
	if (g->refused)
		refuses(f, g->refused, g->word);
	else
		accepts(f);
	if (!strstr(last_check(f)->detail, g->word))
		fail_msg("%s", last_check(f)->detail);
	endorsements_free(&f->e);
}

/* The pinned key in a certificate that the vendor did not sign: longer-lived, or of another name. */
static void test_pinned_key_in_a_forged_root(void **state)
{
	struct family *f = new_family();

	(void)state;
	add_file(&f->e, "tdx/intel-sgx-root-ca.pem", false);
	f->root.key = X509_get0_pubkey(sk_X509_value(f->e.certificates, 0));
	f->root.issuer_key = other_key;
	f->ca.issuer_key = other_key;
	f->made_root = test_ca_certificate(&f->root);
	f->ca.issuer = f->made_root;
	f->made_ca = test_ca_certificate(&f->ca);
	push(&f->e.certificates, f->made_root);
	f->request.leaf = f->made_ca;
	refuses_chain(f, "no certificate of its issuer: Root");
	X509_free(f->made_ca);
	endorsements_free(&f->e);
}

static int make_keys(void **state)
{
	(void)state;
	root_key = test_ca_key("P-384");
	ca_key = test_ca_key("P-384");
	leaf_key = test_ca_key("P-384");
	other_key = test_ca_key("P-384");
	return 0;
}

static int free_keys(void **state)
{
	(void)state;
	EVP_PKEY_free(root_key);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(leaf_key);
	EVP_PKEY_free(other_key);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest made[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_root_must_be_trusted),
		cmocka_unit_test(test_the_way_must_be_there),
		cmocka_unit_test(test_leaf_vouches_for_itself),
		cmocka_unit_test(test_decoy),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_not_a_ca),
		cmocka_unit_test(test_unknown_critical_extension),
		cmocka_unit_test(test_floors),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_crl_must_be_there),
		cmocka_unit_test(test_crl_that_does_not_count),
		cmocka_unit_test(test_revoked),
		cmocka_unit_test(test_revoked_by_another),
		cmocka_unit_test(test_names_are_fit_for_a_terminal),
		cmocka_unit_test_teardown(test_pinned_key_in_a_forged_root, evidence_sample_free),
	};
	struct CMUnitTest files[sizeof(genuine) / sizeof(genuine[0])];
	int failed = cmocka_run_group_tests_name("made here", made, make_keys, free_keys);

	for (size_t i = 0; i < sizeof(genuine) / sizeof(genuine[0]); i++)
		files[i] = (struct CMUnitTest){.name = genuine[i].title,
					       .test_func = test_genuine,
					       .teardown_func = evidence_sample_free,
					       .initial_state = (void *)(uintptr_t)&genuine[i]};
	return failed + cmocka_run_group_tests_name("genuine", files, NULL, NULL);
}
