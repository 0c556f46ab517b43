/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates as objects of a token, for the commands that bring them in.
 */
#ifndef KEYCLAVE_CLI_CERTIFICATE_H
#define KEYCLAVE_CLI_CERTIFICATE_H

#include <openssl/x509.h>

#include "mechanism/attribute_set.h"

/* Class, type, value, subject, issuer and serial number. False: no memory. */
bool certificate_put(struct attribute_set *set, X509 *cert);

#endif
