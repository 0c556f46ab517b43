/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key descriptor (DESIGN section 7, rule 1): what a client must know of a key to decide lengths and
 * refuse early, fetched once and cached per context. The enclave's verdict still wins: descriptor_seen
 * drops an entry whose version has moved on.
 */
#ifndef KEYCLAVE_CLIENT_DESCRIPTOR_H
#define KEYCLAVE_CLIENT_DESCRIPTOR_H

#include "client/client.h"

struct descriptor {
	uint64_t slot;
	CK_OBJECT_HANDLE handle;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	CK_ULONG bits;
	CK_FLAGS usage;
	bool always_authenticate;
	bool is_token;
	bool is_private;
	uint64_t version;
	struct numbers mechanisms; /* allowed; empty: all */
	const struct mechanism_curve *curve; /* NULL: not a curve key */
	struct span public_info;   /* owned by the descriptor */
	struct span id;
	struct span label;
};

/*
 * The descriptor of HANDLE, one reference for the caller (descriptor_free). CKR_KEY_HANDLE_INVALID when
 * there is no such object (also after it was destroyed elsewhere) or it is no key.
 */
CK_RV descriptor_get(struct client *client, uint64_t slot, CK_OBJECT_HANDLE handle,
		     const struct descriptor **descriptor);
void descriptor_free(const struct descriptor **descriptor);

/* After each answer: VERSION is the object's. */
void descriptor_seen(struct client *client, const struct descriptor *descriptor, uint64_t version);

/* The object was changed or destroyed by us, or the user logged out (SLOT, handle 0: all of the slot). */
void descriptor_drop(struct client *client, uint64_t slot, CK_OBJECT_HANDLE handle);

/* May it be used so? As object_permits in the enclave, which checks it again. */
CK_RV descriptor_permits(const struct descriptor *descriptor, const struct mechanism *m, CK_FLAGS usage);

#endif
