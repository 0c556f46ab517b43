/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The family of RSA: PKCS#1 v1.5, PSS, OAEP and raw (RFC 8017), in the enclave. libcrypto blinds every
 * private operation, as all keys here have their public exponent.
 */
#include "config.h"

#include "crypto/rsa.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "common/memory.h"
#include "crypto/digest.h"
#include "crypto/family.h"
#include "crypto/library.h"
#include "crypto/pkey.h"
#include "crypto/rsa_key.h"
#include "crypto/rsa_padding.h"

#define RSA_BYTES_MAX 1024 /* of a modulus */

static EVP_KEYMGMT *keymgmt;
static EVP_SIGNATURE *signature_algorithm;
static EVP_ASYM_CIPHER *cipher_algorithm;

/* Held for the life of the process, so that what contexts look up by name is always there already. */
static bool rsa_start(void)
{
	CK_ULONG min = 0;
	CK_ULONG max = 0;

	if (!keymgmt)
		keymgmt = EVP_KEYMGMT_fetch(library_context(), "RSA", LIBRARY_PROPERTIES);
	if (!signature_algorithm)
		signature_algorithm =
			EVP_SIGNATURE_fetch(library_context(), "RSA", LIBRARY_PROPERTIES);
	if (!cipher_algorithm)
		cipher_algorithm =
			EVP_ASYM_CIPHER_fetch(library_context(), "RSA", LIBRARY_PROPERTIES);
	family_key_limits(FAMILY_RSA, &min, &max);
	return keymgmt && signature_algorithm && cipher_algorithm && max <= RSA_BYTES_MAX * 8;
}

static size_t size_of(const struct key *key)
{
	return (key->bits + 7) / 8;
}

/* The names in libcrypto of a context's two digests. */
static CK_RV digest_names(const struct context_class *class, const char **hash, const char **mgf)
{
	const struct mechanism_row *hash_row = digest_row(class->hash);
	const struct mechanism_row *mgf_row = mechanism_find_mgf(class->mgf);

	if (!hash_row || !mgf_row)
		return CKR_MECHANISM_PARAM_INVALID;
	*hash = hash_row->digest_name;
	*mgf = mgf_row->digest_name;
	return CKR_OK;
}

/* OSSL_PARAM wants text that it could change; it only reads it. */
static OSSL_PARAM text(const char *key, const char *value)
{
	return OSSL_PARAM_construct_utf8_string(key, (char *)(uintptr_t)value, 0);
}

static CK_RV context_padded(const struct key *key, const struct context_class *class,
			    const char *padding, struct context **context)
{
	const OSSL_PARAM params[] = {
		text(OSSL_PKEY_PARAM_PAD_MODE, padding),
		OSSL_PARAM_construct_end(),
	};

	return pkey_context(key->pkey, key->pool, class, params, context);
}

static CK_RV context_pss(const struct key *key, const struct context_class *class,
			 struct context **context)
{
	const char *hash = NULL;
	const char *mgf = NULL;
	int salt = (int)class->salt_size;
	CK_RV rv = digest_names(class, &hash, &mgf);
	const OSSL_PARAM params[] = {
		text(OSSL_PKEY_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS),
		text(OSSL_SIGNATURE_PARAM_DIGEST, hash),
		text(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mgf),
		OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt),
		OSSL_PARAM_construct_end(),
	};

	if (rv != CKR_OK)
		return rv;
	return pkey_context(key->pkey, key->pool, class, params, context);
}

static CK_RV context_oaep(const struct key *key, const struct context_class *class,
			  struct span label, struct context **context)
{
	const char *hash = NULL;
	const char *mgf = NULL;
	CK_RV rv = digest_names(class, &hash, &mgf);
	const OSSL_PARAM params[] = {
		text(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_OAEP),
		text(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, hash),
		text(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, mgf),
		OSSL_PARAM_construct_end(),
	};
	const OSSL_PARAM labelled[] = {
		OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL,
						  (void *)(uintptr_t)label.data, label.size),
		OSSL_PARAM_construct_end(),
	};

	if (rv != CKR_OK)
		return rv;
	rv = pkey_context(key->pkey, key->pool, class, params, context);
	if (rv != CKR_OK || label.size == 0)
		return rv;
	if (EVP_PKEY_CTX_set_params((*context)->pkey, labelled) == 1)
		return CKR_OK;
	context_free(context);
	return library_failure(CKR_DEVICE_ERROR);
}

