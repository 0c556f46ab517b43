/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills, compares and walks messages by the request table, for the tests of the codec and for the seeds of its
 * fuzz targets. Knows no request by name.
 */
#include "config.h"

#include <string.h>

#include "message_sample.h"
#include "protocol/parameter.h"

static const uint8_t sample_bytes[2048] = {0x5a, 0x00, 0xff, 0x18, 0x80};
static const char sample_text[2048 + 1] =
	"k\xc3\xa9yclave/0.1 ................................................................";

static uint64_t sample_number(unsigned variant, uint64_t max)
{
	static const uint64_t edges[] = {0, 1, 23, 24, 255, 256, 65535, 65536, 0xffffffffU, UINT64_MAX};
	uint64_t number = edges[variant % (sizeof(edges) / sizeof(edges[0]))];

	return number < max ? number : max;
}

static struct span sample_span(const struct field *field, unsigned variant)
{
	uint64_t size = field->min + sample_number(variant, 40);
	bool text = field->type == FIELD_TEXT;

	if (size > field->max)
		size = field->max;
	if (field->optional && variant % 2 == 0)
		size = 0;
	/* 2 bytes make one character of the text. */
	if (text && size == 2)
		size = 1;
	return (struct span){.data = text ? (const uint8_t *)sample_text : sample_bytes,
			     .size = (size_t)size};
}

struct mechanism message_sample_mechanism(const struct mechanism_row *row)
{
	struct mechanism m = {.row = row};

	switch (row->parameter) {
	case PARAMETER_NONE:
	case PARAMETER_EDDSA:
		break;
	case PARAMETER_IV:
	case PARAMETER_CTR:
		m.iv = (struct span){sample_bytes, row->block};
		m.counter_bits = row->parameter == PARAMETER_CTR ? 128 : 0;
		break;
	case PARAMETER_IV_OPTIONAL:
		m.iv = (struct span){sample_bytes, row->scheme == SCHEME_AES_KEY_WRAP ? 8 : 4};
		break;
	case PARAMETER_GCM:
		m.iv = (struct span){sample_bytes, 12};
		m.aad = (struct span){sample_bytes, 20};
		m.tag_bits = 128;
		break;
	case PARAMETER_RSA_PSS:
	case PARAMETER_RSA_OAEP:
		m.hash = row->digest != CK_UNAVAILABLE_INFORMATION ? row->digest : CKM_SHA256;
		m.mgf = mechanism_find(m.hash)->mgf;
		if (row->parameter == PARAMETER_RSA_PSS)
			m.salt_size = 32;
		else
			m.label = (struct span){sample_bytes, 7};
		break;
	case PARAMETER_ECDH1:
		m.kdf = CKD_SHA256_KDF;
		m.shared = (struct span){sample_bytes, 3};
		m.peer = (struct span){sample_bytes, 65};
		break;
	case PARAMETER_LENGTH:
		m.length = row->output;
		break;
	case PARAMETER_HKDF:
		m.hash = CKM_SHA256;
		m.extract = m.expand = 1;
		m.salt = (struct span){sample_bytes, 5};
		m.info = (struct span){sample_bytes, 11};
		break;
	case PARAMETER_SP800_108:
		m.hash = CKM_SHA384;
		m.fixed = (struct span){sample_bytes, 4};
		m.fixed_3 = (struct span){sample_bytes, 9};
		m.length_follows = 1;
		break;
	}
	return m;
}

static void sample_attributes(const struct field *field, unsigned variant, struct attributes *list)
{
	list->count = 0;
	if (variant == 0)
		return;
	attributes_add(list, CKA_LABEL, (struct span){sample_bytes, 30});
	attributes_add(list, CKA_ID, (struct span){sample_bytes, 0});
	attributes_add(list, CKA_VENDOR_DEFINED, (struct span){sample_bytes, 1});
	if (field->type == FIELD_VALUES)
		attributes_add(list, CKA_VALUE, (struct span){NULL, 0});
	while (variant == 2 && list->count < field->max)
		attributes_add(list, variant, (struct span){sample_bytes, 1});
}

