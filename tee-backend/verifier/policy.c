/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy file: JSON (RFC 8259, by jansson) to struct policy. Every key that is not known is an error: a
 * misspelt demand must not be no demand.
 */
#include "config.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "verifier/claims.h"
#include "verifier/platforms.h"
#include "verifier/policy.h"

static const struct {
	const char *word;
	enum policy_allow bit;
} allow_words[] = {
	{"notee", POLICY_ALLOW_NOTEE},
	{"debug", POLICY_ALLOW_DEBUG},
	{"migratable", POLICY_ALLOW_MIGRATABLE},
	{"masked-chip", POLICY_ALLOW_MASKED_CHIP},
	{"old-tcb", POLICY_ALLOW_OLD_TCB},
	{"no-revocation", POLICY_ALLOW_NO_REVOCATION},
	{"host-vtpm", POLICY_ALLOW_HOST_VTPM},
	{"self-reported", POLICY_ALLOW_SELF_REPORTED},
	{"any-measurement", POLICY_ALLOW_ANY_MEASUREMENT},
	{"any-identity", POLICY_ALLOW_ANY_IDENTITY},
	{"no-nonce", POLICY_ALLOW_NO_NONCE},
};

static const struct {
	const char *word;
	enum claims_policy bit;
} key_words[] = {
	{"token", CLAIMS_TOKEN},
	{"private", CLAIMS_PRIVATE},
	{"modifiable", CLAIMS_MODIFIABLE},
	{"copyable", CLAIMS_COPYABLE},
	{"destroyable", CLAIMS_DESTROYABLE},
	{"sensitive", CLAIMS_SENSITIVE},
	{"always-sensitive", CLAIMS_ALWAYS_SENSITIVE},
	{"extractable", CLAIMS_EXTRACTABLE},
	{"never-extractable", CLAIMS_NEVER_EXTRACTABLE},
	{"local", CLAIMS_LOCAL},
	{"always-authenticate", CLAIMS_ALWAYS_AUTHENTICATE},
	{"wrap-with-trusted", CLAIMS_WRAP_WITH_TRUSTED},
	{"trusted", CLAIMS_TRUSTED},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct reading {
	struct policy *policy;
	char *why;
	size_t why_size;
};

static bool refuse(struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct reading *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->why, r->why_size, format, args);
	va_end(args);
	return false;
}

uint32_t policy_allow_bit(const char *word)
{
	for (size_t i = 0; i < COUNT(allow_words); i++)
		if (strcmp(allow_words[i].word, word) == 0)
			return allow_words[i].bit;
	return 0;
}

const char *policy_allow_word(enum policy_allow bit)
{
	for (size_t i = 0; i < COUNT(allow_words); i++)
		if (allow_words[i].bit == bit)
			return allow_words[i].word;
	return NULL;
}

uint64_t policy_key_bit(const char *word)
{
	for (size_t i = 0; i < COUNT(key_words); i++)
		if (strcmp(key_words[i].word, word) == 0)
			return key_words[i].bit;
	return 0;
}

const char *policy_key_word(uint64_t bit)
{
	for (size_t i = 0; i < COUNT(key_words); i++)
		if (key_words[i].bit == bit)
			return key_words[i].word;
	return NULL;
}

/* ---- values ---- */

/* "hex:00ff" is bytes, anything else is text. */
static bool read_value(struct reading *r, const char *where, const json_t *json, struct buffer *out)
{
	const char *text = json_string_value(json);
	size_t size = json_string_length(json);

	if (!text || !size)
		return refuse(r, "%s: text, or bytes as \"hex:...\", is wanted", where);
	if (strncmp(text, "hex:", 4) != 0)
		return buffer_set(out, text, size) || refuse(r, "no memory");
	text += 4;
	size -= 4;
	if (!size || size % 2 != 0)
		return refuse(r, "%s: an even number of hexadecimal digits is wanted after \"hex:\"", where);
	return hex_decode_buffer((struct span){(const uint8_t *)text, size}, out) ||
	       refuse(r, "%s: not hexadecimal", where);
}

/* One value or an array of them; an empty array would refuse everything: said so. */
static bool read_values(struct reading *r, const char *where, const json_t *json, struct buffer *values, size_t *count)
{
	size_t size = json_is_array(json) ? json_array_size(json) : 1;

	if (!size || size > POLICY_VALUES_MAX - *count)
		return refuse(r, "%s: 1 to %d values are wanted", where, POLICY_VALUES_MAX);
	for (size_t i = 0; i < size; i++) {
		const json_t *item = json_is_array(json) ? json_array_get(json, i) : json;

		/* Counted first: what a refused value has begun is freed with the policy. */
		if (!read_value(r, where, item, &values[(*count)++]))
			return false;
	}
	return true;
}

