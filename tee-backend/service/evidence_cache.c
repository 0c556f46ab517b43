/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of a few entries. Evidence is public. Inside the enclave, called by cmd_evidence.c.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "service/evidence_cache.h"

static bool evidence_cache_same(const struct evidence_subject *a, const struct evidence_subject *b)
{
	return a->slot == b->slot && a->handle == b->handle && a->version == b->version &&
	       a->state == b->state && a->nonce_size == b->nonce_size && !memcmp(a->nonce, b->nonce, a->nonce_size);
}

bool evidence_cache_get(const struct evidence_cache *cache, const struct evidence_subject *subject,
			uint64_t now, struct buffer *out)
{
	for (size_t i = 0; cache->entry && i < EVIDENCE_CACHE_MAX; i++) {
		const struct evidence_entry *entry = &cache->entry[i];

		if (entry->evidence.size && now - entry->since < EVIDENCE_CACHE_LIFETIME_S &&
		    evidence_cache_same(&entry->subject, subject))
			return buffer_set(out, entry->evidence.data, entry->evidence.size);
	}
	return false;
}

void evidence_cache_put(struct evidence_cache *cache, const struct evidence_subject *subject,
			uint64_t now, struct span evidence)
{
	struct evidence_entry *entry = NULL;

	if (!cache->entry)
		cache->entry = calloc(EVIDENCE_CACHE_MAX, sizeof(*cache->entry));
	if (!cache->entry)
		return;
	entry = &cache->entry[cache->next];
	if (!buffer_set(&entry->evidence, evidence.data, evidence.size))
		return;
	entry->subject = *subject;
	entry->since = now;
	cache->next = (cache->next + 1) % EVIDENCE_CACHE_MAX;
}

void evidence_cache_free(struct evidence_cache *cache)
{
	for (size_t i = 0; cache->entry && i < EVIDENCE_CACHE_MAX; i++)
		buffer_free(&cache->entry[i].evidence);
	free(cache->entry);
	*cache = (struct evidence_cache){0};
}
