/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Nitro hypervisor's part in an attestation, with keys of the tests' own. Written from AWS's description of the
 * document, apart from the verifier; the CBOR is written here by hand, so that it can be wrong.
 */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nitro_signer.h"

#define MUST(call) must((call), #call)

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "Nitro signer: %s failed\n", what);
	abort();
}

/* ---- certificates ---- */

static X509 *certify(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, bool ca, int64_t from, int64_t to)
{
	const struct test_ca_request r = {.name = name,
					  .organisation = "Keyclave's tests",
					  .key = key,
					  .issuer = issuer,
					  .issuer_key = issuer_key,
					  .ca = ca,
					  .from = from,
					  .to = to,
					  .serial = 1};

	return test_ca_certificate(&r);
}

struct nitro_signer *nitro_signer_new(const char *folder, int64_t from, int64_t to)
{
	struct nitro_signer *s = calloc(1, sizeof(*s));

	MUST(s != NULL);
	if (!from)
		from = time(NULL) - 86400;
	if (!to)
		to = from + INT64_C(3650) * 86400;
	if (!folder || !test_ca_load(folder, "nitro-root", &s->root_key, &s->root)) {
		s->root_key = test_ca_key("P-384");
		s->root = certify("test.nitro-enclaves", s->root_key, NULL, NULL, true, from, to);
		if (folder)
			test_ca_save(folder, "nitro-root", s->root_key, s->root);
	}
	s->zone_key = test_ca_key("P-384");
	s->zone = certify("zone.test.nitro-enclaves", s->zone_key, s->root, s->root_key, true, from, to);
	s->instance_key = test_ca_key("P-384");
	s->instance = certify("i-0123456789abcdef0.zone.test.nitro-enclaves", s->instance_key, s->zone, s->zone_key, true,
			      from, to);
	s->key = test_ca_key("P-384");
	s->leaf = certify("i-0123456789abcdef0-enc0123456789abcdef", s->key, s->instance, s->instance_key, false, from, to);
	return s;
}

void nitro_signer_free(struct nitro_signer **signer)
{
	struct nitro_signer *s = *signer;

	if (!s)
		return;
	EVP_PKEY_free(s->root_key);
	EVP_PKEY_free(s->zone_key);
	EVP_PKEY_free(s->instance_key);
	EVP_PKEY_free(s->key);
	X509_free(s->root);
	X509_free(s->zone);
	X509_free(s->instance);
	X509_free(s->leaf);
	free(s);
	*signer = NULL;
}

/* ---- CBOR ---- */

enum major { UNSIGNED = 0x00, BYTES = 0x40, TEXT = 0x60, ARRAY = 0x80, MAP = 0xa0 };

static void put(struct buffer *out, const void *data, size_t size)
{
	MUST(buffer_append(out, data, size));
}

static void head(struct buffer *out, enum major major, uint64_t n)
{
	uint8_t bytes[9] = {(uint8_t)(major | (n < 24 ? n : n < 0x100 ? 24 : n < 0x10000 ? 25 : 27))};
	size_t size = n < 24 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 8;

	for (size_t i = 0; i < size; i++)
		bytes[size - i] = (uint8_t)(n >> 8 * i);
	put(out, bytes, 1 + size);
}

static void begin(struct buffer *out, enum major major, size_t count, bool indefinite)
{
	if (indefinite)
		put(out, &(uint8_t){(uint8_t)(major | 0x1f)}, 1);
	else
		head(out, major, count);
}

static void end(struct buffer *out, bool indefinite)
{
	if (indefinite)
		put(out, "\xff", 1);
}

static void text(struct buffer *out, const char *value)
{
	head(out, TEXT, strlen(value));
	put(out, value, strlen(value));
}

static void bytes(struct buffer *out, struct span value)
{
	head(out, BYTES, value.size);
	put(out, value.data, value.size);
}

static void given(struct buffer *out, struct span value)
{
	if (value.data)
		bytes(out, value);
	else
		put(out, "\xf6", 1);
}

static void certificate(struct buffer *out, X509 *x)
{
	struct buffer der = {0};

	test_ca_append_der(&der, x);
	bytes(out, buffer_span(&der));
	buffer_free(&der);
}

static void pcrs(const struct nitro_signer_document *d, struct buffer *out)
{
	size_t count = (size_t)__builtin_popcount(d->present), size = d->pcr_size ? d->pcr_size : 48;

	begin(out, MAP, count + d->pcr_twice, d->indefinite);
	for (unsigned i = 0; i < 32; i++) {
		bool last = d->pcr_twice && d->present >> i == 1;

		for (int times = d->present >> i & 1 ? 1 + last : 0; times; times--) {
			char name[4];

			snprintf(name, sizeof(name), "%u", i);
			if (d->text_index)
				text(out, name);
			else
				head(out, UNSIGNED, i);
			bytes(out, (struct span){d->pcr[i], size});
		}
	}
	end(out, d->indefinite);
}