static bool read_count(struct reading *r, const char *where, const json_t *json, uint64_t *value)
{
	if (!json_is_integer(json) || json_integer_value(json) < 0)
		return refuse(r, "%s: a number is wanted", where);
	*value = (uint64_t)json_integer_value(json);
	return true;
}

/* ---- expectations of platforms ---- */

static bool read_bounds(struct reading *r, const char *where, json_t *json, struct policy_expectation *e)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach(json, key, value) {
		if (strcmp(key, "min") == 0)
			e->has_min = true;
		else if (strcmp(key, "max") == 0)
			e->has_max = true;
		else
			return refuse(r, "%s: \"%s\" is not known here (min, max)", where, key);
		if (!read_count(r, where, value, strcmp(key, "min") == 0 ? &e->min : &e->max))
			return false;
	}
	return e->has_min || e->has_max || refuse(r, "%s: min or max is wanted", where);
}

static bool read_expectation(struct reading *r, const char *where, json_t *json, struct policy_expectation *e)
{
	switch (json_typeof(json)) {
	case JSON_TRUE:
	case JSON_FALSE:
		e->has_flag = true;
		e->flag = json_is_true(json);
		return true;
	case JSON_INTEGER:
		e->has_min = e->has_max = true;
		if (!read_count(r, where, json, &e->min))
			return false;
		e->max = e->min;
		return true;
	case JSON_OBJECT:
		return read_bounds(r, where, json, e);
	case JSON_STRING:
	case JSON_ARRAY:
		return read_values(r, where, json, e->value, &e->value_count);
	default:
		return refuse(r, "%s: not a value", where);
	}
}

static struct policy_expectation *add_expectation(struct policy *policy)
{
	struct policy_expectation *grown = NULL;

	if (policy->expectation_count == POLICY_EXPECTATIONS_MAX)
		return NULL;
	grown = reallocarray(policy->expectation, policy->expectation_count + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	policy->expectation = grown;
	grown += policy->expectation_count++;
	memset(grown, 0, sizeof(*grown));
	return grown;
}

static bool read_platform(struct reading *r, const char *platform, json_t *json)
{
	const char *fact = NULL;
	json_t *value = NULL;

	if (!json_is_object(json))
		return refuse(r, "%s: an object is wanted", platform);
	json_object_foreach(json, fact, value) {
		struct policy_expectation *e = NULL;
		char where[64];

		snprintf(where, sizeof(where), "%s.%s", platform, fact);
		if (strlen(fact) >= sizeof(e->fact))
			return refuse(r, "%s: too long a name", where);
		e = add_expectation(r->policy);
		if (!e)
			return refuse(r, "no memory, or more than %d expectations", POLICY_EXPECTATIONS_MAX);
		memcpy(e->platform, platform, strlen(platform) + 1);
		memcpy(e->fact, fact, strlen(fact) + 1);
		if (!read_expectation(r, where, value, e))
			return false;
	}
	return true;
}

/* ---- the other members ---- */

static bool read_version(struct reading *r, json_t *json)
{
	return (json_is_integer(json) && json_integer_value(json) == POLICY_VERSION) ||
	       refuse(r, "version: this verifier knows version %d", POLICY_VERSION);
}

static bool read_allow(struct reading *r, json_t *json)
{
	if (!json_is_array(json))
		return refuse(r, "allow: an array of words is wanted");
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *word = json_string_value(json_array_get(json, i));
		uint32_t bit = word ? policy_allow_bit(word) : 0;

		if (!bit)
			return refuse(r, "allow: \"%s\" is not known", word ? word : "?");
		r->policy->allow |= bit;
	}
	return true;
}

static bool read_platforms(struct reading *r, json_t *json)
{
	if (!json_is_array(json) || !json_array_size(json))
		return refuse(r, "platforms: an array of names is wanted");
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *name = json_string_value(json_array_get(json, i));
		size_t at = r->policy->platform_count;

		if (!name || !platforms_by_name(name))
			return refuse(r, "platforms: \"%s\" is not known", name ? name : "?");
		if (at == COUNT(r->policy->platforms))
			return refuse(r, "platforms: too many");
		memcpy(r->policy->platforms[at], name, strlen(name) + 1);
		r->policy->platform_count++;
	}
	return true;
}

