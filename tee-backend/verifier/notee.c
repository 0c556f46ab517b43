/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docs/evidence.md, platform notee: {1: -8 (EdDSA), 2: SubjectPublicKeyInfo, 3: signature}.
 */
#include "config.h"

#include <openssl/evp.h>
#include <string.h>

#include "common/cbor_reader.h"
#include "verifier/notee.h"

#define DOMAIN_TAG "keyclave-notee-evidence-v1" /* with its NUL, before the digest */
#define DIGEST_SIZE 64
#define COSE_EDDSA 7 /* as CBOR has it: -1 - 7 */
#define KEY_SIZE 32

/* RFC 8410: SubjectPublicKeyInfo of an Ed25519 key before its bytes. One form only: decoders differ in leniency. */
static const uint8_t spki_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static bool read_evidence(struct span input, struct span *key, struct span *signature)
{
	struct cbor_reader r;
	struct cbor_item algorithm = {0};
	uint64_t label = 0;
	size_t count = 0;

	cbor_reader_init(&r, input);
	return cbor_reader_map(&r, 3, &count) && count == 3 && cbor_reader_uint(&r, 3, &label) && label == 1 &&
	       cbor_reader_next(&r, &algorithm) && algorithm.type == CBOR_READER_NEGINT &&
	       algorithm.number == COSE_EDDSA && cbor_reader_uint(&r, 3, &label) && label == 2 &&
	       cbor_reader_bytes(&r, 64, key) && cbor_reader_uint(&r, 3, &label) && label == 3 &&
	       cbor_reader_bytes(&r, 64, signature) && cbor_reader_end(&r);
}

/* NULL: not the one form of an Ed25519 SubjectPublicKeyInfo. */
static EVP_PKEY *read_public_key(struct span spki)
{
	if (spki.size != sizeof(spki_head) + KEY_SIZE || memcmp(spki.data, spki_head, sizeof(spki_head)) != 0)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, spki.data + sizeof(spki_head), KEY_SIZE);
}

static bool signature_holds(EVP_PKEY *key, struct span report_data, struct span signature)
{
	uint8_t signed_bytes[sizeof(DOMAIN_TAG) + DIGEST_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = false;

	memcpy(signed_bytes, DOMAIN_TAG, sizeof(DOMAIN_TAG));
	memcpy(signed_bytes + sizeof(DOMAIN_TAG), report_data.data, DIGEST_SIZE);
	good = ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	       EVP_DigestVerify(ctx, signature.data, signature.size, signed_bytes, sizeof(signed_bytes)) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

bool notee_appraise(struct appraisal *a, struct span evidence)
{
	struct span spki = {0}, signature = {0};
	EVP_PKEY *key = NULL;
	bool good = false;

	if (!appraisal_allows(a, POLICY_ALLOW_NOTEE))
		return appraisal_check(a, "platform", false,
				       "notee: NO TEE VOUCHES FOR THIS KEY (allow it with --allow-notee)");
	appraisal_check(a, "platform", true, "notee: NO TEE VOUCHES FOR THIS KEY");
	/* Without claims there is nothing that this signature could be over. */
	if (a->report_data.size != DIGEST_SIZE || !read_evidence(evidence, &spki, &signature))
		return appraisal_check(a, "signature", false, "not evidence of this platform");
	key = read_public_key(spki);
	if (key && signature_holds(key, a->report_data, signature)) {
		appraisal_bytes(a, "development-key", spki);
		good = appraisal_check(a, "signature", true, "good, by the development key");
	} else {
		appraisal_check(a, "signature", false, key ? "the signature is not good" : "not an Ed25519 key");
	}
	EVP_PKEY_free(key);
	return good;
}
