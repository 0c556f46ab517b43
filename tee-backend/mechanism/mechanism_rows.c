/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the mechanism table (mechanism.h): data only, sorted by number. Linked on both sides
 * of the trust boundary; reached through mechanism.c.
 *
 * Left out on purpose: CKM_AES_KEY_WRAP_PAD, which some modules take for RFC 5649 and others for
 * PKCS #7 padding (PKCS#11 v3.2 section 6.16 deprecates it), and wrapping by ECB and CTR, which
 * shows equal blocks or lets whoever holds the wrapped key flip its bits at will.
 */
#include "config.h"

#include "mechanism/mechanism.h"

#define NONE CK_UNAVAILABLE_INFORMATION

/* Sizes that more than one row has. */
#define RSA_USE_MIN 1024
#define RSA_GENERATE_MIN 2048
#define RSA_MAX 8192
#define SECRET_MAX 1024 /* bytes of a generic secret or HMAC key */

#define SIGN (CKF_SIGN | CKF_VERIFY)
#define RECOVER (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define ENCRYPT (CKF_ENCRYPT | CKF_DECRYPT)
#define WRAP (CKF_WRAP | CKF_UNWRAP)
#define WEIERSTRASS (CKF_EC_F_P | CKF_EC_OID | CKF_EC_UNCOMPRESS)
#define RFC8410 (CKF_EC_OID | CKF_EC_CURVENAME)

/*
 * Groups of members; every row is ROW(number), a family with its key sizes, a digest, and the rest.
 */
#define ROW(number) .type = (number), .name = #number
#define NO_DIGEST .digest = NONE, .raw = NONE
#define HASHED(hash, then) .digest = (hash), .raw = (then), .multi_part = true
#define RSA \
	.family = FAMILY_RSA, .min_key = RSA_USE_MIN, .max_key = RSA_MAX, \
	.key_types = {CKK_RSA, NONE, NONE}
#define RSA_PKCS1 RSA, .scheme = SCHEME_RSA_PKCS1, .flags = SIGN
#define RSA_PSS RSA, .scheme = SCHEME_RSA_PSS, .parameter = PARAMETER_RSA_PSS, .flags = SIGN
#define EC .family = FAMILY_EC, .min_key = 256, .max_key = 521, .key_types = {CKK_EC, NONE, NONE}
#define ECDSA EC, .scheme = SCHEME_ECDSA, .flags = SIGN | WEIERSTRASS
#define ED25519 \
	.family = FAMILY_EDDSA, .min_key = 255, .max_key = 255, \
	.key_types = {CKK_EC_EDWARDS, NONE, NONE}
#define AES .family = FAMILY_AES, .min_key = 16, .max_key = 32, .key_types = {CKK_AES, NONE, NONE}
#define CIPHER AES, NO_DIGEST, .block = 16
#define DIGEST .family = FAMILY_DIGEST, .scheme = SCHEME_DIGEST, .flags = CKF_DIGEST, \
	.key_types = {NONE, NONE, NONE}, .multi_part = true
#define HMAC(key) .family = FAMILY_HMAC, .scheme = SCHEME_HMAC, .flags = SIGN, .min_key = 1, \
	.max_key = SECRET_MAX, .key_types = {CKK_GENERIC_SECRET, (key), NONE}
#define KDF .family = FAMILY_KDF, NO_DIGEST, .flags = CKF_DERIVE, .min_key = 1, .max_key = SECRET_MAX, \
	.key_types = {CKK_GENERIC_SECRET, CKK_HKDF, NONE}
#define INFO(der) .digest_info = (der), .digest_info_size = sizeof(der)

/* RFC 8017 section 9.2 note 1. */
static const uint8_t sha1_info[] = {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
				    0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};
static const uint8_t sha224_info[] = {0x30, 0x2d, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x04, 0x05, 0x00, 0x04, 0x1c};
static const uint8_t sha256_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
static const uint8_t sha384_info[] = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};
static const uint8_t sha512_info[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
				      0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};

