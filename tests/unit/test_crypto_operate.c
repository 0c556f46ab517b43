/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations in one call: each refusal by its code, wrapping by all that wrap, eight threads on the same
 * keys, and that no configuration file of OpenSSL is ever opened.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/scratch.h"
#include "cmocka_test.h"
#include "crypto/family.h"
#include "crypto_sample.h"

static struct attribute_set *rsa_public, *rsa_private, *ec_public, *ec_private, *ed_private;
static struct buffer out;
static struct buffer back;

static struct span text(const char *s)
{
	return span_text(s);
}

static struct mechanism gcm(const char *iv, CK_ULONG tag_bits)
{
	struct mechanism m = sample_mechanism(CKM_AES_GCM);

	m.iv = sample_hex(iv);
	m.tag_bits = tag_bits;
	return m;
}

static struct mechanism pss(CK_MECHANISM_TYPE type, CK_MECHANISM_TYPE hash, CK_RSA_PKCS_MGF_TYPE mgf,
			    CK_ULONG salt)
{
	struct mechanism m = sample_mechanism(type);

	m.hash = hash;
	m.mgf = mgf;
	m.salt_size = salt;
	return m;
}

static struct key *aes_key(void)
{
	return sample_secret(CKK_AES, sample_hex("000102030405060708090a0b0c0d0e0f"));
}

/* SIZE bytes of 0xff, or zeros. */
static struct span run_of(int byte, size_t size)
{
	static uint8_t ones[4096];
	static uint8_t zeros[4096];

	memset(ones, 0xff, sizeof(ones));
	return (struct span){byte ? ones : zeros, size};
}

