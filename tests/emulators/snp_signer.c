/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD's part in an attestation, with keys of the tests' own. Written from AMD 56860 and 57230, apart from the verifier.
 */
#include "config.h"

#include <openssl/ec.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "snp_signer.h"

#define MUST(call) must((call), #call)
#define AMD "1.3.6.1.4.1.3704.1."

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "SNP signer: %s failed\n", what);
	abort();
}

static bool is_turin(const struct snp_signer *s)
{
	return strcmp(s->chip.product, "Turin") == 0;
}

/* ---- certificates ---- */

/* In memory one pair of keys serves all signers of the process: RSA keys take long to make. */
static EVP_PKEY *authority_key(bool keep, bool ark)
{
	static EVP_PKEY *kept[2];

	if (!keep)
		return test_ca_key("RSA-3072");
	if (!kept[ark])
		kept[ark] = test_ca_key("RSA-3072");
	EVP_PKEY_up_ref(kept[ark]);
	return kept[ark];
}

static void authority(struct snp_signer *s, const char *folder, bool ark)
{
	const char *file = ark ? "ark" : s->chip.csp ? "asvk" : "ask";
	EVP_PKEY **key = ark ? &s->ark_key : &s->ask_key;
	X509 **x = ark ? &s->ark : &s->ask;
	char name[40];
	struct test_ca_request r = {.name = name,
				    .organisation = "Keyclave's tests",
				    .issuer = ark ? NULL : s->ark,
				    .issuer_key = ark ? NULL : s->ark_key,
				    .pss = true,
				    .ca = true,
				    .no_crl_sign = !ark,
				    .from = s->chip.from,
				    .to = s->chip.to,
				    .serial = ark ? 0x10000 : 0x10001};

	if (folder && test_ca_load(folder, file, key, x))
		return;
	snprintf(name, sizeof(name), ark ? "ARK-%s" : s->chip.csp ? "SEV-VLEK-%s" : "SEV-%s", s->chip.product);
	r.key = *key = authority_key(!folder, ark);
	*x = test_ca_certificate(&r);
	if (folder)
		test_ca_save(folder, file, *key, *x);
}

/* Room for the extensions of one certificate. */
struct extensions {
	struct test_ca_extension list[20];
	uint8_t value[20][80];
	size_t count;
};

static void put(struct extensions *e, const char *oid, const void *value, size_t size)
{
	MUST(e->count < 20 && size <= sizeof(e->value[0]));
	memcpy(e->value[e->count], value, size);
	e->list[e->count] = (struct test_ca_extension){.oid = oid, .value = {e->value[e->count], size}};
	e->count++;
}

static void put_integer(struct extensions *e, const char *oid, uint8_t n, bool wide)
{
	const uint8_t narrow[] = {0x02, 0x01, n}, two[] = {0x02, 0x02, 0x00, n};

	if (n < 0x80 && !wide)
		put(e, oid, narrow, sizeof(narrow));
	else
		put(e, oid, two, sizeof(two));
}

static void put_text(struct extensions *e, const char *oid, const char *text)
{
	uint8_t der[80] = {0x16, (uint8_t)strlen(text)};

	MUST(strlen(text) < 70);
	memcpy(der + 2, text, strlen(text));
	put(e, oid, der, 2 + strlen(text));
}

static void put_tcb(struct extensions *e, const struct snp_signer *s, const uint8_t *tcb, bool wide)
{
	bool turin = is_turin(s);

	put_integer(e, AMD "3.1", tcb[turin ? 1 : 0], wide);
	put_integer(e, AMD "3.2", tcb[turin ? 2 : 1], wide);
	put_integer(e, AMD "3.3", tcb[turin ? 3 : 6], wide);
	put_integer(e, AMD "3.8", tcb[7], wide);
	if (turin)
		put_integer(e, AMD "3.9", tcb[0], wide);
	else
		put_integer(e, AMD "3.4", 0, wide);
}

static void apply(struct extensions *e, const struct snp_signer_bend *bend)
{
	struct test_ca_extension again = {0};
	size_t kept = 0;

	for (size_t i = 0; i < e->count; i++) {
		if (bend->twice && strcmp(e->list[i].oid, bend->twice) == 0)
			again = e->list[i];
		if (!bend->omit || strcmp(e->list[i].oid, bend->omit) != 0)
			e->list[kept++] = e->list[i];
	}
	e->count = kept;
	if (again.oid)
		put(e, again.oid, again.value.data, again.value.size);
	if (bend->add)
		put(e, bend->add, bend->add_value.data, bend->add_value.size);
}

void snp_signer_bend(struct snp_signer *s, const struct snp_signer_bend *bend)
{
	struct extensions e = {0};
	struct test_ca_request r = {.name = s->chip.csp ? "SEV-VLEK" : "SEV-VCEK",
				    .organisation = "Keyclave's tests",
				    .key = bend->curve ? test_ca_key(bend->curve) : s->key,
				    .issuer = bend->other_issuer ? s->ark : s->ask,
				    .issuer_key = bend->other_issuer ? s->ark_key : s->ask_key,
				    .pss = true,
				    .from = s->chip.from,
				    .to = s->chip.to};

	put_integer(&e, AMD "1", is_turin(s), false);
	put_text(&e, AMD "2", bend->product ? bend->product : s->chip.product);
	put_tcb(&e, s, bend->tcb ? bend->tcb : s->chip.tcb, bend->wide_integers);
	if (s->chip.csp)
		put_text(&e, AMD "5", s->chip.csp);
	else
		put(&e, AMD "4", bend->chip_id ? bend->chip_id : s->chip.chip_id, is_turin(s) ? 8 : 64);
	apply(&e, bend);
	r.extension = e.list;
	r.extension_count = e.count;
	X509_free(s->certificate);
	s->certificate = test_ca_certificate(&r);
	if (bend->curve)
		EVP_PKEY_free(r.key);
}

