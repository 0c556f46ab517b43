/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function: labels and items to a key, so that no two infos can be equal or one the prefix of another.
 */
#include "config.h"

#include "keys/derive.h"

#include "common/cbor_writer.h"
#include "common/memory.h"
#include "platform/hkdf.h"

CK_RV derive_key(struct span ikm, struct span salt, const char *label, const struct span *items,
		 size_t text_items, size_t count, uint8_t key[SEAL_KEY_SIZE])
{
	struct buffer info = {0};
	struct cbor_writer w;
	CK_RV rv = CKR_DEVICE_MEMORY;

	cbor_writer_init(&w, &info, SIZE_MAX);
	cbor_writer_array(&w, 1 + count);
	cbor_writer_text(&w, label);
	for (size_t i = 0; i < count; i++) {
		if (i < text_items)
			cbor_writer_text_span(&w, items[i]);
		else
			cbor_writer_bytes(&w, items[i]);
	}
	if (w.failed)
		memory_wipe(key, SEAL_KEY_SIZE);
	else
		rv = hkdf_derive(ikm, salt, buffer_span(&info), key, SEAL_KEY_SIZE);
	buffer_free(&info);
	return rv;
}