static void test_fit(void **state)
{
	const struct mechanism ecdsa = sample_mechanism(CKM_ECDSA);
	const struct mechanism pkcs = sample_mechanism(CKM_RSA_PKCS);
	const struct mechanism cbc = sample_mechanism(CKM_AES_CBC);
	const struct mechanism generate = sample_mechanism(CKM_EC_KEY_PAIR_GEN);

	(void)state;
	assert_true(buffer_set(&out, "left over", 9));
	assert_int_equal(operate_sign(sample_key(rsa_private), &ecdsa, text("x"), &out),
			 CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(out.size, 0);
	assert_int_equal(operate_sign(sample_key(ec_public), &ecdsa, text("x"), &out),
			 CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(operate_verify(sample_key(ec_private), &ecdsa, text("x"), text("y")),
			 CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(operate_sign(sample_key(ec_private), &generate, text("x"), &out),
			 CKR_MECHANISM_INVALID);
	assert_int_equal(operate_encrypt(aes_key(), &pkcs, text("x"), &out), CKR_KEY_TYPE_INCONSISTENT);
	assert_int_equal(operate_sign(aes_key(), &cbc, text("x"), &out), CKR_MECHANISM_INVALID);
	assert_int_equal(operate_derive(sample_key(ec_private), &ecdsa, 0, &out), CKR_MECHANISM_INVALID);
	assert_int_equal(operate_decrypt_tls(sample_key(ec_private), text("x"), 0x303, 0, &out),
			 CKR_KEY_TYPE_INCONSISTENT);
}

/* What a row promises, its family has; only then may callers look at the flags alone. */
static void test_families_have_what_rows_promise(void **state)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		const struct family_ops *f = family_of(&rows[i]);
		const CK_FLAGS flags = rows[i].flags;

		assert_non_null(f);
		assert_int_equal(f->family, rows[i].family);
		assert_true(!(flags & CKF_SIGN) || f->sign);
		assert_true(!(flags & CKF_VERIFY) || f->verify);
		assert_true(!(flags & CKF_SIGN_RECOVER) || f->sign_recover);
		assert_true(!(flags & CKF_VERIFY_RECOVER) || f->verify_recover);
		assert_true(!(flags & (CKF_ENCRYPT | CKF_WRAP)) || f->encrypt);
		assert_true(!(flags & (CKF_DECRYPT | CKF_UNWRAP)) || f->decrypt);
		assert_true(!(flags & CKF_GENERATE) || f->generate);
		assert_true(!(flags & CKF_GENERATE_KEY_PAIR) || f->generate_pair);
		if (rows[i].family == FAMILY_KDF)
			assert_true(f->derive);
		else if (flags & CKF_DERIVE)
			assert_true(family_of_key(CKO_PRIVATE_KEY, rows[i].key_types[0])->derive &&
				    family_of_key(CKO_PRIVATE_KEY, rows[i].key_types[1])->derive);
		assert_true(!f->open == !f->feed && !f->open == !f->close);
	}
}

static void test_rsa_sizes(void **state)
{
	const struct mechanism pkcs = sample_mechanism(CKM_RSA_PKCS);
	const struct mechanism raw = sample_mechanism(CKM_RSA_X_509);
	const struct key *private_key = sample_key(rsa_private);
	const struct key *public_key = sample_key(rsa_public);

	(void)state;
	assert_int_equal(operate_sign(private_key, &pkcs, run_of(1, 245), &out), CKR_OK);
	assert_int_equal(operate_sign(private_key, &pkcs, run_of(1, 246), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_encrypt(public_key, &pkcs, run_of(1, 245), &out), CKR_OK);
	assert_int_equal(operate_decrypt(private_key, &pkcs, buffer_span(&out), &back), CKR_OK);
	assert_true(span_equal(buffer_span(&back), run_of(1, 245)));
	assert_int_equal(operate_encrypt(public_key, &pkcs, run_of(1, 246), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_encrypt(public_key, &pkcs, text(""), &out), CKR_OK);
	assert_int_equal(operate_decrypt(private_key, &pkcs, buffer_span(&out), &back), CKR_OK);
	assert_int_equal(back.size, 0);
	assert_int_equal(operate_decrypt(private_key, &pkcs, run_of(1, 255), &out),
			 CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(private_key, &pkcs, run_of(1, 256), &out),
			 CKR_ENCRYPTED_DATA_INVALID);
	assert_int_equal(operate_decrypt(private_key, &pkcs, run_of(0, 256), &out),
			 CKR_ENCRYPTED_DATA_INVALID);
	/* As long as the modulus, and greater. */
	assert_int_equal(operate_sign(private_key, &raw, run_of(1, 256), &out), CKR_DATA_INVALID);
	assert_int_equal(operate_sign(private_key, &raw, run_of(1, 257), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_sign(private_key, &raw, run_of(1, 255), &out), CKR_OK);
	assert_int_equal(operate_verify(public_key, &raw, run_of(1, 255), buffer_span(&out)), CKR_OK);
	assert_int_equal(operate_verify(public_key, &raw, run_of(1, 255), run_of(1, 256)),
			 CKR_SIGNATURE_INVALID);
	assert_int_equal(operate_verify_recover(public_key, &pkcs, run_of(1, 256), &out),
			 CKR_SIGNATURE_INVALID);
	assert_int_equal(operate_verify_recover(public_key, &pkcs, run_of(1, 255), &out),
			 CKR_SIGNATURE_LEN_RANGE);
}

static void test_pss(void **state)
{
	const struct mechanism most = pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 222);
	const struct mechanism more = pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 223);
	const struct mechanism other = pss(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA_1, CKG_MGF1_SHA1, 20);
	const struct mechanism huge = pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, ~0UL);
	const struct mechanism unknown = pss(CKM_RSA_PKCS_PSS, CKM_AES_CBC, CKG_MGF1_SHA256, 1);
	const struct mechanism less = pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32);
	const struct key *key = sample_key(rsa_private);

	(void)state;
	assert_int_equal(operate_sign(key, &most, run_of(1, 32), &out), CKR_OK);
	assert_int_equal(operate_verify(sample_key(rsa_public), &most, run_of(1, 32), buffer_span(&out)),
			 CKR_OK);
	/* The salt's length is part of what is verified. */
	assert_int_equal(operate_verify(sample_key(rsa_public), &less, run_of(1, 32), buffer_span(&out)),
			 CKR_SIGNATURE_INVALID);
	assert_int_equal(operate_sign(key, &more, run_of(1, 32), &out), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(operate_sign(key, &huge, run_of(1, 32), &out), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(operate_sign(key, &other, text("x"), &out), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(operate_sign(key, &unknown, text("x"), &out), CKR_MECHANISM_PARAM_INVALID);
	assert_int_equal(operate_sign(key, &less, run_of(1, 33), &out), CKR_DATA_LEN_RANGE);
}

static void test_oaep(void **state)
{
	struct mechanism m = pss(CKM_RSA_PKCS_OAEP, CKM_SHA512, CKG_MGF1_SHA1, 0);
	const struct key *public_key = sample_key(rsa_public);
	const struct key *private_key = sample_key(rsa_private);

	(void)state;
	assert_int_equal(operate_encrypt(public_key, &m, run_of(1, 126), &out), CKR_OK);
	assert_int_equal(operate_decrypt(private_key, &m, buffer_span(&out), &back), CKR_OK);
	assert_int_equal(operate_encrypt(public_key, &m, run_of(1, 127), &out), CKR_DATA_LEN_RANGE);
	m.label = text("one");
	assert_int_equal(operate_encrypt(public_key, &m, text("x"), &out), CKR_OK);
	m.label = text("two");
	assert_int_equal(operate_decrypt(private_key, &m, buffer_span(&out), &back),
			 CKR_ENCRYPTED_DATA_INVALID);
	m.label = text("");
	assert_int_equal(operate_decrypt(private_key, &m, buffer_span(&out), &back),
			 CKR_ENCRYPTED_DATA_INVALID);
	assert_int_equal(back.size, 0);
	m.label = text("one");
	assert_int_equal(operate_decrypt(private_key, &m, buffer_span(&out), &back), CKR_OK);
	m.mgf = 99;
	assert_int_equal(operate_encrypt(public_key, &m, text("x"), &out), CKR_MECHANISM_PARAM_INVALID);
}

static void test_ecdsa_truncates(void **state)
{
	const struct mechanism m = sample_mechanism(CKM_ECDSA);
	const struct span data = sample_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
					    "ffffffff");

	(void)state;
	assert_int_equal(operate_sign(sample_key(ec_private), &m, data, &out), CKR_OK);
	assert_int_equal(out.size, 64);
	assert_int_equal(operate_verify(sample_key(ec_public), &m, (struct span){data.data, 32},
					buffer_span(&out)),
			 CKR_OK);
	assert_int_equal(operate_verify(sample_key(ec_public), &m, data, run_of(0, 64)),
			 CKR_SIGNATURE_INVALID);
	assert_int_equal(operate_verify(sample_key(ec_public), &m, data, run_of(0, 63)),
			 CKR_SIGNATURE_LEN_RANGE);
	assert_int_equal(operate_verify(sample_key(ec_public), &m, data, run_of(0, 70)),
			 CKR_SIGNATURE_LEN_RANGE);
}

static void test_derive(void **state)
{
	struct mechanism m = sample_mechanism(CKM_ECDH1_DERIVE);
	const struct key *key = sample_key(ec_private);

	(void)state;
	m.kdf = CKD_NULL;
	m.peer = attribute_set_get(ec_public, CKA_EC_POINT);
	assert_int_equal(operate_derive(key, &m, 0, &out), CKR_OK);
	assert_int_equal(out.size, 32);
	assert_int_equal(operate_derive(key, &m, 33, &out), CKR_KEY_SIZE_RANGE);
	m.kdf = CKD_SHA256_KDF;
	assert_int_equal(operate_derive(key, &m, 33, &out), CKR_OK);
	assert_int_equal(out.size, 33);
	assert_int_equal(operate_derive(key, &m, (size_t)1 << 40, &out), CKR_KEY_SIZE_RANGE);
	m.kdf = 99;
	assert_int_equal(operate_derive(key, &m, 0, &out), CKR_MECHANISM_PARAM_INVALID);
	m.kdf = CKD_NULL;
	m.peer = run_of(0, 65);
	assert_int_equal(operate_derive(key, &m, 0, &out), CKR_PUBLIC_KEY_INVALID);
	m.peer = sample_hex("00");
	assert_int_equal(operate_derive(key, &m, 0, &out), CKR_PUBLIC_KEY_INVALID);
	m.peer = text("");
	assert_int_equal(operate_derive(key, &m, 0, &out), CKR_PUBLIC_KEY_INVALID);
	assert_int_equal(out.size, 0);
}

static void test_gcm(void **state)
{
	struct mechanism m = gcm("000102030405060708090a0b", 128);
	const struct key *key = aes_key();
	CK_ULONG bits = 0;

	(void)state;
	for (bits = 0; bits <= 136; bits += 4) {
		m.tag_bits = bits;
		assert_int_equal(operate_encrypt(key, &m, text("abc"), &out),
				 bits >= 32 && bits <= 128 && bits % 8 == 0
					 ? CKR_OK
					 : CKR_MECHANISM_PARAM_INVALID);
		if (out.size == 0)
			continue;
		assert_int_equal(out.size, 3 + bits / 8);
		assert_int_equal(operate_decrypt(key, &m, buffer_span(&out), &back), CKR_OK);
		out.data[out.size - 1] ^= 1;
		assert_int_equal(operate_decrypt(key, &m, buffer_span(&out), &back),
				 CKR_ENCRYPTED_DATA_INVALID);
		assert_int_equal(back.size, 0);
		assert_int_equal(operate_decrypt(key, &m, (struct span){out.data, bits / 8 - 1}, &back),
				 CKR_ENCRYPTED_DATA_LEN_RANGE);
	}
	m = gcm("", 128);
	assert_int_equal(operate_encrypt(key, &m, text("abc"), &out), CKR_MECHANISM_PARAM_INVALID);
	/* Lengths of the IV change between uses of one context. */
	for (bits = 1; bits <= MECHANISM_IV_MAX; bits += 11) {
		m.iv = run_of(1, bits);
		assert_int_equal(operate_encrypt(key, &m, text("abc"), &out), CKR_OK);
		assert_int_equal(operate_decrypt(key, &m, buffer_span(&out), &back), CKR_OK);
		assert_true(span_equal(buffer_span(&back), text("abc")));
	}
	m.iv = run_of(1, MECHANISM_IV_MAX + 1);
	assert_int_equal(operate_encrypt(key, &m, text("abc"), &out), CKR_MECHANISM_PARAM_INVALID);
	/* No data, and no tag of another key. */
	m = gcm("000102030405060708090a0b", 128);
	assert_int_equal(operate_encrypt(key, &m, text(""), &out), CKR_OK);
	assert_int_equal(out.size, 16);
	assert_int_equal(operate_decrypt(key, &m, buffer_span(&out), &back), CKR_OK);
	assert_int_equal(back.size, 0);
}

static void test_cipher_sizes(void **state)
{
	struct mechanism m = sample_mechanism(CKM_AES_ECB);
	const struct key *key = aes_key();

	(void)state;
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 15), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(key, &m, run_of(0, 17), &out), CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_int_equal(operate_encrypt(key, &m, text(""), &out), CKR_OK);
	m = sample_mechanism(CKM_AES_CBC);
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 16), &out), CKR_MECHANISM_PARAM_INVALID);
	m = sample_mechanism(CKM_AES_CBC_PAD);
	m.iv = run_of(0, 16);
	assert_int_equal(operate_encrypt(key, &m, text(""), &out), CKR_OK);
	assert_int_equal(out.size, 16);
	assert_int_equal(operate_decrypt(key, &m, text(""), &out), CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(key, &m, run_of(0, 24), &out), CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(key, &m, run_of(0, 32), &out), CKR_ENCRYPTED_DATA_INVALID);
	m = sample_mechanism(CKM_AES_CTR);
	m.iv = run_of(1, 16);
	m.counter_bits = 32;
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 16), &out), CKR_OK);
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 17), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(key, &m, run_of(0, 17), &out), CKR_ENCRYPTED_DATA_LEN_RANGE);
	m = sample_mechanism(CKM_AES_KEY_WRAP);
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 8), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 20), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(key, &m, run_of(0, 16), &out), CKR_ENCRYPTED_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(key, &m, run_of(0, 24), &out), CKR_ENCRYPTED_DATA_INVALID);
	m.iv = run_of(1, 4);
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 16), &out), CKR_MECHANISM_PARAM_INVALID);
	/* An IV of the caller's does not stay in the context. */
	m.iv = run_of(1, 8);
	assert_int_equal(operate_encrypt(key, &m, run_of(0, 16), &out), CKR_OK);
	m.iv = text("");
	assert_int_equal(operate_decrypt(key, &m, buffer_span(&out), &back), CKR_ENCRYPTED_DATA_INVALID);
	m.iv = run_of(1, 8);
	assert_int_equal(operate_decrypt(key, &m, buffer_span(&out), &back), CKR_OK);
	m = sample_mechanism(CKM_AES_KEY_WRAP_KWP);
	assert_int_equal(operate_encrypt(key, &m, text(""), &out), CKR_DATA_LEN_RANGE);
	assert_int_equal(operate_decrypt(key, &m, run_of(0, 8), &out), CKR_ENCRYPTED_DATA_LEN_RANGE);
}