static void cabundle(const struct nitro_signer *s, const struct nitro_signer_document *d, struct buffer *out)
{
	begin(out, ARRAY, d->no_cabundle ? 0 : 3 + d->junk_in_cabundle, d->indefinite);
	if (!d->no_cabundle) {
		certificate(out, s->root);
		certificate(out, s->zone);
		certificate(out, s->instance);
	}
	if (d->junk_in_cabundle)
		bytes(out, (struct span){(const uint8_t *)"junk", 4});
	end(out, d->indefinite);
}

static void member(const struct nitro_signer *s, const struct nitro_signer_document *d, const char *name, struct buffer *out)
{
	uint64_t now = d->timestamp ? d->timestamp : (uint64_t)time(NULL) * 1000;

	text(out, name);
	if (strcmp(name, "module_id") == 0)
		text(out, d->module_id ? d->module_id : "i-0123456789abcdef0-enc0123456789abcdef");
	else if (strcmp(name, "digest") == 0)
		text(out, d->digest ? d->digest : "SHA384");
	else if (strcmp(name, "timestamp") == 0)
		head(out, UNSIGNED, now);
	else if (strcmp(name, "pcrs") == 0)
		pcrs(d, out);
	else if (strcmp(name, "certificate") == 0)
		certificate(out, s->leaf);
	else if (strcmp(name, "cabundle") == 0)
		cabundle(s, d, out);
	else if (strcmp(name, "public_key") == 0)
		given(out, d->public_key);
	else if (strcmp(name, "user_data") == 0)
		given(out, d->user_data);
	else if (strcmp(name, "nonce") == 0)
		given(out, d->nonce);
	else
		head(out, UNSIGNED, 0);
}

void nitro_signer_payload(const struct nitro_signer *s, const struct nitro_signer_document *d, struct buffer *out)
{
	static const char *const names[] = {"module_id", "digest",     "timestamp", "pcrs", "certificate",
					    "cabundle",	 "public_key", "user_data", "nonce"};
	size_t count = sizeof(names) / sizeof(names[0]);

	begin(out, MAP, count - (d->omit != NULL) + (d->twice != NULL) + (d->unknown != NULL), d->indefinite);
	for (size_t i = 0; i < count; i++) {
		if (!d->omit || strcmp(d->omit, names[i]) != 0)
			member(s, d, names[i], out);
		if (d->twice && strcmp(d->twice, names[i]) == 0)
			member(s, d, names[i], out);
	}
	if (d->unknown)
		member(s, d, d->unknown, out);
	end(out, d->indefinite);
}

/* ---- COSE_Sign1 (RFC 9052) ---- */

static const uint8_t protected[] = {0xa1, 0x01, 0x38, 0x22}; /* {1: -35}, ES384 */

static void signature_over(const struct nitro_signer *s, struct span message, uint8_t out[96])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[160];
	const unsigned char *at = der;
	size_t size = sizeof(der);
	ECDSA_SIG *signature = NULL;

	MUST(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, s->key) == 1);
	MUST(EVP_DigestSign(ctx, der, &size, message.data, message.size) == 1);
	signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
	MUST(signature != NULL);
	MUST(BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 48) == 48);
	MUST(BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 48, 48) == 48);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(ctx);
}

void nitro_signer_sign(const struct nitro_signer *s, struct span payload, struct buffer *out)
{
	struct buffer message = {0};
	uint8_t signature[96];

	head(&message, ARRAY, 4);
	text(&message, "Signature1");
	bytes(&message, (struct span){protected, sizeof(protected)});
	head(&message, BYTES, 0);
	bytes(&message, payload);
	signature_over(s, buffer_span(&message), signature);
	buffer_free(&message);
	head(out, ARRAY, 4);
	bytes(out, (struct span){protected, sizeof(protected)});
	head(out, MAP, 0);
	bytes(out, payload);
	bytes(out, (struct span){signature, sizeof(signature)});
}

void nitro_signer_attest(const struct nitro_signer *s, const struct nitro_signer_document *d, struct buffer *out)
{
	struct buffer payload = {0};

	nitro_signer_payload(s, d, &payload);
	nitro_signer_sign(s, buffer_span(&payload), out);
	buffer_free(&payload);
}
