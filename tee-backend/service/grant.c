/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring of grants, compared in constant time. Inside the enclave.
 */
#include "config.h"

#include "common/memory.h"
#include "service/grant.h"

bool grant_make(struct grants *grants, uint64_t slot, CK_OBJECT_HANDLE key, protocol_usage usage,
		uint64_t now, uint8_t id[PROTOCOL_GRANT_SIZE])
{
	struct grant *grant = &grants->item[grants->next];

	*grant = (struct grant){0};
	if (!memory_random(grant->id, sizeof(grant->id)))
		return false;
	for (size_t i = 0; i < PROTOCOL_GRANT_SIZE; i++)
		id[i] = grant->id[i];
	grant->slot = slot;
	grant->key = key;
	grant->usage = usage;
	grant->since = now;
	grants->next = (grants->next + 1) % GRANTS_MAX;
	return true;
}

bool grant_spend(struct grants *grants, struct span id, uint64_t slot, CK_OBJECT_HANDLE key,
		 protocol_usage usage, uint64_t sequence, uint64_t now)
{
	if (id.size != PROTOCOL_GRANT_SIZE)
		return false;
	for (size_t i = 0; i < GRANTS_MAX; i++) {
		struct grant *grant = &grants->item[i];

		if (!grant->usage || !memory_equal(grant->id, id.data, id.size))
			continue;
		if (grant->slot != slot || grant->key != key || grant->usage != usage ||
		    now - grant->since > GRANT_LIFETIME_S ||
		    (grant->spent_by && grant->spent_by != sequence))
			return false;
		grant->spent_by = sequence;
		return true;
	}
	return false;
}

void grant_drop(struct grants *grants, uint64_t slot)
{
	for (size_t i = 0; i < GRANTS_MAX; i++) {
		if (grants->item[i].slot == slot)
			memory_wipe(&grants->item[i], sizeof(grants->item[i]));
	}
}
