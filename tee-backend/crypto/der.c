/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict DER reading and plain DER writing for crypto/. Enclave only; everything it reads is hostile.
 */
#include "config.h"

#include "crypto/der.h"

#include <string.h>

#define LONG_FORM 0x80

/* The size of the head, with *SIZE the content's; 0: not DER, or cut short. */
static size_t read_head(struct span in, size_t *size)
{
	size_t octets = 0;
	size_t n = 0;
	size_t i = 0;

	if (in.size < 2)
		return 0;
	if (in.data[1] < LONG_FORM) {
		*size = in.data[1];
		return *size <= in.size - 2 ? 2 : 0;
	}
	octets = in.data[1] & (LONG_FORM - 1);
	/* Three are 16 MiB, more than any frame. */
	if (octets == 0 || octets > 3 || in.size < 2 + octets)
		return 0;
	for (i = 0; i < octets; i++)
		n = n << 8 | in.data[2 + i];
	if (n < LONG_FORM || in.data[2] == 0) /* X.690 section 10.1: the shortest form */
		return 0;
	*size = n;
	return n <= in.size - 2 - octets ? 2 + octets : 0;
}

bool der_next_is(struct span in, enum der_tag tag)
{
	return in.size > 0 && in.data[0] == tag;
}

bool der_take(struct span *in, enum der_tag tag, struct span *content)
{
	size_t head = 0;
	size_t size = 0;

	if (!der_next_is(*in, tag))
		return false;
	head = read_head(*in, &size);
	if (head == 0)
		return false;
	*content = (struct span){in->data + head, size};
	in->data += head + size;
	in->size -= head + size;
	return true;
}

bool der_only(struct span in, enum der_tag tag, struct span *content)
{
	return der_take(&in, tag, content) && in.size == 0;
}

bool der_take_unsigned(struct span *in, struct span *value)
{
	struct span rest = *in;
	struct span n = {0};

	if (!der_take(&rest, DER_INTEGER, &n) || n.size == 0 || (n.data[0] & 0x80))
		return false;
	if (n.data[0] == 0) {
		if (n.size > 1 && !(n.data[1] & 0x80)) /* X.690 section 8.3.2 */
			return false;
		n.data++;
		n.size--;
	}
	*value = n;
	*in = rest;
	return true;
}

/* Writes tag and length; returns the head's size, at most 5. */
static size_t write_head(uint8_t head[5], enum der_tag tag, size_t size)
{
	size_t octets = 0;
	size_t i = 0;

	head[0] = (uint8_t)tag;
	if (size < LONG_FORM) {
		head[1] = (uint8_t)size;
		return 2;
	}
	while (octets < 3 && size >> (8 * octets) != 0)
		octets++;
	head[1] = (uint8_t)(LONG_FORM | octets);
	for (i = 0; i < octets; i++)
		head[2 + i] = (uint8_t)(size >> (8 * (octets - 1 - i)));
	return 2 + octets;
}

bool der_put(struct buffer *out, enum der_tag tag, struct span content)
{
	uint8_t head[5] = {0};
	const size_t n = write_head(head, tag, content.size);

	if (content.size >> 24 != 0 || !buffer_reserve(out, out->size + n + content.size))
		return false;
	return buffer_append(out, head, n) && buffer_append(out, content.data, content.size);
}

static struct span without_zeros(struct span value)
{
	while (value.size > 0 && value.data[0] == 0) {
		value.data++;
		value.size--;
	}
	return value;
}

bool der_put_unsigned(struct buffer *out, struct span value)
{
	static const uint8_t zero = 0;
	const struct span n = without_zeros(value);
	const size_t pad = n.size == 0 || (n.data[0] & 0x80) ? 1 : 0;
	uint8_t head[5] = {0};
	const size_t h = write_head(head, DER_INTEGER, n.size + pad);

	if (n.size >> 16 != 0 || !buffer_reserve(out, out->size + h + pad + n.size))
		return false;
	return buffer_append(out, head, h) && buffer_append(out, &zero, pad) &&
	       buffer_append(out, n.data, n.size);
}

bool der_put_bits(struct buffer *out, struct span content)
{
	static const uint8_t unused_bits = 0;
	uint8_t head[5] = {0};
	const size_t n = write_head(head, DER_BIT_STRING, content.size + 1);

	if (content.size >> 23 != 0 || !buffer_reserve(out, out->size + n + 1 + content.size))
		return false;
	return buffer_append(out, head, n) && buffer_append(out, &unused_bits, 1) &&
	       buffer_append(out, content.data, content.size);
}

/* One INTEGER at AT; returns its whole size. VALUE is shorter than 127 bytes. */
static size_t write_unsigned(uint8_t *at, struct span value)
{
	const struct span n = without_zeros(value);
	const size_t pad = n.size == 0 || (n.data[0] & 0x80) ? 1 : 0;

	at[0] = DER_INTEGER;
	at[1] = (uint8_t)(n.size + pad);
	at[2] = 0;
	if (n.size > 0)
		memcpy(at + 2 + pad, n.data, n.size);
	return 2 + pad + n.size;
}

size_t der_from_signature(const uint8_t *rs, size_t size, uint8_t der[DER_SIGNATURE_MAX])
{
	uint8_t body[DER_SIGNATURE_MAX] = {0};
	uint8_t head[5] = {0};
	size_t n = 0;
	size_t h = 0;

	n = write_unsigned(body, (struct span){rs, size});
	n += write_unsigned(body + n, (struct span){rs + size, size});
	h = write_head(head, DER_SEQUENCE, n);
	memcpy(der, head, h);
	memcpy(der + h, body, n);
	return h + n;
}

static bool place(struct span value, uint8_t *at, size_t size)
{
	if (value.size > size)
		return false;
	memset(at, 0, size - value.size);
	if (value.size > 0)
		memcpy(at + size - value.size, value.data, value.size);
	return true;
}

bool der_to_signature(struct span der, uint8_t *rs, size_t size)
{
	struct span body = {0};
	struct span r = {0};
	struct span s = {0};

	return der_only(der, DER_SEQUENCE, &body) && der_take_unsigned(&body, &r) &&
	       der_take_unsigned(&body, &s) && body.size == 0 && place(r, rs, size) &&
	       place(s, rs + size, size);
}
