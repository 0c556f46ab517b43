/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four characters for three bytes. What is left over in the last character must be zero: one text for the same bytes.
 */
#include "config.h"

#include "kms/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_write(struct span bytes, struct buffer *text)
{
	for (size_t i = 0; i < bytes.size; i += 3) {
		size_t left = bytes.size - i;
		uint32_t group = (uint32_t)bytes.data[i] << 16;
		char four[4] = {'=', '=', '=', '='};

		if (left > 1)
			group |= (uint32_t)bytes.data[i + 1] << 8;
		if (left > 2)
			group |= bytes.data[i + 2];
		for (size_t k = 0; k < (left > 2 ? 4 : left + 1); k++)
			four[k] = digits[group >> (18 - 6 * k) & 63];
		if (!buffer_append(text, four, sizeof(four)))
			return false;
	}
	return true;
}

static bool read_group(const uint8_t text[4], bool last, struct buffer *out)
{
	size_t size = 4;
	uint32_t group = 0;
	uint8_t bytes[3];

	if (last && text[3] == '=')
		size = text[2] == '=' ? 2 : 3;
	for (size_t k = 0; k < size; k++) {
		const char *digit = text[k] ? strchr(digits, text[k]) : NULL;

		if (!digit)
			return false;
		group |= (uint32_t)(digit - digits) << (18 - 6 * k);
	}
	if (group & (size == 2 ? 0xffffU : size == 3 ? 0xffU : 0))
		return false;
	bytes[0] = (uint8_t)(group >> 16);
	bytes[1] = (uint8_t)(group >> 8);
	bytes[2] = (uint8_t)group;
	return buffer_append(out, bytes, size - 1);
}

bool base64_read(struct span text, struct buffer *out)
{
	buffer_reset(out);
	if (text.size % 4)
		return false;
	for (size_t i = 0; i < text.size; i += 4)
		if (!read_group(text.data + i, i + 4 == text.size, out)) {
			buffer_reset(out);
			return false;
		}
	return true;
}
