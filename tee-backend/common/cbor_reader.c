/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One item a call from libcbor's streaming decoder, with the checks that make an encoding the only
 * one of its value: head length, no indefinite lengths, no tags. Input is hostile, so every count
 * is bounded by the bytes that are there before the caller sees it.
 */
#include "config.h"

#include <cbor.h>
#include <string.h>

#include "common/cbor_reader.h"

/* What the callbacks make of one item. */
struct cbor_reader_sink {
	struct cbor_item *item;
	bool indefinite; /* an indefinite length or its break */
	bool refused;	 /* a type that no dialect takes */
};

static void cbor_reader_number(void *context, enum cbor_item_type type, uint64_t number)
{
	struct cbor_reader_sink *sink = context;

	sink->item->type = type;
	sink->item->number = number;
}

static void cbor_reader_uint8(void *context, uint8_t n)
{
	cbor_reader_number(context, CBOR_READER_UINT, n);
}

static void cbor_reader_uint16(void *context, uint16_t n)
{
	cbor_reader_number(context, CBOR_READER_UINT, n);
}

static void cbor_reader_uint32(void *context, uint32_t n)
{
	cbor_reader_number(context, CBOR_READER_UINT, n);
}

static void cbor_reader_uint64(void *context, uint64_t n)
{
	cbor_reader_number(context, CBOR_READER_UINT, n);
}

static void cbor_reader_negint8(void *context, uint8_t n)
{
	cbor_reader_number(context, CBOR_READER_NEGINT, n);
}

static void cbor_reader_negint16(void *context, uint16_t n)
{
	cbor_reader_number(context, CBOR_READER_NEGINT, n);
}

static void cbor_reader_negint32(void *context, uint32_t n)
{
	cbor_reader_number(context, CBOR_READER_NEGINT, n);
}

static void cbor_reader_negint64(void *context, uint64_t n)
{
	cbor_reader_number(context, CBOR_READER_NEGINT, n);
}

static void cbor_reader_tag(void *context, uint64_t n)
{
	cbor_reader_number(context, CBOR_READER_TAG, n);
}

static void cbor_reader_boolean(void *context, bool value)
{
	cbor_reader_number(context, CBOR_READER_BOOL, value);
}

static void cbor_reader_nothing(void *context)
{
	cbor_reader_number(context, CBOR_READER_NULL, 0);
}

static void cbor_reader_string(void *context, enum cbor_item_type type, cbor_data data, size_t size)
{
	struct cbor_reader_sink *sink = context;

	sink->item->type = type;
	sink->item->bytes = (struct span){.data = data, .size = size};
}

static void cbor_reader_byte_string(void *context, cbor_data data, size_t size)
{
	cbor_reader_string(context, CBOR_READER_BYTES, data, size);
}

static void cbor_reader_text_string(void *context, cbor_data data, size_t size)
{
	cbor_reader_string(context, CBOR_READER_TEXT, data, size);
}

static void cbor_reader_collection(void *context, enum cbor_item_type type, size_t count)
{
	struct cbor_reader_sink *sink = context;

	sink->item->type = type;
	sink->item->count = count;
}

static void cbor_reader_array_start(void *context, size_t count)
{
	cbor_reader_collection(context, CBOR_READER_ARRAY, count);
}

static void cbor_reader_map_start(void *context, size_t count)
{
	cbor_reader_collection(context, CBOR_READER_MAP, count);
}

static void cbor_reader_indefinite(void *context, enum cbor_item_type type)
{
	struct cbor_reader_sink *sink = context;

	sink->indefinite = true;
	cbor_reader_collection(context, type, type == CBOR_READER_BREAK ? 0 : SIZE_MAX);
}

static void cbor_reader_indefinite_array(void *context)
{
	cbor_reader_indefinite(context, CBOR_READER_ARRAY);
}

static void cbor_reader_indefinite_map(void *context)
{
	cbor_reader_indefinite(context, CBOR_READER_MAP);
}

static void cbor_reader_break(void *context)
{
	cbor_reader_indefinite(context, CBOR_READER_BREAK);
}

/* Strings in chunks cannot be borrowed; no evidence format in use has them. */
static void cbor_reader_refuse(void *context)
{
	struct cbor_reader_sink *sink = context;

	sink->refused = true;
}

static void cbor_reader_refuse_float(void *context, float value)
{
	(void)value;
	cbor_reader_refuse(context);
}

static void cbor_reader_refuse_double(void *context, double value)
{
	(void)value;
	cbor_reader_refuse(context);
}

