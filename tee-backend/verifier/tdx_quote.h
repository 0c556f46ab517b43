/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a TDX quote, versions 4 and 5 (Intel TDX DCAP Quoting Library API, appendix A). Every span lies in the
 * quote, which is hostile; nothing here is checked but the form.
 */
#ifndef KEYCLAVE_VERIFIER_TDX_QUOTE_H
#define KEYCLAVE_VERIFIER_TDX_QUOTE_H

#include "common/buffer.h"

#define TDX_QUOTE_SIZE_MAX ((size_t)64 * 1024)
#define TDX_QUOTE_RTMRS 4
#define TDX_QUOTE_REPORT_DATA_SIZE 64

struct tdx_quote {
	uint16_t version;
	struct span signed_part; /* header and body, all that the quote's signature covers */

	/* The TD's report. */
	struct span tee_tcb_svn, mrseam, mrsignerseam, seamattributes, tdattributes, xfam, mrtd, mrconfigid, mrowner,
		mrownerconfig, rtmr[TDX_QUOTE_RTMRS], report_data;
	struct span tee_tcb_svn_2, mrservicetd; /* TDX 1.5; else empty */

	/* The signature's parts. */
	struct span signature;       /* r || s */
	struct span attestation_key; /* x || y */
	struct span qe_report, qe_signature, qe_authentication;
	struct span certificates; /* PEM or DER */
};

/* False, and WHY (static): not such a quote. Bytes after its end are padding and passed over. */
bool tdx_quote_read(struct span input, struct tdx_quote *quote, const char **why);

#endif
