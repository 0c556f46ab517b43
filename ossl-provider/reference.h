/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file form of a token key: PEM "PKCS#11 PROVIDER URI" around a DER SEQUENCE of a description and the
 * pkcs11: URI. The same bytes as other PKCS#11 providers write and read (recipe P5).
 */
#ifndef KEYCLAVE_OSSL_PROVIDER_REFERENCE_H
#define KEYCLAVE_OSSL_PROVIDER_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#define REFERENCE_PEM_NAME "PKCS#11 PROVIDER URI"

/* The SEQUENCE for URI into *DER (free with OPENSSL_free); its size, or 0: no memory. */
size_t reference_encode(const char *uri, unsigned char **der);

/* The URI in DER, NUL-terminated (free with free), or NULL when DER is something else. */
char *reference_decode(const unsigned char *der, size_t size);

#endif
