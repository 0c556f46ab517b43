/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel's SGX extension of a PCK certificate: which platform, and the security versions that it vouches for (Intel SGX
 * PCK Certificate and CRL Profile). Read before the chain is judged: hostile.
 */
#ifndef KEYCLAVE_VERIFIER_INTEL_PCK_H
#define KEYCLAVE_VERIFIER_INTEL_PCK_H

#include <openssl/x509.h>

#include "common/buffer.h"

#define INTEL_PCK_COMPONENTS 16

struct intel_pck {
	uint16_t component[INTEL_PCK_COMPONENTS]; /* SVNs of the SGX TCB's components */
	uint16_t pcesvn;
	uint8_t pceid[2];
	uint8_t fmspc[6];
};

/* True if the certificate has the extension: then it is a PCK certificate, or wants to be one. */
bool intel_pck_is(const X509 *certificate);

/* False: no such extension, or not of its form: a value that is missing, twice, or out of bounds. */
bool intel_pck_read(const X509 *certificate, struct intel_pck *pck);

#endif
