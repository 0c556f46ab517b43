/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence already made for one context, so that a size query and the value query that follows it return the
 * same bytes (DESIGN decision 8), for one object version, nonce and PCR state (security rule 10). Inside
 * the enclave; callers hold the context's lock.
 */
#ifndef KEYCLAVE_SERVICE_EVIDENCE_CACHE_H
#define KEYCLAVE_SERVICE_EVIDENCE_CACHE_H

#include "common/buffer.h"
#include "mechanism/keyclave.h"

#define EVIDENCE_CACHE_MAX 8
#define EVIDENCE_CACHE_LIFETIME_S 600

/* What evidence was asked for. */
struct evidence_subject {
	uint64_t slot;
	uint64_t handle;  /* 0: the token */
	uint64_t version; /* the object's, or the token's epoch */
	uint64_t state;   /* of the platform (platform_state): a PCR that was extended since is not in the evidence */
	size_t nonce_size;
	uint8_t nonce[KEYCLAVE_NONCE_MAX];
};

struct evidence_entry {
	struct evidence_subject subject;
	uint64_t since;        /* seconds of CLOCK_MONOTONIC */
	struct buffer evidence; /* empty: free */
};

struct evidence_cache {
	struct evidence_entry *entry; /* EVIDENCE_CACHE_MAX, made at first use */
	size_t next;
};

/* Copies the bytes to OUT; false: none such, or too old. */
bool evidence_cache_get(const struct evidence_cache *cache, const struct evidence_subject *subject,
			uint64_t now, struct buffer *out);

/* Without memory it is not remembered. */
void evidence_cache_put(struct evidence_cache *cache, const struct evidence_subject *subject,
			uint64_t now, struct span evidence);

void evidence_cache_free(struct evidence_cache *cache);

#endif
