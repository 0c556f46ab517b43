/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of mechanisms: one row for each CKM that the token has. Data only, linked on both
 * sides: the module's mechanism list and length rules, the enclave's dispatch by family, the
 * provider and the documentation read the same row. Adding a mechanism to a known family is one row
 * and its vectors.
 */
#ifndef KEYCLAVE_MECHANISM_MECHANISM_H
#define KEYCLAVE_MECHANISM_MECHANISM_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

/* Which file of crypto/ runs it. */
enum mechanism_family {
	FAMILY_DIGEST,
	FAMILY_RSA,
	FAMILY_EC,    /* ECDSA and ECDH on Weierstrass curves, key generation */
	FAMILY_EDDSA, /* Ed25519 */
	FAMILY_XDH,   /* X25519; derivation is CKM_ECDH1_DERIVE, which both curve families take */
	FAMILY_AES,
	FAMILY_HMAC,
	FAMILY_SECRET, /* generic secrets */
	FAMILY_KDF,    /* derivation from a generic secret; its keys are SECRET's */
};

/* What is done within the family. */
enum mechanism_scheme {
	SCHEME_NONE,
	SCHEME_KEY_GEN,
	SCHEME_DIGEST,
	SCHEME_RSA_PKCS1,
	SCHEME_RSA_PSS,
	SCHEME_RSA_OAEP,
	SCHEME_RSA_RAW,
	SCHEME_ECDSA,
	SCHEME_EDDSA,
	SCHEME_ECDH,
	SCHEME_HMAC,
	SCHEME_AES_ECB,
	SCHEME_AES_CBC,
	SCHEME_AES_CBC_PAD,
	SCHEME_AES_CTR,
	SCHEME_AES_GCM,
	SCHEME_AES_KEY_WRAP,     /* RFC 3394 */
	SCHEME_AES_KEY_WRAP_KWP, /* RFC 5649 */
	SCHEME_HKDF,             /* RFC 5869 */
	SCHEME_SP800_108_COUNTER,
};

enum mechanism_parameter {
	PARAMETER_NONE,
	PARAMETER_IV,       /* .iv of exactly .block bytes */
	PARAMETER_IV_OPTIONAL, /* .iv of 0 or 8 (KEY_WRAP) or 4 (KWP) bytes */
	PARAMETER_CTR,      /* CK_AES_CTR_PARAMS */
	PARAMETER_GCM,      /* CK_GCM_PARAMS; not the layout without ulIvBits */
	PARAMETER_RSA_PSS,  /* CK_RSA_PKCS_PSS_PARAMS */
	PARAMETER_RSA_OAEP, /* CK_RSA_PKCS_OAEP_PARAMS */
	PARAMETER_ECDH1,    /* CK_ECDH1_DERIVE_PARAMS */
	PARAMETER_EDDSA,    /* none, or CK_EDDSA_PARAMS of pure Ed25519: no phFlag, no context */
	PARAMETER_LENGTH,   /* CK_MAC_GENERAL_PARAMS: a CK_ULONG */
	PARAMETER_HKDF,     /* CK_HKDF_PARAMS, without a key as salt */
	PARAMETER_SP800_108, /* CK_SP800_108_KDF_PARAMS in the order of mechanism.c's take_sp800_108 */
};

struct mechanism_row {
	CK_MECHANISM_TYPE type;
	const char *name; /* "CKM_ECDSA_SHA256" */
	enum mechanism_family family;
	enum mechanism_scheme scheme;
	enum mechanism_parameter parameter;
	CK_FLAGS flags; /* CKF_SIGN, CKF_EC_F_P ...: C_GetMechanismInfo's, without CKF_HW */
	/*
	 * Bits of the modulus or of the curve's field; bits of a generic secret; bytes of an AES or
	 * HMAC key: the units of the mechanism's clause. RSA keys of 1024 bits are taken for use
	 * and import, but the generation row begins at 2048.
	 */
	CK_ULONG min_key;
	CK_ULONG max_key;
	CK_KEY_TYPE key_types[3]; /* that its keys may have; unused: CK_UNAVAILABLE_INFORMATION */

