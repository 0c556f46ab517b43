/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structs to CBOR and back, by the request table. A frame's body is one array:
 *   request  = [request id, sequence, fields...]
 *   response = [sequence, CK_RV, fields...]      fields only when CK_RV is CKR_OK
 * Decoding is complete and within limits before it returns CKR_OK, and allocates nothing.
 */
#ifndef KEYCLAVE_PROTOCOL_CODEC_H
#define KEYCLAVE_PROTOCOL_CODEC_H

#include "protocol/request.h"

/*
 * Client: appends the body to OUT. A field beyond its limits gives the refusal that its row names
 * (CKR_PIN_LEN_RANGE, CKR_SLOT_ID_INVALID, ... CKR_ARGUMENTS_BAD), a frame above PROTOCOL_FRAME_MAX
 * CKR_DATA_LEN_RANGE; CKR_HOST_MEMORY. What is in OUT is then of no use.
 */
CK_RV codec_write_request(struct buffer *out, const struct request_row *row, uint64_t sequence,
			  const void *request);

/*
 * Enclave: appends the body to OUT; RESPONSE may be NULL when RV is not CKR_OK, and ROW too (an unknown
 * request). False: no memory, over PROTOCOL_FRAME_MAX, or beyond the schema (a defect of the handler).
 */
bool codec_write_response(struct buffer *out, const struct request_row *row, uint64_t sequence,
			  CK_RV rv, const void *response);

/*
 * Enclave: decodes BODY. *ROW (NULL: unknown request) and *SEQUENCE (0: not read) are set as soon as they
 * are known, so that an error can be answered. CKR_DATA_INVALID for anything that the schema does not
 * allow, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID (mechanism_check), CKR_FUNCTION_NOT_SUPPORTED.
 */
CK_RV codec_read_request(struct span body, const struct request_row **row, uint64_t *sequence,
			 union message *request);

/*
 * Client: decodes the answer to ROW. False: the peer sent nonsense (the connection is of no more use).
 * *RV is the enclave's verdict; RESPONSE is filled only when that is CKR_OK.
 */
bool codec_read_response(struct span body, const struct request_row *row, uint64_t *sequence, CK_RV *rv,
			 union message *response);

/* The message of a control socket: the join ticket. TICKET is borrowed from MESSAGE. */
bool codec_write_ticket(struct buffer *out, struct span ticket);
bool codec_read_ticket(struct span message, struct span *ticket);

#endif
