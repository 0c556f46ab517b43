/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds objects by the value of an attribute: a hash table from (type, value) to the ascending handles
 * that have it. The caller holds the token's lock. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_INDEX_H
#define KEYCLAVE_TOKEN_INDEX_H

#include "mechanism/attribute.h"

struct index_list; /* the handles of one value */

struct index {
	struct index_list **bucket;
	size_t buckets; /* a power of two, or 0 */
	size_t lists;
	struct index_list *idle; /* may be empty: index_tidy looks */
	uint64_t seed; /* random, so that nobody outside can choose values that collide */
};

/* True if attributes of TYPE are indexed: CKA_LABEL, CKA_ID, CKA_CLASS, CKA_KEY_TYPE. */
bool index_covers(CK_ATTRIBUTE_TYPE type);

void index_init(struct index *index);
void index_free(struct index *index);

/* Makes room for ROOM more handles under (TYPE, VALUE), so that index_add cannot fail. False: no memory. */
bool index_prepare(struct index *index, CK_ATTRIBUTE_TYPE type, struct span value, size_t room);
void index_add(struct index *index, CK_ATTRIBUTE_TYPE type, struct span value, uint64_t handle);
void index_remove(struct index *index, CK_ATTRIBUTE_TYPE type, struct span value, uint64_t handle);

/* Frees what became empty; until then it keeps the room that was prepared in it. */
void index_tidy(struct index *index);

/*
 * The handles under (TYPE, VALUE), ascending, borrowed until the index changes; NULL and *COUNT 0: none. Another
 * value with the same hash may be among them: compare.
 */
const uint32_t *index_find(const struct index *index, CK_ATTRIBUTE_TYPE type, struct span value,
			   size_t *count);

/* Index of the first handle that is above AFTER. */
size_t index_after(const uint32_t *handles, size_t count, uint64_t after);

#endif
