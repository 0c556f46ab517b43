/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The object that keys of applications are derived from: made with its token, by token.c alone. What others do with it
 * is in token.h. Inside the enclave.
 */
#ifndef KEYCLAVE_TOKEN_DERIVATION_H
#define KEYCLAVE_TOKEN_DERIVATION_H

#include "token/internal.h"

/* One reference for the caller. CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR. */
CK_RV derivation_new(const struct token *token, struct object **object);

#endif