	/* The message digest that the mechanism does first (or that a DIGEST or HMAC row is). */
	CK_MECHANISM_TYPE digest; /* CKM_SHA256 ...; CK_UNAVAILABLE_INFORMATION: none */
	CK_MECHANISM_TYPE raw;    /* that takes that digest; CK_UNAVAILABLE_INFORMATION: none */

	/* Data of DIGEST rows only. */
	const char *digest_name;  /* libcrypto's: "SHA2-256" */
	CK_RSA_PKCS_MGF_TYPE mgf; /* CKG_MGF1_SHA256 */
	CK_EC_KDF_TYPE kdf;       /* CKD_SHA256_KDF: ANSI X9.63 over this digest */
	const uint8_t *digest_info; /* DER up to the digest: RFC 8017 section 9.2 note 1 */
	size_t digest_info_size;

	size_t output; /* bytes of a digest or a MAC; 0: follows from the key */
	size_t block;  /* cipher block, or the digest's block size */
	bool multi_part; /* C_SignUpdate and its like are allowed */
};

/* Every row, sorted by type. Static storage. */
const struct mechanism_row *mechanism_rows(size_t *count);

/* NULL: CKR_MECHANISM_INVALID. */
const struct mechanism_row *mechanism_find(CK_MECHANISM_TYPE type);

/* "CKM_ECDSA" or "0x..." in a static per-thread buffer. */
const char *mechanism_name(CK_MECHANISM_TYPE type);

/*
 * The row of a DIGEST by its mask generation function, or by its key derivation function, or NULL.
 */
const struct mechanism_row *mechanism_find_mgf(CK_RSA_PKCS_MGF_TYPE mgf);
const struct mechanism_row *mechanism_find_kdf(CK_EC_KDF_TYPE kdf);

/* The digest of a whole HMAC (CKM_SHA256_HMAC); CK_UNAVAILABLE_INFORMATION: TYPE is none. */
CK_MECHANISM_TYPE mechanism_hmac_digest(CK_MECHANISM_TYPE type);

/* True if keys of KEY_TYPE serve this mechanism. */
bool mechanism_takes_key(const struct mechanism_row *row, CK_KEY_TYPE key_type);

/* A key type that the token has. */
struct mechanism_key_type {
	CK_KEY_TYPE type;
	const char *name; /* "CKK_EC" */
	bool secret;      /* of CKO_SECRET_KEY; else of CKO_PUBLIC_KEY and CKO_PRIVATE_KEY */
};

/* Every key type, sorted. Static storage. */
const struct mechanism_key_type *mechanism_key_types(size_t *count);

/* NULL: not a key type of this token. */
const struct mechanism_key_type *mechanism_key_type_find(CK_KEY_TYPE type);

/* The key type's name "CKK_EC", or "0x..." in a static per-thread buffer. */
const char *mechanism_key_type_name(CK_KEY_TYPE type);

/*
 * CKF_ bits of all mechanisms that take keys of TYPE (generation excepted): what such keys can do.
 */
CK_FLAGS mechanism_key_type_flags(CK_KEY_TYPE type);

/*
 * A curve: the fourth kind of row, for everything that must know sizes, OIDs and libcrypto's name.
 */
struct mechanism_curve {
	const char *name;        /* "P-256": libcrypto's group name, or "ED25519", "X25519" */
	CK_KEY_TYPE key_type;    /* CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY */
	const uint8_t *params;   /* DER of CKA_EC_PARAMS: the OID */
	size_t params_size;
	const char *params_text; /* "edwards25519": a PrintableString accepted on entry, or NULL */
	const uint8_t *params_old; /* DER of the OID before RFC 8410, accepted on entry, or NULL */
	size_t params_old_size;
	size_t bits;
	size_t field_size;       /* bytes of a coordinate */
	size_t order_size;       /* bytes of a scalar: r and s of a signature; ED25519: 32 */
};

const struct mechanism_curve *mechanism_curves(size_t *count);

/*
 * The curve of a CKA_EC_PARAMS value (OID, PrintableString form, or the old OID), or NULL:
 * CKR_CURVE_NOT_SUPPORTED. Store its .params, not what was given, so that equal keys look equal.
 */
const struct mechanism_curve *mechanism_curve_find(struct span ec_params);

