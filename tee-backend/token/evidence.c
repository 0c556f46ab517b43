/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a token and of its keys: the claims that docs/evidence.md describes, and the platform's signature
 * over their digest. Inside the enclave; no caller gives report data of its own (security rule 1).
 */
#include "config.h"

#include <openssl/evp.h>

#include "mechanism/keyclave.h"
#include "token/internal.h"
#include "verifier/claims.h"
#include "verifier/cmw.h"

/* Where the bits of claim 25 come from. */
static const struct {
	CK_ATTRIBUTE_TYPE type;
	enum claims_policy bit;
} policy_bits[] = {
	{CKA_TOKEN, CLAIMS_TOKEN},
	{CKA_PRIVATE, CLAIMS_PRIVATE},
	{CKA_MODIFIABLE, CLAIMS_MODIFIABLE},
	{CKA_COPYABLE, CLAIMS_COPYABLE},
	{CKA_DESTROYABLE, CLAIMS_DESTROYABLE},
	{CKA_SENSITIVE, CLAIMS_SENSITIVE},
	{CKA_ALWAYS_SENSITIVE, CLAIMS_ALWAYS_SENSITIVE},
	{CKA_EXTRACTABLE, CLAIMS_EXTRACTABLE},
	{CKA_NEVER_EXTRACTABLE, CLAIMS_NEVER_EXTRACTABLE},
	{CKA_LOCAL, CLAIMS_LOCAL},
	{CKA_ALWAYS_AUTHENTICATE, CLAIMS_ALWAYS_AUTHENTICATE},
	{CKA_WRAP_WITH_TRUSTED, CLAIMS_WRAP_WITH_TRUSTED},
	{CKA_TRUSTED, CLAIMS_TRUSTED},
};

static void claim_platform(const struct platform_description *platform, struct claims *claims)
{
	claims->platform = span_text(platform->name);
	claims->protector = span_text(platform->protector);
	claims->rollback = span_text(platform->rollback);
}

static void claim_token(struct token *token, struct claims *claims)
{
	const struct platform_description *platform = platform_describe(token_platform(token));

	claims->purpose = span_text(CLAIMS_PURPOSE_TOKEN);
	claim_platform(platform, claims);
	claims->serial = span_text(token_serial(token));
	claims->epoch = token_epoch(token);
	claims->identity = token_identity_info(token);
	claims->weak_pin = token_weak_pin(token);
	claims->counter_replaced = hierarchy_counter(token->store->hierarchy).replaced;
	if (hierarchy_migration(token->store->hierarchy))
		claims->migration = (struct span){hierarchy_migration(token->store->hierarchy), CLAIMS_DIGEST_SIZE};
	if (token_kms(token)) {
		const struct kms_description *kms = kms_describe(token_kms(token));

		/* Who can make it decrypt, can be the token (security rule 6). A KMS of users' keys only says nothing of it. */
		claims->kms_key = span_text(kms->key);
		claims->kms_region = kms->key[0] ? span_text(kms->region) : (struct span){0};
	}
}

static uint64_t claim_policy(const struct attribute_set *set)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < sizeof(policy_bits) / sizeof(policy_bits[0]); i++)
		if (attribute_set_bool(set, policy_bits[i].type, false))
			bits |= policy_bits[i].bit;
	return bits;
}

static void claim_mechanisms(const struct attribute_set *set, struct claims *claims)
{
	struct span list = attribute_set_get(set, CKA_ALLOWED_MECHANISMS);

	while (list.size >= 8 && claims->mechanism_count < CLAIMS_MECHANISMS_MAX) {
		claims->mechanisms[claims->mechanism_count++] = attribute_get_ulong(list.data);
		list = (struct span){list.data + 8, list.size - 8};
	}
}

static CK_RV claim_key(const struct object *object, const struct key *key, struct claims *claims)
{
	const struct attribute_set *set = object_attributes(object);

	claims->purpose = span_text(CLAIMS_PURPOSE_KEY);
	claims->is_key = true;
	claims->public_key = attribute_set_get(set, CKA_PUBLIC_KEY_INFO);
	claims->class = object_class(object);
	claims->key_type = key_type(key);
	claims->bits = key_bits(key);
	claims->origin = attribute_set_ulong(set, CKA_KEYCLAVE_ORIGIN, 0);
	claims->policy = claim_policy(set);
	claims->usage = object_usage(object);
	claim_mechanisms(set, claims);
	claims->id = attribute_set_get(set, CKA_ID);
	claims->label = attribute_set_get(set, CKA_LABEL);
	claims->unique_id = attribute_set_get(set, CKA_UNIQUE_ID);
	claims->version = object_version(object);
	return CKR_OK;
}

