/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of the platform `notee`: an Ed25519 signature by a key in a file. It shows that claims were not
 * changed since that key signed them, and nothing else.
 */
#ifndef KEYCLAVE_VERIFIER_NOTEE_H
#define KEYCLAVE_VERIFIER_NOTEE_H

#include "verifier/appraisal.h"

/* The checks "platform" and "signature". Needs the policy's word for evidence that no TEE vouches for. */
bool notee_appraise(struct appraisal *a, struct span evidence);

#endif
