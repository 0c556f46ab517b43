/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Amazon's names of KMS keys: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-...". A key is pinned by the whole of
 * it; an alias can be pointed elsewhere, and is refused. Inside the enclave.
 */
#ifndef KEYCLAVE_KMS_ARN_H
#define KEYCLAVE_KMS_ARN_H

#include "common/buffer.h"

#define ARN_REGION_MAX 32

struct arn {
	char region[ARN_REGION_MAX];
	const char *suffix; /* of the partition's host names: "amazonaws.com" */
};

/* False: not the ARN of a KMS key. */
bool arn_parse(struct span text, struct arn *arn);

#endif
