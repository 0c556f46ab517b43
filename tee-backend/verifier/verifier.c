/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks around the platforms' own, one after the other, each with a name that a user can act on.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#include "verifier/platforms.h"
#include "verifier/verifier.h"
#include "verifier/vtpm.h"

#define ORIGIN_GENERATED 2 /* CKV_KEYCLAVE_ORIGIN_GENERATED of keyclave.h */

struct verification {
	struct verifier_verdict *verdict;
	struct appraisal *a;
	const struct policy *policy;
	const struct claims *claims; /* NULL: bare evidence */
	const struct platforms_row *platform;
	struct cmw cmw;
	uint8_t digest[SHA512_DIGEST_LENGTH];
	uint8_t digest_short[SHA256_DIGEST_LENGTH];
};

static int text_size(struct span text)
{
	return (int)(text.size < 64 ? text.size : 64);
}

static bool accepts(const struct policy *policy, const char *platform)
{
	for (size_t i = 0; i < policy->platform_count; i++)
		if (strcmp(policy->platforms[i], platform) == 0)
			return true;
	return !policy->platform_count;
}

static bool check_platform(struct verification *v)
{
	v->a->platform = v->platform->name;
	v->a->tee = v->platform->tee;
	if (v->claims && !span_equal(v->claims->platform, span_text(v->platform->name)))
		return appraisal_check(v->a, "platform", false, "the claims say %.*s, the evidence is of %s",
				       text_size(v->claims->platform), (const char *)v->claims->platform.data,
				       v->platform->name);
	if (!accepts(v->policy, v->platform->name))
		return appraisal_check(v->a, "platform", false, "%s, which the policy does not accept",
				       v->platform->name);
	v->verdict->authentic = v->platform->appraise(v->a, &v->cmw) &&
				(!v->claims || vtpm_appraise(v->a, &v->cmw, v->claims->protector));
	return v->verdict->authentic;
}

/*
 * What code runs there is known when the policy fixed a fact that measures it (appraisal_expectations has compared
 * them). A platform that measures nothing (notee) has nothing to pin.
 */
static bool check_measurement(struct verification *v)
{
	bool measured = false;
	const char *self_reported = NULL; /* that the policy names */

	for (size_t i = 0; i < v->a->fact_count; i++) {
		const struct appraisal_fact *fact = &v->a->fact[i];

		measured = measured || fact->pins;
		if (fact->pins && !fact->section && appraisal_expected(v->a, fact->name))
			return appraisal_check(v->a, "measurement", true, "pinned by the policy: %s", fact->name);
		if (fact->self_reported && !fact->section && appraisal_expected(v->a, fact->name))
			self_reported = fact->name;
	}
	if (self_reported && appraisal_allows(v->a, POLICY_ALLOW_SELF_REPORTED))
		return appraisal_check(v->a, "measurement", true, "SELF-REPORTED: whatever was booted may have made %s",
				       self_reported);
	if (!measured && !v->a->tee)
		return true;
	if (appraisal_allows(v->a, POLICY_ALLOW_ANY_MEASUREMENT))
		return appraisal_check(v->a, "measurement", true, "not pinned: any code on this platform would pass");
	if (v->claims && v->policy->identity_count && !v->claims->is_migration && !v->claims->is_channel)
		return appraisal_check(v->a, "measurement", true, "not pinned: the token identity is");
	if (self_reported)
		return appraisal_check(v->a, "measurement", false,
				       "%s is self-reported, whatever was booted may have made it: pin what was measured "
				       "before it, too, or --allow self-reported",
				       self_reported);
	return appraisal_check(v->a, "measurement", false,
			       "none is pinned: name one in a policy (keyclave policy from-evidence begins it), or "
			       "--allow any-measurement");
}

static bool check_nonce(struct verification *v)
{
	if (!v->claims) {
		if (v->a->report_data.data)
			return true; /* its own check has passed */
	} else if (v->policy->nonce.data) {
		bool same = span_equal(v->claims->nonce, v->policy->nonce);

		return appraisal_check(v->a, "nonce", same, "%s", same ? "as expected" : "another one than expected");
	}
	if (!appraisal_allows(v->a, POLICY_ALLOW_NO_NONCE))
		return appraisal_check(v->a, "nonce", false,
				       "none was given: freshness cannot be judged (give --nonce, or --no-nonce)");
	return appraisal_check(v->a, "nonce", true, "not asked for: this evidence may be old");
}

