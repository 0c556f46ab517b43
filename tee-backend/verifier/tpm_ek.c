/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCG EK Credential Profile for TPM Family 2.0, section 3. What is found is told as facts, which a policy may demand.
 */
#include "config.h"

#include "verifier/tpm_ek.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "verifier/chain.h"

#define EK_USAGE "2.23.133.8.1" /* tcg-kp-EKCertificate */
#define DIGEST_SIZE 32

static bool is_ek_certificate(X509 *x)
{
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	ASN1_OBJECT *wanted = OBJ_txt2obj(EK_USAGE, 1);
	bool found = false;

	for (int i = 0; wanted && i < sk_ASN1_OBJECT_num(usages); i++)
		found = found || OBJ_cmp(sk_ASN1_OBJECT_value(usages, i), wanted) == 0;
	EXTENDED_KEY_USAGE_free(usages);
	ASN1_OBJECT_free(wanted);
	return found;
}

/* By chain_verify on the side: its checks are not those of the evidence. WHY gets the first that failed. */
static bool chain_holds(const struct appraisal *a, X509 *x, STACK_OF(X509) * carried, char *why, size_t size)
{
	struct chain_request request = {
	    .vendor = CHAIN_TPM, .leaf = x, .carried = carried, .time = a->time, .crl_wanted = true};
	struct appraisal *aside = calloc(1, sizeof(*aside));
	bool good = false;

	snprintf(why, size, "no memory");
	if (!aside)
		return false;
	aside->policy = a->policy;
	aside->endorsements = a->endorsements;
	aside->time = a->time;
	good = chain_verify(aside, &request);
	if (!good && aside->check_count)
		snprintf(why, size, "%.100s", aside->check[aside->check_count - 1].detail);
	free(aside);
	return good;
}

static void add_key(struct appraisal *a, X509 *x)
{
	unsigned char *info = NULL;
	uint8_t digest[DIGEST_SIZE];
	char hex[2 * DIGEST_SIZE + 1];
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &info);

	if (size > 0 && EVP_Digest(info, (size_t)size, digest, NULL, EVP_sha256(), NULL)) {
		hex_encode((struct span){digest, sizeof(digest)}, hex);
		appraisal_text(a, "ek-key", span_text(hex));
	}
	OPENSSL_free(info);
}

void tpm_ek_appraise(struct appraisal *a, struct span certificate, STACK_OF(X509) * carried)
{
	const uint8_t *at = certificate.data;
	X509 *x = certificate.size ? d2i_X509(NULL, &at, (long)certificate.size) : NULL;
	char text[136] = "verified", why[104] = "not a certificate", issuer[64] = "";
	bool good = false;

	if (!certificate.size)
		return;
	if (x && !is_ek_certificate(x))
		snprintf(why, sizeof(why), "not of an endorsement key");
	else if (x)
		good = chain_holds(a, x, carried, why, sizeof(why));
	if (!good)
		snprintf(text, sizeof(text), "not verified: %s", why);
	appraisal_text(a, "ek-certificate", span_text(text));
	if (x && X509_NAME_get_text_by_NID(X509_get_issuer_name(x), NID_commonName, issuer, sizeof(issuer)) > 0)
		appraisal_text(a, "ek-issuer", span_text(issuer));
	if (x)
		add_key(a, x);
	X509_free(x);
	ERR_clear_error();
}
