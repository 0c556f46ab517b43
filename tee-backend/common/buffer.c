/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owned buffers: every byte that a buffer leaves behind is wiped, whether its memory is secret
 * memory or the plain heap. Called by all layers on both sides of the trust boundary.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "common/memory.h"

#define BUFFER_SMALLEST 64U

struct span buffer_span(const struct buffer *b)
{
	return (struct span){.data = b->data, .size = b->size};
}

static void *buffer_allocate(const struct buffer *b, size_t capacity)
{
	return b->secret ? memory_secret_new(capacity) : malloc(capacity);
}

static void buffer_release(const struct buffer *b)
{
	if (b->secret) {
		memory_secret_free(b->data);
	} else if (b->data) {
		memory_wipe(b->data, b->capacity);
		free(b->data);
	}
}

bool buffer_reserve(struct buffer *b, size_t size)
{
	uint8_t *data = NULL;

	if (size <= b->capacity)
		return true;
	/* realloc() would leave the old bytes unwiped when it moves them. */
	data = buffer_allocate(b, size);
	if (!data)
		return false;
	if (b->size)
		memcpy(data, b->data, b->size);
	buffer_release(b);
	b->data = data;
	b->capacity = size;
	return true;
}

/* Room for MORE bytes behind the contents, growing by doubling so that appending stays linear. */
static bool buffer_grow(struct buffer *b, size_t more)
{
	size_t size = 0;
	size_t capacity = 0;

	if (__builtin_add_overflow(b->size, more, &size))
		return false;
	if (size <= b->capacity)
		return true;
	if (__builtin_mul_overflow(b->capacity, (size_t)2, &capacity) || capacity < size)
		capacity = size;
	if (capacity < BUFFER_SMALLEST)
		capacity = BUFFER_SMALLEST;
	return buffer_reserve(b, capacity) || (capacity > size && buffer_reserve(b, size));
}

bool buffer_append(struct buffer *b, const void *data, size_t size)
{
	if (!size)
		return true;
	if (!buffer_grow(b, size))
		return false;
	memcpy(b->data + b->size, data, size);
	b->size += size;
	return true;
}

bool buffer_resize(struct buffer *b, size_t size)
{
	if (size > b->size) {
		if (!buffer_grow(b, size - b->size))
			return false;
		memset(b->data + b->size, 0, size - b->size);
	} else if (size < b->size) {
		memory_wipe(b->data + size, b->size - size);
	}
	b->size = size;
	return true;
}

bool buffer_set(struct buffer *b, const void *data, size_t size)
{
	if (!buffer_reserve(b, size))
		return false;
	if (size)
		memmove(b->data, data, size);
	if (size < b->size)
		memory_wipe(b->data + size, b->size - size);
	b->size = size;
	return true;
}

void buffer_reset(struct buffer *b)
{
	if (b->size)
		memory_wipe(b->data, b->size);
	b->size = 0;
}

void buffer_free(struct buffer *b)
{
	if (!b)
		return;
	buffer_release(b);
	*b = (struct buffer){.secret = b->secret};
}

bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

struct span span_text(const char *s)
{
	return (struct span){.data = (const uint8_t *)s, .size = s ? strlen(s) : 0};
}

bool span_is_utf8(struct span text)
{
	size_t i = 0;

	while (i < text.size) {
		uint8_t lead = text.data[i++];
		uint8_t low = 0x80;
		uint8_t high = 0xbf;
		size_t more = 0;

		if (lead < 0x80)
			continue;
		if (lead < 0xc2 || lead > 0xf4)
			return false;
		more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
		if (lead == 0xe0)
			low = 0xa0;
		else if (lead == 0xed)
			high = 0x9f;
		else if (lead == 0xf0)
			low = 0x90;
		else if (lead == 0xf4)
			high = 0x8f;
		for (; more; more--, low = 0x80, high = 0xbf) {
			if (i == text.size || text.data[i] < low || text.data[i] > high)
				return false;
			i++;
		}
	}
	return true;
}