CK_RV token_evidence_sign(struct platform *platform, const struct claims *claims, struct buffer *out)
{
	struct buffer encoded = {0};
	struct platform_evidence evidence = {0};
	struct platform_digest digest;
	struct cmw cmw = {.claims = {.data = NULL}};
	CK_RV rv = claims_write(claims, &encoded) ? CKR_OK : CKR_DEVICE_MEMORY;

	if (rv == CKR_OK && (!EVP_Digest(encoded.data, encoded.size, digest.sha512, NULL, EVP_sha512(), NULL) ||
			     !EVP_Digest(encoded.data, encoded.size, digest.sha256, NULL, EVP_sha256(), NULL)))
		rv = CKR_DEVICE_ERROR;
	if (rv == CKR_OK)
		rv = platform_evidence_get(platform, &digest, &evidence);
	if (rv == CKR_OK) {
		cmw.claims = buffer_span(&encoded);
		cmw.evidence_type = span_text(platform_describe(platform)->media_type);
		cmw.evidence = buffer_span(&evidence.report);
		cmw.certificates = buffer_span(&evidence.certificates);
		cmw.event_log = buffer_span(&evidence.event_log);
		cmw.ima_log = buffer_span(&evidence.ima_log);
		cmw.vtpm = buffer_span(&evidence.vtpm);
		cmw.vtpm_log = buffer_span(&evidence.vtpm_log);
		buffer_reset(out);
		rv = cmw_write(&cmw, out) ? CKR_OK : CKR_DEVICE_MEMORY;
	}
	platform_evidence_free(&evidence);
	buffer_free(&encoded);
	if (rv != CKR_OK)
		buffer_reset(out);
	return rv;
}

CK_RV token_evidence(struct token *token, const struct object *object, struct span nonce, struct buffer *out)
{
	struct claims claims = {.nonce = nonce};
	struct token_facts facts;
	struct key *key = NULL;
	CK_RV rv = CKR_OK;

	if (nonce.size > CLAIMS_NONCE_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	token_facts(token, &facts);
	claim_token(token, &claims);
	claims.token_label = span_text(facts.label);
	if (object) {
		/* The key is only parsed, for its type and size: the object stays as it is. */
		rv = object_key((struct object *)(uintptr_t)object, &key);
		if (rv == CKR_KEY_HANDLE_INVALID)
			rv = CKR_ATTRIBUTE_TYPE_INVALID;
		if (rv == CKR_OK)
			rv = claim_key(object, key, &claims);
	}
	if (rv == CKR_OK)
		rv = token_evidence_sign(token_platform(token), &claims, out);
	if (rv != CKR_OK)
		buffer_reset(out);
	key_free(&key);
	return rv;
}

/* ---- the daemon itself ---- */

/* SHA-256 of each token's identity into DIGESTS, which CLAIMS borrows. */
static CK_RV claim_identities(struct token_store *store, uint8_t digests[][32], struct claims *claims)
{
	CK_RV rv = CKR_OK;

	pthread_rwlock_rdlock(&store->lock);
	for (size_t i = 0; i < store->slots.count && rv == CKR_OK; i++) {
		size_t at = claims->identity_count;
		struct span info = {0};

		if (!store->token[i])
			continue;
		info = token_identity_info(store->token[i]);
		if (at == CLAIMS_IDENTITIES_MAX)
			break;
		if (!EVP_Digest(info.data, info.size, digests[at], NULL, EVP_sha256(), NULL))
			rv = CKR_DEVICE_ERROR;
		claims->identities[claims->identity_count++] = (struct span){digests[at], sizeof(digests[at])};
	}
	pthread_rwlock_unlock(&store->lock);
	return rv;
}

CK_RV token_store_channel_evidence(struct token_store *store, struct span key, struct span exporter, struct span nonce,
				   struct buffer *out)
{
	uint8_t digests[CLAIMS_IDENTITIES_MAX][32];
	struct claims claims = {
		.purpose = span_text(CLAIMS_PURPOSE_CHANNEL),
		.nonce = nonce,
		.is_channel = true,
		.channel_key = key,
		.exporter = exporter,
	};
	CK_RV rv = claim_identities(store, digests, &claims);

	claim_platform(platform_describe(store->platform), &claims);
	if (rv == CKR_OK)
		rv = token_evidence_sign(store->platform, &claims, out);
	if (rv != CKR_OK)
		buffer_reset(out);
	return rv;
}
