/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reads of binary structures of firmware, TPMs and quotes.
 */
#include "config.h"

#include "verifier/cursor.h"

void cursor_init(struct cursor *c, struct span input)
{
	*c = (struct cursor){.rest = input};
}

struct span cursor_bytes(struct cursor *c, size_t size)
{
	struct span taken = {0};

	if (c->failed || size > c->rest.size) {
		c->failed = true;
		return taken;
	}
	taken = (struct span){c->rest.data, size};
	if (size)
		c->rest = (struct span){c->rest.data + size, c->rest.size - size};
	return taken;
}

static uint64_t little(struct span bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes.size; i > 0; i--)
		value = value << 8 | bytes.data[i - 1];
	return value;
}

static uint64_t big(struct span bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes.size; i++)
		value = value << 8 | bytes.data[i];
	return value;
}

uint16_t cursor_le16(struct cursor *c)
{
	return (uint16_t)little(cursor_bytes(c, 2));
}

uint32_t cursor_le32(struct cursor *c)
{
	return (uint32_t)little(cursor_bytes(c, 4));
}

uint64_t cursor_le64(struct cursor *c)
{
	return little(cursor_bytes(c, 8));
}

uint8_t cursor_u8(struct cursor *c)
{
	return (uint8_t)big(cursor_bytes(c, 1));
}

uint16_t cursor_be16(struct cursor *c)
{
	return (uint16_t)big(cursor_bytes(c, 2));
}

uint32_t cursor_be32(struct cursor *c)
{
	return (uint32_t)big(cursor_bytes(c, 4));
}

uint64_t cursor_be64(struct cursor *c)
{
	return big(cursor_bytes(c, 8));
}

struct span cursor_tpm2b(struct cursor *c, size_t max)
{
	uint16_t size = cursor_be16(c);

	if (size > max)
		c->failed = true;
	return cursor_bytes(c, size);
}

bool cursor_end(const struct cursor *c)
{
	return !c->failed && !c->rest.size;
}

struct span cursor_slice(struct span whole, size_t offset, size_t size)
{
	if (offset > whole.size || size > whole.size - offset)
		return (struct span){0};
	return (struct span){whole.data + offset, size};
}

bool cursor_all(struct span bytes, uint8_t byte)
{
	for (size_t i = 0; i < bytes.size; i++)
		if (bytes.data[i] != byte)
			return false;
	return true;
}
