/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the CDDL of the protocol from the tables of request.c and parameter.c. Used by the test of
 * docs/protocol.md; runs in no daemon and no client.
 */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "protocol/cddl.h"
#include "protocol/parameter.h"
#include "protocol/request.h"

#define CDDL_LINE_MAX 256

struct cddl {
	struct buffer *out;
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void cddl_add(struct cddl *c, const char *format, ...)
{
	char line[CDDL_LINE_MAX];
	va_list arguments;
	int size = 0;

	va_start(arguments, format);
	size = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof(line) || !buffer_append(c->out, line, (size_t)size))
		c->failed = true;
}

/* A member's name as CDDL writes names. */
static void cddl_add_name(struct cddl *c, const char *name)
{
	for (; *name; name++)
		cddl_add(c, "%c", *name == '_' ? '-' : *name);
}

static void cddl_add_bytes(struct cddl *c, const struct field *field)
{
	const char *type = field->type == FIELD_TEXT ? "tstr" : "bstr";

	if (field->min == field->max)
		cddl_add(c, "%s .size %" PRIu64, type, field->max);
	else
		cddl_add(c, "%s .size (%" PRIu64 "..%" PRIu64 ")", type, field->min, field->max);
	if (field->optional)
		cddl_add(c, " / empty");
}

static void cddl_add_type(struct cddl *c, const struct field *field)
{
	switch (field->type) {
	case FIELD_UINT:
		if (field->max == UINT64_MAX)
			cddl_add(c, "uint");
		else
			cddl_add(c, "0..%" PRIu64, field->max);
		break;
	case FIELD_BOOL:
		cddl_add(c, "bool");
		break;
	case FIELD_BYTES:
	case FIELD_TEXT:
		cddl_add_bytes(c, field);
		break;
	case FIELD_NUMBERS:
		cddl_add(c, "[0*%" PRIu64 " uint]", field->max);
		break;
	case FIELD_TEXTS:
		cddl_add(c, "[0*%" PRIu64 " tstr .size (0..%d)]", field->max, PROTOCOL_TEXT_SIZE_MAX);
		break;
	case FIELD_TEMPLATE:
		cddl_add(c, "[0*%" PRIu64 " [type: uint, value]]", field->max);
		break;
	case FIELD_VALUES:
		cddl_add(c, "[0*%" PRIu64 " [type: uint, value / null]]", field->max);
		break;
	case FIELD_MECHANISM:
		cddl_add(c, "mechanism");
		break;
	}
}

static void cddl_add_fields(struct cddl *c, const struct schema *schema)
{
	for (size_t i = 0; i < schema->count; i++) {
		cddl_add(c, "  ");
		cddl_add_name(c, schema->fields[i].name);
		cddl_add(c, ": ");
		cddl_add_type(c, &schema->fields[i]);
		cddl_add(c, ",\n");
	}
}

static void cddl_add_mechanism(struct cddl *c)
{
	size_t count = 0;
	const struct schema *schemas = parameter_schemas(&count);

	cddl_add(c, "\nmechanism =");
	for (size_t i = 0; i < count; i++)
		cddl_add(c, "%s%s", i ? " /\n  " : "\n  ", schemas[i].name);
	cddl_add(c, "\n");
	for (size_t i = 0; i < count; i++) {
		cddl_add(c, "\n%s = [\n  type: uint,\n", schemas[i].name);
		cddl_add_fields(c, &schemas[i]);
		cddl_add(c, "]\n");
	}
}

/* A group for each schema, at its first use: several rows share one. */
static void cddl_add_groups(struct cddl *c, const struct request_row *rows, size_t count)
{
	for (size_t i = 0; i < 2 * count; i++) {
		const struct schema *schema = i % 2 ? rows[i / 2].response : rows[i / 2].request;
		bool seen = !schema->count;

		for (size_t j = 0; j < i && !seen; j++)
			seen = schema == (j % 2 ? rows[j / 2].response : rows[j / 2].request);
		if (seen)
			continue;
		cddl_add(c, "\n%s = (\n", schema->name);
		cddl_add_fields(c, schema);
		cddl_add(c, ")\n");
	}
}

static void cddl_add_rows(struct cddl *c, const struct request_row *rows, size_t count)
{
	cddl_add(c, "request =");
	for (size_t i = 0; i < count; i++)
		cddl_add(c, "%s%s", i ? " /\n  " : "\n  ", rows[i].name);
	cddl_add(c, "\n\nresponse =");
	for (size_t i = 0; i < count; i++)
		cddl_add(c, "\n  %s-done /", rows[i].name);
	cddl_add(c, "\n  refusal\n\n"
		    "refusal = [sequence, rv: 1..4294967295] ; CK_RV\n"
		    "sequence = uint\n"
		    "ok = 0 ; CKR_OK\n"
		    "empty = h''\n"
		    "value = bstr .size (0..%zu)\n",
		 PROTOCOL_CHUNK_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct schema *request = rows[i].request;
		const struct schema *response = rows[i].response;

		cddl_add(c, "\n%s = [%d, sequence%s%s]\n", rows[i].name, (int)rows[i].id,
			 request->count ? ", " : "", request->count ? request->name : "");
		cddl_add(c, "%s-done = [sequence, ok%s%s]\n", rows[i].name,
			 response->count ? ", " : "", response->count ? response->name : "");
	}
}

bool cddl_write(struct buffer *out)
{
	struct cddl c = {.out = out};
	size_t count = 0;
	const struct request_row *rows = request_rows(&count);

	cddl_add_rows(&c, rows, count);
	cddl_add_groups(&c, rows, count);
	cddl_add_mechanism(&c);
	return !c.failed;
}
