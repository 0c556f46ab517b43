/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platforms that this verifier knows: the one list, by name and by the media type of their evidence.
 */
#ifndef KEYCLAVE_VERIFIER_PLATFORMS_H
#define KEYCLAVE_VERIFIER_PLATFORMS_H

#include "verifier/appraisal.h"
#include "verifier/cmw.h"

struct platforms_row {
	const char *name;       /* as in the claims, and as a policy's section */
	const char *media_type; /* docs/evidence.md */
	bool tee;               /* hardware vouches for code: a measurement must be pinned. Of a TPM, see tpm.h */
	/* Checks the evidence alone; facts and checks go into the appraisal. */
	bool (*appraise)(struct appraisal *a, const struct cmw *cmw);
};

/* NULL: not known. */
const struct platforms_row *platforms_by_type(struct span media_type);
const struct platforms_row *platforms_by_name(const char *name);

/* The row at INDEX, NULL after the last. */
const struct platforms_row *platforms_at(size_t index);

#endif
