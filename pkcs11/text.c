/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blank-padded text, PKCS#11 v3.1 section 3: info structs and labels of C_InitToken.
 */
#include "config.h"

#include <string.h>

#include "pkcs11/text.h"

void text_pad(CK_UTF8CHAR *field, size_t size, struct span text)
{
	size_t n = text.size < size ? text.size : size;

	/* Never cut inside a character: step back over continuation bytes. */
	if (n < text.size)
		while (n > 0 && (text.data[n] & 0xc0) == 0x80)
			n--;
	memset(field, ' ', size);
	if (n)
		memcpy(field, text.data, n);
}

struct span text_trim(const CK_UTF8CHAR *field, size_t size)
{
	while (size > 0 && field[size - 1] == ' ')
		size--;
	return (struct span){field, size};
}
