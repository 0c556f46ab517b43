/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's list of measured files: IMA's binary_runtime_measurements, templates ima-ng, ima-sig and those that begin like
 * them. Each entry's data is what the PCR was extended with the hash of, in each bank by its own hash (Linux 5.8 and
 * later; before that other banks had the SHA-1 padded, which is not believed). Untrusted.
 */
#ifndef KEYCLAVE_VERIFIER_IMA_LOG_H
#define KEYCLAVE_VERIFIER_IMA_LOG_H

#include "verifier/appraisal.h"
#include "verifier/cursor.h"
#include "verifier/tpm_hash.h"

#define IMA_LOG_SIZE_MAX ((size_t)1024 * 1024)
#define IMA_LOG_PCR 10

struct ima_log_reader {
	struct cursor cursor;
	size_t digest_size; /* of each entry: 20, or 32 in a list of SHA-256 */
	const char *error;  /* NULL while all is well. Static. Sticky */
};

/* Borrowed. */
struct ima_log_entry {
	uint32_t pcr;
	bool violation;       /* the file changed while it was measured, or was open for writing */
	struct span data;     /* the template's fields */
	struct span name;     /* "ima-ng" */
	uint16_t hash;        /* of the file; 0: of one that is not known */
	struct span digest;   /* the file's */
	struct span path;     /* without its NUL */
};

/* False: not such a list; r->error says why. */
bool ima_log_open(struct ima_log_reader *r, struct span log);

/* False at the end, and on an error. */
bool ima_log_next(struct ima_log_reader *r, struct ima_log_entry *entry);

/* VALUE (as long as the bank's hash) becomes PCR 10 after all entries. False, and WHY (static): not a whole list. */
bool ima_log_replay(struct span log, uint16_t bank, uint8_t value[TPM_HASH_SIZE_MAX], const char **why);

/*
 * Facts of a list that replays to the PCR: "ima.keyclaved", the digest of the file whose path ends in /keyclaved, and
 * "ima.keyclaved-hash", "ima.keyclaved-path", "ima.entries". None pins: the kernel that measured must be pinned. The check
 * "measured files" fails when that file was measured with several digests, or while it changed. False then.
 */
bool ima_log_facts(struct appraisal *a, struct span log);

#endif
