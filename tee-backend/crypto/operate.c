/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations in one call: checks that key and mechanism fit, digests where the mechanism says so, and
 * calls the family. Enclave only.
 */
#include "config.h"

#include "crypto/operate.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "common/memory.h"
#include "crypto/digest.h"
#include "crypto/family.h"
#include "crypto/library.h"
#include "crypto/rsa.h"

bool operate_start(void)
{
	return library_start() && (family_start() || library_failure(CKR_DEVICE_ERROR) == CKR_OK);
}

/*
 * That M does what FLAG says, and that KEY is of its type and on its side: public keys verify, encrypt
 * and wrap; private ones do the reverse and derive; secret keys do all.
 */
static CK_RV check_fit(const struct key *key, const struct mechanism *m, CK_FLAGS flag)
{
	const CK_FLAGS public_side = CKF_VERIFY | CKF_VERIFY_RECOVER | CKF_ENCRYPT | CKF_WRAP;
	const CK_OBJECT_CLASS wanted = flag & public_side ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;

	if (!(m->row->flags & flag))
		return CKR_MECHANISM_INVALID;
	if (key->class != wanted && key->class != CKO_SECRET_KEY)
		return CKR_KEY_TYPE_INCONSISTENT;
	return mechanism_takes_key(m->row, key->type) ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
}

/* Nothing of a failed operation is left to be read. */
static CK_RV settle(CK_RV rv, struct buffer *out)
{
	if (rv != CKR_OK)
		buffer_reset(out);
	return rv;
}

/* DATA, or its digest in SPACE when the family signs that. */
static CK_RV digested(const struct mechanism *m, uint8_t space[DIGEST_MAX], struct span *data)
{
	const struct mechanism_row *digest = NULL;
	CK_RV rv = CKR_OK;

	if (m->row->digest == CK_UNAVAILABLE_INFORMATION || !family_of(m->row)->takes_digest)
		return CKR_OK;
	digest = digest_row(m->row->digest);
	if (!digest)
		return CKR_MECHANISM_INVALID;
	rv = digest_compute(digest, data, 1, space);
	*data = (struct span){space, digest->output};
	return rv;
}

CK_RV operate_sign(const struct key *key, const struct mechanism *m, struct span data,
		   struct buffer *out)
{
	uint8_t space[DIGEST_MAX];
	CK_RV rv = check_fit(key, m, CKF_SIGN);

	buffer_reset(out);
	if (rv == CKR_OK)
		rv = digested(m, space, &data);
	if (rv == CKR_OK)
		rv = family_of(m->row)->sign(key, m, data, out);
	return settle(rv, out);
}

CK_RV operate_verify(const struct key *key, const struct mechanism *m, struct span data,
		     struct span signature)
{
	uint8_t space[DIGEST_MAX];
	CK_RV rv = check_fit(key, m, CKF_VERIFY);

	if (rv == CKR_OK)
		rv = digested(m, space, &data);
	return rv == CKR_OK ? family_of(m->row)->verify(key, m, data, signature) : rv;
}

CK_RV operate_sign_recover(const struct key *key, const struct mechanism *m, struct span data,
			   struct buffer *out)
{
	CK_RV rv = check_fit(key, m, CKF_SIGN_RECOVER);

	buffer_reset(out);
	if (rv == CKR_OK)
		rv = family_of(m->row)->sign_recover(key, m, data, out);
	return settle(rv, out);
}

CK_RV operate_verify_recover(const struct key *key, const struct mechanism *m, struct span signature,
			     struct buffer *out)
{
	CK_RV rv = check_fit(key, m, CKF_VERIFY_RECOVER);

	buffer_reset(out);
	if (rv == CKR_OK)
		rv = family_of(m->row)->verify_recover(key, m, signature, out);
	return settle(rv, out);
}

/* FLAG: CKF_ENCRYPT, or CKF_WRAP of a key's encoding. */
static CK_RV encrypt(const struct key *key, const struct mechanism *m, CK_FLAGS flag,
		     struct span data, struct buffer *out)
{
	CK_RV rv = check_fit(key, m, flag);

	buffer_reset(out);
	if (rv == CKR_OK)
		rv = family_of(m->row)->encrypt(key, m, data, out);
	return settle(rv, out);
}

CK_RV operate_encrypt(const struct key *key, const struct mechanism *m, struct span data,
		      struct buffer *out)
{
	return encrypt(key, m, CKF_ENCRYPT, data, out);
}

/* FLAG: CKF_DECRYPT, or CKF_UNWRAP. */
static CK_RV decrypt(const struct key *key, const struct mechanism *m, CK_FLAGS flag,
		     struct span data, struct buffer *out)
{
	CK_RV rv = check_fit(key, m, flag);

	buffer_reset(out);
	if (rv == CKR_OK)
		rv = family_of(m->row)->decrypt(key, m, data, out);
	return settle(rv, out);
}

CK_RV operate_decrypt(const struct key *key, const struct mechanism *m, struct span data,
		      struct buffer *out)
{
	return decrypt(key, m, CKF_DECRYPT, data, out);
}

