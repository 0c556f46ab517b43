/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel's verdict on a platform: TCB information and QE identity of the PCS (version 4), JSON that its TCB signing key signed,
 * against what the PCK certificate and a TDX quote say. Hostile until its signature held.
 */
#ifndef KEYCLAVE_VERIFIER_INTEL_TCB_H
#define KEYCLAVE_VERIFIER_INTEL_TCB_H

#include "verifier/appraisal.h"
#include "verifier/intel_level.h"

/*
 * The checks "TCB information", "QE identity" and "TCB" with the appraisal's JSON at its time, and the facts
 * "tcb-status", "tcb-date", "tcb-evaluation-number". Only UpToDate passes, unless the policy names "tcb-status" or
 * allows "old-tcb"; revoked never does. Without either JSON: refused, or judged against what is known of Intel's
 * genuine QE and module when the policy allows "no-revocation".
 */
bool intel_tcb_appraise(struct appraisal *a, const struct intel_level_subject *subject);

#endif
