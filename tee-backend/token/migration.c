/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving a store to another version of the enclave: the evidence with which that version asks, and the running version's answer, which
 * is keys/update.c's for the store that this process has open. Inside the enclave.
 */
#include "config.h"

#include "token/internal.h"
#include "verifier/claims.h"

CK_RV token_migration_request(struct platform *platform, struct span nonce, struct buffer *out)
{
	const struct platform_description *d = platform_describe(platform);
	struct migration_offer offer = {.mix = {.data = NULL}};
	struct claims claims = {.purpose = span_text(CLAIMS_PURPOSE_MIGRATION),
				.nonce = nonce,
				.platform = span_text(d->name),
				.protector = span_text(d->protector),
				.rollback = span_text(d->rollback),
				.is_migration = true};
	CK_RV rv = CKR_ATTRIBUTE_VALUE_INVALID;

	if (nonce.size <= CLAIMS_NONCE_MAX)
		rv = migration_offer_new(platform, &offer);
	if (rv == CKR_OK) {
		claims.wrap_key = (struct span){offer.public_key, sizeof(offer.public_key)};
		claims.mix = buffer_span(&offer.mix);
		rv = token_evidence_sign(platform, &claims, out);
	}
	migration_offer_free(&offer);
	return rv;
}

CK_RV token_migration_challenge(struct token_store *store, uint8_t nonce[UPDATE_CHALLENGE_SIZE])
{
	return update_challenge(store->hierarchy, store->blobs, nonce);
}

CK_RV token_migration_grant(struct token_store *store, struct span request, struct span endorsements,
			    struct migration_verdict *verdict)
{
	return update_grant(store->hierarchy, store->blobs, request, endorsements, verdict);
}

CK_RV token_migration_cancel(struct token_store *store, uint64_t *count)
{
	return update_cancel(store->hierarchy, store->blobs, count);
}

CK_RV token_migration_status(struct token_store *store, struct update_status *status)
{
	return update_status(store->hierarchy, store->platform, store->blobs, status);
}
