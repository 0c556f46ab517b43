/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pinned roots of the vendors, the way from a certificate to one of them, and its revocation. Whatever is offered
 * on the way is hostile: it counts only by the signatures above it, which end in a root of this table or of the user.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "verifier/chain.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* AWS's chains have five certificates; three are usual. */
#define CHAIN_LENGTH_MAX 8
#define CHAIN_CARRIED_MAX 64

/*
 * SHA-256 of the root's SubjectPublicKeyInfo. Each was computed from the vendor's certificate as independent public
 * verifiers carry it; where the vendor publishes a fingerprint of the certificate, it was compared.
 */
static const struct chain_root {
	enum chain_vendor vendor;
	const char *product; /* NULL: the vendor's only one */
	const char *name;
	uint8_t spki[SHA256_DIGEST_LENGTH];
} roots[] = {
	/* kdsintf.amd.com/vcek/v1/Milan/cert_chain; as in google/go-sev-guest */
	{CHAIN_AMD, "Milan", "AMD ARK-Milan",
	
	 {0x9f, 0x05, 0x6b, 0xee, 0x44, 0x37, 0x7e, 0x29, 0x30, 0x8c, 0xb5, 0xff, 0xa8, 0x95, 0xbd, 0xfb,
	  0x62, 0xd1, 0x88, 0x81, 0xfa, 0x6b, 0xed, 0x8d, 0x6f, 0x07, 0x5b, 0x02, 0x04, 0x08, 0x9c, 0xb9}},
	/* kdsintf.amd.com/vcek/v1/Genoa/cert_chain (Bergamo and Siena too); as in google/go-sev-guest */
	{CHAIN_AMD, "Genoa", "AMD ARK-Genoa",
	 {0x42, 0x9a, 0x69, 0xc9, 0x42, 0x2a, 0xa2, 0x58, 0xee, 0x4d, 0x8d, 0xb5, 0xfc, 0xda, 0x9c, 0x64,
	  0x70, 0xef, 0x15, 0xf8, 0xcd, 0x5a, 0x9c, 0xeb, 0xd6, 0xcb, 0xc7, 0xd9, 0x0b, 0x86, 0x38, 0x31}},
	/* kdsintf.amd.com/vcek/v1/Turin/cert_chain; as in google/go-sev-guest */
	{CHAIN_AMD, "Turin", "AMD ARK-Turin",
	 {0x4f, 0x12, 0x54, 0x10, 0x56, 0x3a, 0x2a, 0xb9, 0xa5, 0x03, 0x56, 0xf9, 0x24, 0x3f, 0x6f, 0xe0,
	  0xb6, 0xf7, 0x3d, 0xe9, 0x86, 0x03, 0xf5, 0x3f, 0x90, 0x33, 0x9c, 0x70, 0xe9, 0xd7, 0xad, 0x08}},
	/* certificates.trustedservices.intel.com/IntelSGXRootCA.der; as in google/go-tdx-guest */
	{CHAIN_INTEL, NULL, "Intel SGX Root CA",
	 {0xa0, 0xaf, 0x03, 0x12, 0x89, 0xf5, 0xd5, 0xd4, 0x13, 0x2f, 0x91, 0x86, 0x06, 0x8a, 0x7f, 0xc1,
	  0x36, 0x28, 0x63, 0x3b, 0xa2, 0x35, 0x77, 0x74, 0x72, 0xe2, 0x9b, 0x6b, 0x6c, 0x67, 0xa4, 0x9e}},
	/*
	 * aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip; AWS gives the certificate's SHA-256 as
	 * 641A0321A3E244EFE456463195D606317ED7CDCC3C1756E09893F3C68F79BB5B
	 */
	{CHAIN_NITRO, NULL, "AWS Nitro Enclaves G1",
	 {0xf2, 0xca, 0xf5, 0xec, 0xc6, 0x19, 0x0b, 0x4a, 0x83, 0x99, 0xb7, 0x8b, 0xc5, 0x8a, 0x2b, 0xbc,
	  0xd0, 0x38, 0x23, 0x75, 0xdb, 0x8a, 0x1b, 0xfd, 0x78, 0xa8, 0x27, 0x43, 0x87, 0x4f, 0xd2, 0x25}},
	/* Google Compute Engine's vTPMs, as in google/go-tpm-tools: since 2022, and before it */
	{CHAIN_TPM, "gce", "Google EK/AK CA Root",
	 {0x56, 0xa6, 0x13, 0xf5, 0x71, 0x26, 0xa3, 0x85, 0xdd, 0x69, 0x49, 0x29, 0x4e, 0x93, 0xb0, 0xb5,
	  0x66, 0xf9, 0x6a, 0xb0, 0x57, 0x3b, 0xe0, 0xc2, 0x36, 0x8e, 0x6f, 0x5c, 0xa7, 0x79, 0x83, 0x1f}},
	{CHAIN_TPM, "gce", "Google tpm_ek_v1_cloud_host_root",
	 {0xf2, 0x30, 0x57, 0xf4, 0xf9, 0x7d, 0x1d, 0x90, 0xe4, 0xca, 0xe0, 0xce, 0x91, 0xd5, 0xa0, 0xfc,
	  0x99, 0x06, 0x9f, 0x0a, 0x1b, 0xc1, 0x47, 0x02, 0x1d, 0xca, 0x33, 0xb1, 0xe9, 0xc4, 0xd0, 0xd9}},
	/* Azure's vTPMs; as in openpcc/openpcc */
	{CHAIN_TPM, "azure", "Azure Virtual TPM Root Certificate Authority 2023",
	 {0x5c, 0xbc, 0x52, 0x67, 0x2a, 0xe1, 0x01, 0x26, 0x3c, 0x29, 0x76, 0x73, 0x60, 0x44, 0xa9, 0x64,
	  0xc1, 0x18, 0x2c, 0xe9, 0x41, 0x2c, 0x39, 0x93, 0x71, 0x83, 0xba, 0xdd, 0xcc, 0xcb, 0x8c, 0xdf}},
};

