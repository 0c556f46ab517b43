/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of evidence: a CMW collection in CBOR (RFC 9999) of claims, and of what the platform signed
 * over their hash. Written by the enclave, read by verifiers. Untrusted when read.
 */
#ifndef KEYCLAVE_VERIFIER_CMW_H
#define KEYCLAVE_VERIFIER_CMW_H

#include "common/buffer.h"

#define CMW_SIZE_MAX ((size_t)1024 * 1024)
#define CMW_CLAIMS_TYPE "application/vnd.keyclave.claims+cbor"
#define CMW_CERTIFICATES_TYPE "application/pem-certificate-chain" /* RFC 8555, section 9.1 */
#define CMW_EVENT_LOG_TYPE "application/vnd.keyclave.tcg-event-log"
#define CMW_TPM_TYPE "application/vnd.keyclave.tpm-evidence+cbor"
#define CMW_IMA_LOG_TYPE "application/vnd.keyclave.ima-log"
#define CMW_COLLECTION_TYPE "tag:keyclave,2026:evidence"

struct cmw {
	struct span claims;        /* the exact bytes that are hashed */
	struct span evidence_type; /* media type, text */
	struct span evidence;
	struct span certificates; /* PEM; these may be empty, and are absent then */
	struct span event_log;    /* TCG2 crypto-agile */
	struct span ima_log;
	struct span vtpm;     /* of composite evidence: the vTPM's quote over the same claims, and what binds it */
	struct span vtpm_log; /* its event log; .ima_log is its, too */
};

/* Appends the collection. False: no memory. */
bool cmw_write(const struct cmw *cmw, struct buffer *out);

/* Reads the whole of INPUT; spans are borrowed from it. False, and WHY (static text). */
bool cmw_read(struct span input, struct cmw *cmw, const char **why);

#endif
