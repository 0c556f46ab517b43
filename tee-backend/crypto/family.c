/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the family of a mechanism or of a key. Enclave only.
 */
#include "config.h"

#include "crypto/family.h"

static const struct family_ops *const families[] = {
	[FAMILY_DIGEST] = &digest_family, [FAMILY_RSA] = &rsa_family,
	[FAMILY_EC] = &ec_family,         [FAMILY_EDDSA] = &eddsa_family,
	[FAMILY_XDH] = &xdh_family,       [FAMILY_AES] = &aes_family,
	[FAMILY_HMAC] = &hmac_family,     [FAMILY_SECRET] = &secret_family,
	[FAMILY_KDF] = &kdf_family,
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

const struct family_ops *family_of(const struct mechanism_row *row)
{
	return families[row->family];
}

const struct family_ops *family_of_key(CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	const struct mechanism_key_type *known = mechanism_key_type_find(type);
	size_t i = 0;

	if (!known || known->secret != (class == CKO_SECRET_KEY))
		return NULL;
	if (class != CKO_SECRET_KEY && class != CKO_PUBLIC_KEY && class != CKO_PRIVATE_KEY)
		return NULL;
	for (i = 0; i < FAMILIES; i++) {
		if (families[i]->key_type == type)
			return families[i];
	}
	/* The key types of MACs differ in name only from generic secrets. */
	return known->secret ? &secret_family : NULL;
}

void family_key_limits(enum mechanism_family family, CK_ULONG *min, CK_ULONG *max)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	size_t i = 0;

	*min = CK_UNAVAILABLE_INFORMATION;
	*max = 0;
	for (i = 0; i < count; i++) {
		if (rows[i].family != family)
			continue;
		if (rows[i].min_key < *min)
			*min = rows[i].min_key;
		if (rows[i].max_key > *max)
			*max = rows[i].max_key;
	}
}

bool family_start(void)
{
	size_t i = 0;

	for (i = 0; i < FAMILIES; i++) {
		if (families[i]->start && !families[i]->start())
			return false;
	}
	return true;
}
