/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdict, facts and claims to JSON, and from an authentic piece of evidence to a first policy.
 */
#include "config.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "verifier/event_log.h"
#include "verifier/report.h"
#include "verifier/vtpm.h"

static const char *const origins[] = {"unknown", "imported", "generated", "derived", "unwrapped", "KMS-unwrapped"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* PREFIX and the bytes in hexadecimal. */
static json_t *json_hex(const char *prefix, struct span bytes)
{
	size_t size = strlen(prefix);
	char *text = malloc(size + 2 * bytes.size + 1);
	json_t *json = NULL;

	if (!text)
		return NULL;
	memcpy(text, prefix, size);
	hex_encode(bytes, text + size);
	json = json_string(text);
	free(text);
	return json;
}

/* Text from evidence: jansson refuses what is not UTF-8. */
static json_t *json_words(struct span text)
{
	json_t *json = text.size ? json_stringn((const char *)text.data, text.size) : json_string("");

	return json ? json : json_hex("hex:", text);
}

json_t *report_fact(const struct appraisal_fact *fact)
{
	switch (fact->kind) {
	case APPRAISAL_BYTES:
		return json_hex("hex:", fact->bytes);
	case APPRAISAL_NUMBER:
		return json_integer((json_int_t)fact->number);
	case APPRAISAL_FLAG:
		return json_boolean(fact->number != 0);
	case APPRAISAL_TEXT:
		break;
	}
	return json_string(fact->text);
}

static json_t *json_checks(const struct appraisal *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->check_count; i++)
		json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "check", a->check[i].name, "passed",
						      a->check[i].passed, "detail", a->check[i].detail));
	return list;
}

static json_t *json_facts(const struct appraisal *a)
{
	json_t *facts = json_object();

	for (size_t i = 0; i < a->fact_count; i++)
		json_object_set_new(facts, a->fact[i].name, report_fact(&a->fact[i]));
	return facts;
}

/* Names of those that count beside others only: whatever was booted may have made them. */
static json_t *json_self_reported(const struct appraisal *a)
{
	json_t *names = json_array();

	for (size_t i = 0; i < a->fact_count; i++)
		if (a->fact[i].self_reported)
			json_array_append_new(names, json_string(a->fact[i].name));
	return names;
}

/* Events of registers that the log does not replay to are the log writer's word, and are not listed. */
static json_t *json_events(const struct appraisal *a)
{
	json_t *list = json_array();
	struct event_log_reader r;
	struct event_log_event event;
	char text[256];

	if (!event_log_open(&r, a->event_log))
		return list;
	while (event_log_next(&r, &event)) {
		if (event.type == EVENT_LOG_EV_NO_ACTION || event.index >= EVENT_LOG_REGISTERS ||
		    !(a->event_log_trusted >> event.index & 1))
			continue;
		event_log_describe(&r, &event, (enum tpm_hash)a->event_log_bank, text, sizeof(text));
		json_array_append_new(list, json_pack("{s:i, s:I, s:o, s:s}", "index", (int)event.index, "type",
						      (json_int_t)event.type, "digest",
						      json_hex("hex:", event_log_digest(&r, &event,
											(enum tpm_hash)a->event_log_bank)),
						      "text", text));
	}
	return list;
}

static void add_key(json_t *claims, const struct claims *c)
{
	json_object_set_new(claims, "key type", json_integer((json_int_t)c->key_type));
	json_object_set_new(claims, "bits", json_integer((json_int_t)c->bits));
	json_object_set_new(claims, "key label", json_words(c->label));
	json_object_set_new(claims, "key id", json_hex("", c->id));
	json_object_set_new(claims, "origin", json_string(origins[c->origin < COUNT(origins) ? c->origin : 0]));
	for (uint64_t bit = 1; policy_key_word(bit); bit <<= 1) {
		char words[32] = "";

		/* As people read them: "never extractable". */
		for (size_t i = 0; policy_key_word(bit)[i] && i < sizeof(words) - 1; i++)
			words[i] = (char)(policy_key_word(bit)[i] == '-' ? ' ' : policy_key_word(bit)[i]);
		json_object_set_new(claims, words, json_boolean((c->policy & bit) != 0));
	}
	if (c->public_key.size)
		json_object_set_new(claims, "public key", json_hex("", c->public_key));
}

static void add_token(json_t *claims, const struct claims *c)
{
	json_object_set_new(claims, "token", json_words(c->token_label));
	json_object_set_new(claims, "serial", json_words(c->serial));
	json_object_set_new(claims, "epoch", json_integer((json_int_t)c->epoch));
	json_object_set_new(claims, "identity", json_hex("", c->identity));
	json_object_set_new(claims, "weak PIN allowed", json_boolean(c->weak_pin));
	if (c->counter_replaced)
		json_object_set_new(claims, "rollback counter replaced", json_integer((json_int_t)c->counter_replaced));
	if (c->kms_key.size) {
		json_object_set_new(claims, "KMS key", json_words(c->kms_key));
		json_object_set_new(claims, "KMS region", json_words(c->kms_region));
	}
	json_object_set_new(claims, "migration", c->migration.size ? json_hex("", c->migration) : json_string("none"));
}

static void add_migration(json_t *claims, const struct claims *c)
{
	json_object_set_new(claims, "wrap key", json_hex("", c->wrap_key));
	json_object_set_new(claims, "mix", json_hex("", c->mix));
}

