/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one form that is accepted, field by field: a region becomes part of a host's name.
 */
#include "config.h"

#include "kms/arn.h"

#include <string.h>

static const struct {
	const char *name;
	const char *suffix;
} partitions[] = {
	{"aws", "amazonaws.com"},
	{"aws-us-gov", "amazonaws.com"},
	{"aws-cn", "amazonaws.com.cn"},
};

/* The field before the next colon, and past it. False: there is none, or it is empty. */
static bool field(struct span *rest, struct span *value)
{
	const uint8_t *colon = rest->size ? memchr(rest->data, ':', rest->size) : NULL;

	if (!colon || colon == rest->data)
		return false;
	*value = (struct span){rest->data, (size_t)(colon - rest->data)};
	rest->data = colon + 1;
	rest->size -= value->size + 1;
	return true;
}

static bool only(struct span text, const char *characters)
{
	for (size_t i = 0; i < text.size; i++)
		if (!text.data[i] || !strchr(characters, text.data[i]))
			return false;
	return text.size > 0;
}

#define DIGITS "0123456789"
#define NAMES "abcdefghijklmnopqrstuvwxyz-" DIGITS

bool arn_parse(struct span text, struct arn *arn)
{
	struct span scheme = {0}, partition = {0}, service = {0}, region = {0}, account = {0};
	const struct span prefix = span_text("key/");

	memset(arn, 0, sizeof(*arn));
	if (!field(&text, &scheme) || !span_equal(scheme, span_text("arn")) || !field(&text, &partition) ||
	    !field(&text, &service) || !span_equal(service, span_text("kms")) || !field(&text, &region) ||
	    !field(&text, &account))
		return false;
	for (size_t i = 0; i < sizeof(partitions) / sizeof(partitions[0]); i++)
		if (span_equal(partition, span_text(partitions[i].name)))
			arn->suffix = partitions[i].suffix;
	if (!arn->suffix || region.size >= sizeof(arn->region) || !only(region, NAMES) || account.size != 12 ||
	    !only(account, DIGITS))
		return false;
	if (text.size <= prefix.size || memcmp(text.data, prefix.data, prefix.size) != 0)
		return false;
	text = (struct span){text.data + prefix.size, text.size - prefix.size};
	memcpy(arn->region, region.data, region.size);
	return text.size <= 64 && only(text, NAMES);
}
