/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of evidence: a JSON file (docs/evidence.md, keyclave-policy(5)), the command's options, or both.
 * {0} accepts nothing: success needs a pinned measurement or token identity and a nonce (security rule 11).
 */
#ifndef KEYCLAVE_VERIFIER_POLICY_H
#define KEYCLAVE_VERIFIER_POLICY_H

#include "common/buffer.h"

#define POLICY_VERSION 1
#define POLICY_SIZE_MAX ((size_t)1024 * 1024)
#define POLICY_EXPECTATIONS_MAX 256
#define POLICY_VALUES_MAX 64
#define POLICY_ROOTS_MAX 8

/* Refused unless the policy's "allow" names it. */
enum policy_allow {
	POLICY_ALLOW_NOTEE = 1 << 0,         /* "notee": no TEE vouches (security rule 12) */
	POLICY_ALLOW_DEBUG = 1 << 1,         /* "debug": the host can read the enclave's memory */
	POLICY_ALLOW_MIGRATABLE = 1 << 2,    /* "migratable": a migration agent, TDX's MIGRATABLE */
	POLICY_ALLOW_MASKED_CHIP = 1 << 3,   /* "masked-chip": SNP reports without a chip's identity */
	POLICY_ALLOW_OLD_TCB = 1 << 4,       /* "old-tcb": below the built-in, dated floor */
	POLICY_ALLOW_NO_REVOCATION = 1 << 5, /* "no-revocation": without CRLs or TCB information */
	POLICY_ALLOW_HOST_VTPM = 1 << 6,     /* "host-vtpm": a vTPM that no hardware report vouches for */
	POLICY_ALLOW_SELF_REPORTED = 1 << 7, /* "self-reported": a register that whatever was booted can extend, alone */
	POLICY_ALLOW_ANY_MEASUREMENT = 1 << 8, /* "any-measurement": with a pinned identity only, or on first use */
	POLICY_ALLOW_ANY_IDENTITY = 1 << 9,  /* "any-identity": trust on first use: the verdict says so */
	POLICY_ALLOW_NO_NONCE = 1 << 10,     /* "no-nonce": freshness is not asked for, and the verdict says so */
};

/* One fact of one platform: any of .value, or a number within bounds. */
struct policy_expectation {
	char platform[16];
	char fact[40];
	struct buffer value[POLICY_VALUES_MAX]; /* bytes or text, as the fact is */
	size_t value_count;
	bool has_min, has_max, has_flag;
	uint64_t min, max;
	bool flag;
};

struct policy {
	uint32_t allow; /* enum policy_allow set */
	char platforms[8][16]; /* those accepted; none: all */
	size_t platform_count;
	struct buffer identity[POLICY_VALUES_MAX]; /* SubjectPublicKeyInfo or its SHA-256: any of these */
	size_t identity_count;
	struct buffer trust_root[POLICY_ROOTS_MAX]; /* further trust anchors in PEM: for endorsements_add_roots */
	size_t trust_root_count;
	uint64_t max_age_s; /* 0: not asked. Judged where the evidence has a signed time only */
	struct policy_expectation *expectation;
	size_t expectation_count;

	/* Of the key that the evidence is about. */
	uint64_t key_set;   /* enum claims_policy bits that must be set */
	uint64_t key_clear; /* and that must be clear */
	bool generated;     /* origin must be: born in the enclave */

	/* Given for one verification, not in a file. Borrowed. */
	struct span nonce;      /* data NULL: none was given */
	struct span public_key; /* SubjectPublicKeyInfo; data NULL: any */
	const char *purpose;    /* CLAIMS_PURPOSE_*; NULL: a token's or a key's */
	struct span exporter;   /* of a channel: its TLS exporter; data NULL: any */
};

/* Adds what the JSON says. False, and WHY (size given) with the place: unknown keys, wrong types, beyond limits. */
bool policy_read(struct policy *policy, struct span json, char *why, size_t why_size);
void policy_free(struct policy *policy);

/* The bit of an "allow" word, or 0; and back, or NULL. */
uint32_t policy_allow_bit(const char *word);
const char *policy_allow_word(enum policy_allow bit);

/* The same for the words of "key": one bit of enum claims_policy. */
uint64_t policy_key_bit(const char *word);
const char *policy_key_word(uint64_t bit);


/* The expectation of this fact, or NULL. */
const struct policy_expectation *policy_expects(const struct policy *policy, const char *platform, const char *fact);

#endif
