/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of the platform `notee`: an Ed25519 signature by a key in a file. It shows that claims were not
 * changed since that key signed them, and nothing else.
 */
#ifndef KEYCLAVE_VERIFIER_NOTEE_H
#define KEYCLAVE_VERIFIER_NOTEE_H

#include "common/buffer.h"

/* True if EVIDENCE is a good signature over DIGEST (SHA-512 of the claims). WHY: static text, when not. */
bool notee_verify(struct span evidence, const uint8_t digest[64], const char **why);

#endif
