/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The context of one signature or verification. signature.c owns it and the digest; signature_params.c its
 * parameters; signature_sign.c asks the enclave; signature_verify.c verifies in software; signature_algorithm.c
 * names the algorithm in DER.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_SIGNATURE_H
#define KEYCLAVE_OSSL_PROVIDER_SIGNATURE_H

#include <openssl/core_dispatch.h>
#include <openssl/rsa.h>

#include "ossl-provider/pkey.h"

struct signature {
	struct provider *provider;
	struct pkey *key; /* one reference */
	int operation;    /* EVP_PKEY_OP_SIGN ... */
	bool digest_fixed; /* by digest_sign_init: may not be changed afterwards */
	bool of_message;   /* by sign_message_init: sign() takes the message and not its digest */
	/* OpenSSL 3.4's RSA-SHA2-256 and its like: the token's mechanism that is the same; NULL: digest and padding are chosen */
	const struct mechanism_row *composite;

	EVP_MD *md;                            /* NULL: none */
	const struct mechanism_row *md_row;    /* its row in the mechanism table */
	EVP_MD_CTX *hash;                      /* while a message is hashed */
	bool whole;                            /* the key allows no raw mechanism: the message itself is sent */
	struct buffer message;
	struct buffer signature; /* to verify, where it is given before the message */

	int padding;   /* RSA_PKCS1_PADDING ... */
	int salt;      /* RSA_PSS_SALTLEN_* or bytes */
	EVP_MD *mgf1;  /* NULL: as md */
	const struct mechanism_row *mgf1_row;
};

/* The row of the digest NAME (any alias of libcrypto's) and *MD fetched privately; NULL with an error raised. */
const struct mechanism_row *signature_find_digest(struct provider *p, const char *name, EVP_MD **md);

bool signature_is_eddsa(const struct signature *s);

/* NULL, "" and "UNDEF": none. 0 with an error raised: unknown, or not the one that the key or the algorithm has. */
int signature_set_digest(struct signature *s, const char *name);

/* OSSL_FUNC_signature_..._ctx_params. */
int signature_set_params(void *context, const OSSL_PARAM params[]);
const OSSL_PARAM *signature_settable(void *context, void *provider);
int signature_get_params(void *context, OSSL_PARAM params[]);
const OSSL_PARAM *signature_gettable(void *context, void *provider);

/* Bytes of salt that signing uses. */
size_t signature_salt_size(const struct signature *s);

/* Signs the digest TBS (Ed25519 and whole messages: the message). SIG NULL: *SIGLEN is the most it takes. */
int signature_sign_tbs(struct signature *s, unsigned char *sig, size_t *siglen, size_t sigsize,
		       struct span tbs);

/* 1: good; 0: not (or an error, raised). */
int signature_verify_tbs(struct signature *s, struct span sig, struct span tbs);
int signature_recover(struct signature *s, unsigned char *out, size_t *outlen, size_t outsize,
		      struct span sig);

/* DER AlgorithmIdentifier of what S signs; X509_sign and CMS_sign ask for it. 0: none is defined. */
int signature_algorithm_id(const struct signature *s, unsigned char **der);

extern const OSSL_DISPATCH signature_rsa_functions[];
extern const OSSL_DISPATCH signature_ecdsa_functions[];
extern const OSSL_DISPATCH signature_eddsa_functions[];
#ifdef OSSL_FUNC_SIGNATURE_SIGN_MESSAGE_INIT
extern const OSSL_DISPATCH signature_rsa_sha1_functions[], signature_rsa_sha224_functions[],
	signature_rsa_sha256_functions[], signature_rsa_sha384_functions[], signature_rsa_sha512_functions[];
extern const OSSL_DISPATCH signature_ecdsa_sha1_functions[], signature_ecdsa_sha224_functions[],
	signature_ecdsa_sha256_functions[], signature_ecdsa_sha384_functions[], signature_ecdsa_sha512_functions[];
#endif

#endif