CK_RV operate_decrypt_implicit(const struct key *key, const struct mechanism *m, struct span data,
			       struct buffer *out)
{
	CK_RV rv = CKR_OK;

	if (m->row->scheme != SCHEME_RSA_PKCS1)
		return operate_decrypt(key, m, data, out);
	rv = check_fit(key, m, CKF_DECRYPT);
	buffer_reset(out);
	if (rv == CKR_OK)
		rv = rsa_decrypt_implicit(key, data, out);
	return settle(rv, out);
}

CK_RV operate_decrypt_tls(const struct key *key, struct span data, unsigned client_version,
			  unsigned negotiated_version, struct buffer *out)
{
	buffer_reset(out);
	if (key->type != CKK_RSA || key->class != CKO_PRIVATE_KEY)
		return CKR_KEY_TYPE_INCONSISTENT;
	return settle(rsa_decrypt_premaster(key, data, client_version, negotiated_version, out), out);
}

CK_RV operate_derive(const struct key *key, const struct mechanism *m, size_t size, struct buffer *out)
{
	/* One mechanism for both kinds of curve: the key says which family runs it. */
	const struct family_ops *family = m->row->scheme == SCHEME_ECDH ? key->family : family_of(m->row);
	CK_RV rv = check_fit(key, m, CKF_DERIVE);

	buffer_reset(out);
	if (rv == CKR_OK)
		rv = family->derive(key, m, size, out);
	return settle(rv, out);
}

/* What wrapping by M needs of a target beside its size. */
static CK_RV check_wrappable(const struct mechanism *m, const struct key *target)
{
	if (target->class == CKO_SECRET_KEY)
		return CKR_OK;
	/* PKCS#11 v3.1 sections 6.1.6, 6.1.8, 6.11.4 and 6.11.5: RSA, ECB and CBC wrap secret keys. */
	if (target->class == CKO_PUBLIC_KEY || m->row->family == FAMILY_RSA ||
	    m->row->scheme == SCHEME_AES_ECB || m->row->scheme == SCHEME_AES_CBC)
		return CKR_KEY_NOT_WRAPPABLE;
	return CKR_OK;
}

/*
 * Same sections, and section 6.16.3 for CKM_AES_KEY_WRAP: a key is filled up with zeros to whole blocks, or
 * semiblocks of 8 bytes.
 */
static bool fill_blocks(const struct mechanism *m, struct buffer *encoded)
{
	size_t block = 1;

	if (m->row->scheme == SCHEME_AES_ECB || m->row->scheme == SCHEME_AES_CBC)
		block = m->row->block;
	else if (m->row->scheme == SCHEME_AES_KEY_WRAP)
		block = m->row->block / 2;
	if (encoded->size % block == 0)
		return true;
	return buffer_resize(encoded, encoded->size + block - encoded->size % block);
}

CK_RV operate_wrap(const struct key *wrapping, const struct mechanism *m, const struct key *target,
		   struct buffer *out)
{
	struct buffer encoded = {.secret = true};
	CK_RV rv = m->row->flags & CKF_WRAP ? check_wrappable(m, target) : CKR_MECHANISM_INVALID;

	buffer_reset(out);
	if (rv == CKR_OK)
		rv = key_encode(target, &encoded);
	if (rv == CKR_OK && !fill_blocks(m, &encoded))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = encrypt(wrapping, m, CKF_WRAP, buffer_span(&encoded), out);
	if (rv == CKR_DATA_LEN_RANGE)
		rv = CKR_KEY_SIZE_RANGE;
	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		rv = CKR_WRAPPING_KEY_TYPE_INCONSISTENT;
	buffer_free(&encoded);
	return rv;
}

CK_RV operate_unwrap(const struct key *unwrapping, const struct mechanism *m, struct span wrapped,
		     struct buffer *out)
{
	CK_RV rv = decrypt(unwrapping, m, CKF_UNWRAP, wrapped, out);

	if (rv == CKR_ENCRYPTED_DATA_INVALID)
		rv = CKR_WRAPPED_KEY_INVALID;
	if (rv == CKR_ENCRYPTED_DATA_LEN_RANGE)
		rv = CKR_WRAPPED_KEY_LEN_RANGE;
	if (rv == CKR_KEY_TYPE_INCONSISTENT)
		rv = CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
	return rv;
}

CK_RV operate_random(uint8_t *out, size_t size)
{
	if (size == 0)
		return CKR_OK;
	if (RAND_priv_bytes_ex(library_context(), out, size, 0) == 1)
		return CKR_OK;
	memory_wipe(out, size);
	return library_failure(CKR_DEVICE_ERROR);
}

CK_RV operate_seed(struct span seed)
{
	/* The threads' generators are reseeded from the primary one when they see that it was. */
	EVP_RAND_CTX *primary = RAND_get0_primary(library_context());

	if (!primary)
		return library_failure(CKR_DEVICE_ERROR);
	if (seed.size == 0)
		return CKR_OK;
	/* Entropy comes from the operating system as always; SEED is additional input only. */
	if (EVP_RAND_reseed(primary, 0, NULL, 0, seed.data, seed.size) == 1)
		return CKR_OK;
	return library_failure(CKR_DEVICE_ERROR);
}
