/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AMD's firmware and key service do, by keys of the tests' own: an ARK, an ASK (or ASVK), a VCEK (or VLEK) for one
 * chip and TCB, and signed attestation reports. For the emulator of /dev/sev-guest and configfs-tsm, and for unit tests.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_SNP_SIGNER_H
#define KEYCLAVE_TESTS_EMULATORS_SNP_SIGNER_H

#include "test_ca.h"

#define SNP_SIGNER_REPORT_SIZE 1184

/* A processor, as its certificate and its reports have it. */
struct snp_signer_chip {
	const char *product; /* "Milan", "Genoa" or "Turin" */
	uint8_t chip_id[64]; /* Turin: 8 bytes, then zeros */
	uint8_t tcb[8];      /* in the report's form, as product has it */
	const char *csp;     /* "CN=cloud.example": a VLEK for it; NULL: a VCEK */
	int64_t from, to;    /* of all certificates; 0: from yesterday, for ten years */
};

struct snp_signer {
	struct snp_signer_chip chip;
	EVP_PKEY *ark_key, *ask_key, *key; /* key: VCEK or VLEK */
	X509 *ark, *ask, *certificate;
};

/*
 * FOLDER: ark.key, ark.pem, ask.key, ask.pem and vcek.key (asvk.*, vlek.key) are read from there, or made and written
 * there; NULL: kept in memory only. The certificate of the signing key is made anew for CHIP. All functions end the
 * process with a message on failure. Free with snp_signer_free.
 */
struct snp_signer *snp_signer_new(const char *folder, const struct snp_signer_chip *chip);
void snp_signer_free(struct snp_signer **signer);

/*
 * A report of VERSION (2 to 5) as a guest at VMPL 0 with policy 0x30000 would get it: all fields but report data,
 * measurement and other guest values, which are zero. Change what you like, then sign.
 */
void snp_signer_report(const struct snp_signer *signer, uint32_t version, uint8_t report[SNP_SIGNER_REPORT_SIZE]);
void snp_signer_sign(const struct snp_signer *signer, uint8_t report[SNP_SIGNER_REPORT_SIZE]);

/* Appends the certificate table (GHCB) with VCEK or VLEK, ASK or ASVK, and ARK, in DER. */
void snp_signer_table(const struct snp_signer *signer, struct buffer *out);

/* Appends the ARK's CRL (DER), in date at TIME; REVOKED may be NULL. */
void snp_signer_crl(const struct snp_signer *signer, int64_t time, const X509 *revoked, struct buffer *out);

/* How a certificate of the signing key may be wrong. {0}: not at all. */
struct snp_signer_bend {
	const char *product;  /* the text of its extension */
	const char *omit;     /* OID of the extension to leave out */
	const char *twice;    /* and to have twice */
	const char *add;      /* to add, with this value */
	struct span add_value;
	const char *curve;    /* of another key than the signing key */
	const uint8_t *tcb;   /* for another TCB */
	const uint8_t *chip_id;
	bool wide_integers;   /* not in DER: a leading zero too many */
	bool other_issuer;    /* signed by the ARK */
};

/* Makes the certificate of the signing key anew, wrong in these ways. */
void snp_signer_bend(struct snp_signer *signer, const struct snp_signer_bend *bend);

#endif
