/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of AMD SEV-SNP: an attestation report of versions 2 to 5 (AMD 56860, ATTESTATION_REPORT), signed by a chip's
 * VCEK or a cloud's VLEK. All of it is hostile.
 */
#ifndef KEYCLAVE_VERIFIER_SEV_SNP_H
#define KEYCLAVE_VERIFIER_SEV_SNP_H

#include "verifier/appraisal.h"

#define SEV_SNP_REPORT_SIZE 1184
#define SEV_SNP_REPORT_DATA 0x50 /* offset of the 64 bytes that the guest gave */
#define SEV_SNP_PLATFORM "sev-snp"

/*
 * Judges REPORT, of exactly its size. CERTIFICATES is what came with it (a certificate table, PEM or DER; empty or all
 * zero: nothing), beside the appraisal's endorsements; the signer's certificate is found among them by chip and TCB.
 *
 * Facts: "measurement" (pins), "version", "product", "policy", "debug", "migratable", "smt-allowed", "single-socket",
 * "vmpl", "guest-svn", "family-id", "image-id", "host-data", "id-key-digest", "author-key-digest", "author-key",
 * "report-id", "report-id-ma", "report-data", "chip-id", "signing-key" ("vcek", "vlek"), "csp-id",
 * "tcb.boot-loader", "tcb.tee", "tcb.snp", "tcb.microcode", "tcb.fmc" (of the reported TCB), "tcb", "current-tcb",
 * "committed-tcb", "launch-tcb", "fw", "fw-committed", "platform-info", "platform.smt", "platform.tsme",
 * "platform.ecc", "platform.rapl-disabled", "platform.ciphertext-hiding", "platform.alias-check", "platform.tio",
 * and from version 3 "cpuid", from 5 "launch-mit" and "current-mit".
 *
 * Refused unless the policy allows it: debug, migratable, masked-chip, old-tcb (unless "tcb.snp" is expected), a VMPL
 * other than 0 (unless "vmpl" is expected), no-revocation. True: all checks passed, report data included.
 */
bool sev_snp_appraise(struct appraisal *a, struct span report, struct span certificates);

#endif
