/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refused PINs, by slot, as HMACs under a key of this process. In the host program's process.
 */
#include "config.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "ossl-provider/refusal.h"

#define REFUSALS_MAX 32
#define REFUSAL_SIZE 32

struct refusal {
	bool used;
	uint64_t slot;
	unsigned char pin[REFUSAL_SIZE];
};

struct refusals {
	pthread_mutex_t lock;
	unsigned char key[REFUSAL_SIZE];
	size_t next;
	struct refusal item[REFUSALS_MAX];
};

struct refusals *refusal_new(void)
{
	struct refusals *made = calloc(1, sizeof(*made));

	if (made && memory_random(made->key, sizeof(made->key)) && !pthread_mutex_init(&made->lock, NULL))
		return made;
	free(made);
	return NULL;
}

void refusal_free(struct refusals **refusals)
{
	struct refusals *r = *refusals;

	*refusals = NULL;
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	memory_wipe(r, sizeof(*r));
	free(r);
}

void refusal_forked(struct refusals *refusals)
{
	pthread_mutex_init(&refusals->lock, NULL);
}

static bool refusal_hash(struct provider *p, struct span pin, unsigned char out[REFUSAL_SIZE])
{
	const struct refusals *r = provider_refusals(p);
	OSSL_LIB_CTX *libctx = provider_libctx(p);
	size_t size = 0;

	return libctx && EVP_Q_mac(libctx, "HMAC", NULL, "SHA256", NULL, r->key, sizeof(r->key), pin.data, pin.size,
				   out, REFUSAL_SIZE, &size) && size == REFUSAL_SIZE;
}

/* The caller holds the lock. */
static struct refusal *refusal_find(struct refusals *r, uint64_t slot, const unsigned char pin[REFUSAL_SIZE])
{
	for (size_t i = 0; i < REFUSALS_MAX; i++)
		if (r->item[i].used && r->item[i].slot == slot &&
		    CRYPTO_memcmp(r->item[i].pin, pin, REFUSAL_SIZE) == 0)
			return &r->item[i];
	return NULL;
}

void refusal_add(struct provider *p, uint64_t slot, struct span pin)
{
	struct refusals *r = provider_refusals(p);
	struct refusal made = {.used = true, .slot = slot};

	if (!refusal_hash(p, pin, made.pin))
		return;
	pthread_mutex_lock(&r->lock);
	if (!refusal_find(r, slot, made.pin)) {
		r->item[r->next] = made;
		r->next = (r->next + 1) % REFUSALS_MAX;
	}
	pthread_mutex_unlock(&r->lock);
}

bool refusal_holds(struct provider *p, uint64_t slot, struct span pin)
{
	struct refusals *r = provider_refusals(p);
	unsigned char hash[REFUSAL_SIZE];
	bool holds = false;

	if (!refusal_hash(p, pin, hash))
		return false;
	pthread_mutex_lock(&r->lock);
	holds = refusal_find(r, slot, hash) != NULL;
	pthread_mutex_unlock(&r->lock);
	return holds;
}

void refusal_forget(struct provider *p, uint64_t slot)
{
	struct refusals *r = provider_refusals(p);

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < REFUSALS_MAX; i++)
		if (r->item[i].slot == slot)
			r->item[i].used = false;
	pthread_mutex_unlock(&r->lock);
}
