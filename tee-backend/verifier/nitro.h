/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of AWS Nitro Enclaves: an attestation document of the Nitro Security Module, a COSE_Sign1 (RFC 9052) over a
 * map with PCRs, certificates and what the enclave gave (aws-nitro-enclaves-nsm-api, docs/attestation_process.md). All
 * of it is hostile.
 */
#ifndef KEYCLAVE_VERIFIER_NITRO_H
#define KEYCLAVE_VERIFIER_NITRO_H

#include "verifier/appraisal.h"

#define NITRO_DOCUMENT_MAX ((size_t)32 * 1024)
#define NITRO_PLATFORM "nitro"

/*
 * Judges DOCUMENT. Its certificates are checked at its own, signed time, which must not lie ahead of the appraisal's, nor
 * further behind than the policy's max-age when it has one. When report data is asked for it must be the document's
 * user data, and public_key must be null: one with a public key is made for a KMS alone (security rule 1).
 *
 * Facts: "pcr0" to "pcr31", those that are there ("pcr0", "pcr1", "pcr2" pin unless zero), "debug", "module-id", "timestamp"
 * (milliseconds since 1970), and "public-key", "user-data", "nonce" where they are not null.
 *
 * Refused unless the policy allows it: debug (PCR 0, 1 or 2 zero).
 */
bool nitro_appraise(struct appraisal *a, struct span document);

#endif
