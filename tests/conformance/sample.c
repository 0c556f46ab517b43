/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the suite's keys from their values (sample.h). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "sample.h"

#define CLASS(class) NUMBER(CKA_CLASS, class), NO(CKA_TOKEN)
#define AES_KEY CLASS(CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_AES), BYTES(CKA_VALUE, sample_aes_value)

static void make(struct conformance *c, CK_SESSION_HANDLE session, const char *name, CK_ATTRIBUTE *template,
		 CK_ULONG count, CK_OBJECT_HANDLE *handle)
{
	CK_RV rv = c->f->C_CreateObject(session, template, count, handle);

	if (rv == CKR_OK)
		return;
	fprintf(stderr, "the %s cannot be made: 0x%lx\n", name, rv);
	exit(EXIT_FAILURE);
}

static void make_pairs(struct conformance *c, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *handles)
{
	make(c, session, "RSA private key",
	     TEMPLATE(CLASS(CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA), YES(CKA_SIGN), YES(CKA_DECRYPT),
		      YES(CKA_UNWRAP), YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE),
		      BYTES(CKA_MODULUS, sample_rsa_modulus),
		      BYTES(CKA_PUBLIC_EXPONENT, sample_rsa_public_exponent),
		      BYTES(CKA_PRIVATE_EXPONENT, sample_rsa_private_exponent),
		      BYTES(CKA_PRIME_1, sample_rsa_prime_1), BYTES(CKA_PRIME_2, sample_rsa_prime_2),
		      BYTES(CKA_EXPONENT_1, sample_rsa_exponent_1),
		      BYTES(CKA_EXPONENT_2, sample_rsa_exponent_2),
		      BYTES(CKA_COEFFICIENT, sample_rsa_coefficient)),
	     &handles[SAMPLE_RSA_PRIVATE]);
	make(c, session, "RSA public key",
	     TEMPLATE(CLASS(CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA), YES(CKA_VERIFY), YES(CKA_ENCRYPT),
		      YES(CKA_WRAP), BYTES(CKA_MODULUS, sample_rsa_modulus),
		      BYTES(CKA_PUBLIC_EXPONENT, sample_rsa_public_exponent)),
	     &handles[SAMPLE_RSA_PUBLIC]);
	make(c, session, "EC private key",
	     TEMPLATE(CLASS(CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC), YES(CKA_SIGN), YES(CKA_DERIVE),
		      YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE),
		      BYTES(CKA_EC_PARAMS, sample_ec_params), BYTES(CKA_VALUE, sample_ec_private_value)),
	     &handles[SAMPLE_EC_PRIVATE]);
	make(c, session, "EC public key",
	     TEMPLATE(CLASS(CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC), YES(CKA_VERIFY),
		      BYTES(CKA_EC_PARAMS, sample_ec_params), BYTES(CKA_EC_POINT, sample_ec_point)),
	     &handles[SAMPLE_EC_PUBLIC]);
}

void sample_make(struct conformance *c, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handles[SAMPLE_COUNT])
{
	handles[SAMPLE_NONE] = CK_INVALID_HANDLE;
	handles[SAMPLE_UNKNOWN] = NO_OBJECT;
	make_pairs(c, session, handles);
	make(c, session, "AES key",
	     TEMPLATE(AES_KEY, YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_WRAP), YES(CKA_UNWRAP),
		      YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE)),
	     &handles[SAMPLE_AES]);
	make(c, session, "secret",
	     TEMPLATE(CLASS(CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		      BYTES(CKA_VALUE, sample_secret_value), YES(CKA_SIGN), YES(CKA_VERIFY),
		      YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE)),
	     &handles[SAMPLE_SECRET]);
	make(c, session, "useless key",
	     TEMPLATE(AES_KEY, NO(CKA_ENCRYPT), NO(CKA_DECRYPT), NO(CKA_WRAP), NO(CKA_UNWRAP), NO(CKA_SIGN),
		      NO(CKA_VERIFY), NO(CKA_DERIVE), YES(CKA_PRIVATE)),
	     &handles[SAMPLE_USELESS]);
	make(c, session, "locked-in key",
	     TEMPLATE(AES_KEY, YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE),
		      YES(CKA_PRIVATE)),
	     &handles[SAMPLE_LOCKED_IN]);
	make(c, session, "data object",
	     TEMPLATE(CLASS(CKO_DATA), TEXT(CKA_LABEL, "sample"), TEXT(CKA_VALUE, "value"), NO(CKA_PRIVATE)),
	     &handles[SAMPLE_DATA]);
}