static CK_RV context_for(const struct key *key, const struct mechanism *m, enum context_use use,
			 struct context **context)
{
	struct context_class class = {.use = use, .scheme = m->row->scheme};

	switch (m->row->scheme) {
	case SCHEME_RSA_PKCS1:
		return context_padded(key, &class, OSSL_PKEY_RSA_PAD_MODE_PKCSV15, context);
	case SCHEME_RSA_RAW:
		return context_padded(key, &class, OSSL_PKEY_RSA_PAD_MODE_NONE, context);
	case SCHEME_RSA_PSS:
		class.hash = m->hash;
		class.mgf = m->mgf;
		class.salt_size = m->salt_size;
		return context_pss(key, &class, context);
	case SCHEME_RSA_OAEP:
		class.hash = m->hash;
		class.mgf = m->mgf;
		return context_oaep(key, &class, m->label, context);
	default:
		return CKR_MECHANISM_INVALID;
	}
}

/* Runs the private or public operation of a context into OUT, which becomes as long as the result. */
static CK_RV run(const struct key *key, const struct mechanism *m, enum context_use use,
		 struct span input, struct buffer *out, CK_RV otherwise)
{
	struct context *context = NULL;
	/* A context with a label is of no use to the next operation. */
	struct context_pool *home =
		m->row->scheme == SCHEME_RSA_OAEP && m->label.size > 0 ? NULL : key->pool;
	size_t size = size_of(key);
	CK_RV rv = CKR_OK;

	if (!buffer_resize(out, size))
		return CKR_DEVICE_MEMORY;
	rv = context_for(key, m, use, &context);
	if (rv == CKR_OK)
		rv = pkey_run(home, &context, input, out->data, &size, otherwise);
	if (rv == CKR_OK && !buffer_resize(out, size))
		rv = CKR_DEVICE_MEMORY;
	return rv;
}

/* PKCS#11 v3.1 section 6.1.10: the input is a digest of the parameter's hash. */
static CK_RV check_pss(const struct key *key, const struct mechanism *m, struct span input)
{
	const struct mechanism_row *hash = digest_row(m->hash);

	if (!hash || !mechanism_find_mgf(m->mgf))
		return CKR_MECHANISM_PARAM_INVALID;
	if (m->row->digest != CK_UNAVAILABLE_INFORMATION && m->row->digest != m->hash)
		return CKR_MECHANISM_PARAM_INVALID;
	if (mechanism_check_key(m, key->bits) != CKR_OK)
		return CKR_MECHANISM_PARAM_INVALID;
	return input.size == hash->output ? CKR_OK : CKR_DATA_LEN_RANGE;
}

/* RFC 8017 section 5: a number as long as the modulus, in BLOCK. */
static struct span left_padded(struct span input, size_t k, uint8_t block[RSA_BYTES_MAX])
{
	memset(block, 0, k - input.size);
	if (input.size > 0)
		memcpy(block + k - input.size, input.data, input.size);
	return (struct span){block, k};
}

/*
 * What is signed, of INPUT: PSS the digest; PKCS#1 the DigestInfo that a raw mechanism gets from the
 * caller and another makes of the digest; raw RSA a block as long as the modulus. The bytes are
 * INPUT's or are made in BLOCK.
 */
static CK_RV to_be_signed(const struct key *key, const struct mechanism *m, struct span input,
			  uint8_t block[RSA_BYTES_MAX], struct span *tbs)
{
	const struct mechanism_row *digest = digest_row(m->row->digest);
	const size_t k = size_of(key);

	*tbs = input;
	switch (m->row->scheme) {
	case SCHEME_RSA_PSS:
		return check_pss(key, m, input);
	case SCHEME_RSA_PKCS1:
		if (input.size > k - RSA_PADDING_SIZE)
			return CKR_DATA_LEN_RANGE;
		if (!digest)
			return CKR_OK;
		memcpy(block, digest->digest_info, digest->digest_info_size);
		memcpy(block + digest->digest_info_size, input.data, input.size);
		*tbs = (struct span){block, digest->digest_info_size + input.size};
		return tbs->size > k - RSA_PADDING_SIZE ? CKR_KEY_SIZE_RANGE : CKR_OK;
	case SCHEME_RSA_RAW:
		if (input.size > k)
			return CKR_DATA_LEN_RANGE;
		*tbs = left_padded(input, k, block);
		return CKR_OK;
	default:
		return CKR_MECHANISM_INVALID;
	}
}