/* Security in bits that keys and signatures must have, by OpenSSL's levels: 2 is 112 bits, 3 is 128, 4 is 192. */
static int floor_of(enum chain_vendor vendor)
{
	switch (vendor) {
	case CHAIN_NITRO:
		return 4; /* P-384 and SHA-384 throughout */
	case CHAIN_AMD:
	case CHAIN_INTEL:
		return 3;
	case CHAIN_TPM:
		break;
	}
	return 2; /* attestation keys of vTPMs are RSA 2048 */
}

struct chain {
	struct appraisal *a;
	const struct chain_request *request;
	STACK_OF(X509) * offered; /* all certificates that may be on the way; borrowed */
	STACK_OF(X509) * path;    /* leaf first; borrowed from them */
	const struct chain_root *root;
	char name[64]; /* of a certificate, for messages */
};

/* The common name of NAME, fit for a terminal. */
static const char *readable(struct chain *c, X509_NAME *name)
{
	int size = X509_NAME_get_text_by_NID(name, NID_commonName, c->name, sizeof(c->name));

	if (size <= 0)
		snprintf(c->name, sizeof(c->name), "without a common name");
	for (char *p = c->name; *p; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return c->name;
}

static bool refuse(struct chain *c, const char *why, X509_NAME *name)
{
	return appraisal_check(c->a, "certificate chain", false, "%s%s", why, name ? readable(c, name) : "");
}

/* ---- the way up ---- */

static bool offer(struct chain *c, STACK_OF(X509) * certificates)
{
	for (int i = 0; i < sk_X509_num(certificates) && i < CHAIN_CARRIED_MAX; i++)
		if (!sk_X509_push(c->offered, sk_X509_value(certificates, i)))
			return false;
	return true;
}

static bool in_date(const ASN1_TIME *from, const ASN1_TIME *to, int64_t time)
{
	time_t at = (time_t)time;

	/* X509_cmp_time: 0 is an error, and equality counts as past. */
	return X509_cmp_time(from, &at) < 0 && X509_cmp_time(to, &at) > 0;
}

/* Of its own name, and yet not of its own key: a root's key in a certificate that its owner did not sign. */
static bool forged_root(X509 *x)
{
	return X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(x)) == 0 && X509_self_signed(x, 1) != 1;
}

/*
 * The certificate whose key signed SUBJECT; of several (a CA that was certified again) one that is in date. By
 * signature and not by name alone: a certificate that was put in the way must not hide the right one.
 */
static X509 *issuer_of(const struct chain *c, X509 *subject)
{
	X509 *found = NULL;

	for (int i = 0; i < sk_X509_num(c->offered); i++) {
		X509 *x = sk_X509_value(c->offered, i);
		EVP_PKEY *key = X509_get0_pubkey(x);

		if (X509_NAME_cmp(X509_get_subject_name(x), X509_get_issuer_name(subject)) != 0 || !key ||
		    X509_verify(subject, key) != 1 || forged_root(x))
			continue;
		if (in_date(X509_get0_notBefore(x), X509_get0_notAfter(x), c->request->time))
			return x;
		if (!found)
			found = x;
	}
	return found;
}

