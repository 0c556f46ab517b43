/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD's certificate extensions (VCEK Certificate and KDS Interface Specification 57230, VLEK 58369), read strictly.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/ecdsa.h"
#include "verifier/sev_snp_certificate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The floors of Milan and Genoa are those of AMD-SB-3019 (microcode could be signed by anybody): the first SNP firmware
 * that ties a report to a microcode without that fault. Turin's is of AMD-SB-3020 (CVE-2025-0033), as verifiers quote it
 * that pin the bulletin. Later bulletins have higher ones, for a policy to set.
 */
static const struct sev_snp_product products[] = {
	{.name = "Milan", .family = 0x19, .models = {{0x00, 0x0f}}, .chip_size = 64, .floor = 0x18, .bulletin = "AMD-SB-3019 of 2025-02"},
	{.name = "Genoa", .family = 0x19, .models = {{0x10, 0x1f}, {0xa0, 0xaf}}, .chip_size = 64, .floor = 0x17,
	 .bulletin = "AMD-SB-3019 of 2025-02"},
	{.name = "Turin", .family = 0x1a, .models = {{0x00, 0x1f}}, .fmc = true, .chip_size = 8, .floor = 0x04,
	 .bulletin = "AMD-SB-3020 of 2025-10"},
};

const struct sev_snp_product *sev_snp_product_of(uint8_t family, uint8_t model)
{
	for (size_t i = 0; i < COUNT(products); i++) {
		const struct sev_snp_product *p = &products[i];

		if (p->family != family)
			continue;
		for (size_t r = 0; r < 2; r++)
			if (model >= p->models[r][0] && model <= p->models[r][1] && (r == 0 || p->models[r][1]))
				return p;
	}
	return NULL;
}

const struct sev_snp_product *sev_snp_product_named(struct span name)
{
	for (size_t i = 0; i < COUNT(products); i++) {
		size_t size = strlen(products[i].name);

		/* "Milan", or with its stepping "Milan-B0". */
		if (name.size >= size && memcmp(name.data, products[i].name, size) == 0 &&
		    (name.size == size || name.data[size] == '-'))
			return &products[i];
	}
	return NULL;
}

struct sev_snp_tcb sev_snp_tcb_read(const struct sev_snp_product *product, const uint8_t tcb[SEV_SNP_TCB_SIZE])
{
	if (product->fmc)
		return (struct sev_snp_tcb){
			.fmc = tcb[0], .boot_loader = tcb[1], .tee = tcb[2], .snp = tcb[3], .microcode = tcb[7]};
	return (struct sev_snp_tcb){.boot_loader = tcb[0], .tee = tcb[1], .snp = tcb[6], .microcode = tcb[7]};
}

/* ---- extensions ---- */

#define AMD "1.3.6.1.4.1.3704.1."

/* The one extension of this OID; empty when there is none, or more than one. */
static struct span extension(X509 *x, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	int at = object ? X509_get_ext_by_OBJ(x, object, -1) : -1;
	bool twice = at >= 0 && X509_get_ext_by_OBJ(x, object, at) >= 0;
	const ASN1_OCTET_STRING *value = NULL;

	ASN1_OBJECT_free(object);
	if (at < 0 || twice)
		return (struct span){0};
	value = X509_EXTENSION_get_data(X509_get_ext(x, at));
	return (struct span){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
}

/* A DER INTEGER from 0 to 255. */
static bool read_byte(X509 *x, const char *oid, uint8_t *value)
{
	struct span der = extension(x, oid);

	if (der.size == 3 && der.data[0] == V_ASN1_INTEGER && der.data[1] == 1 && der.data[2] < 0x80)
		*value = der.data[2];
	else if (der.size == 4 && der.data[0] == V_ASN1_INTEGER && der.data[1] == 2 && !der.data[2] &&
		 der.data[3] >= 0x80)
		*value = der.data[3];
	else
		return false;
	return true;
}

static struct span read_ia5(X509 *x, const char *oid)
{
	struct span der = extension(x, oid);

	if (der.size < 2 || der.data[0] != V_ASN1_IA5STRING || der.data[1] >= 0x80 || der.data[1] != der.size - 2)
		return (struct span){0};
	return (struct span){der.data + 2, der.size - 2};
}

/* Older certificates have the bytes as they are, newer ones in an OCTET STRING. */
static struct span read_chip(X509 *x, const struct sev_snp_product *product)
{
	struct span value = extension(x, AMD "4");

	if (value.size == 2 + (size_t)product->chip_size && value.data[0] == V_ASN1_OCTET_STRING &&
	    value.data[1] == product->chip_size)
		return (struct span){value.data + 2, product->chip_size};
	return value;
}

static bool read_tcb(X509 *x, struct sev_snp_certificate *out)
{
	const bool fmc = out->product->fmc;
	const struct {
		const char *oid;
		size_t at; /* in the report's eight bytes */
	} parts[] = {
		{AMD "3.1", fmc ? 1 : 0}, /* boot loader */
		{AMD "3.2", fmc ? 2 : 1}, /* TEE */
		{AMD "3.3", fmc ? 3 : 6}, /* SNP firmware */
		{AMD "3.8", 7},           /* microcode */
		{AMD "3.9", 0},           /* FMC: only where there is one, and so last */
	};

	for (size_t i = 0; i < COUNT(parts) - !fmc; i++)
		if (!read_byte(x, parts[i].oid, &out->tcb[parts[i].at]))
			return false;
	return true;
}

/* SEV-Milan signs VCEKs, SEV-VLEK-Milan VLEKs: a key of one kind must not pass for the other. */
static bool right_issuer(X509 *x, const struct sev_snp_certificate *certificate)
{
	char expected[40], found[40] = "";

	snprintf(expected, sizeof(expected), "SEV-%s%s", certificate->vlek ? "VLEK-" : "", certificate->product->name);
	return X509_NAME_get_text_by_NID(X509_get_issuer_name(x), NID_commonName, found, sizeof(found)) > 0 &&
	       strcmp(found, expected) == 0;
}

bool sev_snp_certificate_read(X509 *x, struct sev_snp_certificate *out)
{
	struct span product = read_ia5(x, AMD "2");

	memset(out, 0, sizeof(*out));
	out->product = product.data ? sev_snp_product_named(product) : NULL;
	if (!out->product || !ecdsa_is_on(X509_get0_pubkey(x), "P-384") || !read_tcb(x, out))
		return false;
	out->chip = read_chip(x, out->product);
	out->csp = read_ia5(x, AMD "5");
	out->vlek = out->csp.data != NULL;
	if (out->vlek ? out->chip.data != NULL : out->chip.size != out->product->chip_size)
		return false;
	return right_issuer(x, out);
}