static void add_channel(json_t *claims, const struct claims *c)
{
	json_t *identities = json_array();

	for (size_t i = 0; i < c->identity_count; i++)
		json_array_append_new(identities, json_hex("", c->identities[i]));
	json_object_set_new(claims, "identities", identities);
	json_object_set_new(claims, "channel key", json_hex("", c->channel_key));
	json_object_set_new(claims, "exporter", json_hex("", c->exporter));
}

static json_t *json_claims(const struct claims *c)
{
	json_t *claims = json_object();

	json_object_set_new(claims, "purpose", json_words(c->purpose));
	json_object_set_new(claims, "platform", json_words(c->platform));
	json_object_set_new(claims, "root protector", json_words(c->protector));
	json_object_set_new(claims, "rollback protection", json_words(c->rollback));
	if (c->is_channel)
		add_channel(claims, c);
	else if (c->is_migration)
		add_migration(claims, c);
	else
		add_token(claims, c);
	json_object_set_new(claims, "nonce", json_hex("", c->nonce));
	if (c->is_key)
		add_key(claims, c);
	return claims;
}

json_t *report_json(const struct verifier_verdict *verdict)
{
	static const char *const outcomes[] = {"good", "refused", "unusable"};
	const struct appraisal *a = &verdict->appraisal;
	json_t *report = json_pack("{s:s, s:b}", "verdict", outcomes[verdict->outcome], "TEE", a->tee);

	if (a->platform)
		json_object_set_new(report, "platform", json_string(a->platform));
	json_object_set_new(report, "checks", json_checks(a));
	if (verdict->authentic) {
		json_object_set_new(report, "facts", json_facts(a));
		json_object_set_new(report, "self-reported", json_self_reported(a));
	}
	if (verdict->authentic && a->event_log.data)
		json_object_set_new(report, "events", json_events(a));
	if (verdict->outcome == VERIFIER_GOOD && verdict->has_claims)
		json_object_set_new(report, "claims", json_claims(&verdict->claims));
	return report;
}

/* ---- a first policy ---- */

/* A TPM's key that nothing else vouches for is good by its name only (docs/evidence.md). */
static bool worth_pinning(const struct appraisal_fact *fact)
{
	return fact->pins || fact->self_reported || strcmp(fact->name, "ak-name") == 0;
}

/* NAME: of the section; those of the appraisal's own platform have none. */
static void pin_facts(json_t *policy, const struct appraisal *a, const char *name)
{
	json_t *section = json_object();

	for (size_t i = 0; i < a->fact_count; i++) {
		const char *own = a->fact[i].section ? a->fact[i].section : a->platform;

		if (worth_pinning(&a->fact[i]) && strcmp(own, name) == 0)
			json_object_set_new(section, a->fact[i].name, report_fact(&a->fact[i]));
	}
	if (json_object_size(section))
		json_object_set(policy, name, section);
	json_decref(section);
}

static json_t *pinned_identity(const struct claims *c)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	if (!EVP_Digest(c->identity.data, c->identity.size, digest, NULL, EVP_sha256(), NULL))
		return NULL;
	return json_hex("hex:", (struct span){digest, sizeof(digest)});
}

/* What makes a key worth evidence, as far as this one has it. */
static json_t *key_demands(const struct claims *c)
{
	static const uint64_t wanted[] = {CLAIMS_SENSITIVE, CLAIMS_ALWAYS_SENSITIVE, CLAIMS_NEVER_EXTRACTABLE,
					  CLAIMS_LOCAL};
	json_t *key = json_object();

	for (size_t i = 0; i < COUNT(wanted); i++)
		if (c->policy & wanted[i])
			json_object_set_new(key, policy_key_word(wanted[i]), json_true());
	if (strcmp(origins[c->origin < COUNT(origins) ? c->origin : 0], "generated") == 0)
		json_object_set_new(key, "generated", json_true());
	return key;
}

/* What was refused by default and had to be allowed stays visible in the policy. */
static json_t *allowed_words(const struct policy *policy)
{
	json_t *words = json_array();
	uint32_t never = POLICY_ALLOW_NO_NONCE | POLICY_ALLOW_ANY_IDENTITY | POLICY_ALLOW_ANY_MEASUREMENT;

	for (uint32_t bit = 1; policy_allow_word(bit); bit <<= 1)
		if (policy->allow & ~never & bit)
			json_array_append_new(words, json_string(policy_allow_word(bit)));
	return words;
}

json_t *report_policy(const struct verifier_verdict *verdict)
{
	const struct appraisal *a = &verdict->appraisal;
	json_t *policy = NULL, *allow = NULL;

	if (!verdict->authentic)
		return NULL;
	policy = json_pack("{s:i, s:[s]}", "version", POLICY_VERSION, "platforms", a->platform);
	allow = allowed_words(a->policy);
	if (json_array_size(allow))
		json_object_set(policy, "allow", allow);
	json_decref(allow);
	pin_facts(policy, a, a->platform);
	if (strcmp(a->platform, VTPM_SECTION) != 0)
		pin_facts(policy, a, VTPM_SECTION);
	if (verdict->has_claims)
		json_object_set_new(policy, "identity", pinned_identity(&verdict->claims));
	if (verdict->has_claims && verdict->claims.is_key)
		json_object_set_new(policy, "key", key_demands(&verdict->claims));
	return policy;
}
