/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations in one call. Each finds its family's file by the mechanism's row; each may run in many
 * threads on the same key. The caller (service/) has checked class, usage flags, allowed mechanisms and
 * login; here only that key and mechanism fit each other. OUT is reset first and holds the result;
 * on failure it is empty. Nothing is fetched or parsed per call that can be kept with the key.
 */
#ifndef KEYCLAVE_CRYPTO_OPERATE_H
#define KEYCLAVE_CRYPTO_OPERATE_H

#include "crypto/key.h"

/* To be called once before threads start; prefetches algorithms. False: libcrypto lacks one. */
bool operate_start(void);

/* CKR_DATA_LEN_RANGE, CKR_KEY_TYPE_INCONSISTENT, CKR_MECHANISM_PARAM_INVALID, CKR_DEVICE_MEMORY. */
CK_RV operate_sign(const struct key *key, const struct mechanism *m, struct span data,
		   struct buffer *out);

/* CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, and as operate_sign. MACs in constant time. */
CK_RV operate_verify(const struct key *key, const struct mechanism *m, struct span data,
		     struct span signature);

/* CKM_RSA_PKCS and CKM_RSA_X_509 with recovery. */
CK_RV operate_sign_recover(const struct key *key, const struct mechanism *m, struct span data,
			   struct buffer *out);
CK_RV operate_verify_recover(const struct key *key, const struct mechanism *m, struct span signature,
			     struct buffer *out);

/* GCM: the tag is appended. CKR_DATA_LEN_RANGE. */
CK_RV operate_encrypt(const struct key *key, const struct mechanism *m, struct span data,
		      struct buffer *out);

/*
 * CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE. PKCS#1 v1.5 decryption is constant time in
 * the padding (see operate_decrypt_tls for TLS).
 */
CK_RV operate_decrypt(const struct key *key, const struct mechanism *m, struct span data,
		      struct buffer *out);

/*
 * RSA PKCS#1 v1.5 decryption of a TLS premaster secret (RFC 5246 section 7.4.7.1): always CKR_OK with
 * 48 bytes; a bad padding or version gives random ones, in constant time.
 */
CK_RV operate_decrypt_tls(const struct key *key, struct span data, unsigned client_version,
			  unsigned negotiated_version, struct buffer *out);

/*
 * operate_decrypt, but a wrong PKCS#1 v1.5 padding is no error: it gives a message made up from key and DATA, the same
 * each time, so that nobody learns from it whether the padding was right (implicit rejection, as OpenSSL 3.2 has
 * it; draft-irtf-cfrg-rsa-guidance section 7). Callers that show errors of decryption to a remote peer want this one.
 */
CK_RV operate_decrypt_implicit(const struct key *key, const struct mechanism *m, struct span data,
			       struct buffer *out);

/*
 * Raw shared secret or KDF output of CKM_ECDH1_DERIVE on EC and X25519 keys, cut or sized to SIZE bytes
 * (0: the natural size). KDFs: CKD_NULL, CKD_SHA1_KDF .. CKD_SHA512_KDF (ANSI X9.63). Or SIZE bytes (0: as many as the
 * hash has) of CKM_HKDF_DERIVE or CKM_SP800_108_COUNTER_KDF on a secret. CKR_KEY_SIZE_RANGE. OUT must be .secret.
 */
CK_RV operate_derive(const struct key *key, const struct mechanism *m, size_t size, struct buffer *out);

/* Wraps TARGET: RSA_PKCS, OAEP, AES KEY_WRAP, KWP, CBC_PAD, (CBC, ECB, CTR, GCM as the spec allows). */
CK_RV operate_wrap(const struct key *wrapping, const struct mechanism *m, const struct key *target,
		   struct buffer *out);

/* The encoded key in OUT (.secret), for key_decode. CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE. */
CK_RV operate_unwrap(const struct key *unwrapping, const struct mechanism *m, struct span wrapped,
		     struct buffer *out);

CK_RV operate_random(uint8_t *out, size_t size);

/* Mixes SEED into the DRBG as additional input; never lowers its entropy. */
CK_RV operate_seed(struct span seed);

#endif
