/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the request table: each field of a struct to or from one CBOR item, within its limits. In the
 * enclave what it reads is hostile; in the client it reads what the enclave says, and trusts it no more.
 */
#include "config.h"

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "protocol/codec.h"
#include "protocol/parameter.h"

#define CODEC_RV_MAX 0xffffffffUL

static const void *codec_at(const void *message, const struct field *field)
{
	return (const char *)message + field->offset;
}

static void *codec_place(void *message, const struct field *field)
{
	return (char *)message + field->offset;
}

/* ---- writing ---- */

static bool codec_write_attributes(struct cbor_writer *w, const struct attributes *list,
				   uint64_t max, bool nullable)
{
	if (list->count > max)
		return false;
	cbor_writer_array(w, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct attribute *a = &list->item[i];

		if (a->value.size > PROTOCOL_CHUNK_MAX)
			return false;
		cbor_writer_array(w, 2);
		cbor_writer_uint(w, a->type);
		if (nullable && !a->value.data)
			cbor_writer_null(w);
		else
			cbor_writer_bytes(w, a->value);
	}
	return true;
}

static bool codec_write_uint(struct cbor_writer *w, const struct field *field, uint64_t value)
{
	if (value > field->max)
		return false;
	if (field->type == FIELD_BOOL)
		cbor_writer_bool(w, value);
	else
		cbor_writer_uint(w, value);
	return true;
}

static bool codec_size_fits(const struct field *field, size_t size)
{
	return size <= field->max && (size >= field->min || (field->optional && !size));
}

static bool codec_write_span(struct cbor_writer *w, const struct field *field, struct span value)
{
	if (!codec_size_fits(field, value.size))
		return false;
	if (field->type == FIELD_TEXT)
		cbor_writer_text_span(w, value);
	else
		cbor_writer_bytes(w, value);
	return true;
}

static bool codec_write_numbers(struct cbor_writer *w, const struct field *field,
				const struct numbers *list)
{
	if (list->count > field->max)
		return false;
	cbor_writer_array(w, list->count);
	for (size_t i = 0; i < list->count; i++)
		cbor_writer_uint(w, list->item[i]);
	return true;
}

static bool codec_write_texts(struct cbor_writer *w, const struct field *field,
			      const struct texts *list)
{
	if (list->count > field->max)
		return false;
	cbor_writer_array(w, list->count);
	for (size_t i = 0; i < list->count; i++) {
		if (list->item[i].size > PROTOCOL_TEXT_SIZE_MAX)
			return false;
		cbor_writer_text_span(w, list->item[i]);
	}
	return true;
}

static bool codec_write_mechanism(struct cbor_writer *w, const struct mechanism *m);

/* False: beyond the field's limits. Lack of memory and the frame's limit are the writer's to tell. */
static bool codec_write_field(struct cbor_writer *w, const struct field *field, const void *at)
{
	switch (field->type) {
	case FIELD_UINT:
	case FIELD_BOOL:
		return codec_write_uint(w, field, *(const uint64_t *)at);
	case FIELD_BYTES:
	case FIELD_TEXT:
		return codec_write_span(w, field, *(const struct span *)at);
	case FIELD_NUMBERS:
		return codec_write_numbers(w, field, at);
	case FIELD_TEXTS:
		return codec_write_texts(w, field, at);
	case FIELD_TEMPLATE:
		return codec_write_attributes(w, at, field->max, false);
	case FIELD_VALUES:
		return codec_write_attributes(w, at, field->max, true);
	case FIELD_MECHANISM:
		return codec_write_mechanism(w, at);
	}
	return false;
}

/* CKR_OK, or the refusal of the first field that is beyond its limits. */
static CK_RV codec_write_fields(struct cbor_writer *w, const struct schema *schema,
				const void *message)
{
	for (size_t i = 0; i < schema->count; i++)
		if (!codec_write_field(w, &schema->fields[i], codec_at(message, &schema->fields[i])))
			return schema->fields[i].refusal;
	return CKR_OK;
}

static bool codec_write_mechanism(struct cbor_writer *w, const struct mechanism *m)
{
	const struct schema *schema = NULL;

	if (!m->row)
		return false;
	schema = parameter_schema(m->row->parameter);
	cbor_writer_array(w, 1 + schema->count);
	cbor_writer_uint(w, m->row->type);
	return codec_write_fields(w, schema, m) == CKR_OK;
}

