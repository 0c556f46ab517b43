/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes deterministic CBOR (RFC 8949 section 4.2) into a buffer with libcbor's streaming encoder.
 * Errors are sticky, so that a message is composed in straight lines and checked once at its end.
 */
#ifndef KEYCLAVE_COMMON_CBOR_WRITER_H
#define KEYCLAVE_COMMON_CBOR_WRITER_H

#include "common/buffer.h"

struct cbor_writer {
	struct buffer *out; /* borrowed; appended to */
	size_t limit;       /* size that OUT may reach */
	bool failed;        /* no memory, or over the limit. Sticky. */
};

void cbor_writer_init(struct cbor_writer *w, struct buffer *out, size_t limit);
void cbor_writer_uint(struct cbor_writer *w, uint64_t value);
void cbor_writer_negint(struct cbor_writer *w, uint64_t value); /* writes -1 - value */
void cbor_writer_bool(struct cbor_writer *w, bool value);
void cbor_writer_null(struct cbor_writer *w);
void cbor_writer_bytes(struct cbor_writer *w, struct span value);
void cbor_writer_text(struct cbor_writer *w, const char *value);
void cbor_writer_text_span(struct cbor_writer *w, struct span value);
void cbor_writer_array(struct cbor_writer *w, size_t count);
void cbor_writer_map(struct cbor_writer *w, size_t count);
void cbor_writer_tag(struct cbor_writer *w, uint64_t value);

/* The head of a byte string of SIZE bytes; returns where to put them, or NULL (failed is set). */
uint8_t *cbor_writer_bytes_space(struct cbor_writer *w, size_t size);

#endif
