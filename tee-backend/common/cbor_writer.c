/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deterministic CBOR by libcbor's streaming encoder, whose heads are always the shortest. The
 * caller composes whole messages and looks at .failed once. Both sides write frames and records
 * with it.
 */
#include "config.h"

#include <cbor.h>
#include <string.h>

#include "common/cbor_writer.h"

/* The longest head: one byte and a 64-bit argument. */
#define CBOR_WRITER_HEAD_MAX 9U

void cbor_writer_init(struct cbor_writer *w, struct buffer *out, size_t limit)
{
	*w = (struct cbor_writer){.out = out, .limit = limit};
}

static void cbor_writer_put(struct cbor_writer *w, const void *data, size_t size)
{
	if (w->failed)
		return;
	if (w->out->size > w->limit || size > w->limit - w->out->size ||
	    !buffer_append(w->out, data, size))
		w->failed = true;
}

/* HEAD[0..SIZE) as an encoder made it; 0: the encoder refused, which 9 bytes of room rule out. */
static void cbor_writer_put_head(struct cbor_writer *w, const unsigned char *head, size_t size)
{
	if (!size)
		w->failed = true;
	cbor_writer_put(w, head, size);
}

void cbor_writer_uint(struct cbor_writer *w, uint64_t value)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_uint(value, head, sizeof(head)));
}

void cbor_writer_negint(struct cbor_writer *w, uint64_t value)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_negint(value, head, sizeof(head)));
}

void cbor_writer_bool(struct cbor_writer *w, bool value)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_bool(value, head, sizeof(head)));
}

void cbor_writer_null(struct cbor_writer *w)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_null(head, sizeof(head)));
}

void cbor_writer_bytes(struct cbor_writer *w, struct span value)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_bytestring_start(value.size, head, sizeof(head)));
	cbor_writer_put(w, value.data, value.size);
}

void cbor_writer_text_span(struct cbor_writer *w, struct span value)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_string_start(value.size, head, sizeof(head)));
	cbor_writer_put(w, value.data, value.size);
}

void cbor_writer_text(struct cbor_writer *w, const char *value)
{
	cbor_writer_text_span(w, span_text(value));
}

void cbor_writer_array(struct cbor_writer *w, size_t count)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_array_start(count, head, sizeof(head)));
}

void cbor_writer_map(struct cbor_writer *w, size_t count)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_map_start(count, head, sizeof(head)));
}

void cbor_writer_tag(struct cbor_writer *w, uint64_t value)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];

	cbor_writer_put_head(w, head, cbor_encode_tag(value, head, sizeof(head)));
}

uint8_t *cbor_writer_bytes_space(struct cbor_writer *w, size_t size)
{
	unsigned char head[CBOR_WRITER_HEAD_MAX];
	size_t start = 0;

	cbor_writer_put_head(w, head, cbor_encode_bytestring_start(size, head, sizeof(head)));
	if (w->failed)
		return NULL;
	start = w->out->size;
	if (size > w->limit - start || !buffer_resize(w->out, start + size)) {
		w->failed = true;
		return NULL;
	}
	return w->out->data + start;
}
