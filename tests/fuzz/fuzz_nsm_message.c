/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of a Nitro security module, whose hypervisor is not ours: whatever comes, it is taken apart within its bytes. The
 * first byte is the command.
 */
#include "config.h"

#include <stdlib.h>

#include "platform/nsm_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nsm_message_answer answer;
	enum nsm_message_command command = NSM_MESSAGE_DESCRIBE;

	if (!size)
		return 0;
	command = (enum nsm_message_command)(data[0] % (NSM_MESSAGE_RANDOM + 1));
	if (nsm_message_read(command, (struct span){data + 1, size - 1}, &answer) != CKR_OK)
		return 0;
	if (answer.data.size &&
	    (answer.data.data <= data || answer.data.data + answer.data.size > data + size))
		abort();
	return 0;
}