struct snp_signer *snp_signer_new(const char *folder, const struct snp_signer_chip *chip)
{
	struct snp_signer *s = calloc(1, sizeof(*s));
	const char *name = chip->csp ? "vlek" : "vcek";

	MUST(s != NULL);
	s->chip = *chip;
	if (!s->chip.from)
		s->chip.from = time(NULL) - 86400;
	if (!s->chip.to)
		s->chip.to = s->chip.from + INT64_C(3650) * 86400;
	authority(s, folder, true);
	authority(s, folder, false);
	if (!folder || !test_ca_load(folder, name, &s->key, &s->certificate))
		s->key = test_ca_key("P-384");
	snp_signer_bend(s, &(struct snp_signer_bend){0});
	if (folder)
		test_ca_save(folder, name, s->key, s->certificate);
	return s;
}

void snp_signer_free(struct snp_signer **signer)
{
	struct snp_signer *s = *signer;

	if (!s)
		return;
	EVP_PKEY_free(s->ark_key);
	EVP_PKEY_free(s->ask_key);
	EVP_PKEY_free(s->key);
	X509_free(s->ark);
	X509_free(s->ask);
	X509_free(s->certificate);
	free(s);
	*signer = NULL;
}

/* ---- reports ---- */

static void put_le(uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

void snp_signer_report(const struct snp_signer *s, uint32_t version, uint8_t report[SNP_SIGNER_REPORT_SIZE])
{
	static const size_t tcbs[] = {0x38, 0x180, 0x1e0, 0x1f0};
	const uint8_t milan[] = {0x19, 0x01, 0x01}, genoa[] = {0x19, 0x11, 0x01}, turin[] = {0x1a, 0x02, 0x01};
	const uint8_t *cpuid = is_turin(s) ? turin : strcmp(s->chip.product, "Genoa") == 0 ? genoa : milan;

	memset(report, 0, SNP_SIGNER_REPORT_SIZE);
	put_le(report, version, 4);
	put_le(report + 0x8, 0x30000, 8);
	put_le(report + 0x34, 1, 4);
	put_le(report + 0x40, 0x25, 8);
	put_le(report + 0x48, s->chip.csp ? 1 << 2 : 0, 4);
	memset(report + 0x160, 0xff, 32);
	for (size_t i = 0; i < sizeof(tcbs) / sizeof(tcbs[0]); i++)
		memcpy(report + tcbs[i], s->chip.tcb, sizeof(s->chip.tcb));
	if (version >= 3)
		memcpy(report + 0x188, cpuid, 3);
	if (!s->chip.csp)
		memcpy(report + 0x1a0, s->chip.chip_id, sizeof(s->chip.chip_id));
	memcpy(report + 0x1e8, (const uint8_t[]){0x28, 0x37, 0x01, 0x00, 0x28, 0x37, 0x01}, 7);
}

static void put_part(uint8_t *at, const BIGNUM *n)
{
	MUST(BN_bn2lebinpad(n, at, 72) == 72);
}

void snp_signer_sign(const struct snp_signer *s, uint8_t report[SNP_SIGNER_REPORT_SIZE])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[160];
	const unsigned char *at = der;
	size_t size = sizeof(der);
	ECDSA_SIG *signature = NULL;

	MUST(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha384(), NULL, s->key) == 1);
	MUST(EVP_DigestSign(ctx, der, &size, report, 0x2a0) == 1);
	signature = d2i_ECDSA_SIG(NULL, &at, (long)size);
	MUST(signature != NULL);
	memset(report + 0x2a0, 0, SNP_SIGNER_REPORT_SIZE - 0x2a0);
	put_part(report + 0x2a0, ECDSA_SIG_get0_r(signature));
	put_part(report + 0x2a0 + 72, ECDSA_SIG_get0_s(signature));
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(ctx);
}

void snp_signer_table(const struct snp_signer *s, struct buffer *out)
{
	static const uint8_t guids[4][16] = {
		{0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd}, /* VCEK */
		{0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82}, /* ASK */
		{0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae}, /* ARK */
		{0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1}, /* VLEK */
	};
	X509 *const list[] = {s->certificate, s->ask, s->ark};
	uint8_t head[4 * 24] = {0};
	struct buffer blobs = {0};

	for (size_t i = 0; i < 3; i++) {
		size_t from = blobs.size;

		test_ca_append_der(&blobs, list[i]);
		memcpy(head + 24 * i, guids[i == 0 && s->chip.csp ? 3 : i], 16);
		put_le(head + 24 * i + 16, sizeof(head) + from, 4);
		put_le(head + 24 * i + 20, blobs.size - from, 4);
	}
	MUST(buffer_append(out, head, sizeof(head)) && buffer_append(out, blobs.data, blobs.size));
	buffer_free(&blobs);
}

void snp_signer_crl(const struct snp_signer *s, int64_t at, const X509 *revoked, struct buffer *out)
{
	const struct test_ca_crl_request r = {.issuer = s->ark,
					      .key = s->ark_key,
					      .pss = true,
					      .from = at - 3600,
					      .to = at + 86400,
					      .revoked = revoked};
	X509_CRL *crl = test_ca_crl(&r);

	test_ca_append_crl(out, crl);
	X509_CRL_free(crl);
}