/* Evidence of another purpose says something else, in words that look alike (security rule 1). */
static bool check_purpose(struct verification *v)
{
	const struct claims *claims = v->claims;
	const char *due = claims->is_key ? CLAIMS_PURPOSE_KEY : CLAIMS_PURPOSE_TOKEN;

	if (v->policy->purpose)
		due = v->policy->purpose;
	if (span_equal(claims->purpose, span_text(due)) &&
	    claims->is_channel == !strcmp(due, CLAIMS_PURPOSE_CHANNEL) &&
	    claims->is_migration == !strcmp(due, CLAIMS_PURPOSE_MIGRATION) &&
	    claims->is_key == !strcmp(due, CLAIMS_PURPOSE_KEY))
		return true;
	return appraisal_check(v->a, "purpose", false, "%.*s, not %s", text_size(claims->purpose),
			       (const char *)claims->purpose.data, due);
}

/* That this very connection ends in the enclave which made the evidence (security rule 2). */
static bool check_exporter(struct verification *v)
{
	bool same = span_equal(v->claims->exporter, v->policy->exporter);

	if (!v->policy->exporter.data)
		return true;
	return appraisal_check(v->a, "channel", same, "%s",
			       same ? "this connection" : "the evidence is about another connection");
}

static bool identity_matches(struct span identity, struct span pinned)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (span_equal(identity, pinned))
		return true;
	return pinned.size == sizeof(digest) &&
	       EVP_Digest(identity.data, identity.size, digest, NULL, EVP_sha256(), NULL) &&
	       memcmp(digest, pinned.data, sizeof(digest)) == 0;
}

/* Of a channel: one of the tokens behind it. */
static bool identity_claimed(const struct claims *claims, struct span pinned)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct span short_form = pinned;

	if (!claims->is_channel)
		return identity_matches(claims->identity, pinned);
	if (pinned.size != sizeof(digest)) {
		if (!EVP_Digest(pinned.data, pinned.size, digest, NULL, EVP_sha256(), NULL))
			return false;
		short_form = (struct span){digest, sizeof(digest)};
	}
	for (size_t i = 0; i < claims->identity_count; i++)
		if (span_equal(claims->identities[i], short_form))
			return true;
	return false;
}

static bool check_identity(struct verification *v)
{
	/* It asks for a store whose tokens it cannot know: its measurement, or who signed it, is all that there is. */
	if (v->claims->is_migration)
		return true;
	for (size_t i = 0; i < v->policy->identity_count; i++)
		if (identity_claimed(v->claims, buffer_span(&v->policy->identity[i])))
			return appraisal_check(v->a, "token identity", true, "the pinned one");
	if (v->policy->identity_count)
		return appraisal_check(v->a, "token identity", false, "not the pinned one");
	if (!appraisal_allows(v->a, POLICY_ALLOW_ANY_IDENTITY))
		return appraisal_check(v->a, "token identity", false,
				       "none is pinned: give --identity (shown by keyclave init), or --allow any-identity");
	return appraisal_check(v->a, "token identity", true, "not pinned: trust on first use");
}

static bool check_key(struct verification *v)
{
	struct span key = v->claims->is_channel ? v->claims->channel_key : v->claims->public_key;
	bool same = (v->claims->is_key || v->claims->is_channel) && span_equal(key, v->policy->public_key);

	if (!v->policy->public_key.data)
		return true;
	return appraisal_check(v->a, "public key", same, "%s",
			       same ? "the expected one" : "the evidence is about another key");
}