/* What a failure of libcrypto means: a raw block may be as long as the modulus and yet greater. */
static CK_RV input_failure(const struct mechanism *m)
{
	return m->row->scheme == SCHEME_RSA_RAW ? CKR_DATA_INVALID : CKR_DEVICE_ERROR;
}

static CK_RV rsa_sign(const struct key *key, const struct mechanism *m, struct span input,
		      struct buffer *out)
{
	uint8_t block[RSA_BYTES_MAX];
	struct span tbs = {0};
	CK_RV rv = to_be_signed(key, m, input, block, &tbs);

	return rv == CKR_OK ? run(key, m, CONTEXT_SIGN, tbs, out, input_failure(m)) : rv;
}

/* The signature of an empty message by CKM_RSA_PKCS, which EVP_PKEY_verify takes for a failure. */
static CK_RV verify_nothing(const struct key *key, const struct mechanism *m, struct span signature)
{
	struct buffer out = {.secret = false};
	CK_RV rv = run(key, m, CONTEXT_RECOVER, signature, &out, CKR_SIGNATURE_INVALID);

	if (rv == CKR_OK && out.size != 0)
		rv = CKR_SIGNATURE_INVALID;
	buffer_free(&out);
	return rv;
}

static CK_RV rsa_verify(const struct key *key, const struct mechanism *m, struct span input,
			struct span signature)
{
	uint8_t block[RSA_BYTES_MAX];
	struct context *context = NULL;
	struct span tbs = {0};
	CK_RV rv = to_be_signed(key, m, input, block, &tbs);

	if (rv != CKR_OK)
		return rv;
	if (signature.size != size_of(key))
		return CKR_SIGNATURE_LEN_RANGE;
	if (tbs.size == 0)
		return verify_nothing(key, m, signature);
	rv = context_for(key, m, CONTEXT_VERIFY, &context);
	return rv == CKR_OK ? pkey_verify(key->pool, &context, tbs, signature) : rv;
}

static CK_RV rsa_verify_recover(const struct key *key, const struct mechanism *m,
				struct span signature, struct buffer *out)
{
	if (signature.size != size_of(key))
		return CKR_SIGNATURE_LEN_RANGE;
	return run(key, m, CONTEXT_RECOVER, signature, out, CKR_SIGNATURE_INVALID);
}

/* The most that fits under the padding. */
static CK_RV room_for(const struct key *key, const struct mechanism *m, size_t *room)
{
	const struct mechanism_row *hash = NULL;
	const size_t k = size_of(key);

	switch (m->row->scheme) {
	case SCHEME_RSA_PKCS1:
		*room = k - RSA_PADDING_SIZE;
		return CKR_OK;
	case SCHEME_RSA_RAW:
		*room = k;
		return CKR_OK;
	case SCHEME_RSA_OAEP:
		hash = digest_row(m->hash);
		if (!hash || !mechanism_find_mgf(m->mgf))
			return CKR_MECHANISM_PARAM_INVALID;
		if (k < 2 * hash->output + 2) /* RFC 8017 section 7.1.1 */
			return CKR_KEY_SIZE_RANGE;
		*room = k - 2 * hash->output - 2;
		return CKR_OK;
	default:
		return CKR_MECHANISM_INVALID;
	}
}

static CK_RV rsa_encrypt(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out)
{
	uint8_t block[RSA_BYTES_MAX];
	size_t room = 0;
	CK_RV rv = room_for(key, m, &room);

	if (rv != CKR_OK)
		return rv;
	if (data.size > room)
		return CKR_DATA_LEN_RANGE;
	if (m->row->scheme != SCHEME_RSA_RAW)
		return run(key, m, CONTEXT_ENCRYPT, data, out, CKR_DEVICE_ERROR);
	rv = run(key, m, CONTEXT_ENCRYPT, left_padded(data, room, block), out, input_failure(m));
	memory_wipe(block, room);
	return rv;
}