static void sample_field(const struct field *field, unsigned variant, void *at)
{
	size_t rows = 0;
	const struct mechanism_row *mechanisms = mechanism_rows(&rows);
	struct numbers *numbers = at;
	struct texts *texts = at;

	switch (field->type) {
	case FIELD_UINT:
	case FIELD_BOOL:
		*(uint64_t *)at = sample_number(variant, field->max);
		break;
	case FIELD_BYTES:
	case FIELD_TEXT:
		*(struct span *)at = sample_span(field, variant);
		break;
	case FIELD_NUMBERS:
		numbers->count = (size_t)sample_number(variant, field->max);
		for (size_t i = 0; i < numbers->count; i++)
			numbers->item[i] = i << (variant % 57);
		break;
	case FIELD_TEXTS:
		texts->count = (size_t)sample_number(variant, field->max);
		for (size_t i = 0; i < texts->count; i++)
			texts->item[i] = (struct span){(const uint8_t *)sample_text, i % 3 ? 20 : 0};
		break;
	case FIELD_TEMPLATE:
	case FIELD_VALUES:
		sample_attributes(field, variant, at);
		break;
	case FIELD_MECHANISM:
		*(struct mechanism *)at = message_sample_mechanism(&mechanisms[variant % rows]);
		break;
	}
}

void message_sample(const struct schema *schema, unsigned variant, union message *message)
{
	memset(message, 0, sizeof(*message));
	for (size_t i = 0; i < schema->count; i++)
		sample_field(&schema->fields[i], variant, (char *)message + schema->fields[i].offset);
}

static bool sample_equal_attributes(const struct attributes *a, const struct attributes *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->item[i].type != b->item[i].type || !a->item[i].value.data != !b->item[i].value.data ||
		    !span_equal(a->item[i].value, b->item[i].value))
			return false;
	}
	return true;
}

static bool sample_equal_texts(const struct texts *a, const struct texts *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!span_equal(a->item[i], b->item[i]))
			return false;
	return true;
}

static bool sample_equal(const struct schema *schema, const void *a, const void *b);

static bool sample_equal_mechanism(const struct mechanism *a, const struct mechanism *b)
{
	return a->row == b->row && sample_equal(parameter_schema(a->row->parameter), a, b);
}

static bool sample_equal(const struct schema *schema, const void *a, const void *b)
{
	bool equal = true;

	for (size_t i = 0; i < schema->count && equal; i++) {
		const void *x = (const char *)a + schema->fields[i].offset;
		const void *y = (const char *)b + schema->fields[i].offset;

		switch (schema->fields[i].type) {
		case FIELD_UINT:
		case FIELD_BOOL:
			equal = *(const uint64_t *)x == *(const uint64_t *)y;
			break;
		case FIELD_BYTES:
		case FIELD_TEXT:
			equal = span_equal(*(const struct span *)x, *(const struct span *)y);
			break;
		case FIELD_NUMBERS:
			equal = ((const struct numbers *)x)->count == ((const struct numbers *)y)->count &&
				!memcmp(((const struct numbers *)x)->item, ((const struct numbers *)y)->item,
					((const struct numbers *)x)->count * sizeof(uint64_t));
			break;
		case FIELD_TEXTS:
			equal = sample_equal_texts(x, y);
			break;
		case FIELD_TEMPLATE:
		case FIELD_VALUES:
			equal = sample_equal_attributes(x, y);
			break;
		case FIELD_MECHANISM:
			equal = sample_equal_mechanism(x, y);
			break;
		}
	}
	return equal;
}

bool message_sample_equal(const struct schema *schema, const union message *a, const union message *b)
{
	return sample_equal(schema, a, b);
}

static bool sample_inside(struct span part, struct span body)
{
	return !part.size || (part.data >= body.data && part.size <= body.size &&
			      (size_t)(part.data - body.data) <= body.size - part.size);
}

static bool sample_within(const struct schema *schema, const void *message, struct span body)
{
	bool inside = true;

	for (size_t i = 0; i < schema->count && inside; i++) {
		const void *at = (const char *)message + schema->fields[i].offset;
		const struct attributes *list = at;
		const struct texts *texts = at;
		const struct mechanism *m = at;

		switch (schema->fields[i].type) {
		case FIELD_UINT:
		case FIELD_BOOL:
		case FIELD_NUMBERS:
			break;
		case FIELD_BYTES:
		case FIELD_TEXT:
			inside = sample_inside(*(const struct span *)at, body);
			break;
		case FIELD_TEXTS:
			for (size_t j = 0; j < texts->count; j++)
				inside = inside && sample_inside(texts->item[j], body);
			break;
		case FIELD_TEMPLATE:
		case FIELD_VALUES:
			for (size_t j = 0; j < list->count; j++)
				inside = inside && sample_inside(list->item[j].value, body);
			break;
		case FIELD_MECHANISM:
			inside = sample_within(parameter_schema(m->row->parameter), m, body);
			break;
		}
	}
	return inside;
}

bool message_sample_within(const struct schema *schema, const union message *message,
			   struct span body)
{
	return sample_within(schema, message, body);
}
