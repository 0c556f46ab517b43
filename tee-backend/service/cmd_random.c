/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers. Inside the enclave.
 */
#include "config.h"

#include "crypto/operate.h"
#include "service/cmd_random.h"

CK_RV cmd_random(struct call *call)
{
	size_t size = call->request->random_request.size;
	CK_RV rv = CKR_OK;

	if (!buffer_resize(call->data, size))
		return CKR_DEVICE_MEMORY;
	if (size)
		rv = operate_random(call->data->data, size);
	call->response->random_response.data = buffer_span(call->data);
	return rv;
}

CK_RV cmd_random_seed(struct call *call)
{
	return operate_seed(call->request->seed_request.seed);
}