/* By libcrypto's name, case-insensitive, aliases "prime256v1", "secp384r1" included; NULL: none. */
const struct mechanism_curve *mechanism_curve_named(const char *name);

/* Limits of the variable parameters, in bytes; mechanism_check holds to them. */
#define MECHANISM_IV_MAX 128 /* GCM: what libcrypto takes */
#define MECHANISM_AAD_MAX ((size_t)256 * 1024)
#define MECHANISM_LABEL_MAX 4096
#define MECHANISM_SHARED_MAX 4096
#define MECHANISM_PEER_MAX 256
#define MECHANISM_SALT_MAX 512
#define MECHANISM_INFO_MAX 1024 /* HKDF; libcrypto 3.0 takes 2 KiB, of which derivation.c needs the rest */
#define MECHANISM_FIXED_MAX 256 /* SP 800-108: each byte array */
#define MECHANISM_FIXED_COUNT 4

/*
 * A mechanism with its parameters, decoded: what the wire carries and crypto/ takes. The bytes are
 * borrowed from the frame or from the program's CK_MECHANISM. Only the members that .row->parameter
 * names are meaningful.
 */
struct mechanism {
	const struct mechanism_row *row;
	struct span iv;        /* IV, CTR (16-byte counter block), GCM */
	struct span aad;       /* GCM */
	CK_ULONG tag_bits;     /* GCM */
	CK_ULONG counter_bits; /* CTR */
	CK_ULONG length;       /* LENGTH: bytes of the MAC */
	CK_MECHANISM_TYPE hash;   /* PSS, OAEP, HKDF; SP800_108: of the HMAC that is its PRF */
	CK_RSA_PKCS_MGF_TYPE mgf; /* PSS, OAEP */
	CK_ULONG salt_size;       /* PSS */
	struct span label;        /* OAEP source data */
	CK_EC_KDF_TYPE kdf;       /* ECDH1 */
	struct span shared;       /* ECDH1 shared data */
	struct span peer;         /* ECDH1 public data: the point, plain or in a DER OCTET STRING */
	CK_ULONG extract;         /* HKDF: 0 or 1, as is the next */
	CK_ULONG expand;          /* HKDF */
	struct span salt;         /* HKDF; empty: as many zeros as the hash has bytes */
	struct span info;         /* HKDF */
	struct span fixed;        /* SP800_108: byte arrays, one after the other behind the counter */
	struct span fixed_2;
	struct span fixed_3;
	struct span fixed_4;
	CK_ULONG length_follows;  /* SP800_108: 1: behind them the bits of the result, as 32 bits big endian */
};

/*
 * Decodes a program's CK_MECHANISM; every pointer and size in it is checked against its row.
 * CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD.
 */
CK_RV mechanism_from_native(const CK_MECHANISM *native, struct mechanism *m);

/*
 * Checks ranges and combinations that the table alone cannot say (salt size against the key is the
 * enclave's): known hash and mgf, tag bits, counter bits, iv sizes. Both sides call it.
 * CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV mechanism_check(const struct mechanism *m);

/*
 * What mechanism_check cannot see: do M's parameters suit a key of KEY_BITS? The salt and the digest of PSS
 * have to fit into the modulus (RFC 8017 section 9.1.1). CKR_MECHANISM_PARAM_INVALID.
 */
CK_RV mechanism_check_key(const struct mechanism *m, CK_ULONG key_bits);

/*
 * The largest result of signing (or of a MAC) with a key of KEY_BITS (RSA modulus bits, curve order
 * bits), exact for all that are here. 0: not a signing mechanism.
 */
size_t mechanism_signature_size(const struct mechanism *m, CK_ULONG key_bits);

/*
 * Bytes that encrypting or decrypting INPUT bytes gives, in one part or all parts together: *EXACT
 * says whether it is exact or an upper bound (CBC_PAD, OAEP and PKCS#1 decryption).
 * CKR_DATA_LEN_RANGE or CKR_ENCRYPTED_DATA_LEN_RANGE when no such input is possible; CTR: also when
 * the counter would run over its bits (section 6.11). CKR_MECHANISM_INVALID when M is no cipher.
 */
CK_RV mechanism_cipher_size(const struct mechanism *m, bool encrypt, CK_ULONG key_bits,
			    size_t input, size_t *size, bool *exact);

#endif
