/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logins that a logout ended, for as long as their tickets could live (security rule 13): pages of names in
 * the sealed store, each linked from its token's head, so that none can be taken away unseen. Private to token/.
 */
#ifndef KEYCLAVE_TOKEN_ENDED_H
#define KEYCLAVE_TOKEN_ENDED_H

#include "token/commit.h"

/* NAME ended at NOW, in DRAFT. Pages that nobody needs any more go. */
CK_RV ended_stage(struct transaction *t, struct draft *draft, const uint8_t name[TOKEN_LOGIN_SIZE],
		  uint64_t now);

/* Puts the pages that DRAFT changed into the batch, and their links into its head. */
CK_RV ended_seal(struct transaction *t, struct draft *draft);

/* DRAFT is durable: its pages become the token's, whose lock the caller holds. */
void ended_apply(struct draft *draft);

void ended_draft_free(struct ended_draft **ended);

#endif
