/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel's side of a TDX quote, with keys of our own: root, PCK certificate and its CA, TCB signing key, quoting enclave,
 * CRLs, TCB information, QE identity. Good by default; .bend may change each part before it is signed. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_TDX_SIGNER_H
#define KEYCLAVE_TESTS_EMULATORS_TDX_SIGNER_H

#include <openssl/x509.h>

#include "common/buffer.h"

#define TDX_SIGNER_BODY_SIZE 584    /* TDX 1.0, quote of version 4 or 5 */
#define TDX_SIGNER_BODY_15_SIZE 648 /* TDX 1.5, version 5 */

/* Handed to .bend, in this order of a quote's making; each may be changed in any way, its size too. */
enum tdx_signer_part {
	TDX_SIGNER_PCK_EXTENSION, /* DER in the extension of the PCK certificate */
	TDX_SIGNER_SIGNED,        /* header and body */
	TDX_SIGNER_QE_REPORT,
	TDX_SIGNER_CHAIN,        /* PEM in the quote */
	TDX_SIGNER_QUOTE,        /* the whole, after signing */
	TDX_SIGNER_TCB_INFO,     /* the inner JSON object */
	TDX_SIGNER_QE_IDENTITY,  /* the inner JSON object */
	TDX_SIGNER_TCB_FILE,     /* the file of it, after signing */
	TDX_SIGNER_QE_FILE,
};

/* Whose key signs something else than it should. */
enum tdx_signer_key {
	TDX_SIGNER_ROOT,
	TDX_SIGNER_PCK_CA,
	TDX_SIGNER_TCB,
	TDX_SIGNER_PCK,
	TDX_SIGNER_ATTESTATION,
	TDX_SIGNER_KEYS,
};

struct tdx_signer {
	EVP_PKEY *key[TDX_SIGNER_KEYS];
	X509 *certificate[TDX_SIGNER_ATTESTATION]; /* of each key but the last */
	int64_t time; /* certificates, CRLs and JSON are good from a day before to 30 days (certificates: years) after */

	/* What may be bent; set before tdx_signer_certify or the call that uses it. */
	uint16_t component[16]; /* of the PCK certificate */
	uint16_t pcesvn;
	uint8_t fmspc[6], pceid[2];
	const char *pck_ca_name, *tcb_name; /* common names */
	bool pck_revoked, pck_ca_revoked;
	enum tdx_signer_key quote_signer, qe_signer, json_signer; /* who signs what */
	const char *status;                                       /* "UpToDate": of the platform's level */
	const char *module_status, *qe_status;
	int evaluation; /* tcbEvaluationDataNumber */
	void (*bend)(struct tdx_signer *s, enum tdx_signer_part part, struct buffer *bytes);
	void *bender; /* .bend's own */
};

/* New keys and certificates. NULL: no memory. TIME: seconds since 1970. */
struct tdx_signer *tdx_signer_new(int64_t time);

/*
 * The same with keys kept in FOLDER: tdx-keys.pem is read, or made; tdx-root.pem is written, for a verifier that is told to
 * trust it, and tdx-collateral, what a verifier needs besides the quote.
 */
struct tdx_signer *tdx_signer_open(const char *folder, int64_t time);
void tdx_signer_free(struct tdx_signer **s);

/* Makes the certificates again, after members were changed. */
bool tdx_signer_certify(struct tdx_signer *s);

/* A body as a good TD has it: MRTD of 0x11 bytes, RTMR n of 0x20 + n, the newest TCB, SEPT_VE_DISABLE; the rest zeros. */
void tdx_signer_body(uint8_t body[TDX_SIGNER_BODY_15_SIZE], const uint8_t report_data[64]);

/* Appended to OUT: a quote over a body of either size. Version 4 takes the smaller one only. */
bool tdx_signer_quote(struct tdx_signer *s, uint16_t version, struct span body, struct buffer *out);

/* Appended to OUT: root in PEM. */
bool tdx_signer_root(struct tdx_signer *s, struct buffer *out);

/* Appended to OUT: TCB signing certificate, CRLs, TCB information, QE identity: as endorsements_add takes them. */
bool tdx_signer_collateral(struct tdx_signer *s, struct buffer *out);

/* The parts of it. */
bool tdx_signer_crls(struct tdx_signer *s, struct buffer *out);
bool tdx_signer_tcb_info(struct tdx_signer *s, struct buffer *out);
bool tdx_signer_qe_identity(struct tdx_signer *s, struct buffer *out);
bool tdx_signer_pem(X509 *certificate, struct buffer *out);

#endif