CK_RV codec_write_request(struct buffer *out, const struct request_row *row, uint64_t sequence,
			  const void *request)
{
	struct cbor_writer w = {0};
	CK_RV rv = CKR_OK;

	cbor_writer_init(&w, out, out->size + PROTOCOL_FRAME_MAX);
	cbor_writer_array(&w, 2 + row->request->count);
	cbor_writer_uint(&w, row->id);
	cbor_writer_uint(&w, sequence);
	rv = codec_write_fields(&w, row->request, request);
	/* The writer does not say why it failed: where memory for a full frame can be had, it was full. */
	if (rv == CKR_OK && w.failed)
		rv = buffer_reserve(out, w.limit) ? CKR_DATA_LEN_RANGE : CKR_HOST_MEMORY;
	return rv;
}

bool codec_write_response(struct buffer *out, const struct request_row *row, uint64_t sequence,
			  CK_RV rv, const void *response)
{
	struct cbor_writer w = {0};
	size_t count = rv == CKR_OK && row ? row->response->count : 0;

	if (rv > CODEC_RV_MAX || (rv == CKR_OK && !row))
		return false;
	cbor_writer_init(&w, out, out->size + PROTOCOL_FRAME_MAX);
	cbor_writer_array(&w, 2 + count);
	cbor_writer_uint(&w, sequence);
	cbor_writer_uint(&w, rv);
	if (count && codec_write_fields(&w, row->response, response) != CKR_OK)
		return false;
	return !w.failed;
}

bool codec_write_ticket(struct buffer *out, struct span ticket)
{
	struct cbor_writer w = {0};

	if (!ticket.size || ticket.size > PROTOCOL_TICKET_MAX)
		return false;
	cbor_writer_init(&w, out, out->size + PROTOCOL_HELLO_MAX);
	cbor_writer_bytes(&w, ticket);
	return !w.failed;
}

/* ---- reading ---- */

static bool codec_read_ulong(struct cbor_reader *r, CK_ULONG *value)
{
	uint64_t number = 0;

	if (!cbor_reader_uint(r, CK_UNAVAILABLE_INFORMATION, &number))
		return false;
	*value = number;
	return true;
}

static bool codec_read_attributes(struct cbor_reader *r, struct attributes *list, size_t max,
				  bool nullable)
{
	size_t count = 0;

	list->count = 0;
	if (!cbor_reader_array(r, max, &count))
		return false;
	for (; list->count < count; list->count++) {
		struct attribute *a = &list->item[list->count];
		size_t pair = 0;

		*a = (struct attribute){0};
		if (!cbor_reader_array(r, 2, &pair) || pair != 2 || !codec_read_ulong(r, &a->type))
			return false;
		if (nullable && cbor_reader_null(r))
			continue;
		if (!cbor_reader_bytes(r, PROTOCOL_CHUNK_MAX, &a->value))
			return false;
	}
	return true;
}

static bool codec_read_numbers(struct cbor_reader *r, const struct field *field,
			       struct numbers *list)
{
	size_t count = 0;

	list->count = 0;
	if (!cbor_reader_array(r, (size_t)field->max, &count))
		return false;
	for (; list->count < count; list->count++)
		if (!cbor_reader_uint(r, UINT64_MAX, &list->item[list->count]))
			return false;
	return true;
}

static bool codec_read_texts(struct cbor_reader *r, const struct field *field, struct texts *list)
{
	size_t count = 0;

	list->count = 0;
	if (!cbor_reader_array(r, (size_t)field->max, &count))
		return false;
	for (; list->count < count; list->count++)
		if (!cbor_reader_text(r, PROTOCOL_TEXT_SIZE_MAX, &list->item[list->count]))
			return false;
	return true;
}

static bool codec_read_span(struct cbor_reader *r, const struct field *field, struct span *value)
{
	bool read = field->type == FIELD_TEXT ? cbor_reader_text(r, (size_t)field->max, value) :
						cbor_reader_bytes(r, (size_t)field->max, value);

	return read && codec_size_fits(field, value->size);
}

static bool codec_read_bool(struct cbor_reader *r, uint64_t *value)
{
	bool flag = false;

	if (!cbor_reader_bool(r, &flag))
		return false;
	*value = flag;
	return true;
}

static CK_RV codec_read_mechanism(struct cbor_reader *r, struct mechanism *m);