static bool build_path(struct chain *c)
{
	X509 *at = c->request->leaf;

	for (int i = 0; i < CHAIN_LENGTH_MAX; i++) {
		if (!sk_X509_push(c->path, at))
			return refuse(c, "out of memory", NULL);
		if (X509_self_signed(at, 1) == 1)
			return i > 0 || refuse(c, "a certificate that vouches for itself: ", X509_get_subject_name(at));
		if (i + 1 < CHAIN_LENGTH_MAX) {
			X509 *issuer = issuer_of(c, at);

			if (!issuer)
				return refuse(c, "no certificate of its issuer: ", X509_get_issuer_name(at));
			at = issuer;
		}
	}
	return refuse(c, "longer than this verifier goes", NULL);
}

static bool spki_digest(X509 *x, uint8_t digest[SHA256_DIGEST_LENGTH])
{
	unsigned char *spki = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &spki);
	bool good = size > 0 && EVP_Digest(spki, (size_t)size, digest, NULL, EVP_sha256(), NULL);

	OPENSSL_free(spki);
	return good;
}

static const struct chain_root *pinned(const struct chain *c, X509 *top)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (!spki_digest(top, digest))
		return NULL;
	for (size_t i = 0; i < COUNT(roots); i++)
		if (roots[i].vendor == c->request->vendor && memcmp(roots[i].spki, digest, sizeof(digest)) == 0)
			return &roots[i];
	return NULL;
}

static bool is_own_root(const struct chain *c, X509 *top)
{
	const struct endorsements *e = c->a->endorsements;

	for (int i = 0; e && i < sk_X509_num(e->roots); i++)
		if (X509_cmp(sk_X509_value(e->roots, i), top) == 0)
			return true;
	return false;
}

/* Is the end of the path one that we trust? */
static bool anchor(struct chain *c)
{
	X509 *top = sk_X509_value(c->path, sk_X509_num(c->path) - 1);
	const char *product = c->request->product;

	c->root = pinned(c, top);
	if (!c->root)
		return is_own_root(c, top) ||
		       refuse(c, "ends in a root that is not trusted: ", X509_get_subject_name(top));
	if (product && c->root->product && strcmp(product, c->root->product) != 0)
		return appraisal_check(c->a, "certificate chain", false, "%s is not the root of %s", c->root->name,
				       product);
	return true;
}

/* ---- RFC 5280's validation of the path, by OpenSSL ---- */

static bool prepare(struct chain *c, X509_STORE_CTX *ctx, X509_STORE *store)
{
	int last = sk_X509_num(c->path) - 1;
	X509_VERIFY_PARAM *param = NULL;

	if (!X509_STORE_add_cert(store, sk_X509_value(c->path, last)) ||
	    !X509_STORE_CTX_init(ctx, store, c->request->leaf, c->path))
		return false;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_LENGTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, floor_of(c->request->vendor));
	X509_VERIFY_PARAM_set_time(param, (time_t)c->request->time);
	/* A root with the right key and other contents is not the vendor's. */
	return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CHECK_SS_SIGNATURE) == 1;
}

static bool validate(struct chain *c)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool good = false;

	if (!store || !ctx || !prepare(c, ctx, store)) {
		refuse(c, "out of memory", NULL);
	} else if (X509_verify_cert(ctx) != 1) {
		X509 *at = X509_STORE_CTX_get_current_cert(ctx);

		appraisal_check(c->a, "certificate chain", false, "%s: %s",
				readable(c, X509_get_subject_name(at ? at : c->request->leaf)),
				X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	} else {
		good = true;
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return good;
}

/* ---- revocation ---- */

static bool strong_digest(int nid)
{
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

static bool strong_signature(const X509_CRL *crl)
{
	const X509_ALGOR *algorithm = NULL;
	const ASN1_OBJECT *hash = NULL;
	RSA_PSS_PARAMS *pss = NULL;
	int digest = NID_undef;

	X509_CRL_get0_signature(crl, NULL, &algorithm);
	if (X509_CRL_get_signature_nid(crl) != NID_rsassaPss)
		return OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &digest, NULL) && strong_digest(digest);
	pss = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter);
	if (pss && pss->hashAlgorithm) { /* the default would be SHA-1 */
		X509_ALGOR_get0(&hash, NULL, NULL, pss->hashAlgorithm);
		digest = OBJ_obj2nid(hash);
	}
	RSA_PSS_PARAMS_free(pss);
	return strong_digest(digest);
}

/* ISSUER's word: signed by it, about all that it issued. */
static bool is_crl_of(X509_CRL *crl, X509 *issuer)
{
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0)
		return false;
	/* Part of a list (a delta, a distribution point's scope) or with a meaning that we do not know. */
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++)
		if (X509_EXTENSION_get_critical(X509_CRL_get_ext(crl, i)))
			return false;
	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0 ||
	    X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1) >= 0)
		return false;
	return (X509_get_key_usage(issuer) & KU_CRL_SIGN) && strong_signature(crl) &&
	       X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
}

