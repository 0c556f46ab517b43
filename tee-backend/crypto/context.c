/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of initialised contexts that each key has. Enclave only. The lock is held for the search of
 * a short array and never over a call of libcrypto.
 */
#include "config.h"

#include "crypto/context.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

bool context_pool_open(struct context_pool *pool)
{
	pool->count = 0;
	return pthread_mutex_init(&pool->lock, NULL) == 0;
}

void context_pool_close(struct context_pool *pool)
{
	while (pool->count > 0)
		context_free(&pool->idle[--pool->count]);
	pthread_mutex_destroy(&pool->lock);
}

static bool same_class(const struct context_class *a, const struct context_class *b)
{
	return a->use == b->use && a->scheme == b->scheme && a->hash == b->hash && a->mgf == b->mgf &&
	       a->salt_size == b->salt_size;
}

static void remove_at(struct context_pool *pool, size_t i)
{
	pool->count--;
	memmove(&pool->idle[i], &pool->idle[i + 1], (pool->count - i) * sizeof(pool->idle[0]));
}

struct context *context_take(struct context_pool *pool, const struct context_class *class)
{
	struct context *found = NULL;
	size_t i = 0;

	pthread_mutex_lock(&pool->lock);
	/* The last one given is the likeliest to be in this CPU's cache. */
	for (i = pool->count; i > 0; i--) {
		if (same_class(&pool->idle[i - 1]->class, class)) {
			found = pool->idle[i - 1];
			remove_at(pool, i - 1);
			break;
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return found;
}

struct context *context_new(const struct context_class *class)
{
	struct context *context = OPENSSL_zalloc(sizeof(*context));

	if (context)
		context->class = *class;
	return context;
}

void context_give(struct context_pool *pool, struct context **context)
{
	struct context *oldest = NULL;

	if (!pool) {
		context_free(context);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	if (pool->count == CONTEXT_IDLE_MAX) {
		oldest = pool->idle[0];
		remove_at(pool, 0);
	}
	pool->idle[pool->count++] = *context;
	pthread_mutex_unlock(&pool->lock);
	*context = NULL;
	context_free(&oldest);
}

void context_free(struct context **context)
{
	struct context *old = *context;

	if (!old)
		return;
	EVP_PKEY_CTX_free(old->pkey);
	EVP_MD_CTX_free(old->digest);
	EVP_CIPHER_CTX_free(old->cipher);
	EVP_MAC_CTX_free(old->mac);
	OPENSSL_clear_free(old, sizeof(*old));
	*context = NULL;
}
