/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small table of nonces. They are public values; what matters is that an old one is not taken for a
 * fresh one. Inside the enclave, called by cmd_evidence.c and cmd_object.c.
 */
#include "config.h"

#include <string.h>

#include "service/nonce.h"

void nonce_set(struct nonces *nonces, uint64_t slot, CK_OBJECT_HANDLE handle, struct span value,
	       uint64_t now)
{
	struct nonce *entry = &nonces->item[0];

	for (size_t i = 0; i < NONCE_SLOTS; i++) {
		struct nonce *item = &nonces->item[i];

		if (item->handle && item->slot == slot) {
			entry = item;
			break;
		}
		if (!item->handle) {
			if (entry->handle)
				entry = item;
		} else if (entry->handle && item->since < entry->since) {
			entry = item;
		}
	}
	if (value.size > sizeof(entry->bytes))
		return;
	*entry = (struct nonce){.slot = slot, .handle = handle, .since = now, .size = value.size};
	if (value.size)
		memcpy(entry->bytes, value.data, value.size);
}

const struct nonce *nonce_get(const struct nonces *nonces, uint64_t slot, uint64_t now)
{
	for (size_t i = 0; i < NONCE_SLOTS; i++) {
		const struct nonce *item = &nonces->item[i];

		if (item->handle && item->slot == slot)
			return now - item->since < NONCE_LIFETIME_S ? item : NULL;
	}
	return NULL;
}

void nonce_forget(struct nonces *nonces, uint64_t slot, CK_OBJECT_HANDLE handle)
{
	for (size_t i = 0; i < NONCE_SLOTS; i++) {
		struct nonce *item = &nonces->item[i];

		if (item->handle && item->slot == slot && (!handle || item->handle == handle))
			*item = (struct nonce){0};
	}
}
