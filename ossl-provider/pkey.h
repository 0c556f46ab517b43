/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A token key as OpenSSL sees it: what a KEYMGMT hands around, and what signature, decryption and key
 * exchange use. Its private half is a handle; its public half is a software key in the private library
 * context, made from CKA_PUBLIC_KEY_INFO, so that no public key object is needed on the token (recipe P2).
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_PKEY_H
#define KEYCLAVE_OSSL_PROVIDER_PKEY_H

#include <openssl/evp.h>

#include "client/descriptor.h"
#include "ossl-provider/provider.h"

/* One for each KEYMGMT. */
struct pkey_type {
	const char *name;     /* "RSA", "RSA-PSS", "EC", "ED25519", "X25519": KEYMGMT and DATA_TYPE */
	CK_KEY_TYPE key_type;
	const char *operation; /* the alias that query_operation_name returns (recipe P1): "KEYCLAVE-RSA" ... */
};

extern const struct pkey_type pkey_rsa, pkey_rsa_pss, pkey_ec, pkey_ed25519, pkey_x25519;

struct pkey {
	int references; /* CRYPTO_atomic */
	CRYPTO_RWLOCK *lock;
	struct provider *provider;
	const struct pkey_type *type;
	const struct descriptor *descriptor; /* NULL: a public key that came by import, without a token object */
	bool is_private;
	const struct mechanism_row *pss_md; /* RSA-PSS that signs with this digest only (and its MGF1), else NULL */
	uint64_t slot;
	CK_OBJECT_HANDLE handle; /* 0 with descriptor NULL */
	EVP_PKEY *public;        /* in provider_libctx; never NULL */
	char *uri;               /* names the object for PEM references; NULL without a token object */
	struct buffer nonce;     /* for evidence, set by EVP_PKEY_set_params; under .lock */
	struct buffer pin;       /* .secret: remembered for context-specific login (recipe P4) and re-login */
};

/*
 * The key HANDLE in SLOT, one reference for the caller; NULL with an error raised. PIN may be empty; it is
 * copied. TOKEN: for the URI.
 */
struct pkey *pkey_load(struct provider *p, uint64_t slot, CK_OBJECT_HANDLE handle, bool is_private,
		       const struct token_response *token, struct span pin);

/* A public key of TYPE that lives in software only; takes PUBLIC over. NULL: no memory, PUBLIC is still the caller's. */
struct pkey *pkey_new_public(struct provider *p, const struct pkey_type *type, EVP_PKEY *public);

struct pkey *pkey_retain(struct pkey *key);
void pkey_free(struct pkey *key); /* as OSSL_FUNC_keymgmt_free: NULL is accepted */

/*
 * Runs CALL, and once more after a login with the remembered PIN or a context-specific login when the
 * answer is CKR_USER_NOT_LOGGED_IN or CKR_KEY_HANDLE_INVALID. USAGE: CKF_SIGN, CKF_DECRYPT or CKF_DERIVE. GRANT is filled for
 * always-authenticate keys (PROTOCOL_GRANT_SIZE bytes) and given to CALL, else empty.
 */
CK_RV pkey_call(struct pkey *key, CK_FLAGS usage,
		CK_RV (*call)(struct pkey *key, struct span grant, void *arg), void *arg);

#endif