static void test_hmac_length(void **state)
{
	struct mechanism m = sample_mechanism(CKM_SHA256_HMAC_GENERAL);
	const struct key *key = sample_secret(CKK_GENERIC_SECRET, text("key"));

	(void)state;
	for (m.length = 0; m.length <= 32; m.length++) {
		assert_int_equal(operate_sign(key, &m, text("abc"), &out), CKR_OK);
		assert_int_equal(out.size, m.length);
	}
	assert_int_equal(operate_sign(key, &m, text("abc"), &out), CKR_MECHANISM_PARAM_INVALID);
	m.length = 8;
	assert_int_equal(operate_verify(key, &m, text("abc"), run_of(0, 9)), CKR_SIGNATURE_LEN_RANGE);
	assert_int_equal(operate_verify(key, &m, text("abc"), run_of(0, 8)), CKR_SIGNATURE_INVALID);
}

#if OPENSSL_VERSION_NUMBER >= 0x30200000L
/* libcrypto makes up the same message since 3.2: the two must agree. */
static void expect_as_libcrypto(const struct key *key, struct span data, struct span made_up)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key->pkey, NULL);
	uint8_t plain[512];
	size_t size = sizeof(plain);

	assert_non_null(ctx);
	assert_true(EVP_PKEY_decrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1);
	assert_int_equal(EVP_PKEY_decrypt(ctx, plain, &size, data.data, data.size), 1);
	assert_true(span_equal(made_up, (struct span){plain, size}));
	EVP_PKEY_CTX_free(ctx);
}
#endif

