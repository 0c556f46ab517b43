/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pull reader over libcbor's streaming decoder, one item a call, that carries its own limit and its
 * first error. It accepts the deterministic subset of RFC 8949 section 4.2 only: no indefinite
 * lengths, no tags, no floats, shortest heads. Byte and text strings are borrowed from the input.
 * Reads what a client, the host, the store or a file wrote: all of it hostile.
 */
#ifndef KEYCLAVE_COMMON_CBOR_READER_H
#define KEYCLAVE_COMMON_CBOR_READER_H

#include "common/buffer.h"

enum cbor_reader_dialect {
	CBOR_READER_DETERMINISTIC = 0, /* frames, records, claims */
	CBOR_READER_LENIENT = 1,       /* evidence of platforms: tags, indefinite lengths and long heads pass */
};

enum cbor_item_type {
	CBOR_READER_UINT,
	CBOR_READER_NEGINT, /* value n stands for -1 - n */
	CBOR_READER_BYTES,
	CBOR_READER_TEXT,
	CBOR_READER_ARRAY, /* .count items follow, SIZE_MAX: until CBOR_READER_BREAK */
	CBOR_READER_MAP,   /* .count pairs follow, SIZE_MAX: until CBOR_READER_BREAK */
	CBOR_READER_TAG,
	CBOR_READER_BOOL,
	CBOR_READER_NULL,
	CBOR_READER_BREAK,
};

struct cbor_item {
	enum cbor_item_type type;
	uint64_t number;   /* UINT, NEGINT, TAG, BOOL (0 or 1) */
	size_t count;      /* ARRAY, MAP */
	struct span bytes; /* BYTES, TEXT */
};

struct cbor_reader {
	struct span rest; /* not yet read */
	enum cbor_reader_dialect dialect;
	const char *error; /* NULL while all is well; else why reading stopped. Sticky. */
};

void cbor_reader_init(struct cbor_reader *r, struct span input);

/* The next item whatever it is. False: end of input or not acceptable; r->error says which. */
bool cbor_reader_next(struct cbor_reader *r, struct cbor_item *item);

/* Typed reads. False (and r->error set) when the next item is of another type or beyond the limit. */
bool cbor_reader_uint(struct cbor_reader *r, uint64_t max, uint64_t *value);
bool cbor_reader_bool(struct cbor_reader *r, bool *value);
bool cbor_reader_bytes(struct cbor_reader *r, size_t max, struct span *value);
bool cbor_reader_text(struct cbor_reader *r, size_t max, struct span *value); /* valid UTF-8, no NUL */
bool cbor_reader_array(struct cbor_reader *r, size_t max, size_t *count);
bool cbor_reader_map(struct cbor_reader *r, size_t max, size_t *count);

/* True and consumed if the next item is null; false and nothing consumed, no error, if it is not. */
bool cbor_reader_null(struct cbor_reader *r);

/* Skips one item with all that is inside it, at most DEPTH levels deep. */
bool cbor_reader_skip(struct cbor_reader *r, unsigned depth);

/* True if nothing is left and nothing went wrong: trailing bytes are an error. */
bool cbor_reader_end(struct cbor_reader *r);

#endif
