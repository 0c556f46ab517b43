/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave csr: a certificate request of a key in the token that carries the key's evidence.
 */
#include "config.h"

#include "cli/certify.h"
#include "verifier/carrier.h"

static bool add_names(X509_REQ *request, GENERAL_NAMES *names)
{
	STACK_OF(X509_EXTENSION) *extensions = NULL;
	bool good = !sk_GENERAL_NAME_num(names) ||
		    (X509V3_add1_i2d(&extensions, NID_subject_alt_name, names, 0, 0) > 0 &&
		     X509_REQ_add_extensions(request, extensions));

	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return good;
}

static X509_REQ *compose(const struct certify *c)
{
	X509_REQ *request = X509_REQ_new();
	EVP_PKEY *key = X509_PUBKEY_get0(c->public_key);

	if (request && key && X509_REQ_set_version(request, X509_REQ_VERSION_1) &&
	    X509_REQ_set_subject_name(request, c->subject) && X509_REQ_set_pubkey(request, key) &&
	    add_names(request, c->names) && carrier_add_attribute(request, buffer_span(&c->evidence)) &&
	    X509_REQ_set1_signature_algo(request, c->algorithm))
		return request;
	X509_REQ_free(request);
	return NULL;
}

static bool set_signature(X509_REQ *request, const struct buffer *signature)
{
	ASN1_BIT_STRING *bits = certify_bits(signature);

	if (bits)
		X509_REQ_set0_signature(request, bits);
	return bits != NULL;
}

static int sign(struct cli *cli, const struct certify *c, X509_REQ *request)
{
	struct buffer signature = {0};
	unsigned char *der = NULL;
	int size = i2d_re_X509_REQ_tbs(request, &der);
	int status = CLI_FAILED;

	if (size > 0)
		status = certify_sign(cli, c, (struct span){der, (size_t)size}, &signature);
	OPENSSL_free(der);
	der = NULL;
	if (status == CLI_OK)
		size = set_signature(request, &signature) ? i2d_X509_REQ(request, &der) : 0;
	if (size > 0 && status == CLI_OK)
		status = certify_write(cli, c, "CERTIFICATE REQUEST", (struct span){der, (size_t)size});
	else if (size <= 0)
		status = cli_error(cli, "out of memory");
	OPENSSL_free(der);
	buffer_free(&signature);
	return status;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct certify c = {0};
	X509_REQ *request = NULL;
	int status = certify_begin(cli, argc, argv, &cli_csr, false, &c);

	if (status == CLI_OK) {
		request = compose(&c);
		status = request ? sign(cli, &c, request) : cli_error(cli, "the request cannot be put together");
	}
	X509_REQ_free(request);
	certify_end(&c);
	return status;
}

const struct cli_command cli_csr = {
	.name = "csr",
	.arguments = "--subject NAME [--dns NAME]... [--nonce HEX] [--out FILE] [--pin-file FILE] URI",
	.summary = "Make a certificate request that carries the key's evidence",
	.details = certify_details,
	.run = run,
};