/* The block under a v1.5 padding, as RSA gives it: EM is .secret. */
static CK_RV decrypt_block(const struct key *key, struct span data, struct buffer *em)
{
	const struct context_class class = {.use = CONTEXT_DECRYPT, .scheme = SCHEME_RSA_RAW};
	struct context *context = NULL;
	size_t size = size_of(key);
	CK_RV rv = CKR_OK;

	if (data.size != size)
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	if (!buffer_resize(em, size))
		return CKR_DEVICE_MEMORY;
	rv = context_padded(key, &class, OSSL_PKEY_RSA_PAD_MODE_NONE, &context);
	if (rv == CKR_OK)
		rv = pkey_run(key->pool, &context, data, em->data, &size,
			      CKR_ENCRYPTED_DATA_INVALID);
	if (rv == CKR_OK && size != em->size)
		rv = CKR_DEVICE_ERROR;
	return rv;
}

static CK_RV decrypt_pkcs1(const struct key *key, struct span data, struct buffer *out)
{
	struct buffer em = {.secret = true};
	size_t size = 0;
	CK_RV rv = decrypt_block(key, data, &em);

	if (rv == CKR_OK) {
		const bool good = rsa_padding_strip(em.data, em.size, &size);

		if (!buffer_set(out, em.data + RSA_PADDING_SIZE, size))
			rv = CKR_DEVICE_MEMORY;
		else if (!good)
			rv = CKR_ENCRYPTED_DATA_INVALID;
	}
	buffer_free(&em);
	return rv;
}

static CK_RV rsa_decrypt(const struct key *key, const struct mechanism *m, struct span data,
			 struct buffer *out)
{
	size_t room = 0;
	CK_RV rv = room_for(key, m, &room);

	if (rv != CKR_OK)
		return rv;
	if (m->row->scheme == SCHEME_RSA_PKCS1)
		return decrypt_pkcs1(key, data, out);
	if (data.size != size_of(key))
		return CKR_ENCRYPTED_DATA_LEN_RANGE;
	return run(key, m, CONTEXT_DECRYPT, data, out, CKR_ENCRYPTED_DATA_INVALID);
}

/* SHA-256 of the private exponent, as long as the modulus. */
static CK_RV implicit_seed(const struct key *key, uint8_t seed[SHA256_DIGEST_LENGTH])
{
	struct buffer exponent = {.secret = true};
	BIGNUM *d = NULL;
	CK_RV rv = CKR_DEVICE_ERROR;

	if (!buffer_resize(&exponent, size_of(key)))
		return CKR_DEVICE_MEMORY;
	if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_D, &d) == 1 &&
	    BN_bn2binpad(d, exponent.data, (int)exponent.size) == (int)exponent.size &&
	    EVP_Q_digest(library_context(), "SHA256", LIBRARY_PROPERTIES, exponent.data, exponent.size, seed, NULL) == 1)
		rv = CKR_OK;
	BN_clear_free(d);
	buffer_free(&exponent);
	return rv == CKR_OK ? rv : library_failure(rv);
}

static bool implicit_hmac(struct span key, struct span data, uint8_t mac[SHA256_DIGEST_LENGTH])
{
	size_t size = 0;

	return EVP_Q_mac(library_context(), "HMAC", LIBRARY_PROPERTIES, "SHA256", NULL, key.data, key.size, data.data,
			 data.size, mac, SHA256_DIGEST_LENGTH, &size) != NULL &&
	       size == SHA256_DIGEST_LENGTH;
}

