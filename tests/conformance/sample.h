/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of the conformance suite whose values are known, so that results can be compared between modules.
 */
#ifndef KEYCLAVE_TESTS_CONFORMANCE_SAMPLE_H
#define KEYCLAVE_TESTS_CONFORMANCE_SAMPLE_H

#include "conformance.h"

enum sample {
	SAMPLE_NONE, /* CK_INVALID_HANDLE */
	SAMPLE_RSA_PRIVATE,
	SAMPLE_RSA_PUBLIC,
	SAMPLE_EC_PRIVATE,
	SAMPLE_EC_PUBLIC,
	SAMPLE_AES,        /* extractable, not sensitive */
	SAMPLE_SECRET,     /* 32 bytes, may sign, be wrapped and be read */
	SAMPLE_TWENTY,     /* the first 20 bytes of SAMPLE_SECRET */
	SAMPLE_USELESS,    /* an AES key that may do nothing */
	SAMPLE_LOCKED_IN,  /* an AES key, sensitive, not extractable */
	SAMPLE_DATA,       /* no key */
	SAMPLE_UNKNOWN,    /* NO_OBJECT */
	SAMPLE_COUNT,
};

/* Makes them all as session objects; a user is logged in. Ends the process if one cannot be made. */
void sample_make(struct conformance *c, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handles[SAMPLE_COUNT]);

extern CK_BYTE sample_rsa_modulus[256];
extern CK_BYTE sample_rsa_private_exponent[256];
extern CK_BYTE sample_rsa_prime_1[128];
extern CK_BYTE sample_rsa_prime_2[128];
extern CK_BYTE sample_rsa_exponent_1[128];
extern CK_BYTE sample_rsa_exponent_2[128];
extern CK_BYTE sample_rsa_coefficient[128];
extern CK_BYTE sample_rsa_public_exponent[3];
extern CK_BYTE sample_ec_params[10];
extern CK_BYTE sample_ec_private_value[32];
extern CK_BYTE sample_ec_point[67];
extern CK_BYTE sample_ec_peer_point[65];
extern CK_BYTE sample_aes_value[16];
extern CK_BYTE sample_secret_value[32];

#endif
