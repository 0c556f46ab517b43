/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One digit each way.
 */
#include "config.h"

#include "common/hex.h"

static char digit_of(unsigned value)
{
	/* Without a table: no cache line depends on a secret. */
	return (char)('0' + value + (((9 - value) >> 8) & ('a' - '0' - 10)));
}

static int value_of(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

void hex_encode(struct span bytes, char *text)
{
	for (size_t i = 0; i < bytes.size; i++) {
		*text++ = digit_of(bytes.data[i] >> 4);
		*text++ = digit_of(bytes.data[i] & 15);
	}
	*text = '\0';
}

bool hex_decode(struct span digits, uint8_t *out)
{
	if (digits.size % 2 != 0)
		return false;
	for (size_t i = 0; i < digits.size; i += 2) {
		int high = value_of(digits.data[i]), low = value_of(digits.data[i + 1]);

		if (high < 0 || low < 0)
			return false;
		*out++ = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool hex_decode_exact(struct span digits, uint8_t *out, size_t size)
{
	return digits.size == 2 * size && hex_decode(digits, out);
}

bool hex_decode_buffer(struct span digits, struct buffer *out)
{
	return buffer_resize(out, digits.size / 2) && hex_decode(digits, out->data);
}
