/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AMD certifies of a chip's (VCEK) or a cloud's (VLEK) signing key: product, TCB and chip, in extensions under
 * 1.3.6.1.4.1.3704. The list of products stands here. Hostile until the chain of the certificate holds.
 */
#ifndef KEYCLAVE_VERIFIER_SEV_SNP_CERTIFICATE_H
#define KEYCLAVE_VERIFIER_SEV_SNP_CERTIFICATE_H

#include <openssl/x509.h>

#include "common/buffer.h"

#define SEV_SNP_TCB_SIZE 8
#define SEV_SNP_CHIP_SIZE 64

/* A line of processors: those with one root, one form of the TCB and one floor of it. */
struct sev_snp_product {
	const char *name; /* as in the names of its roots: "Milan" */
	uint8_t family;   /* CPUID */
	uint8_t models[2][2]; /* from, to; {0, 0} twice: no second range */
	bool fmc;         /* the TCB of Turin and later: FMC first, one byte less reserved */
	uint8_t chip_size; /* bytes of the chip's identity in the certificate */
	uint8_t floor;    /* the SNP firmware's least SPL that passes by default */
	const char *bulletin; /* of AMD's, whose floor it is */
};

/* By CPUID, or by what a certificate says ("Milan-B0"). NULL: not one of the list. */
const struct sev_snp_product *sev_snp_product_of(uint8_t family, uint8_t model);
const struct sev_snp_product *sev_snp_product_named(struct span name);

struct sev_snp_certificate {
	const struct sev_snp_product *product;
	bool vlek;
	uint8_t tcb[SEV_SNP_TCB_SIZE]; /* in the report's form, for this product */
	struct span chip;              /* VCEK; borrowed from the certificate */
	struct span csp;               /* VLEK: for whom */
};

/*
 * True if X has the form of a VCEK or VLEK certificate, with a P-384 key, from the issuer that its kind and product
 * have. Its signature is not looked at.
 */
bool sev_snp_certificate_read(X509 *x, struct sev_snp_certificate *out);

/* One part of a TCB (report's form): the SPLs of boot loader, TEE, SNP firmware, microcode; FMC where there is one. */
struct sev_snp_tcb {
	uint8_t fmc, boot_loader, tee, snp, microcode;
};
struct sev_snp_tcb sev_snp_tcb_read(const struct sev_snp_product *product, const uint8_t tcb[SEV_SNP_TCB_SIZE]);

#endif
