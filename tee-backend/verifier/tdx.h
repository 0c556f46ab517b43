/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of a TD: a quote and, when carried, its event log. From the quote to Intel's root: attestation key, quoting
 * enclave, PCK certificate, TCB information. Both inputs are hostile.
 */
#ifndef KEYCLAVE_VERIFIER_TDX_H
#define KEYCLAVE_VERIFIER_TDX_H

#include "verifier/appraisal.h"

/*
 * Appraises as platform "tdx": checks and facts to A, spans borrowed from QUOTE and EVENT_LOG (data NULL: none carried).
 * True if all checks passed. The policy's expectations are the caller's to apply afterwards.
 */
bool tdx_appraise(struct appraisal *a, struct span quote, struct span event_log);

#endif
