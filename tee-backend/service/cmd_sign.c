/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signing and verifying in one frame. The way that matters for speed: nothing here allocates. Inside
 * the enclave.
 */
#include "config.h"

#include "crypto/operate.h"
#include "service/cmd_sign.h"

CK_RV cmd_sign(struct call *call)
{
	return call_operate(call, CKF_SIGN, operate_sign);
}

CK_RV cmd_sign_recover(struct call *call)
{
	return call_operate(call, CKF_SIGN_RECOVER, operate_sign_recover);
}

CK_RV cmd_sign_verify_recover(struct call *call)
{
	return call_operate(call, CKF_VERIFY_RECOVER, operate_verify_recover);
}

CK_RV cmd_sign_verify(struct call *call)
{
	const struct verify_request *request = &call->request->verify_request;
	struct object *object = NULL;
	struct key *key = NULL;
	CK_RV rv = call_key(call, request->key, &request->mechanism, CKF_VERIFY, (struct span){0},
			    CKR_KEY_HANDLE_INVALID, &object, &key);

	if (rv != CKR_OK)
		return rv;
	rv = operate_verify(key, &request->mechanism, request->data, request->signature);
	call->response->verify_response.version = object_version(object);
	key_free(&key);
	object_free(&object);
	return rv;
}
