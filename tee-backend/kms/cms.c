/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcrypto parses (BER with indefinite lengths, and both forms of the encrypted content); what it would accept beyond the
 * one form that the service sends is refused before a key is used: other recipients, key transport or ciphers.
 */
#include "config.h"

#include "kms/cms.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "platform/hkdf.h"

#define KEY_ID_SIZE 32

/* The key's identifier in what AWS KMS sends: SHA-256 of its SubjectPublicKeyInfo. */
static bool key_id(EVP_PKEY *key, uint8_t id[KEY_ID_SIZE])
{
	unsigned char *info = NULL;
	int size = i2d_PUBKEY(key, &info);
	EVP_MD *md = EVP_MD_fetch(hkdf_library(), "SHA256", NULL);
	bool done = size > 0 && md && EVP_Digest(info, (size_t)size, id, NULL, md, NULL) > 0;

	EVP_MD_free(md);
	OPENSSL_free(info);
	return done;
}

static bool is_sha256(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *oid = NULL;

	if (!algorithm)
		return false;
	X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
	return OBJ_obj2nid(oid) == NID_sha256;
}

/* MGF1's parameter is the AlgorithmIdentifier of its hash. */
static bool is_mgf1_sha256(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *oid = NULL;
	const void *parameter = NULL;
	int type = 0;
	X509_ALGOR *hash = NULL;
	bool good = false;

	if (!algorithm)
		return false;
	X509_ALGOR_get0(&oid, &type, &parameter, algorithm);
	if (OBJ_obj2nid(oid) != NID_mgf1 || type != V_ASN1_SEQUENCE)
		return false;
	hash = ASN1_item_unpack(parameter, ASN1_ITEM_rptr(X509_ALGOR));
	good = is_sha256(hash);
	X509_ALGOR_free(hash);
	return good;
}

static bool is_oaep_sha256(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *oid = NULL;
	const void *parameter = NULL;
	int type = 0;
	RSA_OAEP_PARAMS *oaep = NULL;
	bool good = false;

	X509_ALGOR_get0(&oid, &type, &parameter, algorithm);
	if (OBJ_obj2nid(oid) != NID_rsaesOaep || type != V_ASN1_SEQUENCE)
		return false;
	oaep = ASN1_item_unpack(parameter, ASN1_ITEM_rptr(RSA_OAEP_PARAMS));
	good = oaep && is_sha256(oaep->hashFunc) && is_mgf1_sha256(oaep->maskGenFunc) && !oaep->pSourceFunc;
	RSA_OAEP_PARAMS_free(oaep);
	return good;
}

/* NULL, or why RECIPIENT is not ours in the one form. */
static const char *check_recipient(CMS_RecipientInfo *recipient, EVP_PKEY *key)
{
	ASN1_OCTET_STRING *id = NULL;
	X509_ALGOR *algorithm = NULL;
	uint8_t own[KEY_ID_SIZE];

	if (CMS_RecipientInfo_type(recipient) != CMS_RECIPINFO_TRANS)
		return "its recipient is none of key transport";
	if (!CMS_RecipientInfo_ktri_get0_signer_id(recipient, &id, NULL, NULL) || !id)
		return "its recipient is not named by a key identifier";
	if (!key_id(key, own))
		return "libcrypto failed";
	if (ASN1_STRING_length(id) != KEY_ID_SIZE || memcmp(ASN1_STRING_get0_data(id), own, KEY_ID_SIZE) != 0)
		return "it is for another recipient";
	/* The key itself has to be set before the algorithm can be asked for. */
	if (!CMS_RecipientInfo_ktri_get0_algs(recipient, NULL, NULL, &algorithm) || !algorithm ||
	    !is_oaep_sha256(algorithm))
		return "its key is not transported by RSAES-OAEP with SHA-256";
	return NULL;
}

/* What libcrypto has no function for: the content's cipher, by the bytes of its identifier. */
static bool has_aes256_cbc(struct span message)
{
	static const uint8_t oid[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a};

	return memmem(message.data, message.size, oid, sizeof(oid)) != NULL;
}

static const char *read_content(CMS_ContentInfo *cms, struct buffer *plain)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *data = NULL;
	long size = 0;
	const char *why = out ? NULL : "no memory";

	if (!why && CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY) <= 0)
		why = "it does not decrypt";
	if (!why) {
		size = BIO_get_mem_data(out, &data);
		if (size <= 0)
			why = "it is empty";
		else if (!buffer_set(plain, data, (size_t)size))
			why = "no memory";
	}
	if (data && size > 0)
		OPENSSL_cleanse(data, (size_t)size);
	BIO_free(out);
	return why;
}

static const char *open_parsed(CMS_ContentInfo *cms, EVP_PKEY *key, struct buffer *plain)
{
	STACK_OF(CMS_RecipientInfo) *recipients = NULL;
	CMS_RecipientInfo *recipient = NULL;
	const char *why = NULL;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_enveloped)
		return "it is not EnvelopedData";
	recipients = CMS_get0_RecipientInfos(cms);
	if (!recipients || sk_CMS_RecipientInfo_num(recipients) != 1)
		return "it has not one recipient";
	recipient = sk_CMS_RecipientInfo_value(recipients, 0);
	why = check_recipient(recipient, key);
	if (why)
		return why;
	if (!EVP_PKEY_up_ref(key))
		return "no memory";
	if (!CMS_RecipientInfo_set0_pkey(recipient, key)) {
		EVP_PKEY_free(key);
		return "libcrypto failed";
	}
	if (CMS_RecipientInfo_decrypt(cms, recipient) <= 0)
		return "its key does not decrypt";
	return read_content(cms, plain);
}

bool cms_open(struct span message, EVP_PKEY *key, struct buffer *plain, const char **why)
{
	CMS_ContentInfo *cms = NULL;
	const unsigned char *at = message.data;

	*why = NULL;
	buffer_reset(plain);
	if (!message.size || message.size > CMS_SIZE_MAX)
		*why = "its size";
	else if (!has_aes256_cbc(message))
		*why = "its content is not encrypted by AES-256-CBC";
	else
		cms = CMS_ContentInfo_new_ex(hkdf_library(), NULL);
	if (!*why && (!cms || !d2i_CMS_ContentInfo(&cms, &at, (long)message.size)))
		*why = "it is no CMS message";
	if (!*why && at != message.data + message.size)
		*why = "bytes follow";
	if (!*why)
		*why = open_parsed(cms, key, plain);
	if (*why)
		buffer_reset(plain);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return !*why;
}
