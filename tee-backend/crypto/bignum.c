/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Big numbers in and out of libcrypto. Enclave only.
 */
#include "config.h"

#include "crypto/bignum.h"

#include <limits.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/evp.h>

bool bignum_native(struct span value, uint8_t *out, size_t size)
{
	size_t i = 0;

	while (value.size > size && value.data[0] == 0) {
		value.data++;
		value.size--;
	}
	if (value.size > size)
		return false;
	memset(out, 0, size);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (i = 0; i < value.size; i++)
		out[i] = value.data[value.size - 1 - i];
#else
	for (i = 0; i < value.size; i++)
		out[size - value.size + i] = value.data[i];
#endif
	return true;
}

BIGNUM *bignum_from(struct span value)
{
	BIGNUM *n = NULL;

	if (value.size > INT_MAX)
		return NULL;
	n = BN_secure_new();
	if (n && !BN_bin2bn(value.data, (int)value.size, n)) {
		BN_clear_free(n);
		return NULL;
	}
	if (n)
		BN_set_flags(n, BN_FLG_CONSTTIME);
	return n;
}

bool bignum_bytes(const BIGNUM *n, size_t size, struct buffer *out)
{
	size_t needed = (size_t)BN_num_bytes(n);

	if (size == 0)
		size = needed > 0 ? needed : 1;
	return size <= INT_MAX && needed <= size && buffer_resize(out, size) &&
	       BN_bn2binpad(n, out->data, (int)size) >= 0;
}

bool bignum_of_key(const EVP_PKEY *pkey, const char *name, size_t size, struct buffer *out)
{
	BIGNUM *n = NULL;
	bool ok = EVP_PKEY_get_bn_param(pkey, name, &n) == 1 && bignum_bytes(n, size, out);

	BN_clear_free(n);
	return ok;
}
