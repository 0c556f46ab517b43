/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the suite's keys from their values (sample.h). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "sample.h"

#define CLASS(class) NUMBER(CKA_CLASS, class), NO(CKA_TOKEN)
/* Every usage flag is said, since a default is a token's own (attribute.c compares those). */
#define PRIVATE_USES(sign, recover, decrypt, unwrap, derive) \
	sign(CKA_SIGN), recover(CKA_SIGN_RECOVER), decrypt(CKA_DECRYPT), unwrap(CKA_UNWRAP), derive(CKA_DERIVE)
#define PUBLIC_USES(verify, recover, encrypt, wrap) \
	verify(CKA_VERIFY), recover(CKA_VERIFY_RECOVER), encrypt(CKA_ENCRYPT), wrap(CKA_WRAP), NO(CKA_DERIVE)
#define SECRET_USES(cipher, mac, wrap) \
	cipher(CKA_ENCRYPT), cipher(CKA_DECRYPT), mac(CKA_SIGN), mac(CKA_VERIFY), wrap(CKA_WRAP), wrap(CKA_UNWRAP), \
	NO(CKA_DERIVE)
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
	     TEMPLATE(CLASS(CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA), PRIVATE_USES(YES, NO, YES, YES, NO),
		      YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE),
		      BYTES(CKA_MODULUS, sample_rsa_modulus),
		      BYTES(CKA_PUBLIC_EXPONENT, sample_rsa_public_exponent),
		      BYTES(CKA_PRIVATE_EXPONENT, sample_rsa_private_exponent),
		      BYTES(CKA_PRIME_1, sample_rsa_prime_1), BYTES(CKA_PRIME_2, sample_rsa_prime_2),
		      BYTES(CKA_EXPONENT_1, sample_rsa_exponent_1),
		      BYTES(CKA_EXPONENT_2, sample_rsa_exponent_2),
		      BYTES(CKA_COEFFICIENT, sample_rsa_coefficient)),
	     &handles[SAMPLE_RSA_PRIVATE]);
	make(c, session, "RSA public key",
	     TEMPLATE(CLASS(CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_RSA), PUBLIC_USES(YES, NO, YES, YES),
		      BYTES(CKA_MODULUS, sample_rsa_modulus),
		      BYTES(CKA_PUBLIC_EXPONENT, sample_rsa_public_exponent)),
	     &handles[SAMPLE_RSA_PUBLIC]);
	make(c, session, "EC private key",
	     TEMPLATE(CLASS(CKO_PRIVATE_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC), PRIVATE_USES(YES, NO, NO, NO, YES),
		      YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE),
		      BYTES(CKA_EC_PARAMS, sample_ec_params), BYTES(CKA_VALUE, sample_ec_private_value)),
	     &handles[SAMPLE_EC_PRIVATE]);
	make(c, session, "EC public key",
	     TEMPLATE(CLASS(CKO_PUBLIC_KEY), NUMBER(CKA_KEY_TYPE, CKK_EC), PUBLIC_USES(YES, NO, NO, NO),
		      BYTES(CKA_EC_PARAMS, sample_ec_params), BYTES(CKA_EC_POINT, sample_ec_point)),
	     &handles[SAMPLE_EC_PUBLIC]);
}

void sample_make(struct conformance *c, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handles[SAMPLE_COUNT])
{
	handles[SAMPLE_NONE] = CK_INVALID_HANDLE;
	handles[SAMPLE_UNKNOWN] = NO_OBJECT;
	make_pairs(c, session, handles);
	make(c, session, "AES key",
	     TEMPLATE(AES_KEY, SECRET_USES(YES, NO, YES), YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE)),
	     &handles[SAMPLE_AES]);
	make(c, session, "secret",
	     TEMPLATE(CLASS(CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		      BYTES(CKA_VALUE, sample_secret_value), SECRET_USES(NO, YES, NO),
		      YES(CKA_EXTRACTABLE), NO(CKA_SENSITIVE), YES(CKA_PRIVATE)),
	     &handles[SAMPLE_SECRET]);
	make(c, session, "secret of 20 bytes",
	     TEMPLATE(CLASS(CKO_SECRET_KEY), NUMBER(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
		      {CKA_VALUE, sample_secret_value, 20}, SECRET_USES(NO, YES, NO), YES(CKA_EXTRACTABLE),
		      NO(CKA_SENSITIVE), YES(CKA_PRIVATE)),
	     &handles[SAMPLE_TWENTY]);
	make(c, session, "useless key",
	     TEMPLATE(AES_KEY, SECRET_USES(NO, NO, NO), YES(CKA_SENSITIVE), YES(CKA_PRIVATE)),
	     &handles[SAMPLE_USELESS]);
	make(c, session, "locked-in key",
	     TEMPLATE(AES_KEY, SECRET_USES(YES, NO, NO), YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE),
		      YES(CKA_PRIVATE)),
	     &handles[SAMPLE_LOCKED_IN]);
	make(c, session, "data object",
	     TEMPLATE(CLASS(CKO_DATA), TEXT(CKA_LABEL, "sample"), TEXT(CKA_VALUE, "value"), NO(CKA_PRIVATE)),
	     &handles[SAMPLE_DATA]);
}
