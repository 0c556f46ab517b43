/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output: results for people and as JSON, errors with what to do about them, files.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "common/hex.h"

int cli_error(const struct cli *cli, const char *format, ...)
{
	char text[512];
	json_t *object = NULL;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (cli->json) {
		object = json_pack("{s:s}", "error", text);
		if (object)
			json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(object);
	} else {
		fprintf(stderr, "keyclave: %s\n", text);
	}
	return CLI_FAILED;
}

int cli_error_rv(const struct cli *cli, CK_RV rv, const char *what)
{
	static const struct {
		CK_RV rv;
		const char *text;
	} texts[] = {
		{CKR_TOKEN_NOT_PRESENT,
		 "keyclaved cannot be reached or started; see its log, or start the service keyclaved"},
		{CKR_DEVICE_ERROR, "keyclaved cannot be reached or has failed; see its log"},
		{CKR_DEVICE_MEMORY, "the store is full (memory, disk, or its limit of objects)"},
		{CKR_HOST_MEMORY, "out of memory"},
		{CKR_PIN_INCORRECT, "the PIN is wrong"},
		{CKR_PIN_LOCKED, "the PIN is locked; the security officer can set a new one: keyclave pin reset"},
		{CKR_PIN_LEN_RANGE, "the PIN is too short or too long; keyclave status shows the limits"},
		{CKR_PIN_INVALID, "the PIN cannot be used"},
		{CKR_USER_PIN_NOT_INITIALIZED, "the token has no user PIN yet: keyclave pin reset"},
		{CKR_USER_NOT_LOGGED_IN, "this needs a login"},
		{CKR_SESSION_EXISTS, "a program is using the token; stop it first"},
		{CKR_OBJECT_HANDLE_INVALID, "there is no such object"},
		{CKR_ACTION_PROHIBITED, "the object's own policy forbids it"},
		{CKR_ATTRIBUTE_READ_ONLY, "an attribute may not be set"},
		{CKR_ATTRIBUTE_VALUE_INVALID, "an attribute's value, or the key size, is not acceptable"},
		{CKR_TEMPLATE_INCONSISTENT, "the attributes contradict each other or the token's policy"},
		{CKR_CURVE_NOT_SUPPORTED, "the token does not have that curve"},
		{CKR_FUNCTION_REJECTED, "the key management service refuses; see keyclaved's log"},
		{CKR_WRAPPED_KEY_INVALID, "what was given is no key for this token; see keyclaved's log"},
		{CKR_FUNCTION_NOT_SUPPORTED, "this keyclaved does not support it"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].rv == rv)
			return cli_error(cli, "%s: %s", what, texts[i].text);
	return cli_error(cli, "%s: PKCS#11 error 0x%08lx", what, rv);
}

static void print_value(const char *name, const json_t *value, int indent)
{
	const char *key = NULL;
	json_t *member = NULL;
	size_t i = 0;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		if (name)
			printf("%*s%s:\n", indent, "", name);
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
			print_value(key, member, name ? indent + 2 : indent);
		break;
	case JSON_ARRAY:
		json_array_foreach(value, i, member) {
			print_value(name, member, indent);
			if (json_is_object(member) && i + 1 < json_array_size(value))
				putchar('\n');
		}
		break;
	case JSON_STRING:
		printf("%*s%s: %s\n", indent, "", name, json_string_value(value));
		break;
	case JSON_INTEGER:
		printf("%*s%s: %" JSON_INTEGER_FORMAT "\n", indent, "", name, json_integer_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		printf("%*s%s: %s\n", indent, "", name, json_is_true(value) ? "yes" : "no");
		break;
	default:
		break;
	}
}

int cli_print(const struct cli *cli, json_t *result)
{
	if (!result)
		return cli_error_rv(cli, CKR_HOST_MEMORY, "printing");
	if (cli->json) {
		json_dumpf(result, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_value(NULL, result, 0);
	}
	json_decref(result);
	return fflush(stdout) == 0 ? CLI_OK : CLI_FAILED;
}

bool cli_hex(const char *text, struct buffer *bytes, size_t max)
{
	size_t size = strlen(text);

	buffer_reset(bytes);
	return size % 2 == 0 && size / 2 <= max && hex_decode_buffer(span_text(text), bytes);
}

json_t *cli_json_hex(struct span bytes)
{
	char *text = malloc(2 * bytes.size + 1);
	json_t *value = NULL;

	if (!text)
		return NULL;
	hex_encode(bytes, text);
	value = json_string(text);
	free(text);
	return value;
}

json_t *cli_json_text(struct span text)
{
	return json_stringn(text.size ? (const char *)text.data : "", text.size);
}

bool cli_read_file(const struct cli *cli, const char *path, size_t max, struct buffer *content)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	uint8_t chunk[4096];
	ssize_t got = 0;

	buffer_reset(content);
	if (fd < 0) {
		cli_error(cli, "%s: %s", path, strerror(errno));
		return false;
	}
	while ((got = read(fd, chunk, sizeof(chunk))) > 0)
		if (content->size + (size_t)got > max || !buffer_append(content, chunk, (size_t)got))
			break;
	if (got < 0)
		cli_error(cli, "%s: %s", path, strerror(errno));
	else if (got > 0)
		cli_error(cli, "%s: larger than %zu bytes", path, max);
	if (!standard)
		close(fd);
	return got == 0;
}

bool cli_write_file(const struct cli *cli, const char *path, struct span content)
{
	bool standard = !path || strcmp(path, "-") == 0;
	FILE *out = standard ? stdout : fopen(path, "we");
	bool ok = out != NULL;

	if (ok)
		ok = fwrite(content.data, 1, content.size, out) == content.size;
	if (out && (standard ? fflush(out) : fclose(out)) != 0)
		ok = false;
	if (!ok)
		cli_error(cli, "%s: %s", standard ? "standard output" : path, strerror(errno));
	return ok;
}
