/* SPDX-License-Identifier: Apache-2.0 */
/*
 * emulate-sev-guest: /dev/sev-guest as Linux's driver answers it (drivers/virt/coco/sev-guest), its refusals in
 * the same order. Faults: busy, throttled, firmware-error, large-certificates, status VALUE, wrong-size, errno VALUE.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>

#include "control.h"
#include "device.h"
#include "snp_firmware.h"

struct argument {
	uint8_t version;
	uint8_t pad[7];
	uint64_t request;
	uint64_t response;
	uint64_t exitinfo2;
};

struct report_request {
	uint8_t data[64];
	uint32_t vmpl;
	uint8_t zero[28];
};

struct extended_request {
	struct report_request report;
	uint64_t table;
	uint32_t table_size;
	uint32_t pad;
};

#define GET_REPORT _IOWR('S', 0x0, struct argument)
#define GET_DERIVED_KEY _IOWR('S', 0x1, struct argument)
#define GET_EXT_REPORT _IOWR('S', 0x2, struct argument)

#define HOST_INVALID_LENGTH 1ULL
#define HOST_BUSY 2ULL

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool wiped; /* the VMPCK: until the guest starts again */

static void put_le32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

/* What can go wrong between the driver and the firmware. */
static int send_message(struct argument *a)
{
	if (wiped)
		return -ENOTTY;
	if (control_fault("busy")) {
		a->exitinfo2 = HOST_BUSY << 32;
		return -EAGAIN;
	}
	if (control_fault("throttled")) {
		a->exitinfo2 = HOST_BUSY << 32;
		wiped = true;
		return -ETIMEDOUT;
	}
	if (control_fault("firmware-error") || a->version != 1) {
		a->exitinfo2 = 0x1b;
		wiped = true;
		return -EIO;
	}
	a->exitinfo2 = 0;
	return 0;
}

static int answer_report(const struct report_request *request, uint64_t to)
{
	static const uint8_t zero[28];
	uint8_t response[4000] = {0};
	uint32_t status = (uint32_t)control_number("status", 0);

	if (memcmp(request->zero, zero, sizeof(zero)) != 0)
		status = SNP_FIRMWARE_INVALID_PARAMETER;
	if (!status)
		status = snp_firmware_report(request->data, request->vmpl, response + 32);
	put_le32(response, status);
	if (!status)
		put_le32(response + 4,
			 SNP_FIRMWARE_REPORT_SIZE + (control_fault("wrong-size") ? 16U : 0U));
	return device_copy_out(to, response, sizeof(response)) ? 0 : -EFAULT;
}

static int get_report(struct argument *a)
{
	struct report_request request;
	int error = 0;

	if (!a->request || !a->response)
		return -EINVAL;
	if (!device_copy_in(&request, a->request, sizeof(request)))
		return -EFAULT;
	error = send_message(a);
	return error ? error : answer_report(&request, a->response);
}

static int get_extended_report(struct argument *a)
{
	static uint8_t table[SNP_FIRMWARE_TABLE_MAX];
	struct extended_request request;
	int error = 0;

	if (!a->request || !a->response)
		return -EINVAL;
	if (!device_copy_in(&request, a->request, sizeof(request)))
		return -EFAULT;
	if (request.table_size > SNP_FIRMWARE_TABLE_MAX || request.table_size % 0x1000)
		return -EINVAL;
	error = send_message(a);
	if (error)
		return error;
	if (request.table_size && control_fault("large-certificates")) {
		a->exitinfo2 = HOST_INVALID_LENGTH << 32;
		request.table_size = 0x5000;
		return device_copy_out(a->request, &request, sizeof(request)) ? -EIO : -EFAULT;
	}
	snp_firmware_table(table);
	if (request.table_size && !device_copy_out(request.table, table, request.table_size))
		return -EFAULT;
	return answer_report(&request.report, a->response);
}

static int get_derived_key(struct argument *a)
{
	struct snp_firmware_key_request request;
	uint8_t response[64] = {0};
	uint32_t status = (uint32_t)control_number("status", 0);
	int error = 0;

	if (!a->request || !a->response)
		return -EINVAL;
	if (!device_copy_in(&request, a->request, sizeof(request)))
		return -EFAULT;
	error = send_message(a);
	if (error)
		return error;
	if (!status)
		status = snp_firmware_key(&request, response + 32);
	put_le32(response, status);
	return device_copy_out(a->response, response, sizeof(response)) ? 0 : -EFAULT;
}

static int sev_guest_ioctl(unsigned command, void *argument, uint64_t caller)
{
	struct argument a;
	int result = -ENOTTY;

	memcpy(&a, argument, sizeof(a));
	a.exitinfo2 = 0xff;
	if (!a.version)
		return -EINVAL;
	pthread_mutex_lock(&lock);
	if (control_fault("errno"))
		result = -EFAULT;
	else if (command == GET_REPORT)
		result = get_report(&a);
	else if (command == GET_DERIVED_KEY)
		result = get_derived_key(&a);
	else if (command == GET_EXT_REPORT)
		result = get_extended_report(&a);
	pthread_mutex_unlock(&lock);
	/* A negative result drops what FUSE would copy back; the driver copies all the same. */
	if (a.exitinfo2 && !device_copy_out(caller, &a, sizeof(a)))
		return -EFAULT;
	memcpy(argument, &a, sizeof(a));
	return result;
}

int main(int argc, char **argv)
{
	static const struct device device = {
	    .name = "sev-guest",
	    .mode = 0600,
	    .ioctl = sev_guest_ioctl,
	};

	return device_serve(argc, argv, &device);
}
