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

/* Appends the body to OUT. False: no memory, or over PROTOCOL_FRAME_MAX. */
bool codec_write_request(struct buffer *out, const struct request_row *row, uint64_t sequence,
			 const void *request);
bool codec_write_response(struct buffer *out, const struct request_row *row, uint64_t sequence,
			  CK_RV rv, const void *response);

/*
 * Enclave: decodes BODY. *ROW and *SEQUENCE are set as soon as they are known, so that an error can be
 * answered (*ROW NULL: unknown request). CKR_DATA_INVALID for anything that the schema does not allow,
 * CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_FUNCTION_NOT_SUPPORTED.
 */
CK_RV codec_read_request(struct span body, const struct request_row **row, uint64_t *sequence,
			 union message *request);

/*
 * Client: decodes the answer to ROW. False: the peer sent nonsense (the connection is of no more use).
 * *RV is the enclave's verdict; RESPONSE is filled only when that is CKR_OK.
 */
bool codec_read_response(struct span body, const struct request_row *row, uint64_t *sequence, CK_RV *rv,
			 union message *response);

/* The CDDL of the whole protocol as docs/protocol.md has it, from the table. */
bool codec_write_cddl(struct buffer *out);

/* A nested template's portable form (CBOR array of [type, bytes]) to and from a list. */
bool codec_write_template(struct buffer *out, const struct attributes *list);
CK_RV codec_read_template(struct span value, struct attributes *list);

#endif
