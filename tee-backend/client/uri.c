/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 7512 by p11-kit's parser; here its result becomes plain data, and PIN files are read. Runs in the
 * provider and in the CLI, never in the PKCS#11 module.
 */
#include "config.h"

/* Before p11-kit's headers, which then use these types: their own are those of 2.40. */
#include "mechanism/cryptoki.h"

#include <errno.h>
#include <fcntl.h>
#include <p11-kit/uri.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/uri.h"
#include "common/log.h"
#include "common/memory.h"

#define URI_FILE "file:"

static void uri_init(struct uri *uri)
{
	*uri = (struct uri){
		.class = CK_UNAVAILABLE_INFORMATION,
		.slot = UINT64_MAX,
		.pin_value.secret = true,
	};
}

void uri_free(struct uri *uri)
{
	free(uri->token);
	free(uri->serial);
	free(uri->manufacturer);
	free(uri->model);
	free(uri->object);
	free(uri->pin_source);
	buffer_free(&uri->id);
	buffer_free(&uri->pin_value);
	uri_init(uri);
}

/* ---- parsing ---- */

/* A blank-padded field of SIZE bytes, or NULL in *TEXT: p11-kit leaves what the URI does not have all NUL. */
static bool uri_take_field(const CK_UTF8CHAR *field, size_t size, char **text)
{
	if (!field[0])
		return true;
	while (size && (field[size - 1] == ' ' || !field[size - 1]))
		size--;
	*text = strndup((const char *)field, size);
	return *text != NULL;
}

static bool uri_take_token(P11KitUri *parsed, struct uri *uri)
{
	const CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(parsed);

	return uri_take_field(info->label, sizeof(info->label), &uri->token) &&
	       uri_take_field(info->serialNumber, sizeof(info->serialNumber), &uri->serial) &&
	       uri_take_field(info->manufacturerID, sizeof(info->manufacturerID), &uri->manufacturer) &&
	       uri_take_field(info->model, sizeof(info->model), &uri->model);
}

/* Section 2.3: a URI that names another library's keys is not ours to answer. */
static bool uri_take_library(P11KitUri *parsed, struct uri *uri)
{
	const CK_INFO *info = p11_kit_uri_get_module_info(parsed);
	char *manufacturer = NULL;

	if (!uri_take_field(info->manufacturerID, sizeof(info->manufacturerID), &manufacturer))
		return false;
	if (manufacturer && strcmp(manufacturer, PROTOCOL_TOKEN_MANUFACTURER) != 0)
		uri->unmatchable = true;
	free(manufacturer);
	return true;
}

static bool uri_take_object(P11KitUri *parsed, struct uri *uri)
{
	const CK_ATTRIBUTE *label = p11_kit_uri_get_attribute(parsed, CKA_LABEL);
	const CK_ATTRIBUTE *id = p11_kit_uri_get_attribute(parsed, CKA_ID);
	const CK_ATTRIBUTE *class = p11_kit_uri_get_attribute(parsed, CKA_CLASS);

	if (label) {
		uri->object = strndup(label->ulValueLen ? label->pValue : "", label->ulValueLen);
		if (!uri->object)
			return false;
		/* A NUL inside: a label that a C string cannot say, and no object has. */
		uri->unmatchable = uri->unmatchable || strlen(uri->object) != label->ulValueLen;
	}
	uri->has_id = id != NULL;
	if (id && id->ulValueLen && !buffer_set(&uri->id, id->pValue, id->ulValueLen))
		return false;
	if (class && class->ulValueLen == sizeof(uri->class))
		memcpy(&uri->class, class->pValue, sizeof(uri->class));
	return true;
}

/* module-name and module-path say how to find us, who are found already. */
static bool uri_take_query(P11KitUri *parsed, struct uri *uri)
{
	const char *pin = p11_kit_uri_get_pin_value(parsed);
	const char *source = p11_kit_uri_get_pin_source(parsed);

	uri->has_pin_value = pin != NULL;
	if (pin && !buffer_set(&uri->pin_value, pin, strlen(pin)))
		return false;
	if (source) {
		uri->pin_source = strdup(source);
		if (!uri->pin_source)
			return false;
	}
	return true;
}

CK_RV uri_parse(const char *text, struct uri *uri, char *why, size_t why_size)
{
	P11KitUri *parsed = p11_kit_uri_new();
	CK_RV rv = CKR_HOST_MEMORY;
	int result = 0;

	uri_init(uri);
	if (!parsed)
		return rv;
	result = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, parsed);
	if (result != P11_KIT_URI_OK) {
		if (result != P11_KIT_URI_UNEXPECTED)
			rv = CKR_ARGUMENTS_BAD;
		if (why && why_size)
			snprintf(why, why_size, "not a pkcs11: URI: %s", p11_kit_uri_message(result));
		goto out;
	}
	uri->unmatchable = p11_kit_uri_any_unrecognized(parsed) != 0;
	if (p11_kit_uri_get_slot_id(parsed) != (CK_SLOT_ID)-1)
		uri->slot = p11_kit_uri_get_slot_id(parsed);
	if (uri_take_token(parsed, uri) && uri_take_library(parsed, uri) &&
	    uri_take_object(parsed, uri) && uri_take_query(parsed, uri))
		rv = CKR_OK;
