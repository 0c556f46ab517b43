/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A verdict as JSON, for programs: what the CLI prints with --json and what the library returns. docs/evidence.md
 * has its form.
 */
#ifndef KEYCLAVE_VERIFIER_REPORT_H
#define KEYCLAVE_VERIFIER_REPORT_H

#include <jansson.h>

#include "verifier/verifier.h"

/*
 * {"verdict", "TEE", "platform", "checks": [...], "facts": {...}, "events": [...], "claims": {...}}: facts and the
 * event log's events ({"index", "type", "digest", "text"}, text that no digest covers in brackets) only when the platform's
 * own checks passed, claims only when the verdict is good, for what a refused piece says is nobody's word. The caller
 * frees (json_decref). NULL: no memory.
 */
json_t *report_json(const struct verifier_verdict *verdict);

/* One fact as JSON: bytes are "hex:..." as a policy wants them. */
json_t *report_fact(const struct appraisal_fact *fact);

/*
 * A policy that this evidence meets: trust on first use (security rule 11). Pins the facts that measure code, the
 * token identity, and the key's policy if it is about a key. NULL: not authentic, or no memory.
 */
json_t *report_policy(const struct verifier_verdict *verdict);

#endif