/* SIZE bytes for LABEL: blocks of HMAC(KDK, number || label || bits), both numbers of two bytes. */
static bool implicit_expand(struct span kdk, const char *label, uint8_t *out, size_t size)
{
	const size_t label_size = strlen(label);
	uint8_t input[16], mac[SHA256_DIGEST_LENGTH];
	bool good = true;

	memcpy(input + 2, label, label_size);
	input[2 + label_size] = (uint8_t)(8 * size >> 8);
	input[3 + label_size] = (uint8_t)(8 * size);
	for (size_t at = 0, block = 0; good && at < size; at += sizeof(mac), block++) {
		size_t part = size - at < sizeof(mac) ? size - at : sizeof(mac);

		input[0] = (uint8_t)(block >> 8);
		input[1] = (uint8_t)block;
		good = implicit_hmac(kdk, (struct span){input, 4 + label_size}, mac);
		memcpy(out + at, mac, part);
	}
	memory_wipe(mac, sizeof(mac));
	return good;
}

/* The message that answers a wrong padding of DATA; SUBSTITUTE is .secret. */
static CK_RV implicit_substitute(const struct key *key, struct span data, struct buffer *substitute, size_t *size)
{
	uint8_t seed[SHA256_DIGEST_LENGTH], kdk[SHA256_DIGEST_LENGTH], lengths[256];
	const struct span span = {kdk, sizeof(kdk)};
	CK_RV rv = implicit_seed(key, seed);

	if (rv == CKR_OK && !buffer_resize(substitute, size_of(key)))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK && (!implicit_hmac((struct span){seed, sizeof(seed)}, data, kdk) ||
			     !implicit_expand(span, "length", lengths, sizeof(lengths)) ||
			     !implicit_expand(span, "message", substitute->data, substitute->size)))
		rv = library_failure(CKR_DEVICE_ERROR);
	if (rv == CKR_OK)
		*size = rsa_padding_substitute_size(lengths, substitute->size);
	memory_wipe(seed, sizeof(seed));
	memory_wipe(kdk, sizeof(kdk));
	memory_wipe(lengths, sizeof(lengths));
	return rv;
}

CK_RV rsa_decrypt_implicit(const struct key *key, struct span data, struct buffer *out)
{
	struct buffer em = {.secret = true}, substitute = {.secret = true};
	size_t substitute_size = 0, size = 0;
	CK_RV rv = decrypt_block(key, data, &em);

	if (rv == CKR_OK)
		rv = implicit_substitute(key, data, &substitute, &substitute_size);
	if (rv == CKR_OK) {
		rsa_padding_strip_implicit(em.data, em.size, substitute.data, substitute_size, &size);
		if (!buffer_set(out, em.data + RSA_PADDING_SIZE, size))
			rv = CKR_DEVICE_MEMORY;
	}
	buffer_free(&em);
	buffer_free(&substitute);
	return rv;
}

CK_RV rsa_decrypt_premaster(const struct key *key, struct span data, unsigned client_version,
			    unsigned negotiated_version, struct buffer *out)
{
	struct buffer em = {.secret = true};
	CK_RV rv = CKR_OK;

	if (size_of(key) < RSA_PADDING_PREMASTER + RSA_PADDING_SIZE)
		return CKR_KEY_SIZE_RANGE;
	if (!buffer_resize(out, RSA_PADDING_PREMASTER))
		return CKR_DEVICE_MEMORY;
	/* Always made, before it is known whether it is needed. */
	if (RAND_priv_bytes_ex(library_context(), out->data, RSA_PADDING_PREMASTER, 0) != 1)
		return library_failure(CKR_DEVICE_ERROR);
	rv = decrypt_block(key, data, &em);
	if (rv == CKR_OK)
		rsa_padding_premaster(em.data, em.size, client_version, negotiated_version,
				      out->data);
	/* Too long, too short or too great a number is visible to all: the random secret answers it. */
	if (rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE)
		rv = CKR_OK;
	buffer_free(&em);
	return rv;
}

const struct family_ops rsa_family = {
	.family = FAMILY_RSA,
	.key_type = CKK_RSA,
	.takes_digest = true,
	.start = rsa_start,
	.load = rsa_key_load,
	.complete = rsa_key_complete,
	.generate_pair = rsa_key_generate_pair,
	.encode = rsa_key_encode,
	.decode = rsa_key_decode,
	.sign = rsa_sign,
	.verify = rsa_verify,
	.sign_recover = rsa_sign,
	.verify_recover = rsa_verify_recover,
	.encrypt = rsa_encrypt,
	.decrypt = rsa_decrypt,
};