static bool newer(const X509_CRL *crl, const X509_CRL *than)
{
	int days = 0, seconds = 0;

	return !than || (ASN1_TIME_diff(&days, &seconds, X509_CRL_get0_lastUpdate(than),
					X509_CRL_get0_lastUpdate(crl)) && (days > 0 || seconds > 0));
}

/* ISSUER's newest CRL, and its newest of those in date. */
static void find_crls(const struct chain *c, X509 *issuer, X509_CRL **newest, X509_CRL **current)
{
	STACK_OF(X509_CRL) *crls = c->a->endorsements ? c->a->endorsements->crls : NULL;

	*newest = *current = NULL;
	for (int i = 0; i < sk_X509_CRL_num(crls); i++) {
		X509_CRL *crl = sk_X509_CRL_value(crls, i);
		const ASN1_TIME *end = X509_CRL_get0_nextUpdate(crl);

		if (!is_crl_of(crl, issuer))
			continue;
		if (newer(crl, *newest))
			*newest = crl;
		if (end && in_date(X509_CRL_get0_lastUpdate(crl), end, c->request->time) && newer(crl, *current))
			*current = crl;
	}
}

static bool lists(X509_CRL *crl, X509 *x)
{
	X509_REVOKED *entry = NULL;

	return crl && X509_CRL_get0_by_cert(crl, &entry, x) != 0;
}

/*
 * Intel's root and its PCK CAs list what they issued. AMD's ARK lists ASKs and ASVKs; for what these issued, one
 * certificate for each chip and TCB, there are no lists.
 */
static bool has_crl(const struct chain *c, int level)
{
	return c->request->vendor != CHAIN_AMD || level == sk_X509_num(c->path) - 2;
}

/* The newest CRL may be past its date, or of a time after the one asked for: whom it lists is revoked all the same. */
static bool revocation(struct chain *c)
{
	bool wanted = c->request->crl_wanted, missing = false;
	char issuer[64] = "";

	for (int i = 0; i + 1 < sk_X509_num(c->path); i++) {
		X509 *x = sk_X509_value(c->path, i), *by = sk_X509_value(c->path, i + 1);
		X509_CRL *newest = NULL, *current = NULL;

		find_crls(c, by, &newest, &current);
		if (lists(newest, x) || lists(current, x))
			return appraisal_check(c->a, "revocation", false, "%s was revoked by its issuer",
					       readable(c, X509_get_subject_name(x)));
		if (!current && has_crl(c, i) && !missing) {
			snprintf(issuer, sizeof(issuer), "%s", readable(c, X509_get_subject_name(by)));
			missing = true;
		}
	}
	if (!wanted)
		return true;
	if (!missing)
		return appraisal_check(c->a, "revocation", true, "not revoked, by CRLs that are in date");
	if (appraisal_allows(c->a, POLICY_ALLOW_NO_REVOCATION))
		return appraisal_check(c->a, "revocation", true, "NOT JUDGED: no CRL of %s that is in date", issuer);
	return appraisal_check(c->a, "revocation", false,
			       "no CRL of %s that is in date (give it, or allow \"no-revocation\")", issuer);
}

/* ---- */

static bool judge(struct chain *c)
{
	const struct endorsements *e = c->a->endorsements;
	X509 *top = NULL;

	if (!c->offered || !c->path || (e && !offer(c, e->roots)) || !offer(c, c->request->carried) ||
	    (e && !offer(c, e->certificates)))
		return refuse(c, "out of memory", NULL);
	if (!build_path(c) || !anchor(c) || !validate(c))
		return false;
	top = sk_X509_value(c->path, sk_X509_num(c->path) - 1);
	if (!c->root && !appraisal_find(c->a, "root"))
		appraisal_text(c->a, "root", span_text(readable(c, X509_get_subject_name(top))));
	if (c->root)
		appraisal_check(c->a, "certificate chain", true, "%s to %s",
				readable(c, X509_get_subject_name(c->request->leaf)), c->root->name);
	else
		appraisal_check(c->a, "certificate chain", true, "to a root that was given, not a vendor's: %s",
				readable(c, X509_get_subject_name(top)));
	return revocation(c);
}

bool chain_verify(struct appraisal *a, const struct chain_request *request)
{
	struct chain c = {.a = a, .request = request};
	bool good = false;

	ERR_set_mark();
	c.offered = sk_X509_new_null();
	c.path = sk_X509_new_null();
	good = judge(&c);
	sk_X509_free(c.offered);
	sk_X509_free(c.path);
	ERR_pop_to_mark();
	return good;
}