/* A wrong padding is answered by a message: the same for the same data, another for other data, never an error. */
static void test_implicit_rejection(void **state)
{
	const struct mechanism m = sample_mechanism(CKM_RSA_PKCS);
	const struct key *key = sample_key(rsa_private);
	struct buffer first = {0}, second = {0};
	size_t sizes = 0, seen = 0;

	(void)state;
	assert_int_equal(operate_encrypt(sample_key(rsa_public), &m, text("message"), &out), CKR_OK);
	assert_int_equal(operate_decrypt_implicit(key, &m, buffer_span(&out), &back), CKR_OK);
	assert_true(span_equal(buffer_span(&back), text("message")));
	for (uint8_t change = 1; change < 16; change++) {
		out.data[100] ^= change;
		assert_int_equal(operate_decrypt_implicit(key, &m, buffer_span(&out), &first), CKR_OK);
		assert_int_equal(operate_decrypt_implicit(key, &m, buffer_span(&out), &second), CKR_OK);
		assert_true(span_equal(buffer_span(&first), buffer_span(&second)));
		assert_false(span_equal(buffer_span(&first), buffer_span(&back)));
		assert_true(first.size <= out.size - 11);
		sizes += first.size != seen;
		seen = first.size;
		assert_int_equal(operate_decrypt(key, &m, buffer_span(&out), &second), CKR_ENCRYPTED_DATA_INVALID);
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
		expect_as_libcrypto(key, buffer_span(&out), buffer_span(&first));
#endif
		out.data[100] ^= change;
	}
	assert_true(sizes > 4); /* the length is made up too */
	/* What everybody sees to be wrong is an error. */
	assert_int_equal(operate_decrypt_implicit(key, &m, run_of(1, 3), &first), CKR_ENCRYPTED_DATA_LEN_RANGE);
	buffer_free(&first);
	buffer_free(&second);
}

