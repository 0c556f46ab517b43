/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel's signed JSON. The object is cut out where the parser began and stopped, never written again.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/hex.h"
#include "verifier/intel_json.h"

static void skip_space(struct span *rest)
{
	while (rest->size && (*rest->data == ' ' || *rest->data == '\t' || *rest->data == '\r' || *rest->data == '\n')) {
		rest->data++;
		rest->size--;
	}
}

/* TOKEN and the white space around it. */
static bool take(struct span *rest, const char *token)
{
	size_t size = strlen(token);

	skip_space(rest);
	if (rest->size < size || memcmp(rest->data, token, size) != 0)
		return false;
	rest->data += size;
	rest->size -= size;
	skip_space(rest);
	return true;
}

bool intel_json_read(struct span file, const char *name, struct intel_json *json)
{
	struct span rest = file;
	json_error_t error = {0};
	char member[64];

	*json = (struct intel_json){0};
	snprintf(member, sizeof(member), "\"%s\"", name);
	if (!file.data || !take(&rest, "{") || !take(&rest, member) || !take(&rest, ":"))
		return false;
	json->object = json_loadb((const char *)rest.data, rest.size, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK,
				  &error);
	if (!json_is_object(json->object) || error.position <= 0 || (size_t)error.position > rest.size)
		return false;
	json->exact = (struct span){rest.data, (size_t)error.position};
	rest.data += json->exact.size;
	rest.size -= json->exact.size;
	if (!take(&rest, ",") || !take(&rest, "\"signature\"") || !take(&rest, ":") || !take(&rest, "\"") ||
	    rest.size < 2 * INTEL_JSON_SIGNATURE_SIZE ||
	    !hex_decode((struct span){rest.data, 2 * INTEL_JSON_SIGNATURE_SIZE}, json->signature))
		return false;
	rest.data += 2 * INTEL_JSON_SIGNATURE_SIZE;
	rest.size -= 2 * INTEL_JSON_SIGNATURE_SIZE;
	return take(&rest, "\"") && take(&rest, "}") && !rest.size;
}

void intel_json_free(struct intel_json *json)
{
	if (!json)
		return;
	json_decref(json->object);
	*json = (struct intel_json){0};
}

bool intel_json_hex(const json_t *object, const char *name, uint8_t *out, size_t size)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value) &&
	       hex_decode_exact((struct span){(const uint8_t *)json_string_value(value), json_string_length(value)}, out, size);
}

bool intel_json_number(const json_t *object, const char *name, uint64_t max, uint64_t *out)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > max)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

const char *intel_json_text(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value))
		return NULL;
	return json_string_value(value);
}

/* TEXT's SIZE decimal digits. */
static int decimal(const char *text, size_t size)
{
	int value = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

bool intel_json_time(const json_t *object, const char *name, int64_t *out)
{
	const char *text = intel_json_text(object, name);
	struct tm tm = {0}, again;

	if (!text || strlen(text) != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
	    text[16] != ':' || text[19] != 'Z')
		return false;
	tm.tm_year = decimal(text, 4) - 1900;
	tm.tm_mon = decimal(text + 5, 2) - 1;
	tm.tm_mday = decimal(text + 8, 2);
	tm.tm_hour = decimal(text + 11, 2);
	tm.tm_min = decimal(text + 14, 2);
	tm.tm_sec = decimal(text + 17, 2);
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mday < 1 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0)
		return false;
	again = tm;
	*out = (int64_t)timegm(&again);
	/* What timegm had to carry over was no date. */
	return again.tm_mon == tm.tm_mon && again.tm_mday == tm.tm_mday && again.tm_hour == tm.tm_hour &&
	       again.tm_min == tm.tm_min && again.tm_sec == tm.tm_sec;
}
