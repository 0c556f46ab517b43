/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of crypto/ share: bytes from hexadecimal text, keys from attributes, mechanisms by
 * name. Everything handed out lives until sample_free.
 */
#ifndef KEYCLAVE_TESTS_CRYPTO_SAMPLE_H
#define KEYCLAVE_TESTS_CRYPTO_SAMPLE_H

#include "crypto/key.h"
#include "crypto/operate.h"
#include "crypto/stream.h"

/* Fails the test on anything but hexadecimal digits; NULL gives the empty span. */
struct span sample_hex(const char *hex);

/* An empty object of CLASS and TYPE. */
struct attribute_set *sample_object(CK_OBJECT_CLASS class, CK_KEY_TYPE type);

/* A secret key with VALUE. */
struct key *sample_secret(CK_KEY_TYPE type, struct span value);

/* The private key in PKCS8. */
struct attribute_set *sample_private(CK_KEY_TYPE type, struct span pkcs8);

/* The public key that belongs to a private OBJECT. */
struct attribute_set *sample_public(const struct attribute_set *object);

/* key_new, which must succeed. */
struct key *sample_key(const struct attribute_set *object);

/* A new pair by MECHANISM on a curve (by name) or of BITS. */
void sample_pair(CK_MECHANISM_TYPE mechanism, const char *curve, CK_ULONG bits,
		 struct attribute_set **public_object, struct attribute_set **private_object);

/* A mechanism without parameters. */
struct mechanism sample_mechanism(CK_MECHANISM_TYPE type);

/* The number of a constant of cryptoki.h by its name; fails the test when it is none of these. */
const struct mechanism_row *sample_row(const char *name);
CK_KEY_TYPE sample_key_type(const char *name);

/* Frees all of the above. */
void sample_free(void);

/* cmocka's group set-up and test tear-down. */
int sample_start(void **state);
int sample_teardown(void **state);

#endif
