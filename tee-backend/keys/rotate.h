/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root under a fresh data key of the KMS. Inside the enclave; called by token/.
 */
#ifndef KEYCLAVE_KEYS_ROTATE_H
#define KEYCLAVE_KEYS_ROTATE_H

#include "keys/hierarchy.h"

/*
 * Wraps the root anew under the KMS's key of today, and drops the KMS's other slots: all or nothing. The new slot has opened
 * before it is written. Errors as kms_root_new and blobstore_write. One caller at a time.
 */
CK_RV rotate_root(const struct hierarchy *hierarchy, struct kms *kms, struct blobstore *store);

#endif
