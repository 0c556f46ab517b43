/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The digest of TPM2_PolicyPCR without a TPM, and signatures over it as `openssl dgst` makes them too.
 */
#include "config.h"

#include "platform/tpm_approval.h"

#include <ctype.h>
#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "platform/hkdf.h"

#define REFERENCE "keyclave/1/tpm-policy"

/* Part 2, section 6.5.2. */
static const uint8_t policy_pcr_command[] = {0x00, 0x00, 0x01, 0x7f};

bool tpm_approval_hash(const struct span *parts, size_t count, uint8_t out[TPM_APPROVAL_POLICY_SIZE])
{
	EVP_MD *md = hkdf_library() ? EVP_MD_fetch(hkdf_library(), "SHA256", NULL) : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = md && ctx && EVP_DigestInit_ex2(ctx, md, NULL) > 0;

	for (size_t i = 0; done && i < count; i++)
		done = EVP_DigestUpdate(ctx, parts[i].data, parts[i].size) > 0;
	done = done && EVP_DigestFinal_ex(ctx, out, NULL) > 0;
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	if (!done)
		log_error("libcrypto: cannot digest");
	return done;
}

bool tpm_approval_policy(const struct tpm_pcr_selection *selection, const struct tpm_pcr_values *values,
			 uint8_t policy[TPM_APPROVAL_POLICY_SIZE])
{
	static const uint8_t start[TPM_APPROVAL_POLICY_SIZE];
	/* TPML_PCR_SELECTION: one bank, three octets of bits. */
	const uint8_t list[] = {0,
				0,
				0,
				1,
				(uint8_t)(selection->bank >> 8),
				(uint8_t)(selection->bank & 0xff),
				3,
				(uint8_t)(selection->mask & 0xff),
				(uint8_t)(selection->mask >> 8 & 0xff),
				(uint8_t)(selection->mask >> 16 & 0xff)};
	struct span value[TPM_PCR_COUNT];
	uint8_t pcrs[TPM_APPROVAL_POLICY_SIZE];
	size_t count = 0;

	for (unsigned pcr = 0; pcr < TPM_PCR_COUNT; pcr++)
		if (selection->mask >> pcr & 1)
			value[count++] = (struct span){values->value[pcr], values->size};
	return tpm_approval_hash(value, count, pcrs) &&
	       tpm_approval_hash((struct span[]){{start, sizeof(start)},
						 {policy_pcr_command, sizeof(policy_pcr_command)},
						 {list, sizeof(list)},
						 {pcrs, sizeof(pcrs)}},
				 4, policy);
}

size_t tpm_approval_reference(uint32_t version, char out[TPM_APPROVAL_REFERENCE_MAX])
{
	int size = version ? snprintf(out, TPM_APPROVAL_REFERENCE_MAX, "%s/%u", REFERENCE, version)
			   : snprintf(out, TPM_APPROVAL_REFERENCE_MAX, "%s", REFERENCE);

	return size > 0 ? (size_t)size : 0;
}

size_t tpm_approval_message(const uint8_t policy[TPM_APPROVAL_POLICY_SIZE], uint32_t version,
			    uint8_t out[TPM_APPROVAL_MESSAGE_MAX])
{
	char reference[TPM_APPROVAL_REFERENCE_MAX];
	size_t size = tpm_approval_reference(version, reference);

	memcpy(out, policy, TPM_APPROVAL_POLICY_SIZE);
	memcpy(out + TPM_APPROVAL_POLICY_SIZE, reference, size);
	return TPM_APPROVAL_POLICY_SIZE + size;
}

/* ---- keys ---- */

/* What every TPM verifies with. */
static bool key_fits(EVP_PKEY *key)
{
	char group[32] = "";
	BIGNUM *e = NULL;
	int bits = EVP_PKEY_get_bits(key);
	bool fits = false;

	if (EVP_PKEY_is_a(key, "EC"))
		return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) > 0 &&
		       strcmp(group, "prime256v1") == 0;
	fits = EVP_PKEY_is_a(key, "RSA") && (bits == 2048 || bits == 3072 || bits == 4096) &&
	       EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) > 0 && BN_is_word(e, 65537);
	BN_free(e);
	return fits;
}

EVP_PKEY *tpm_approval_key(const char *path, bool private_half, const char **why)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key = NULL;

	if (!file) {
		*why = strerror(errno);
		return NULL;
	}
	key = private_half ? PEM_read_PrivateKey_ex(file, NULL, NULL, NULL, hkdf_library(), NULL)
			   : PEM_read_PUBKEY_ex(file, NULL, NULL, NULL, hkdf_library(), NULL);
	fclose(file);
	ERR_clear_error();
	if (key && key_fits(key))
		return key;
	*why = private_half ? "expected a private key in PEM: RSA of 2048, 3072 or 4096 bits, or P-256"
			    : "expected a public key in PEM: RSA of 2048, 3072 or 4096 bits, or P-256";
	EVP_PKEY_free(key);
	return NULL;
}

/* ---- signatures ---- */

bool tpm_approval_sign(EVP_PKEY *key, const uint8_t policy[TPM_APPROVAL_POLICY_SIZE], uint32_t version,
		       struct buffer *signature)
{
	uint8_t message[TPM_APPROVAL_MESSAGE_MAX];
	size_t message_size = tpm_approval_message(policy, version, message), size = TPM_APPROVAL_SIGNATURE_MAX;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = buffer_resize(signature, size) && ctx &&
		    EVP_DigestSignInit_ex(ctx, NULL, "SHA256", hkdf_library(), NULL, key, NULL) > 0 &&
		    EVP_DigestSign(ctx, signature->data, &size, message, message_size) > 0 && buffer_resize(signature, size);

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return done;
}

bool tpm_approval_verify(EVP_PKEY *key, const uint8_t policy[TPM_APPROVAL_POLICY_SIZE], uint32_t version,
			 struct span signature)
{
	uint8_t message[TPM_APPROVAL_MESSAGE_MAX];
	size_t size = tpm_approval_message(policy, version, message);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", hkdf_library(), NULL, key, NULL) > 0 &&
		    EVP_DigestVerify(ctx, signature.data, signature.size, message, size) > 0;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

bool tpm_approval_file(const char *name, uint32_t *version)
{
	const char *dot = strrchr(name, '.'), *digits = dot;
	unsigned long value = 0;

	*version = 0;
	if (!dot || strcmp(dot, ".sig") != 0)
		return false;
	while (digits > name && isdigit((unsigned char)digits[-1]))
		digits--;
	if (digits == dot)
		return true;
	errno = 0;
	value = strtoul(digits, NULL, 10);
	if (!errno && value <= TPM_APPROVAL_VERSION_MAX)
		*version = (uint32_t)value;
	return true;
}