static const struct mechanism_row rows[] = {
	{ROW(CKM_RSA_PKCS_KEY_PAIR_GEN), NO_DIGEST, .family = FAMILY_RSA, .scheme = SCHEME_KEY_GEN,
	 .flags = CKF_GENERATE_KEY_PAIR, .min_key = RSA_GENERATE_MIN, .max_key = RSA_MAX,
	 .key_types = {CKK_RSA, NONE, NONE}},
	{ROW(CKM_RSA_PKCS), NO_DIGEST, RSA, .scheme = SCHEME_RSA_PKCS1,
	 .flags = SIGN | RECOVER | ENCRYPT | WRAP},
	{ROW(CKM_RSA_X_509), NO_DIGEST, RSA, .scheme = SCHEME_RSA_RAW,
	 .flags = SIGN | RECOVER | ENCRYPT},
	{ROW(CKM_SHA1_RSA_PKCS), RSA_PKCS1, HASHED(CKM_SHA_1, CKM_RSA_PKCS)},
	{ROW(CKM_RSA_PKCS_OAEP), NO_DIGEST, RSA, .scheme = SCHEME_RSA_OAEP,
	 .parameter = PARAMETER_RSA_OAEP, .flags = ENCRYPT | WRAP},
	{ROW(CKM_RSA_PKCS_PSS), NO_DIGEST, RSA_PSS},
	{ROW(CKM_SHA1_RSA_PKCS_PSS), RSA_PSS, HASHED(CKM_SHA_1, CKM_RSA_PKCS_PSS)},
	{ROW(CKM_SHA256_RSA_PKCS), RSA_PKCS1, HASHED(CKM_SHA256, CKM_RSA_PKCS)},
	{ROW(CKM_SHA384_RSA_PKCS), RSA_PKCS1, HASHED(CKM_SHA384, CKM_RSA_PKCS)},
	{ROW(CKM_SHA512_RSA_PKCS), RSA_PKCS1, HASHED(CKM_SHA512, CKM_RSA_PKCS)},
	{ROW(CKM_SHA256_RSA_PKCS_PSS), RSA_PSS, HASHED(CKM_SHA256, CKM_RSA_PKCS_PSS)},
	{ROW(CKM_SHA384_RSA_PKCS_PSS), RSA_PSS, HASHED(CKM_SHA384, CKM_RSA_PKCS_PSS)},
	{ROW(CKM_SHA512_RSA_PKCS_PSS), RSA_PSS, HASHED(CKM_SHA512, CKM_RSA_PKCS_PSS)},
	{ROW(CKM_SHA224_RSA_PKCS), RSA_PKCS1, HASHED(CKM_SHA224, CKM_RSA_PKCS)},
	{ROW(CKM_SHA224_RSA_PKCS_PSS), RSA_PSS, HASHED(CKM_SHA224, CKM_RSA_PKCS_PSS)},

	{ROW(CKM_SHA_1), DIGEST, .digest = CKM_SHA_1, .raw = NONE, .digest_name = "SHA1",
	 .mgf = CKG_MGF1_SHA1, .kdf = CKD_SHA1_KDF, INFO(sha1_info), .output = 20, .block = 64},
	{ROW(CKM_SHA_1_HMAC), HMAC(CKK_SHA_1_HMAC), HASHED(CKM_SHA_1, NONE), .output = 20,
	 .block = 64},
	{ROW(CKM_SHA_1_HMAC_GENERAL), HMAC(CKK_SHA_1_HMAC), HASHED(CKM_SHA_1, NONE),
	 .parameter = PARAMETER_LENGTH, .output = 20, .block = 64},
	{ROW(CKM_SHA256), DIGEST, .digest = CKM_SHA256, .raw = NONE, .digest_name = "SHA2-256",
	 .mgf = CKG_MGF1_SHA256, .kdf = CKD_SHA256_KDF, INFO(sha256_info), .output = 32,
	 .block = 64},
	{ROW(CKM_SHA256_HMAC), HMAC(CKK_SHA256_HMAC), HASHED(CKM_SHA256, NONE), .output = 32,
	 .block = 64},
	{ROW(CKM_SHA256_HMAC_GENERAL), HMAC(CKK_SHA256_HMAC), HASHED(CKM_SHA256, NONE),
	 .parameter = PARAMETER_LENGTH, .output = 32, .block = 64},
	{ROW(CKM_SHA224), DIGEST, .digest = CKM_SHA224, .raw = NONE, .digest_name = "SHA2-224",
	 .mgf = CKG_MGF1_SHA224, .kdf = CKD_SHA224_KDF, INFO(sha224_info), .output = 28,
	 .block = 64},
	{ROW(CKM_SHA224_HMAC), HMAC(CKK_SHA224_HMAC), HASHED(CKM_SHA224, NONE), .output = 28,
	 .block = 64},
	{ROW(CKM_SHA224_HMAC_GENERAL), HMAC(CKK_SHA224_HMAC), HASHED(CKM_SHA224, NONE),
	 .parameter = PARAMETER_LENGTH, .output = 28, .block = 64},
	{ROW(CKM_SHA384), DIGEST, .digest = CKM_SHA384, .raw = NONE, .digest_name = "SHA2-384",
	 .mgf = CKG_MGF1_SHA384, .kdf = CKD_SHA384_KDF, INFO(sha384_info), .output = 48,
	 .block = 128},
	{ROW(CKM_SHA384_HMAC), HMAC(CKK_SHA384_HMAC), HASHED(CKM_SHA384, NONE), .output = 48,
	 .block = 128},
	{ROW(CKM_SHA384_HMAC_GENERAL), HMAC(CKK_SHA384_HMAC), HASHED(CKM_SHA384, NONE),
	 .parameter = PARAMETER_LENGTH, .output = 48, .block = 128},
	{ROW(CKM_SHA512), DIGEST, .digest = CKM_SHA512, .raw = NONE, .digest_name = "SHA2-512",
	 .mgf = CKG_MGF1_SHA512, .kdf = CKD_SHA512_KDF, INFO(sha512_info), .output = 64,
	 .block = 128},
	{ROW(CKM_SHA512_HMAC), HMAC(CKK_SHA512_HMAC), HASHED(CKM_SHA512, NONE), .output = 64,
	 .block = 128},
	{ROW(CKM_SHA512_HMAC_GENERAL), HMAC(CKK_SHA512_HMAC), HASHED(CKM_SHA512, NONE),
	 .parameter = PARAMETER_LENGTH, .output = 64, .block = 128},

	{ROW(CKM_GENERIC_SECRET_KEY_GEN), NO_DIGEST, .family = FAMILY_SECRET,
	 .scheme = SCHEME_KEY_GEN, .flags = CKF_GENERATE, .min_key = 8, .max_key = SECRET_MAX * 8,
	 .key_types = {CKK_GENERIC_SECRET, NONE, NONE}},

	{ROW(CKM_SP800_108_COUNTER_KDF), KDF, .scheme = SCHEME_SP800_108_COUNTER,
	 .parameter = PARAMETER_SP800_108},

	{ROW(CKM_EC_KEY_PAIR_GEN), NO_DIGEST, EC, .scheme = SCHEME_KEY_GEN,
	 .flags = CKF_GENERATE_KEY_PAIR | WEIERSTRASS},
	{ROW(CKM_ECDSA), NO_DIGEST, ECDSA},
	{ROW(CKM_ECDSA_SHA1), ECDSA, HASHED(CKM_SHA_1, CKM_ECDSA)},
	{ROW(CKM_ECDSA_SHA224), ECDSA, HASHED(CKM_SHA224, CKM_ECDSA)},
	{ROW(CKM_ECDSA_SHA256), ECDSA, HASHED(CKM_SHA256, CKM_ECDSA)},
	{ROW(CKM_ECDSA_SHA384), ECDSA, HASHED(CKM_SHA384, CKM_ECDSA)},
	{ROW(CKM_ECDSA_SHA512), ECDSA, HASHED(CKM_SHA512, CKM_ECDSA)},
	{ROW(CKM_ECDH1_DERIVE), NO_DIGEST, .family = FAMILY_EC, .scheme = SCHEME_ECDH,
	 .parameter = PARAMETER_ECDH1, .flags = CKF_DERIVE | WEIERSTRASS, .min_key = 255,
	 .max_key = 521, .key_types = {CKK_EC, CKK_EC_MONTGOMERY, NONE}},
	{ROW(CKM_EC_EDWARDS_KEY_PAIR_GEN), NO_DIGEST, ED25519, .scheme = SCHEME_KEY_GEN,
	 .flags = CKF_GENERATE_KEY_PAIR | RFC8410},
	{ROW(CKM_EC_MONTGOMERY_KEY_PAIR_GEN), NO_DIGEST, .family = FAMILY_XDH,
	 .scheme = SCHEME_KEY_GEN, .flags = CKF_GENERATE_KEY_PAIR | RFC8410, .min_key = 255,
	 .max_key = 255, .key_types = {CKK_EC_MONTGOMERY, NONE, NONE}},
	{ROW(CKM_EDDSA), NO_DIGEST, ED25519, .scheme = SCHEME_EDDSA, .parameter = PARAMETER_EDDSA,
	 .flags = SIGN | RFC8410, .multi_part = true},

	{ROW(CKM_AES_KEY_GEN), NO_DIGEST, AES, .scheme = SCHEME_KEY_GEN, .flags = CKF_GENERATE},
	{ROW(CKM_AES_ECB), CIPHER, .scheme = SCHEME_AES_ECB, .flags = ENCRYPT, .multi_part = true},
	{ROW(CKM_AES_CBC), CIPHER, .scheme = SCHEME_AES_CBC, .parameter = PARAMETER_IV,
	 .flags = ENCRYPT | WRAP, .multi_part = true},
	{ROW(CKM_AES_CBC_PAD), CIPHER, .scheme = SCHEME_AES_CBC_PAD, .parameter = PARAMETER_IV,
	 .flags = ENCRYPT | WRAP, .multi_part = true},
	{ROW(CKM_AES_CTR), CIPHER, .scheme = SCHEME_AES_CTR, .parameter = PARAMETER_CTR,
	 .flags = ENCRYPT, .multi_part = true},
	{ROW(CKM_AES_GCM), CIPHER, .scheme = SCHEME_AES_GCM, .parameter = PARAMETER_GCM,
	 .flags = ENCRYPT | WRAP, .multi_part = true},
	{ROW(CKM_AES_KEY_WRAP), CIPHER, .scheme = SCHEME_AES_KEY_WRAP,
	 .parameter = PARAMETER_IV_OPTIONAL, .flags = ENCRYPT | WRAP},
	{ROW(CKM_AES_KEY_WRAP_KWP), CIPHER, .scheme = SCHEME_AES_KEY_WRAP_KWP,
	 .parameter = PARAMETER_IV_OPTIONAL, .flags = ENCRYPT | WRAP},

	{ROW(CKM_HKDF_DERIVE), KDF, .scheme = SCHEME_HKDF, .parameter = PARAMETER_HKDF},
};

const struct mechanism_row *mechanism_rows(size_t *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}
