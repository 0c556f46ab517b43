/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bound on the secret memory of parsed keys (DESIGN section 7, rule 18). object_key and
 * object_forget_key are in object.h.
 */
#ifndef KEYCLAVE_TOKEN_OBJECT_KEY_H
#define KEYCLAVE_TOKEN_OBJECT_KEY_H

#include "token/object.h"

/*
 * Bytes that the parsed keys of all objects of the process may take together; those not used for longest
 * are forgotten first. token_store_open sets it from the limit of locked memory.
 */
void object_key_budget(size_t bytes);

/* What they take now. */
size_t object_key_memory(void);

/* Takes OBJECT out of the reckoning; called by the last object_free. */
void object_key_leave(struct object *object);

#endif
