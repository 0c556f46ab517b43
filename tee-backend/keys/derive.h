/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The KDF of docs/store.md, section 3: HKDF-SHA256 with a CBOR array as its info that begins with the key's label.
 * Inside the enclave; used by the hierarchy and the wrap slots.
 */
#ifndef KEYCLAVE_KEYS_DERIVE_H
#define KEYCLAVE_KEYS_DERIVE_H

#include "keys/seal.h"

/*
 * KDF(ikm, salt, [ LABEL, items... ]) into KEY: the first TEXT_ITEMS of the COUNT items are text, the others bytes.
 * CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR (logged); KEY is wiped then.
 */
CK_RV derive_key(struct span ikm, struct span salt, const char *label, const struct span *items,
		 size_t text_items, size_t count, uint8_t key[SEAL_KEY_SIZE]);

#endif
