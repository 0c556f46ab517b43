/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested templates to CBOR and back. Reads what programs, frames and records hold; both sides of
 * the trust boundary.
 */
#include "config.h"

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "mechanism/attribute_template.h"

/* The item with the smallest type that is above *BELOW; NULL: none. Nested lists are short. */
static const struct attribute *next_item(const struct attributes *list,
					 const struct attribute *below)
{
	const struct attribute *best = NULL;
	size_t i = 0;

	for (i = 0; i < list->count; i++) {
		const struct attribute *item = &list->item[i];

		if ((!below || item->type > below->type) && (!best || item->type < best->type))
			best = item;
	}
	return best;
}

static bool nests(CK_ATTRIBUTE_TYPE type)
{
	const struct attribute_row *row = attribute_any(type);

	return row && row->form == ATTRIBUTE_TEMPLATE;
}

CK_RV attribute_template_write(struct buffer *out, const struct attributes *list)
{
	const size_t start = out->size;
	const struct attribute *item = NULL;
	struct cbor_writer w;
	size_t written = 0;

	if (list->count > ATTRIBUTES_NESTED_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, list->count);
	for (item = next_item(list, NULL); item; item = next_item(list, item)) {
		if (nests(item->type))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		cbor_writer_array(&w, 2);
		cbor_writer_uint(&w, item->type);
		cbor_writer_bytes(&w, item->value);
		written++;
		if (out->size - start > ATTRIBUTE_TEMPLATE_MAX)
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	if (written != list->count)
		return CKR_TEMPLATE_INCONSISTENT;
	return w.failed ? CKR_HOST_MEMORY : CKR_OK;
}

static bool read_item(struct cbor_reader *r, struct attributes *list)
{
	const struct attribute_row *row = NULL;
	struct span value = {0};
	uint64_t type = 0;
	size_t pair = 0;

	if (!cbor_reader_array(r, 2, &pair) || pair != 2 ||
	    !cbor_reader_uint(r, (CK_ULONG)-1, &type) ||
	    !cbor_reader_bytes(r, ATTRIBUTE_TEMPLATE_MAX, &value))
		return false;
	if (list->count > 0 && list->item[list->count - 1].type >= type)
		return false;
	row = attribute_any((CK_ATTRIBUTE_TYPE)type);
	return row && row->form != ATTRIBUTE_TEMPLATE && value.size <= attribute_max(row->type) &&
	       attribute_form_valid(row->form, value) && attributes_add(list, row->type, value);
}

CK_RV attribute_template_read(struct span value, struct attributes *list)
{
	struct cbor_reader r;
	size_t count = 0;
	size_t i = 0;

	list->count = 0;
	cbor_reader_init(&r, value);
	if (!cbor_reader_array(&r, ATTRIBUTES_NESTED_MAX, &count))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	for (i = 0; i < count; i++) {
		if (!read_item(&r, list))
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return cbor_reader_end(&r) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}
