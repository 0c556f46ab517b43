/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What evidence.c needs to know of a token beyond token.h. Only for files of token/: nothing here is
 * for service/. Inside the enclave.
 */
#ifndef KEYCLAVE_TOKEN_INTERNAL_H
#define KEYCLAVE_TOKEN_INTERNAL_H

#include "token/token.h"

#define TOKEN_SERIAL_SIZE 16 /* hex digits, without a NUL */
#define TOKEN_SALT_SIZE 32

/* 16 hex digits and a NUL. This and the next four never change while the struct token lives. */
const char *token_serial(const struct token *token);

/* TOKEN_SALT_SIZE random bytes, new at each C_InitToken (which makes another struct token). */
const uint8_t *token_salt(const struct token *token);

/* The token's Ed25519 identity (security rule 6): a private key for operate_sign with CKM_EDDSA, borrowed. */
const struct key *token_identity(const struct token *token);

/* Its SubjectPublicKeyInfo, borrowed. */
struct span token_identity_info(const struct token *token);

struct platform *token_platform(const struct token *token);
const struct hierarchy *token_hierarchy(const struct token *token);

/* Raised by every write of a PIN, of policy, or that deletes (DESIGN section 7, rule 19). */
uint64_t token_epoch(struct token *token);

/* PINs shorter than a 128-bit secret are allowed (security rule 8): a claim of its own. */
bool token_weak_pin(const struct token *token);

#endif