static void test_tls(void **state)
{
	const struct mechanism m = sample_mechanism(CKM_RSA_PKCS);
	const struct key *key = sample_key(rsa_private);
	uint8_t secret[48] = {0x03, 0x03, 1, 2, 3};
	struct buffer other = {0};

	(void)state;
	assert_int_equal(operate_encrypt(sample_key(rsa_public), &m, (struct span){secret, 48}, &out),
			 CKR_OK);
	assert_int_equal(operate_decrypt_tls(key, buffer_span(&out), 0x0303, 0, &back), CKR_OK);
	assert_true(span_equal(buffer_span(&back), (struct span){secret, 48}));
	/* Another version, padding, length: 48 bytes, and others each time. */
	assert_int_equal(operate_decrypt_tls(key, buffer_span(&out), 0x0302, 0, &back), CKR_OK);
	assert_int_equal(operate_decrypt_tls(key, buffer_span(&out), 0x0302, 0, &other), CKR_OK);
	assert_int_equal(back.size, 48);
	assert_false(span_equal(buffer_span(&back), (struct span){secret, 48}));
	assert_false(span_equal(buffer_span(&back), buffer_span(&other)));
	out.data[100] ^= 1;
	assert_int_equal(operate_decrypt_tls(key, buffer_span(&out), 0x0303, 0, &back), CKR_OK);
	assert_int_equal(back.size, 48);
	assert_int_equal(operate_decrypt_tls(key, run_of(1, 256), 0x0303, 0, &back), CKR_OK);
	assert_int_equal(back.size, 48);
	assert_int_equal(operate_decrypt_tls(key, run_of(1, 3), 0x0303, 0, &back), CKR_OK);
	assert_int_equal(back.size, 48);
	buffer_free(&other);
}

