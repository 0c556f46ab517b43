/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrowed run of bytes and an owned, wiped one. Everything that moves bytes between layers uses
 * these two, so that the type says who frees. Used on both sides of the trust boundary.
 */
#ifndef KEYCLAVE_COMMON_BUFFER_H
#define KEYCLAVE_COMMON_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed: somebody else owns the bytes and keeps them alive. {NULL, 0} is empty. */
struct span {
	const uint8_t *data;
	size_t size;
};

/*
 * Owned: wiped whenever it grows, is reset or freed. Start with {0}. Its memory comes from
 * memory_secret_new() when .secret is set before first use, else from malloc; it is wiped either way.
 */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t capacity;
	bool secret;
};

/* The bytes of B, borrowed until B changes. */
struct span buffer_span(const struct buffer *b);

/* Makes room for SIZE bytes in all; contents stay. False: out of memory, B unchanged. */
bool buffer_reserve(struct buffer *b, size_t size);

/* Appends; false: out of memory, B unchanged. An empty DATA may be NULL. */
bool buffer_append(struct buffer *b, const void *data, size_t size);

/* Sets the size, new bytes are zero, cut bytes are wiped. False: out of memory, B unchanged. */
bool buffer_resize(struct buffer *b, size_t size);

/* Contents become a copy of DATA. False: out of memory, B unchanged. */
bool buffer_set(struct buffer *b, const void *data, size_t size);

/* Wipes and empties, keeps the memory for the next use. */
void buffer_reset(struct buffer *b);

/* Wipes, frees and zeroes the struct itself (keeps .secret). NULL is accepted. */
void buffer_free(struct buffer *b);

/* True if both spans have the same size and bytes. Not constant time: for public data only. */
bool span_equal(struct span a, struct span b);

/* A span over a C string without its NUL; NULL gives the empty span. */
struct span span_text(const char *s);

/* True if TEXT is UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. NUL is allowed. */
bool span_is_utf8(struct span text);

#endif
