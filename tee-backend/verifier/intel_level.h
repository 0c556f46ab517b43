/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Levels of Intel's TCB information and QE identity against what a platform says of itself. The JSON's signature has held
 * before it comes here; its form is still checked.
 */
#ifndef KEYCLAVE_VERIFIER_INTEL_LEVEL_H
#define KEYCLAVE_VERIFIER_INTEL_LEVEL_H

#include <jansson.h>

#include "verifier/intel_pck.h"

/* In Intel's words; worse ones later. */
enum intel_level_status {
	INTEL_LEVEL_UP_TO_DATE,
	INTEL_LEVEL_SW_HARDENING,
	INTEL_LEVEL_CONFIGURATION,
	INTEL_LEVEL_CONFIGURATION_AND_SW_HARDENING,
	INTEL_LEVEL_RELAUNCH, /* never a level's own: see intel_level_relaunch */
	INTEL_LEVEL_RELAUNCH_AND_CONFIGURATION,
	INTEL_LEVEL_OUT_OF_DATE,
	INTEL_LEVEL_OUT_OF_DATE_CONFIGURATION,
	INTEL_LEVEL_REVOKED,
	INTEL_LEVEL_UNKNOWN,
};

/* What is judged. Signed by then, all of it. */
struct intel_level_subject {
	struct intel_pck pck;
	struct span tee_tcb_svn;     /* 16 bytes */
	struct span tee_tcb_svn_2;   /* 16 bytes, of the TDX module that runs now; empty before TDX 1.5 */
	struct span mrsigner_seam;   /* 48 */
	struct span seam_attributes; /* 8 */
	struct span qe_report;       /* 384: body of the quoting enclave's report */
};

struct intel_level {
	enum intel_level_status status;
	char date[24];   /* of the level, as Intel writes it; empty: none */
	const char *why; /* static: why there is no level */
};

/* "UpToDate", "OutOfDate" ... */
const char *intel_level_name(enum intel_level_status status);

/* One verdict of two: the worse; out of date and in need of configuration are both said. */
enum intel_level_status intel_level_converge(enum intel_level_status one, enum intel_level_status other);

/*
 * One verdict of a TD of TDX 1.5: of the module that launched it, and of the one that has taken its place meanwhile. Where the
 * old one was out of date and the new one is not, a new launch is advised (as Intel's verification library says); else the worse.
 */
enum intel_level_status intel_level_relaunch(enum intel_level_status launched, enum intel_level_status current);

/*
 * The first level that the subject meets: of INFO, "tcbInfo", its platform and its TDX module; of IDENTITY,
 * "enclaveIdentity", its quoting enclave. False and LEVEL->why: none, or not the thing that Intel speaks of.
 */
bool intel_level_platform(const json_t *info, const struct intel_level_subject *s, struct intel_level *level);
bool intel_level_module(const json_t *info, const struct intel_level_subject *s, struct intel_level *level);
bool intel_level_qe(const json_t *identity, const struct intel_level_subject *s, struct intel_level *level);

/* Intel's quoting enclave for TDX, where no identity is at hand: its signer, its product, and not for debugging. */
bool intel_level_qe_is_intels(const struct intel_level_subject *s);

#endif