static const struct cbor_callbacks cbor_reader_callbacks = {
    .uint8 = cbor_reader_uint8,
    .uint16 = cbor_reader_uint16,
    .uint32 = cbor_reader_uint32,
    .uint64 = cbor_reader_uint64,
    .negint8 = cbor_reader_negint8,
    .negint16 = cbor_reader_negint16,
    .negint32 = cbor_reader_negint32,
    .negint64 = cbor_reader_negint64,
    .byte_string_start = cbor_reader_refuse,
    .byte_string = cbor_reader_byte_string,
    .string_start = cbor_reader_refuse,
    .string = cbor_reader_text_string,
    .indef_array_start = cbor_reader_indefinite_array,
    .array_start = cbor_reader_array_start,
    .indef_map_start = cbor_reader_indefinite_map,
    .map_start = cbor_reader_map_start,
    .tag = cbor_reader_tag,
    .float2 = cbor_reader_refuse_float,
    .float4 = cbor_reader_refuse_float,
    .float8 = cbor_reader_refuse_double,
    .undefined = cbor_reader_refuse,
    .null = cbor_reader_nothing,
    .boolean = cbor_reader_boolean,
    .indef_break = cbor_reader_break,
};

/* Bytes of the shortest head with this argument (RFC 8949 section 4.2.1). */
static size_t cbor_reader_head_size(uint64_t argument)
{
	if (argument < 24)
		return 1;
	if (argument <= UINT8_MAX)
		return 2;
	if (argument <= UINT16_MAX)
		return 3;
	return argument <= UINT32_MAX ? 5 : 9;
}

static bool cbor_reader_shortest(const struct cbor_item *item, size_t consumed)
{
	switch (item->type) {
	case CBOR_READER_UINT:
	case CBOR_READER_NEGINT:
	case CBOR_READER_TAG:
		return consumed == cbor_reader_head_size(item->number);
	case CBOR_READER_BYTES:
	case CBOR_READER_TEXT:
		return consumed - item->bytes.size == cbor_reader_head_size(item->bytes.size);
	case CBOR_READER_ARRAY:
	case CBOR_READER_MAP:
		return consumed == cbor_reader_head_size(item->count);
	case CBOR_READER_BOOL:
	case CBOR_READER_NULL:
	case CBOR_READER_BREAK:
		break;
	}
	return consumed == 1;
}

static bool cbor_reader_fail(struct cbor_reader *r, const char *error)
{
	if (!r->error)
		r->error = error;
	return false;
}

void cbor_reader_init(struct cbor_reader *r, struct span input)
{
	*r = (struct cbor_reader){.rest = input, .dialect = CBOR_READER_DETERMINISTIC};
}

/* NULL if the dialect and the bytes that are left allow ITEM, whose head and string took CONSUMED.
 */
static const char *cbor_reader_check(const struct cbor_reader *r, const struct cbor_item *item,
				     bool indefinite, size_t consumed)
{
	size_t left = r->rest.size - consumed;

	if (r->dialect == CBOR_READER_DETERMINISTIC) {
		if (indefinite)
			return "indefinite length";
		if (item->type == CBOR_READER_TAG)
			return "tag";
		if (!cbor_reader_shortest(item, consumed))
			return "head is not the shortest";
	}
	/* Each element takes a byte at least: no count is believed that the input cannot hold. */
	if (item->type == CBOR_READER_ARRAY && !indefinite && item->count > left)
		return "array longer than the input";
	if (item->type == CBOR_READER_MAP && !indefinite && item->count > left / 2)
		return "map longer than the input";
	if (item->type == CBOR_READER_TEXT && !span_is_utf8(item->bytes))
		return "text is not UTF-8";
	return NULL;
}

/* Some libcbor versions, 0.8 for one, take one-byte tags such as COSE's for errors: read here. */
static struct cbor_decoder_result cbor_reader_decode(struct span in, struct cbor_reader_sink *sink)
{
	if (in.data[0] < 0xc0 || in.data[0] > 0xd7)
		return cbor_stream_decode(in.data, in.size, &cbor_reader_callbacks, sink);
	cbor_reader_tag(sink, in.data[0] & 0x1fU);
	return (struct cbor_decoder_result){.status = CBOR_DECODER_FINISHED, .read = 1};
}

bool cbor_reader_next(struct cbor_reader *r, struct cbor_item *item)
{
	struct cbor_item found = {0};
	struct cbor_reader_sink sink = {.item = &found};
	struct cbor_decoder_result result = {0};
	const char *error = NULL;

	if (r->error)
		return false;
	if (!r->rest.size)
		return cbor_reader_fail(r, "input ends early");
	result = cbor_reader_decode(r->rest, &sink);
	if (result.status == CBOR_DECODER_NEDATA)
		return cbor_reader_fail(r, "input ends early");
	if (result.status != CBOR_DECODER_FINISHED || !result.read || result.read > r->rest.size)
		return cbor_reader_fail(r, "not CBOR");
	if (sink.refused)
		return cbor_reader_fail(r, "type not accepted");
	error = cbor_reader_check(r, &found, sink.indefinite, result.read);
	if (error)
		return cbor_reader_fail(r, error);
	r->rest.data += result.read;
	r->rest.size -= result.read;
	*item = found;
	return true;
}

