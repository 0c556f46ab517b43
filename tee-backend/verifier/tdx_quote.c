/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TDX quote to its parts.
 */
#include "config.h"

#include <string.h>

#include "verifier/cursor.h"
#include "verifier/tdx_quote.h"

#define HEADER_SIZE 48
#define BODY_SIZE 584     /* TDX 1.0 */
#define BODY_15_SIZE 648  /* TDX 1.5 */
#define KEY_TYPE_P256 2
#define TEE_TYPE_TDX 0x81
#define BODY_TYPE_10 2
#define BODY_TYPE_15 3
#define CERTIFICATION_QE_REPORT 6
#define CERTIFICATION_PCK_CHAIN 5
#define QE_REPORT_SIZE 384
#define QE_AUTHENTICATION_MAX 1024

static const uint8_t intel_qe[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
				     0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

/* NULL, or what is wrong. */
static const char *read_header(struct cursor *c, struct tdx_quote *quote)
{
	uint16_t key_type = 0;
	uint32_t tee_type = 0;
	struct span vendor = {0};

	quote->version = cursor_le16(c);
	key_type = cursor_le16(c);
	tee_type = cursor_le32(c);
	cursor_bytes(c, 4); /* version 4 has SVNs here that nobody signs for */
	vendor = cursor_bytes(c, sizeof(intel_qe));
	cursor_bytes(c, 20); /* user data of the quoting enclave */
	if (c->failed)
		return "the quote ends in its header";
	if (tee_type != TEE_TYPE_TDX)
		return "not a quote of a TD";
	if (quote->version != 4 && quote->version != 5)
		return "a quote of a version that is not known";
	if (key_type != KEY_TYPE_P256)
		return "a quote by an attestation key of another kind than ECDSA P-256";
	if (memcmp(vendor.data, intel_qe, sizeof(intel_qe)) != 0)
		return "a quote by a quoting enclave of another vendor than Intel";
	return NULL;
}

static const char *read_body(struct cursor *c, struct tdx_quote *quote)
{
	uint16_t type = BODY_TYPE_10;
	uint32_t size = BODY_SIZE;

	if (quote->version == 5) {
		type = cursor_le16(c);
		size = cursor_le32(c);
	}
	if ((type != BODY_TYPE_10 || size != BODY_SIZE) && (type != BODY_TYPE_15 || size != BODY_15_SIZE))
		return "a quote with a body of a type or size that is not known";
	quote->tee_tcb_svn = cursor_bytes(c, 16);
	quote->mrseam = cursor_bytes(c, 48);
	quote->mrsignerseam = cursor_bytes(c, 48);
	quote->seamattributes = cursor_bytes(c, 8);
	quote->tdattributes = cursor_bytes(c, 8);
	quote->xfam = cursor_bytes(c, 8);
	quote->mrtd = cursor_bytes(c, 48);
	quote->mrconfigid = cursor_bytes(c, 48);
	quote->mrowner = cursor_bytes(c, 48);
	quote->mrownerconfig = cursor_bytes(c, 48);
	for (size_t i = 0; i < TDX_QUOTE_RTMRS; i++)
		quote->rtmr[i] = cursor_bytes(c, 48);
	quote->report_data = cursor_bytes(c, TDX_QUOTE_REPORT_DATA_SIZE);
	if (type == BODY_TYPE_15) {
		quote->tee_tcb_svn_2 = cursor_bytes(c, 16);
		quote->mrservicetd = cursor_bytes(c, 48);
	}
	return c->failed ? "the quote ends in its body" : NULL;
}

/* Each size leaves no rest in what encloses it. */
static const char *read_signature(struct span data, struct tdx_quote *quote)
{
	struct cursor c;
	uint16_t type = 0, inner_type = 0, authentication_size = 0;
	uint32_t size = 0;

	cursor_init(&c, data);
	quote->signature = cursor_bytes(&c, 64);
	quote->attestation_key = cursor_bytes(&c, 64);
	type = cursor_le16(&c);
	size = cursor_le32(&c);
	if (c.failed || type != CERTIFICATION_QE_REPORT || size != c.rest.size)
		return "a quote without the report of its quoting enclave";
	quote->qe_report = cursor_bytes(&c, QE_REPORT_SIZE);
	quote->qe_signature = cursor_bytes(&c, 64);
	authentication_size = cursor_le16(&c);
	if (authentication_size > QE_AUTHENTICATION_MAX)
		return "a quote with authentication data that is too long";
	quote->qe_authentication = cursor_bytes(&c, authentication_size);
	inner_type = cursor_le16(&c);
	size = cursor_le32(&c);
	if (c.failed || inner_type != CERTIFICATION_PCK_CHAIN || size != c.rest.size)
		return "a quote without its PCK certificate chain";
	quote->certificates = cursor_bytes(&c, size);
	return NULL;
}

bool tdx_quote_read(struct span input, struct tdx_quote *quote, const char **why)
{
	struct cursor c;
	struct span signature = {0};

	*quote = (struct tdx_quote){0};
	cursor_init(&c, input);
	*why = input.size > TDX_QUOTE_SIZE_MAX ? "longer than a quote" : read_header(&c, quote);
	if (!*why)
		*why = read_body(&c, quote);
	if (*why)
		return false;
	quote->signed_part = (struct span){input.data, input.size - c.rest.size};
	signature = cursor_bytes(&c, cursor_le32(&c));
	*why = c.failed ? "the quote ends in its signature" : read_signature(signature, quote);
	return !*why;
}
