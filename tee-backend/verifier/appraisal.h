/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at one piece of evidence: what was asked (policy, endorsements, time), what was found (facts), and
 * the checks made, each with a name that a user can act on. The platforms' files fill it, verifier.c judges the
 * facts by the policy. Pure, offline, failing closed (security rule 11).
 */
#ifndef KEYCLAVE_VERIFIER_APPRAISAL_H
#define KEYCLAVE_VERIFIER_APPRAISAL_H

#include "verifier/endorsements.h"
#include "verifier/policy.h"

#define APPRAISAL_CHECKS_MAX 64
#define APPRAISAL_FACTS_MAX 160

enum appraisal_fact_kind {
	APPRAISAL_BYTES,  /* shown as hexadecimal */
	APPRAISAL_NUMBER,
	APPRAISAL_TEXT,
	APPRAISAL_FLAG,
};

/* What the evidence says. Shown only when its signature held; a policy names it as "<platform>": {"<name>": ...}. */
struct appraisal_fact {
	const char *name; /* static: "measurement", "tcb.snp", "pcr4" */
	enum appraisal_fact_kind kind;
	bool pins; /* it measures the code: a policy that fixes its value has pinned the enclave */
	/* A register that whoever was booted can extend, to the value of another boot too: it measures beside one that pins. */
	bool self_reported;
	const char *section; /* static: of the policy, where it is not the appraisal's own ("tpm", in composite evidence) */
	struct span bytes; /* BYTES: borrowed from the evidence */
	uint64_t number;   /* NUMBER; FLAG: 0 or 1 */
	char text[136];    /* TEXT; cut to fit, control characters replaced */
};

struct appraisal_check {
	const char *name; /* static: "signature" */
	bool passed;
	char detail[200]; /* what was found, or what was expected */
};

struct appraisal {
	/* Asked. Borrowed. */
	const struct policy *policy;
	const struct endorsements *endorsements; /* NULL: none */
	int64_t time; /* seconds since 1970: when certificates, CRLs and TCB information must be valid */
	/*
	 * What the platform must have signed: SHA-512 of the claims (64 bytes), and its short form SHA-256 (32
	 * bytes) where a TPM takes no more. .report_data.data NULL: nothing was asked for (evidence without claims).
	 */
	struct span report_data;
	struct span report_data_short;
	/* Of the hardware that signed the same claims, when this is a vTPM's beside it (vtpm.h). NULL: alone. Borrowed. */
	const struct appraisal *beside;

	/* Found. */
	const char *platform; /* static: "sev-snp"; the policy's section */
	bool tee;             /* hardware vouches */
	struct appraisal_check check[APPRAISAL_CHECKS_MAX];
	size_t check_count;
	struct appraisal_fact fact[APPRAISAL_FACTS_MAX];
	size_t fact_count;
	/* The boot's event log (event_log.h), once it replayed to signed registers: those of .event_log_trusted, bit n: index n. */
	struct span event_log;
	uint16_t event_log_bank; /* enum tpm_hash */
	uint32_t event_log_trusted;
};

/* Records a check (DETAIL as printf). Returns PASSED, so that checks chain with &&. */
bool appraisal_check(struct appraisal *a, const char *name, bool passed, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Record facts. NAME is static. Beyond the maximum: the appraisal gets a failed check "facts". */
void appraisal_bytes(struct appraisal *a, const char *name, struct span value);
void appraisal_pin(struct appraisal *a, const char *name, struct span value); /* bytes that measure code */
void appraisal_self_reported(struct appraisal *a, const char *name, struct span value);
void appraisal_number(struct appraisal *a, const char *name, uint64_t value);
void appraisal_flag(struct appraisal *a, const char *name, bool value);
void appraisal_text(struct appraisal *a, const char *name, struct span value);

/* The fact of this name, or NULL. */
const struct appraisal_fact *appraisal_find(const struct appraisal *a, const char *name);

/* True if the policy's section of this platform names the fact: then a built-in default gives way to it. */
bool appraisal_expected(const struct appraisal *a, const char *name);

/* True if the policy allows what is refused by default. */
bool appraisal_allows(const struct appraisal *a, enum policy_allow what);

/*
 * The checks "report data": FOUND against what was asked; true without a check when nothing was. SHORT_FORM:
 * the 32 bytes are good as well.
 */
bool appraisal_report_data(struct appraisal *a, struct span found, bool short_form);

/*
 * After the platform's own checks: each expectation of the policy's section of this platform against the facts,
 * one check each; an expectation of a fact that is not there fails.
 */
bool appraisal_expectations(struct appraisal *a);

#endif