static bool check_key_policy(struct verification *v)
{
	const struct policy *p = v->policy;
	const struct claims *claims = v->claims;

	if (!p->key_set && !p->key_clear && !p->generated)
		return true;
	if (!claims->is_key)
		return appraisal_check(v->a, "key policy", false, "the evidence is about a token, not about a key");
	for (uint64_t bit = 1; policy_key_word(bit); bit <<= 1) {
		if ((p->key_set & bit) && !(claims->policy & bit))
			return appraisal_check(v->a, "key policy", false, "the key is not %s", policy_key_word(bit));
		if ((p->key_clear & bit) && (claims->policy & bit))
			return appraisal_check(v->a, "key policy", false, "the key is %s", policy_key_word(bit));
	}
	if (p->generated && claims->origin != ORIGIN_GENERATED)
		return appraisal_check(v->a, "key policy", false, "the key was not generated in the enclave");
	return appraisal_check(v->a, "key policy", true, "as demanded");
}

/* Over the exact bytes that were carried, never a re-encoding. */
static bool digest_claims(struct verification *v)
{
	struct span claims = v->cmw.claims;

	if (!EVP_Digest(claims.data, claims.size, v->digest, NULL, EVP_sha512(), NULL) ||
	    !EVP_Digest(claims.data, claims.size, v->digest_short, NULL, EVP_sha256(), NULL))
		return appraisal_check(v->a, "claims", false, "hashing failed");
	v->a->report_data = (struct span){v->digest, sizeof(v->digest)};
	v->a->report_data_short = (struct span){v->digest_short, sizeof(v->digest_short)};
	return true;
}

static bool judge(struct verification *v)
{
	if (v->claims && !check_purpose(v))
		return false;
	return check_platform(v) && appraisal_expectations(v->a) && check_measurement(v) && check_nonce(v) &&
	       (!v->claims ||
		(check_exporter(v) && check_identity(v) && check_key(v) && check_key_policy(v)));
}

static void begin(struct verification *v, const struct policy *policy, const struct endorsements *endorsements,
		  int64_t time, struct verifier_verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->outcome = VERIFIER_UNUSABLE;
	verdict->appraisal.policy = policy;
	verdict->appraisal.endorsements = endorsements;
	verdict->appraisal.time = time;
	*v = (struct verification){.verdict = verdict, .a = &verdict->appraisal, .policy = policy};
}

/* What pointed into the verification's own memory. */
static void end(struct verification *v)
{
	v->a->report_data = v->a->report_data_short = (struct span){0};
}

void verifier_check(struct span evidence, const struct policy *policy, const struct endorsements *endorsements,
		    int64_t time, struct verifier_verdict *verdict)
{
	struct verification v;
	const char *why = NULL;

	begin(&v, policy, endorsements, time, verdict);
	ERR_set_mark();
	if (!cmw_read(evidence, &v.cmw, &why)) {
		appraisal_check(v.a, "form", false, "%s", why);
	} else if (!claims_read(v.cmw.claims, &verdict->claims, &why)) {
		appraisal_check(v.a, "claims", false, "%s", why);
		memset(&verdict->claims, 0, sizeof(verdict->claims));
	} else {
		verdict->outcome = VERIFIER_REFUSED;
		verdict->has_claims = true;
		v.claims = &verdict->claims;
		appraisal_check(v.a, "form", true, "CMW collection, claims version %d", CLAIMS_VERSION);
		v.platform = platforms_by_type(v.cmw.evidence_type);
		if (!v.platform)
			appraisal_check(v.a, "platform", false, "evidence of type %.*s is not known to this verifier",
					text_size(v.cmw.evidence_type), (const char *)v.cmw.evidence_type.data);
		else if (digest_claims(&v) && judge(&v))
			verdict->outcome = VERIFIER_GOOD;
	}
	end(&v);
	ERR_pop_to_mark();
}

void verifier_check_bare(const char *platform, struct span evidence, struct span report_data,
			 const struct policy *policy, const struct endorsements *endorsements, int64_t time,
			 struct verifier_verdict *verdict)
{
	struct verification v;

	begin(&v, policy, endorsements, time, verdict);
	ERR_set_mark();
	v.platform = platforms_by_name(platform);
	v.cmw.evidence = evidence;
	if (report_data.size)
		v.a->report_data = v.a->report_data_short = report_data;
	if (!v.platform) {
		appraisal_check(v.a, "form", false, "platform %.32s is not known to this verifier", platform);
	} else {
		verdict->outcome = VERIFIER_REFUSED;
		if (judge(&v))
			verdict->outcome = VERIFIER_GOOD;
	}
	end(&v);
	ERR_pop_to_mark();
}
