/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nonces that "keyclave-nonce" data objects set for evidence (DESIGN section 7, rule 15): the last one
 * of each token, ten minutes at most. One such table belongs to the service (token objects), one to each
 * context (session objects). Callers hold the lock of the table's owner.
 */
#ifndef KEYCLAVE_SERVICE_NONCE_H
#define KEYCLAVE_SERVICE_NONCE_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"
#include "mechanism/keyclave.h"

#define NONCE_SLOTS 8           /* tokens whose nonce is remembered; the oldest gives way */
#define NONCE_LIFETIME_S 600

struct nonce {
	uint64_t slot;
	CK_OBJECT_HANDLE handle; /* of the data object; 0: free */
	uint64_t since;          /* seconds of CLOCK_MONOTONIC */
	size_t size;
	uint8_t bytes[KEYCLAVE_NONCE_MAX];
};

struct nonces {
	struct nonce item[NONCE_SLOTS];
};

/* VALUE is at most KEYCLAVE_NONCE_MAX bytes. Replaces the slot's. */
void nonce_set(struct nonces *nonces, uint64_t slot, CK_OBJECT_HANDLE handle, struct span value,
	       uint64_t now);

/* The slot's nonce that is still valid at NOW, or NULL. */
const struct nonce *nonce_get(const struct nonces *nonces, uint64_t slot, uint64_t now);

/* The object is gone; HANDLE 0: all of the slot. */
void nonce_forget(struct nonces *nonces, uint64_t slot, CK_OBJECT_HANDLE handle);

#endif
