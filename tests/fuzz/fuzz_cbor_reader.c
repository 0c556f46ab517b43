/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CBOR reader on any bytes, in both dialects. Beside memory errors it checks what the layers above
 * rely on: strings lie in the input, reading comes to an end, errors stick, and what the deterministic
 * dialect accepts is the only encoding of its value: written again it gives the same bytes.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEPTH 16

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool inside(struct span part, struct span whole)
{
	return !part.size || (part.data >= whole.data && part.size <= whole.size &&
			      (size_t)(part.data - whole.data) <= whole.size - part.size);
}

static void write_item(struct cbor_writer *w, const struct cbor_item *item)
{
	switch (item->type) {
	case CBOR_READER_UINT:
		cbor_writer_uint(w, item->number);
		break;
	case CBOR_READER_NEGINT:
		cbor_writer_negint(w, item->number);
		break;
	case CBOR_READER_BYTES:
		cbor_writer_bytes(w, item->bytes);
		break;
	case CBOR_READER_TEXT:
		cbor_writer_text_span(w, item->bytes);
		break;
	case CBOR_READER_ARRAY:
		cbor_writer_array(w, item->count);
		break;
	case CBOR_READER_MAP:
		cbor_writer_map(w, item->count);
		break;
	case CBOR_READER_BOOL:
		must(item->number <= 1);
		cbor_writer_bool(w, item->number != 0);
		break;
	case CBOR_READER_NULL:
		cbor_writer_null(w);
		break;
	case CBOR_READER_TAG:
	case CBOR_READER_BREAK:
		abort();
	}
}

static void read_deterministic(struct span input)
{
	struct cbor_reader r = {0};
	struct cbor_item item = {0};
	struct buffer out = {0};
	struct cbor_writer w = {0};
	size_t items = 0;

	cbor_reader_init(&r, input);
	cbor_writer_init(&w, &out, SIZE_MAX);
	while (r.rest.size && cbor_reader_next(&r, &item)) {
		must(++items <= input.size);
		must(inside(item.bytes, input) && inside(r.rest, input));
		must(item.type != CBOR_READER_ARRAY || item.count <= r.rest.size);
		must(item.type != CBOR_READER_MAP || item.count <= r.rest.size / 2);
		write_item(&w, &item);
	}
	must(!w.failed && out.size == input.size - r.rest.size);
	must(!out.size || !memcmp(out.data, input.data, out.size));
	must((r.error != NULL) == (r.rest.size != 0));
	must(cbor_reader_end(&r) == (r.error == NULL));
	if (r.error)
		must(!cbor_reader_next(&r, &item));
	buffer_free(&out);
}

static void skip_all(struct span input, enum cbor_reader_dialect dialect)
{
	struct cbor_reader r = {0};
	size_t rest = 0;

	cbor_reader_init(&r, input);
	r.dialect = dialect;
	do {
		rest = r.rest.size;
		cbor_reader_null(&r);
		if (!cbor_reader_skip(&r, DEPTH))
			break;
		must(r.rest.size < rest && inside(r.rest, input));
	} while (r.rest.size);
	must(cbor_reader_end(&r) == (r.error == NULL));
}

/* Each typed read on the first item: it gives a value within its limit, or an error. */
static void read_typed(struct span input)
{
	struct cbor_reader r = {0};
	struct cbor_reader start = {0};
	struct span bytes = {0};
	uint64_t number = 0;
	size_t count = 0;
	bool flag = false;

	cbor_reader_init(&start, input);
	r = start;
	must(cbor_reader_uint(&r, 1000, &number) ? number <= 1000 : r.error != NULL);
	r = start;
	must(cbor_reader_bytes(&r, 32, &bytes) ? bytes.size <= 32 : r.error != NULL);
	r = start;
	must(cbor_reader_text(&r, 32, &bytes) ? bytes.size <= 32 && span_is_utf8(bytes) : r.error != NULL);
	r = start;
	must(cbor_reader_array(&r, 9, &count) ? count <= 9 : r.error != NULL);
	r = start;
	must(cbor_reader_map(&r, 9, &count) ? count <= 9 : r.error != NULL);
	r = start;
	must(cbor_reader_bool(&r, &flag) || r.error != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = {.data = data, .size = size};

	read_deterministic(input);
	read_typed(input);
	skip_all(input, CBOR_READER_DETERMINISTIC);
	skip_all(input, CBOR_READER_LENIENT);
	return 0;
}
