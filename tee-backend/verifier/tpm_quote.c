/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quotes: form, signature, and the digest over PCR values.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "verifier/cursor.h"
#include "verifier/ecdsa.h"
#include "verifier/tpm_quote.h"

#define TPM_GENERATED 0xff544347u
#define ST_ATTEST_QUOTE 0x8018
#define ALG_RSASSA 0x0014
#define ALG_RSAPSS 0x0016
#define ALG_ECDSA 0x0018
#define NAME_MAX_SIZE (2 + TPM_HASH_SIZE_MAX)
#define RSA_SIGNATURE_MAX 1024
#define ECC_SIZE_MAX 48

/* TPML_PCR_SELECTION of one bank. */
static const char *read_selection(struct cursor *c, struct tpm_quote *quote)
{
	uint32_t count = cursor_be32(c);
	struct span bits = {0};

	if (c->failed || count != 1)
		return "a quote of no PCRs, or of several banks at once";
	quote->bank = cursor_be16(c);
	bits = cursor_bytes(c, cursor_u8(c));
	if (c->failed || bits.size > 4)
		return "a quote with a selection of PCRs that is not known";
	for (size_t i = 0; i < bits.size; i++)
		quote->selection |= (uint32_t)bits.data[i] << 8 * i;
	if (!quote->selection || quote->selection >> TPM_QUOTE_PCRS)
		return "a quote of no PCRs, or of some that there are not";
	return NULL;
}

static const char *read_attest(struct cursor *c, struct tpm_quote *quote)
{
	const char *why = NULL;
	uint8_t safe = 0;

	if (cursor_be32(c) != TPM_GENERATED)
		return "not made by a TPM";
	if (cursor_be16(c) != ST_ATTEST_QUOTE)
		return "made by a TPM, and not a quote";
	quote->qualified_signer = cursor_tpm2b(c, NAME_MAX_SIZE);
	quote->extra_data = cursor_tpm2b(c, TPM_HASH_SIZE_MAX + 2);
	quote->clock = cursor_be64(c);
	quote->reset_count = cursor_be32(c);
	quote->restart_count = cursor_be32(c);
	safe = cursor_u8(c);
	quote->clock_safe = safe == 1;
	quote->firmware_version = cursor_be64(c);
	if (c->failed || safe > 1)
		return "a quote of a form that is not known";
	why = read_selection(c, quote);
	if (why)
		return why;
	quote->pcr_digest = cursor_tpm2b(c, TPM_HASH_SIZE_MAX);
	return cursor_end(c) ? NULL : "a quote of a form that is not known";
}

bool tpm_quote_read(struct span attest, struct tpm_quote *quote, const char **why)
{
	struct cursor c;

	*quote = (struct tpm_quote){.attest = attest};
	cursor_init(&c, attest);
	*why = read_attest(&c, quote);
	return !*why;
}

bool tpm_quote_read_signature(struct span signature, struct tpm_quote_signature *out, const char **why)
{
	struct cursor c;

	*out = (struct tpm_quote_signature){0};
	cursor_init(&c, signature);
	out->scheme = cursor_be16(&c);
	out->hash = cursor_be16(&c);
	*why = NULL;
	switch (out->scheme) {
	case ALG_RSASSA:
	case ALG_RSAPSS:
		out->rsa = cursor_tpm2b(&c, RSA_SIGNATURE_MAX);
		break;
	case ALG_ECDSA:
		out->r = cursor_tpm2b(&c, ECC_SIZE_MAX);
		out->s = cursor_tpm2b(&c, ECC_SIZE_MAX);
		break;
	default:
		*why = "a signature of a scheme that is not known";
	}
	if (!*why && !cursor_end(&c))
		*why = "a signature of a form that is not known";
	if (!*why && !tpm_hash_is_strong(out->hash))
		*why = out->hash == TPM_HASH_SHA1 ? "a signature over SHA-1" : "a signature over a hash that is not known";
	return !*why;
}

static bool verify_rsa(EVP_PKEY *key, const struct tpm_quote_signature *s, struct span message)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *inner = NULL;
	bool good = false;

	ERR_set_mark();
	good = ctx && EVP_DigestVerifyInit(ctx, &inner, tpm_hash_md(s->hash), NULL, key) == 1;
	if (good && s->scheme == ALG_RSAPSS)
		good = EVP_PKEY_CTX_set_rsa_padding(inner, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(inner, RSA_PSS_SALTLEN_AUTO) == 1;
	good = good && EVP_DigestVerify(ctx, s->rsa.data, s->rsa.size, message.data, message.size) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_pop_to_mark();
	return good;
}

static bool verify_ecdsa(EVP_PKEY *key, const struct tpm_quote_signature *s, struct span message)
{
	uint8_t both[2 * ECC_SIZE_MAX] = {0};

	memcpy(both + ECC_SIZE_MAX - s->r.size, s->r.data, s->r.size);
	memcpy(both + 2 * ECC_SIZE_MAX - s->s.size, s->s.data, s->s.size);
	return s->r.size && s->s.size &&
	       ecdsa_verify(key, tpm_hash_md(s->hash), (struct span){both, sizeof(both)}, message, (struct span){0});
}

bool tpm_quote_verify(EVP_PKEY *key, const struct tpm_quote_signature *signature, const struct tpm_quote *quote)
{
	if (!key || !tpm_hash_is_strong(signature->hash))
		return false;
	if (signature->scheme == ALG_ECDSA)
		return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && verify_ecdsa(key, signature, quote->attest);
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA && verify_rsa(key, signature, quote->attest);
}

bool tpm_quote_covers(const struct tpm_quote *quote, uint16_t hash, const struct span value[TPM_QUOTE_PCRS])
{
	uint8_t all[TPM_QUOTE_PCRS * TPM_HASH_SIZE_MAX], digest[TPM_HASH_SIZE_MAX];
	size_t each = tpm_hash_size(quote->bank), size = 0;

	for (size_t i = 0; i < TPM_QUOTE_PCRS; i++) {
		if (!(quote->selection >> i & 1))
			continue;
		if (!each || value[i].size != each)
			return false;
		memcpy(all + size, value[i].data, each);
		size += each;
	}
	return tpm_hash_two(hash, (struct span){all, size}, (struct span){0}, digest) &&
	       span_equal(quote->pcr_digest, (struct span){digest, tpm_hash_size(hash)});
}
