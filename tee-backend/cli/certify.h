/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `keyclave csr` and `keyclave cert` share: a key in the token, its evidence, and a signature by it over
 * something that libcrypto has put together.
 */
#ifndef KEYCLAVE_CLI_CERTIFY_H
#define KEYCLAVE_CLI_CERTIFY_H

#include <openssl/x509v3.h>

#include "cli/cli.h"
#include "client/descriptor.h"

struct certify {
	const char *out;
	const char *pin_file;
	const char *uri_text;
	long days;
	struct buffer nonce;
	X509_NAME *subject;
	GENERAL_NAMES *names; /* subjectAltName; empty: none */

	struct uri uri;
	struct cli_token token;
	CK_OBJECT_HANDLE handle;
	const struct descriptor *key;
	X509_PUBKEY *public_key;
	X509_ALGOR *algorithm; /* of its signatures */
	struct buffer evidence;
};

extern const char certify_details[];

/*
 * The options of ARGV (DAYS: --days is one of them), the key that the URI names, logged in, and its evidence. CLI_OK, or
 * an error was printed. C starts as {0}.
 */
int certify_begin(struct cli *cli, int argc, char **argv, const struct cli_command *command, bool days,
		  struct certify *c);

/* The key's signature over TBS in X.509's form. CLI_OK, or an error was printed. */
int certify_sign(struct cli *cli, const struct certify *c, struct span tbs, struct buffer *signature);

/* SIGNATURE as a BIT STRING of whole bytes, for the caller to free. NULL: no memory. */
ASN1_BIT_STRING *certify_bits(const struct buffer *signature);

/* DER to --out or stdout as PEM, under NAME ("CERTIFICATE REQUEST"). */
int certify_write(const struct cli *cli, const struct certify *c, const char *name, struct span der);

void certify_end(struct certify *c);

#endif