static bool cbor_reader_expect(struct cbor_reader *r, enum cbor_item_type type,
			       struct cbor_item *item)
{
	if (!cbor_reader_next(r, item))
		return false;
	return item->type == type || cbor_reader_fail(r, "item of another type");
}

bool cbor_reader_uint(struct cbor_reader *r, uint64_t max, uint64_t *value)
{
	struct cbor_item item = {0};

	if (!cbor_reader_expect(r, CBOR_READER_UINT, &item))
		return false;
	if (item.number > max)
		return cbor_reader_fail(r, "number above its limit");
	*value = item.number;
	return true;
}

bool cbor_reader_bool(struct cbor_reader *r, bool *value)
{
	struct cbor_item item = {0};

	if (!cbor_reader_expect(r, CBOR_READER_BOOL, &item))
		return false;
	*value = item.number != 0;
	return true;
}

bool cbor_reader_bytes(struct cbor_reader *r, size_t max, struct span *value)
{
	struct cbor_item item = {0};

	if (!cbor_reader_expect(r, CBOR_READER_BYTES, &item))
		return false;
	if (item.bytes.size > max)
		return cbor_reader_fail(r, "byte string above its limit");
	*value = item.bytes;
	return true;
}

bool cbor_reader_text(struct cbor_reader *r, size_t max, struct span *value)
{
	struct cbor_item item = {0};

	if (!cbor_reader_expect(r, CBOR_READER_TEXT, &item))
		return false;
	if (item.bytes.size > max)
		return cbor_reader_fail(r, "text above its limit");
	if (item.bytes.size && memchr(item.bytes.data, 0, item.bytes.size))
		return cbor_reader_fail(r, "NUL in text");
	*value = item.bytes;
	return true;
}

static bool cbor_reader_count(struct cbor_reader *r, enum cbor_item_type type, size_t max,
			      size_t *count)
{
	struct cbor_item item = {0};

	if (!cbor_reader_expect(r, type, &item))
		return false;
	/* SIZE_MAX, an indefinite length, passes where the dialect let it: the caller counts. */
	if (item.count > max && item.count != SIZE_MAX)
		return cbor_reader_fail(r, "count above its limit");
	*count = item.count;
	return true;
}

bool cbor_reader_array(struct cbor_reader *r, size_t max, size_t *count)
{
	return cbor_reader_count(r, CBOR_READER_ARRAY, max, count);
}

bool cbor_reader_map(struct cbor_reader *r, size_t max, size_t *count)
{
	return cbor_reader_count(r, CBOR_READER_MAP, max, count);
}

bool cbor_reader_null(struct cbor_reader *r)
{
	struct cbor_reader ahead = *r;
	struct cbor_item item = {0};

	if (!cbor_reader_next(&ahead, &item) || item.type != CBOR_READER_NULL)
		return false;
	*r = ahead;
	return true;
}

static bool cbor_reader_skip_inner(struct cbor_reader *r, const struct cbor_item *item,
				   unsigned depth);

/* One item with its contents; *BROKE says that it was the break of the collection around it. */
static bool cbor_reader_skip_one(struct cbor_reader *r, unsigned depth, bool *broke)
{
	struct cbor_item item = {0};

	*broke = false;
	if (!cbor_reader_next(r, &item))
		return false;
	switch (item.type) {
	case CBOR_READER_BREAK:
		*broke = true;
		return true;
	case CBOR_READER_ARRAY:
	case CBOR_READER_MAP:
	case CBOR_READER_TAG:
		if (!depth)
			return cbor_reader_fail(r, "nested too deep");
		return cbor_reader_skip_inner(r, &item, depth - 1);
	default:
		return true;
	}
}

static bool cbor_reader_skip_inner(struct cbor_reader *r, const struct cbor_item *item,
				   unsigned depth)
{
	bool indefinite = item->type != CBOR_READER_TAG && item->count == SIZE_MAX;
	size_t left = item->type == CBOR_READER_TAG ? 1 : item->count;
	size_t seen = 0;
	bool broke = false;

	if (item->type == CBOR_READER_MAP && !indefinite)
		left *= 2; /* cannot overflow: bounded by the input */
	for (seen = 0; indefinite || seen < left; seen++) {
		if (!cbor_reader_skip_one(r, depth, &broke))
			return false;
		if (!broke)
			continue;
		if (!indefinite || (item->type == CBOR_READER_MAP && seen % 2))
			return cbor_reader_fail(r, "break out of place");
		return true;
	}
	return true;
}

bool cbor_reader_skip(struct cbor_reader *r, unsigned depth)
{
	bool broke = false;

	if (!cbor_reader_skip_one(r, depth, &broke))
		return false;
	return !broke || cbor_reader_fail(r, "break out of place");
}

bool cbor_reader_end(struct cbor_reader *r)
{
	if (r->error)
		return false;
	return !r->rest.size || cbor_reader_fail(r, "trailing bytes");
}