static bool read_identity(struct reading *r, json_t *json)
{
	return read_values(r, "identity", json, r->policy->identity, &r->policy->identity_count);
}

/* Whoever may write the policy decides what is believed; that these are certificates is seen when they are used. */
static bool read_trust_roots(struct reading *r, json_t *json)
{
	struct policy *p = r->policy;

	if (!json_is_array(json) || !json_array_size(json))
		return refuse(r, "trust-roots: an array of certificates in PEM is wanted");
	for (size_t i = 0; i < json_array_size(json); i++) {
		const char *text = json_string_value(json_array_get(json, i));

		if (!text || strncmp(text, "-----BEGIN CERTIFICATE-----", 27) != 0)
			return refuse(r, "trust-roots: certificates in PEM are wanted");
		if (p->trust_root_count == POLICY_ROOTS_MAX)
			return refuse(r, "trust-roots: more than %d", POLICY_ROOTS_MAX);
		if (!buffer_set(&p->trust_root[p->trust_root_count++], text, strlen(text)))
			return refuse(r, "no memory");
	}
	return true;
}

static bool read_max_age(struct reading *r, json_t *json)
{
	return read_count(r, "max-age", json, &r->policy->max_age_s);
}

static bool read_key(struct reading *r, json_t *json)
{
	const char *word = NULL;
	json_t *value = NULL;

	if (!json_is_object(json))
		return refuse(r, "key: an object is wanted");
	json_object_foreach(json, word, value) {
		uint64_t bit = policy_key_bit(word);
		bool generated = strcmp(word, "generated") == 0;

		if (!bit && !generated)
			return refuse(r, "key: \"%s\" is not known", word);
		if (!json_is_boolean(value) || (generated && !json_is_true(value)))
			return refuse(r, "key.%s: %s is wanted", word, generated ? "true" : "true or false");
		if (generated)
			r->policy->generated = true;
		else if (json_is_true(value))
			r->policy->key_set |= bit;
		else
			r->policy->key_clear |= bit;
	}
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct reading *r, json_t *json);
} members[] = {
	{"version", read_version},   {"allow", read_allow},     {"platforms", read_platforms},
	{"identity", read_identity}, {"max-age", read_max_age}, {"key", read_key},
	{"trust-roots", read_trust_roots},
};

static bool read_member(struct reading *r, const char *name, json_t *json)
{
	for (size_t i = 0; i < COUNT(members); i++)
		if (strcmp(members[i].name, name) == 0)
			return members[i].read(r, json);
	if (platforms_by_name(name))
		return read_platform(r, name, json);
	return refuse(r, "\"%s\" is not known", name);
}

bool policy_read(struct policy *policy, struct span json, char *why, size_t why_size)
{
	struct reading r = {.policy = policy, .why = why, .why_size = why_size};
	json_error_t error;
	json_t *root = NULL, *value = NULL;
	const char *name = NULL;
	bool good = false;

	if (json.size > POLICY_SIZE_MAX)
		return refuse(&r, "longer than %zu bytes", POLICY_SIZE_MAX);
	root = json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return refuse(&r, "line %d: %s", error.line, error.text);
	if (!json_is_object(root))
		refuse(&r, "an object is wanted");
	else if (!json_object_get(root, "version"))
		refuse(&r, "version: is missing");
	else
		good = true;
	json_object_foreach(root, name, value) {
		if (good)
			good = read_member(&r, name, value);
	}
	json_decref(root);
	return good;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->identity_count; i++)
		buffer_free(&policy->identity[i]);
	for (size_t i = 0; i < policy->trust_root_count; i++)
		buffer_free(&policy->trust_root[i]);
	for (size_t i = 0; i < policy->expectation_count; i++)
		for (size_t v = 0; v < policy->expectation[i].value_count; v++)
			buffer_free(&policy->expectation[i].value[v]);
	free(policy->expectation);
	memset(policy, 0, sizeof(*policy));
}

const struct policy_expectation *policy_expects(const struct policy *policy, const char *platform, const char *fact)
{
	for (size_t i = 0; i < policy->expectation_count; i++)
		if (strcmp(policy->expectation[i].platform, platform) == 0 &&
		    strcmp(policy->expectation[i].fact, fact) == 0)
			return &policy->expectation[i];
	return NULL;
}