/* TARGET wrapped by KEY and unwrapped by BACK_KEY is the same key. */
static void wraps(const struct key *key, const struct key *back_key, const struct mechanism *m,
		  const struct key *target)
{
	struct buffer plain = {.secret = true};
	struct buffer unwrapped = {.secret = true};
	struct buffer spoilt = {0};

	assert_int_equal(key_encode(target, &plain), CKR_OK);
	assert_int_equal(operate_wrap(key, m, target, &out), CKR_OK);
	assert_int_equal(operate_unwrap(back_key, m, buffer_span(&out), &unwrapped), CKR_OK);
	assert_true(unwrapped.size >= plain.size);
	assert_memory_equal(unwrapped.data, plain.data, plain.size);
	if (m->row->scheme != SCHEME_AES_CBC) {
		if (m->row->scheme != SCHEME_AES_KEY_WRAP)
			assert_int_equal(unwrapped.size, plain.size);
		assert_true(buffer_set(&spoilt, out.data, out.size));
		spoilt.data[spoilt.size - 1] ^= 0x55;
		if (m->row->scheme != SCHEME_AES_CBC_PAD)
			assert_int_equal(operate_unwrap(back_key, m, buffer_span(&spoilt), &unwrapped),
					 CKR_WRAPPED_KEY_INVALID);
		assert_int_equal(operate_unwrap(back_key, m, (struct span){spoilt.data, 3}, &unwrapped),
				 CKR_WRAPPED_KEY_LEN_RANGE);
	}
	buffer_free(&plain);
	buffer_free(&unwrapped);
	buffer_free(&spoilt);
}