out:
	p11_kit_uri_free(parsed);
	if (rv != CKR_OK)
		uri_free(uri);
	return rv;
}

/* ---- formatting ---- */

static void uri_put_field(CK_UTF8CHAR *field, size_t size, const char *text)
{
	size_t n = text ? strnlen(text, size) : 0;

	if (!text)
		return;
	memset(field, ' ', size);
	memcpy(field, text, n);
}

static bool uri_put_attribute(P11KitUri *into, CK_ATTRIBUTE_TYPE type, const void *value, size_t size)
{
	/* p11-kit copies, but its interface has no const. */
	CK_ATTRIBUTE attribute = {type, (void *)(uintptr_t)value, size};

	return p11_kit_uri_set_attribute(into, &attribute) == P11_KIT_URI_OK;
}

static bool uri_put(const struct uri *uri, P11KitUri *into)
{
	CK_TOKEN_INFO *info = p11_kit_uri_get_token_info(into);

	uri_put_field(info->label, sizeof(info->label), uri->token);
	uri_put_field(info->serialNumber, sizeof(info->serialNumber), uri->serial);
	uri_put_field(info->manufacturerID, sizeof(info->manufacturerID), uri->manufacturer);
	uri_put_field(info->model, sizeof(info->model), uri->model);
	if (uri->object && !uri_put_attribute(into, CKA_LABEL, uri->object, strlen(uri->object)))
		return false;
	if (uri->has_id && !uri_put_attribute(into, CKA_ID, uri->id.size ? (void *)uri->id.data : "",
					      uri->id.size))
		return false;
	return uri->class == CK_UNAVAILABLE_INFORMATION ||
	       uri_put_attribute(into, CKA_CLASS, &uri->class, sizeof(uri->class));
}

CK_RV uri_format(const struct uri *uri, struct buffer *out)
{
	P11KitUri *into = p11_kit_uri_new();
	char *text = NULL;
	CK_RV rv = CKR_HOST_MEMORY;

	if (!into)
		return rv;
	if (uri_put(uri, into) &&
	    p11_kit_uri_format(into, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, &text) == P11_KIT_URI_OK &&
	    buffer_set(out, text, strlen(text) + 1))
		rv = CKR_OK;
	free(text);
	p11_kit_uri_free(into);
	return rv;
}

/* ---- matching ---- */

static bool uri_field_matches(const char *wanted, struct span is)
{
	return !wanted || span_equal(span_text(wanted), is);
}

bool uri_matches_token(const struct uri *uri, uint64_t slot, const struct token_response *token)
{
	if (uri->unmatchable || (uri->slot != UINT64_MAX && uri->slot != slot))
		return false;
	return uri_field_matches(uri->token, token->label) &&
	       uri_field_matches(uri->serial, token->serial) &&
	       uri_field_matches(uri->manufacturer, token->manufacturer) &&
	       uri_field_matches(uri->model, token->model);
}

/* ---- PIN ---- */

/* Up to CAPACITY bytes of the first line of FD; *SIZE of them. False: errno. */
static bool uri_read_line(int fd, char *line, size_t capacity, size_t *size)
{
	*size = 0;
	while (*size < capacity) {
		/* One at a time: what follows the line in a pipe may be somebody else's. */
		ssize_t n = read(fd, line + *size, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (!n || line[*size] == '\n')
			break;
		++*size;
	}
	if (*size && line[*size - 1] == '\r')
		--*size;
	return true;
}

static CK_RV uri_read_pin(const char *path, struct buffer *pin)
{
	char line[PROTOCOL_PIN_MAX + 2];
	size_t size = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	CK_RV rv = CKR_PIN_INVALID;

	if (fd < 0 || !uri_read_line(fd, line, sizeof(line), &size))
		log_error("PIN file %s: %m", path);
	else if (size > PROTOCOL_PIN_MAX)
		log_error("PIN file %s: its first line is longer than %d bytes", path, PROTOCOL_PIN_MAX);
	else
		rv = buffer_set(pin, line, size) ? CKR_OK : CKR_HOST_MEMORY;
	memory_wipe(line, sizeof(line));
	if (fd >= 0)
		close(fd);
	return rv;
}

CK_RV uri_pin(const struct uri *uri, struct buffer *pin)
{
	const char *path = uri->pin_source;

	pin->secret = true;
	buffer_reset(pin);
	if (uri->has_pin_value)
		return buffer_set(pin, uri->pin_value.data, uri->pin_value.size) ? CKR_OK :
										   CKR_HOST_MEMORY;
	if (!path)
		return CKR_OK;
	if (*path == '|') {
		log_error("pin-source: a command is not run; name a file");
		return CKR_PIN_INVALID;
	}
	/* RFC 8089: file:/path and file:///path. */
	if (!strncmp(path, URI_FILE, sizeof(URI_FILE) - 1)) {
		path += sizeof(URI_FILE) - 1;
		if (!strncmp(path, "///", 3))
			path += 2;
	}
	return uri_read_pin(path, pin);
}
