/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Throwing away what the store lost or forged, object by object, so that damage does not stay for ever. Private to
 * token/.
 */
#ifndef KEYCLAVE_TOKEN_DISCARD_H
#define KEYCLAVE_TOKEN_DISCARD_H

#include "token/commit.h"

/* As token_discard says. */
CK_RV discard_check(const struct change *change);

/* The record of HANDLE goes, in whatever version the store has it, and what names it in DRAFT. */
CK_RV discard_stage(struct transaction *t, struct draft *draft, uint64_t handle);

/* A refused page is never written again: it stays, or goes when nothing of it is left. */
CK_RV discard_seal(struct transaction *t, struct draft *draft, struct draft_page *page);

#endif
