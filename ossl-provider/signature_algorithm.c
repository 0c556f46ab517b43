/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The AlgorithmIdentifier of a signature: X509_sign, CMS and OCSP put it beside the signature (recipe P8).
 */
#include "config.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "ossl-provider/signature.h"

static X509_ALGOR *digest_algorithm(const EVP_MD *md)
{
	X509_ALGOR *algorithm = X509_ALGOR_new();

	if (algorithm)
		X509_ALGOR_set_md(algorithm, md);
	return algorithm;
}

static X509_ALGOR *mgf1_algorithm(const EVP_MD *md)
{
	X509_ALGOR *hash = digest_algorithm(md), *mgf1 = X509_ALGOR_new();
	ASN1_STRING *packed = hash ? ASN1_item_pack(hash, ASN1_ITEM_rptr(X509_ALGOR), NULL) : NULL;

	X509_ALGOR_free(hash);
	if (mgf1 && packed && X509_ALGOR_set0(mgf1, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, packed))
		return mgf1;
	ASN1_STRING_free(packed);
	X509_ALGOR_free(mgf1);
	return NULL;
}

/* RFC 4055 section 3.1: SHA-1 and 20 bytes are defaults and are left out. */
static int pss_id(const struct signature *s, unsigned char **der)
{
	const EVP_MD *mgf1 = s->mgf1 ? s->mgf1 : s->md;
	RSA_PSS_PARAMS *pss = RSA_PSS_PARAMS_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	ASN1_STRING *packed = NULL;
	size_t salt = signature_salt_size(s);
	int size = 0;

	if (!pss || !algorithm || !s->md)
		goto out;
	if (salt != 20) {
		pss->saltLength = ASN1_INTEGER_new();
		if (!pss->saltLength || !ASN1_INTEGER_set(pss->saltLength, (long)salt))
			goto out;
	}
	if (!EVP_MD_is_a(s->md, "SHA1") && !(pss->hashAlgorithm = digest_algorithm(s->md)))
		goto out;
	if (!EVP_MD_is_a(mgf1, "SHA1") && !(pss->maskGenAlgorithm = mgf1_algorithm(mgf1)))
		goto out;
	packed = ASN1_item_pack(pss, ASN1_ITEM_rptr(RSA_PSS_PARAMS), NULL);
	if (!packed || !X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, packed)) {
		ASN1_STRING_free(packed);
		goto out;
	}
	size = i2d_X509_ALGOR(algorithm, der);
out:
	RSA_PSS_PARAMS_free(pss);
	X509_ALGOR_free(algorithm);
	return size;
}

int signature_algorithm_id(const struct signature *s, unsigned char **der)
{
	X509_ALGOR *algorithm = NULL;
	int base = s->key ? EVP_PKEY_get_base_id(s->key->public) : NID_undef, id = NID_undef, size = 0;

	if (base == EVP_PKEY_RSA && s->padding == RSA_PKCS1_PSS_PADDING)
		return pss_id(s, der);
	if (base == EVP_PKEY_RSA_PSS)
		return pss_id(s, der);
	if (base == EVP_PKEY_ED25519)
		id = NID_ED25519;
	else if (!s->md || !OBJ_find_sigid_by_algs(&id, EVP_MD_get_type(s->md), base))
		return 0;
	algorithm = X509_ALGOR_new();
	/* RFC 3279: the parameters are NULL for RSA, and absent for the others. */
	if (algorithm && X509_ALGOR_set0(algorithm, OBJ_nid2obj(id),
					 base == EVP_PKEY_RSA ? V_ASN1_NULL : V_ASN1_UNDEF, NULL))
		size = i2d_X509_ALGOR(algorithm, der);
	X509_ALGOR_free(algorithm);
	return size;
}
