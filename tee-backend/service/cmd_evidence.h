/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence, and the objects that stand for it: the evidence object of each key and of the token, and the
 * hardware feature object (DESIGN section 7, rule 15). They are in no store. Inside the enclave.
 */
#ifndef KEYCLAVE_SERVICE_CMD_EVIDENCE_H
#define KEYCLAVE_SERVICE_CMD_EVIDENCE_H

#include "service/call.h"

/* REQUEST_EVIDENCE. */
CK_RV cmd_evidence(struct call *call);

/*
 * Evidence of OBJECT (a key with HANDLE; NULL and 0: of the token) in OUT, over NONCE, or if that is empty over the
 * nonce object that is set for the token, if any. The same bytes for the same question.
 */
CK_RV cmd_evidence_make(struct call *call, uint64_t handle, const struct object *object,
			struct span nonce, struct buffer *out);

/*
 * C_GetAttributeValue for one attribute of an object of bit 31: CKR_OK and VALUE, borrowed until the answer
 * is encoded; CKR_ATTRIBUTE_TYPE_INVALID; CKR_OBJECT_HANDLE_INVALID. Evidence is made only for CKA_VALUE and
 * CKA_KEYCLAVE_EVIDENCE.
 */
CK_RV cmd_evidence_get(struct call *call, uint64_t handle, CK_ATTRIBUTE_TYPE type, struct span nonce,
		       struct span *value);

/* Does the object of bit 31 match? Its evidence never does: it is not made for that. */
bool cmd_evidence_matches(struct call *call, uint64_t handle, const struct attributes *template);

/* A data object with CKA_APPLICATION keyclave-nonce? */
bool cmd_evidence_is_nonce(const struct attributes *template);

/* The nonce object OBJECT is there as HANDLE: it applies from now on; older ones of the token are removed. */
void cmd_evidence_set_nonce(struct call *call, const struct object *object, CK_OBJECT_HANDLE handle);

/* The object HANDLE is gone. */
void cmd_evidence_forget_nonce(struct call *call, CK_OBJECT_HANDLE handle);

#endif
