/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcrypto's contexts, initialised for one key and one way of using it, and kept with the key between
 * operations: a signature then costs no fetch, no parsing and no key schedule. An operation takes one
 * (nobody else has it then) and gives it back. Used by the family files of crypto/, in the enclave.
 */
#ifndef KEYCLAVE_CRYPTO_CONTEXT_H
#define KEYCLAVE_CRYPTO_CONTEXT_H

#include <pthread.h>

#include <openssl/types.h>

#include "mechanism/mechanism.h"

enum context_use {
	CONTEXT_SIGN,
	CONTEXT_VERIFY,
	CONTEXT_RECOVER,
	CONTEXT_ENCRYPT,
	CONTEXT_DECRYPT,
	CONTEXT_DERIVE,
};

/* What a context is initialised for; two are exchangeable when all members are equal. */
struct context_class {
	enum context_use use;
	enum mechanism_scheme scheme;
	CK_MECHANISM_TYPE hash;   /* 0: not part of the class */
	CK_RSA_PKCS_MGF_TYPE mgf; /* likewise */
	CK_ULONG salt_size;       /* likewise */
};

/* Exactly one pointer is set. */
struct context {
	struct context_class class;
	EVP_PKEY_CTX *pkey;
	EVP_MD_CTX *digest;
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac;
};

/* As many as there are worker threads that one key keeps busy, twice over. */
#define CONTEXT_IDLE_MAX 16

struct context_pool {
	pthread_mutex_t lock;
	size_t count;
	struct context *idle[CONTEXT_IDLE_MAX];
};

bool context_pool_open(struct context_pool *pool);
void context_pool_close(struct context_pool *pool);

/* An idle context of CLASS, or NULL: make one with context_new and initialise it. */
struct context *context_take(struct context_pool *pool, const struct context_class *class);

/* An empty one; NULL: no memory. */
struct context *context_new(const struct context_class *class);

/*
 * Back to POOL after success, *CONTEXT is NULL then; the longest idle one is freed when it is full. POOL
 * may be NULL: it is freed.
 */
void context_give(struct context_pool *pool, struct context **context);

/* After a failure: its state is not trusted again. NULL is accepted. */
void context_free(struct context **context);

#endif