static void test_wrap(void **state)
{
	const struct key *kek = aes_key();
	const struct key *secret = sample_secret(CKK_GENERIC_SECRET, text("of 21 bytes, not of 8"));
	const struct key *even = sample_secret(CKK_AES, run_of(1, 32));
	struct mechanism m = sample_mechanism(CKM_AES_KEY_WRAP);

	(void)state;
	wraps(kek, kek, &m, even);
	/* Filled up with zeros. */
	wraps(kek, kek, &m, secret);
	assert_int_equal(out.size, 32);
	wraps(kek, kek, &m, sample_key(rsa_private));
	wraps(kek, kek, &m, sample_key(ec_private));
	m = sample_mechanism(CKM_AES_KEY_WRAP_KWP);
	wraps(kek, kek, &m, secret);
	wraps(kek, kek, &m, sample_key(rsa_private));
	wraps(kek, kek, &m, sample_key(ec_private));
	wraps(kek, kek, &m, sample_key(ed_private));
	assert_int_equal(operate_wrap(kek, &m, sample_key(rsa_public), &out), CKR_KEY_NOT_WRAPPABLE);
	m = gcm("000102030405060708090a0b", 128);
	wraps(kek, kek, &m, sample_key(rsa_private));
	m = sample_mechanism(CKM_AES_CBC_PAD);
	m.iv = run_of(0, 16);
	wraps(kek, kek, &m, secret);
	wraps(kek, kek, &m, sample_key(ec_private));
	m = sample_mechanism(CKM_AES_CBC);
	m.iv = run_of(0, 16);
	wraps(kek, kek, &m, secret);
	assert_int_equal(out.size, 32);
	assert_int_equal(operate_wrap(kek, &m, sample_key(ec_private), &out), CKR_KEY_NOT_WRAPPABLE);
	m = sample_mechanism(CKM_RSA_PKCS);
	wraps(sample_key(rsa_public), sample_key(rsa_private), &m, even);
	assert_int_equal(operate_wrap(sample_key(rsa_public), &m, sample_key(ec_private), &out),
			 CKR_KEY_NOT_WRAPPABLE);
	assert_int_equal(operate_wrap(sample_key(rsa_public), &m,
				      sample_secret(CKK_GENERIC_SECRET, run_of(1, 300)), &out),
			 CKR_KEY_SIZE_RANGE);
	m = pss(CKM_RSA_PKCS_OAEP, CKM_SHA256, CKG_MGF1_SHA256, 0);
	wraps(sample_key(rsa_public), sample_key(rsa_private), &m, even);
	assert_int_equal(operate_wrap(kek, &m, even, &out), CKR_WRAPPING_KEY_TYPE_INCONSISTENT);
	assert_int_equal(operate_unwrap(kek, &m, text("x"), &out), CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT);
	m = sample_mechanism(CKM_AES_ECB);
	assert_int_equal(operate_wrap(kek, &m, even, &out), CKR_MECHANISM_INVALID);
}

