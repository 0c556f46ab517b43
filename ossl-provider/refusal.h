/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PINs that a token has refused, for as long as the process runs: the same URI, opened again and again by a server that
 * does not know better, would else lock the token. Only a keyed hash of each is kept. Called by pin.c and pkey.c.
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_REFUSAL_H
#define KEYCLAVE_OSSL_PROVIDER_REFUSAL_H

#include "ossl-provider/provider.h"

struct refusals; /* opaque; thread-safe */

/* NULL: no memory or no random bytes. */
struct refusals *refusal_new(void);
void refusal_free(struct refusals **refusals);

/* In a forked child, where no other thread runs yet: the lock may be a vanished thread's. */
void refusal_forked(struct refusals *refusals);

/* SLOT has refused PIN. The oldest of many is forgotten. */
void refusal_add(struct provider *p, uint64_t slot, struct span pin);

/* True if SLOT has refused PIN. */
bool refusal_holds(struct provider *p, uint64_t slot, struct span pin);

/* Somebody has logged in to SLOT since, or its PIN was changed: what was refused may be right now. */
void refusal_forget(struct provider *p, uint64_t slot);

#endif
