/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The curves of the token: sizes, the forms of CKA_EC_PARAMS, names. Data only, linked on both
 * sides of the trust boundary.
 */
#include "config.h"

#include "mechanism/mechanism.h"

#include <string.h>
#include <strings.h>

#define OID(der) .params = (der), .params_size = sizeof(der)
#define OLD(der) .params_old = (der), .params_old_size = sizeof(der)

/* RFC 5480 section 2.1.1.1. */
static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t p521[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23};
/* RFC 8410 section 3. */
static const uint8_t ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static const uint8_t x25519[] = {0x06, 0x03, 0x2b, 0x65, 0x6e};
/* 1.3.6.1.4.1.11591.15.1 and 1.3.6.1.4.1.3029.1.5.1: the ones of GnuPG. */
static const uint8_t ed25519_old[] = {0x06, 0x09, 0x2b, 0x06, 0x01, 0x04,
				      0x01, 0xda, 0x47, 0x0f, 0x01};
static const uint8_t x25519_old[] = {0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04,
				     0x01, 0x97, 0x55, 0x01, 0x05, 0x01};

static const struct mechanism_curve curves[] = {
	{.name = "P-256", .key_type = CKK_EC, OID(p256), .bits = 256,
	 .field_size = 32, .order_size = 32},
	{.name = "P-384", .key_type = CKK_EC, OID(p384), .bits = 384,
	 .field_size = 48, .order_size = 48},
	{.name = "P-521", .key_type = CKK_EC, OID(p521), .bits = 521,
	 .field_size = 66, .order_size = 66},
	{.name = "ED25519", .key_type = CKK_EC_EDWARDS, OID(ed25519), OLD(ed25519_old),
	 .params_text = "edwards25519", .bits = 255, .field_size = 32, .order_size = 32},
	{.name = "X25519", .key_type = CKK_EC_MONTGOMERY, OID(x25519), OLD(x25519_old),
	 .params_text = "curve25519", .bits = 255, .field_size = 32, .order_size = 32},
};

/* Other names that libcrypto, SEC 2 and PKCS#11 tools have for the same curves. */
static const struct {
	const char *alias;
	const char *name;
} aliases[] = {
	{"prime256v1", "P-256"}, {"secp256r1", "P-256"},      {"secp384r1", "P-384"},
	{"secp521r1", "P-521"},  {"edwards25519", "ED25519"}, {"curve25519", "X25519"},
};

const struct mechanism_curve *mechanism_curves(size_t *count)
{
	*count = sizeof(curves) / sizeof(curves[0]);
	return curves;
}

/* PKCS#11 v3.1 section 6.3.1: Parameters is a CHOICE whose curveName is a PrintableString. */
static bool is_curve_name(struct span der, const char *text)
{
	const size_t size = text ? strlen(text) : 0;

	return text && der.size == size + 2 && der.data[0] == 0x13 && der.data[1] == size &&
	       memcmp(der.data + 2, text, size) == 0;
}

const struct mechanism_curve *mechanism_curve_find(struct span ec_params)
{
	const size_t count = sizeof(curves) / sizeof(curves[0]);
	size_t i = 0;

	for (i = 0; i < count; i++) {
		const struct mechanism_curve *curve = &curves[i];
		const struct span oid = {curve->params, curve->params_size};
		const struct span old = {curve->params_old, curve->params_old_size};

		if (ec_params.size == 0)
			break;
		if (span_equal(ec_params, oid) || span_equal(ec_params, old) ||
		    is_curve_name(ec_params, curve->params_text))
			return curve;
	}
	return NULL;
}

const struct mechanism_curve *mechanism_curve_named(const char *name)
{
	size_t i = 0;

	if (!name)
		return NULL;
	for (i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcasecmp(name, aliases[i].alias) == 0)
			name = aliases[i].name;
	}
	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcasecmp(name, curves[i].name) == 0)
			return &curves[i];
	}
	return NULL;
}
