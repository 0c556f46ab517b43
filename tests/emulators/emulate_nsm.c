/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emulate-nsm: /dev/nsm as Linux's driver answers it (drivers/misc/nsm.c), also in what it does not do: an answer that
 * does not fit is cut without a word. Faults: timeout, short VALUE (bytes), and those of the module.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>

#include "common/buffer.h"
#include "control.h"
#include "device.h"
#include "nsm_module.h"

#define REQUEST_MAX 0x1000

struct raw {
	uint64_t request;
	uint64_t request_size;
	uint64_t response;
	uint64_t response_size;
};

#define NSM_IOCTL_RAW _IOWR(0x0A, 0x0, struct raw)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int exchange(struct raw *raw)
{
	static uint8_t request[REQUEST_MAX];
	struct buffer answer = {0};
	uint64_t most = control_number("short", UINT64_MAX);
	int result = -EFAULT;

	if (raw->request_size > sizeof(request))
		return -EMSGSIZE;
	if (!device_copy_in(request, raw->request, (size_t)raw->request_size))
		return -EFAULT;
	if (control_fault("timeout"))
		return -ETIMEDOUT;
	nsm_module_answer((struct span){request, (size_t)raw->request_size}, &answer);
	if (raw->response_size > answer.size)
		raw->response_size = answer.size;
	if (raw->response_size > most)
		raw->response_size = most;
	if (device_copy_out(raw->response, answer.data, (size_t)raw->response_size))
		result = 0;
	buffer_free(&answer);
	return result;
}

static int nsm_ioctl(unsigned command, void *argument, uint64_t caller)
{
	struct raw raw;
	int result = 0;

	(void)caller;
	if (command != NSM_IOCTL_RAW)
		return -EINVAL;
	memcpy(&raw, argument, sizeof(raw));
	pthread_mutex_lock(&lock);
	result = exchange(&raw);
	pthread_mutex_unlock(&lock);
	if (result == 0)
		memcpy(argument, &raw, sizeof(raw));
	return result;
}

int main(int argc, char **argv)
{
	static const struct device device = {
	    .name = "nsm",
	    .mode = 0666,
	    .ioctl = nsm_ioctl,
	};

	return device_serve(argc, argv, &device);
}
