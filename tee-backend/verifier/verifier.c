/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks, one after the other, each with a name that a user can act on.
 */
#include "config.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "verifier/cmw.h"
#include "verifier/notee.h"
#include "verifier/verifier.h"

#define ORIGIN_GENERATED 2 /* CKV_KEYCLAVE_ORIGIN_GENERATED of keyclave.h */

/* A kind of evidence that this verifier knows, by media type. */
struct platform_row {
	const char *name;
	const char *media_type;
	bool tee;
	bool (*verify)(struct span evidence, const uint8_t digest[64], const char **why);
};

static const struct platform_row platforms[] = {
	{"notee", CMW_NOTEE_TYPE, false, notee_verify},
};

struct verification {
	const struct verifier_policy *policy;
	struct verifier_verdict *verdict;
	struct cmw cmw;
	const struct platform_row *platform;
};

static bool report(struct verification *v, const char *name, bool passed, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static bool report(struct verification *v, const char *name, bool passed, const char *format, ...)
{
	struct verifier_check *check = &v->verdict->check[v->verdict->count++];
	va_list args;

	check->name = name;
	check->passed = passed;
	va_start(args, format);
	vsnprintf(check->detail, sizeof(check->detail), format, args);
	va_end(args);
	return passed;
}

static int text_size(struct span text)
{
	return (int)(text.size < 64 ? text.size : 64);
}

static bool check_platform(struct verification *v)
{
	const struct claims *claims = &v->verdict->claims;

	for (size_t i = 0; i < sizeof(platforms) / sizeof(platforms[0]); i++)
		if (span_equal(v->cmw.evidence_type, span_text(platforms[i].media_type)))
			v->platform = &platforms[i];
	if (!v->platform)
		return report(v, "platform", false, "evidence of type %.*s is not known to this verifier",
			      text_size(v->cmw.evidence_type), (const char *)v->cmw.evidence_type.data);
	if (!span_equal(claims->platform, span_text(v->platform->name)))
		return report(v, "platform", false, "the claims say %.*s, the evidence is of %s",
			      text_size(claims->platform), (const char *)claims->platform.data,
			      v->platform->name);
	v->verdict->tee = v->platform->tee;
	if (!v->platform->tee && !v->policy->allow_notee)
		return report(v, "platform", false, "%s: NO TEE VOUCHES FOR THIS KEY (allow it with --allow-notee)",
			      v->platform->name);
	return report(v, "platform", true, "%s%s", v->platform->name,
		      v->platform->tee ? "" : ": NO TEE VOUCHES FOR THIS KEY");
}

/* Over the exact bytes that were carried, never a re-encoding. */
static bool check_signature(struct verification *v)
{
	uint8_t digest[SHA512_DIGEST_LENGTH];
	const char *why = "hashing failed";

	if (!EVP_Digest(v->cmw.claims.data, v->cmw.claims.size, digest, NULL, EVP_sha512(), NULL))
		return report(v, "signature", false, "%s", why);
	if (!v->platform->verify(v->cmw.evidence, digest, &why))
		return report(v, "signature", false, "%s", why);
	return report(v, "signature", true, "good");
}

static bool check_nonce(struct verification *v)
{
	struct span nonce = v->verdict->claims.nonce;

	if (v->policy->nonce.data)
		return report(v, "nonce", span_equal(nonce, v->policy->nonce), "%s",
			      span_equal(nonce, v->policy->nonce) ? "as expected" : "another one than expected");
	if (!v->policy->no_nonce)
		return report(v, "nonce", false,
			      "none was given: freshness cannot be judged (give --nonce, or --no-nonce)");
	return report(v, "nonce", true, "not asked for: this evidence may be old");
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

static bool check_identity(struct verification *v)
{
	if (v->policy->identity.data) {
		bool same = identity_matches(v->verdict->claims.identity, v->policy->identity);

		return report(v, "token identity", same, "%s", same ? "the pinned one" : "not the pinned one");
	}
	if (!v->policy->any_identity)
		return report(v, "token identity", false,
			      "none is pinned: give --identity (shown by keyclave init), or --any-identity");
	return report(v, "token identity", true, "not pinned: trust on first use");
}

static bool check_key(struct verification *v)
{
	const struct claims *claims = &v->verdict->claims;
	bool same = span_equal(claims->public_key, v->policy->public_key);

	if (!v->policy->public_key.data)
		return true;
	return report(v, "public key", claims->is_key && same, "%s",
		      same ? "the expected one" : "the evidence is about another key");
}

static bool check_policy(struct verification *v)
{
	static const char *const names[] = {
		"TOKEN",       "PRIVATE",	   "MODIFIABLE", "COPYABLE", "DESTROYABLE",
		"SENSITIVE",   "ALWAYS_SENSITIVE", "EXTRACTABLE", "NEVER_EXTRACTABLE", "LOCAL",
		"ALWAYS_AUTHENTICATE", "WRAP_WITH_TRUSTED", "TRUSTED",
	};
	const struct verifier_policy *p = v->policy;
	const struct claims *claims = &v->verdict->claims;

	if (!p->policy_set && !p->policy_clear && !p->generated)
		return true;
	if (!claims->is_key)
		return report(v, "key policy", false, "the evidence is about a token, not about a key");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t bit = (uint64_t)1 << i;

		if ((p->policy_set & bit) && !(claims->policy & bit))
			return report(v, "key policy", false, "CKA_%s is false", names[i]);
		if ((p->policy_clear & bit) && (claims->policy & bit))
			return report(v, "key policy", false, "CKA_%s is true", names[i]);
	}
	if (p->generated && claims->origin != ORIGIN_GENERATED)
		return report(v, "key policy", false, "the key was not generated in the enclave");
	return report(v, "key policy", true, "as demanded");
}

void verifier_check(struct span evidence, const struct verifier_policy *policy,
		    struct verifier_verdict *verdict)
{
	struct verification v = {.policy = policy, .verdict = verdict};
	const char *why = NULL;

	memset(verdict, 0, sizeof(*verdict));
	verdict->outcome = VERIFIER_UNUSABLE;
	ERR_set_mark();
	if (!cmw_read(evidence, &v.cmw, &why)) {
		report(&v, "form", false, "%s", why);
	} else if (!claims_read(v.cmw.claims, &verdict->claims, &why)) {
		report(&v, "claims", false, "%s", why);
		memset(&verdict->claims, 0, sizeof(verdict->claims));
	} else {
		verdict->outcome = VERIFIER_REFUSED;
		report(&v, "form", true, "CMW collection, claims version %d", CLAIMS_VERSION);
		if (check_platform(&v) && check_signature(&v) && check_nonce(&v) && check_identity(&v) &&
		    check_key(&v) && check_policy(&v))
			verdict->outcome = VERIFIER_GOOD;
	}
	ERR_pop_to_mark();
}