static void test_random(void **state)
{
	uint8_t a[64] = {0};
	uint8_t b[64] = {0};

	(void)state;
	assert_int_equal(operate_random(a, 0), CKR_OK);
	assert_int_equal(operate_random(a, sizeof(a)), CKR_OK);
	assert_int_equal(operate_random(b, sizeof(b)), CKR_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	/* The same seed twice gives what it wants, never the same numbers. */
	assert_int_equal(operate_seed(run_of(0, 48)), CKR_OK);
	assert_int_equal(operate_random(a, sizeof(a)), CKR_OK);
	assert_int_equal(operate_seed(run_of(0, 48)), CKR_OK);
	assert_int_equal(operate_random(b, sizeof(b)), CKR_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(operate_seed(text("")), CKR_OK);
	assert_int_equal(operate_seed(run_of(1, 4096)), CKR_OK);
}

#define THREADS 8
#define ROUNDS 40

/* Keys of all kinds, shared by the threads; asserts are not for threads, so they count. */
struct shared {
	struct key *ec_private, *ec_public, *ed_private, *rsa_private, *rsa_public, *aes, *mac;
	struct mechanism ecdsa, eddsa, pss, gcm, hmac;
};

static bool round_of(const struct shared *s, struct buffer *a, struct buffer *b, uint8_t n)
{
	const uint8_t bytes[32] = {n, 1, 2};
	const struct span data = {bytes, sizeof(bytes)};

	return operate_sign(s->ec_private, &s->ecdsa, data, a) == CKR_OK &&
	       operate_verify(s->ec_public, &s->ecdsa, data, buffer_span(a)) == CKR_OK &&
	       operate_sign(s->ed_private, &s->eddsa, data, a) == CKR_OK &&
	       operate_sign(s->rsa_private, &s->pss, data, a) == CKR_OK &&
	       operate_verify(s->rsa_public, &s->pss, data, buffer_span(a)) == CKR_OK &&
	       operate_encrypt(s->aes, &s->gcm, data, a) == CKR_OK &&
	       operate_decrypt(s->aes, &s->gcm, buffer_span(a), b) == CKR_OK &&
	       span_equal(buffer_span(b), data) && operate_sign(s->mac, &s->hmac, data, a) == CKR_OK &&
	       operate_verify(s->mac, &s->hmac, data, buffer_span(a)) == CKR_OK &&
	       operate_verify(s->mac, &s->hmac, data, (struct span){bytes, 32}) ==
		       CKR_SIGNATURE_INVALID;
}

static void *worker(void *argument)
{
	const struct shared *s = argument;
	struct key *mine = key_retain(s->ec_private);
	struct buffer a = {0};
	struct buffer b = {.secret = true};
	size_t good = 0;
	size_t i = 0;

	for (i = 0; i < ROUNDS; i++)
		good += round_of(s, &a, &b, (uint8_t)i);
	buffer_free(&a);
	buffer_free(&b);
	key_free(&mine);
	return good == ROUNDS ? argument : NULL;
}

static void test_threads(void **state)
{
	struct shared s = {
		.ec_private = sample_key(ec_private),
		.ec_public = sample_key(ec_public),
		.ed_private = sample_key(ed_private),
		.rsa_private = sample_key(rsa_private),
		.rsa_public = sample_key(rsa_public),
		.aes = aes_key(),
		.mac = sample_secret(CKK_GENERIC_SECRET, text("key")),
		.ecdsa = sample_mechanism(CKM_ECDSA),
		.eddsa = sample_mechanism(CKM_EDDSA),
		.pss = pss(CKM_RSA_PKCS_PSS, CKM_SHA256, CKG_MGF1_SHA256, 32),
		.gcm = gcm("000102030405060708090a0b", 128),
		.hmac = sample_mechanism(CKM_SHA256_HMAC),
	};
	pthread_t threads[THREADS];
	size_t good = 0;
	size_t i = 0;

	(void)state;
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, &s), 0);
	for (i = 0; i < THREADS; i++) {
		void *result = NULL;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		good += result != NULL;
	}
	assert_int_equal(good, THREADS);
}

/* openssl.cnf is a FIFO: whoever opened it would hang, and be seen as a reader. */
static struct scratch folder;
static char fifo[PATH_MAX];

static void test_no_configuration(void **state)
{
	(void)state;
	assert_int_equal(open(fifo, O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
	assert_int_equal(errno, ENXIO);
}

static int make_keys(void **state)
{
	struct attribute_set *unused = NULL;

	(void)state;
	sample_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 2048, &rsa_public, &rsa_private);
	sample_pair(CKM_EC_KEY_PAIR_GEN, "P-256", 0, &ec_public, &ec_private);
	sample_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, "ED25519", 0, &unused, &ed_private);
	return 0;
}

static int start(void **state)
{
	(void)state;
	if (!scratch_make(&folder))
		return -1;
	(void)snprintf(fifo, sizeof(fifo), "%s/openssl.cnf", folder.path);
	if (mkfifo(fifo, 0600) != 0 || setenv("OPENSSL_CONF", fifo, 1) != 0)
		return -1;
	alarm(100); /* a hang in open() ends here */
	return operate_start() && operate_start() ? make_keys(state) : -1;
}

static int stop(void **state)
{
	(void)state;
	buffer_free(&out);
	buffer_free(&back);
	sample_free();
	scratch_remove(&folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families_have_what_rows_promise),
		cmocka_unit_test(test_fit),          cmocka_unit_test(test_rsa_sizes),
		cmocka_unit_test(test_pss),          cmocka_unit_test(test_oaep),
		cmocka_unit_test(test_derive),       cmocka_unit_test(test_ecdsa_truncates),
		cmocka_unit_test(test_gcm),          cmocka_unit_test(test_cipher_sizes),
		cmocka_unit_test(test_hmac_length),  cmocka_unit_test(test_implicit_rejection),
	    cmocka_unit_test(test_tls),
		cmocka_unit_test(test_wrap),         cmocka_unit_test(test_random),
		cmocka_unit_test(test_threads),      cmocka_unit_test(test_no_configuration),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
