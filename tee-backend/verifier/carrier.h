/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence inside certificates and certificate requests: the CMW extension (RFC 9999, section 5) and the attestation
 * attribute of draft-ietf-lamps-csr-attestation. Read by verifiers, written by the CLI. Untrusted when read.
 */
#ifndef KEYCLAVE_VERIFIER_CARRIER_H
#define KEYCLAVE_VERIFIER_CARRIER_H

#include <openssl/x509.h>

#include "common/buffer.h"

enum carrier_kind {
	CARRIER_NONE, /* neither a certificate nor a request */
	CARRIER_CERTIFICATE,
	CARRIER_REQUEST,
};

/* Start with {0}. */
struct carrier {
	enum carrier_kind kind;
	struct buffer evidence;   /* the CMW collection */
	struct buffer public_key; /* SubjectPublicKeyInfo of certificate or request */
};

/*
 * INPUT is PEM or DER. True with CARRIER_NONE when it is neither. False, and WHY (static text): it is one, but carries no
 * evidence, or more than one piece, or in another form; or a request whose own signature, or a self-signed certificate
 * whose signature, does not hold.
 */
bool carrier_read(struct span input, struct carrier *carrier, const char **why);
void carrier_free(struct carrier *carrier);

/* The extension, for the caller to free. NULL: no memory. */
X509_EXTENSION *carrier_extension(struct span evidence);

/* Adds the attribute. False: no memory. */
bool carrier_add_attribute(X509_REQ *request, struct span evidence);

#endif