static CK_RV codec_read_field(struct cbor_reader *r, const struct field *field, void *at)
{
	bool read = false;

	switch (field->type) {
	case FIELD_UINT:
		read = cbor_reader_uint(r, field->max, at);
		break;
	case FIELD_BOOL:
		read = codec_read_bool(r, at);
		break;
	case FIELD_BYTES:
	case FIELD_TEXT:
		read = codec_read_span(r, field, at);
		break;
	case FIELD_NUMBERS:
		read = codec_read_numbers(r, field, at);
		break;
	case FIELD_TEXTS:
		read = codec_read_texts(r, field, at);
		break;
	case FIELD_TEMPLATE:
		read = codec_read_attributes(r, at, (size_t)field->max, false);
		break;
	case FIELD_VALUES:
		read = codec_read_attributes(r, at, (size_t)field->max, true);
		break;
	case FIELD_MECHANISM:
		return codec_read_mechanism(r, at);
	}
	return read ? CKR_OK : CKR_DATA_INVALID;
}

static CK_RV codec_read_fields(struct cbor_reader *r, const struct schema *schema, void *message)
{
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < schema->count && rv == CKR_OK; i++)
		rv = codec_read_field(r, &schema->fields[i], codec_place(message, &schema->fields[i]));
	return rv;
}

static CK_RV codec_read_mechanism(struct cbor_reader *r, struct mechanism *m)
{
	const struct schema *schema = NULL;
	size_t items = 0;
	CK_ULONG type = 0;
	CK_RV rv = CKR_OK;

	*m = (struct mechanism){0};
	if (!cbor_reader_array(r, SIZE_MAX - 1, &items) || !items || !codec_read_ulong(r, &type))
		return CKR_DATA_INVALID;
	m->row = mechanism_find(type);
	if (!m->row)
		return CKR_MECHANISM_INVALID;
	schema = parameter_schema(m->row->parameter);
	if (items != 1 + schema->count)
		return CKR_DATA_INVALID;
	rv = codec_read_fields(r, schema, m);
	return rv == CKR_OK ? mechanism_check(m) : rv;
}

/* The fields, and nothing after them. */
static CK_RV codec_read_message(struct cbor_reader *r, const struct schema *schema, void *message)
{
	CK_RV rv = codec_read_fields(r, schema, message);

	return rv == CKR_OK && !cbor_reader_end(r) ? CKR_DATA_INVALID : rv;
}

CK_RV codec_read_request(struct span body, const struct request_row **row, uint64_t *sequence,
			 union message *request)
{
	struct cbor_reader r = {0};
	uint64_t id = 0;
	size_t items = 0;

	*row = NULL;
	*sequence = 0;
	cbor_reader_init(&r, body);
	if (body.size > PROTOCOL_FRAME_MAX || !cbor_reader_array(&r, SIZE_MAX - 1, &items) || items < 2 ||
	    !cbor_reader_uint(&r, UINT64_MAX, &id) || !cbor_reader_uint(&r, UINT64_MAX, sequence))
		return CKR_DATA_INVALID;
	*row = request_find(id);
	if (!*row)
		return CKR_FUNCTION_NOT_SUPPORTED;
	if (items != 2 + (*row)->request->count)
		return CKR_DATA_INVALID;
	return codec_read_message(&r, (*row)->request, request);
}

bool codec_read_response(struct span body, const struct request_row *row, uint64_t *sequence,
			 CK_RV *rv, union message *response)
{
	struct cbor_reader r = {0};
	size_t items = 0;

	cbor_reader_init(&r, body);
	if (body.size > PROTOCOL_FRAME_MAX || !cbor_reader_array(&r, SIZE_MAX - 1, &items) || items < 2 ||
	    !cbor_reader_uint(&r, UINT64_MAX, sequence) || !cbor_reader_uint(&r, CODEC_RV_MAX, rv))
		return false;
	if (*rv != CKR_OK)
		return items == 2 && cbor_reader_end(&r);
	return items == 2 + row->response->count &&
	       codec_read_message(&r, row->response, response) == CKR_OK;
}

bool codec_read_ticket(struct span message, struct span *ticket)
{
	struct cbor_reader r = {0};

	cbor_reader_init(&r, message);
	return cbor_reader_bytes(&r, PROTOCOL_TICKET_MAX, ticket) && ticket->size &&
	       cbor_reader_end(&r);
}
