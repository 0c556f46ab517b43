/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TD's run-time measurement registers by sysfs (Linux 6.16, sysfs-devices-virtual-misc-tdx_guest). Register 3 is
 * the application's; whoever may write there can only add to it. Inside the enclave; called by tdx.c.
 */
#ifndef KEYCLAVE_PLATFORM_RTMR_H
#define KEYCLAVE_PLATFORM_RTMR_H

#include <stdint.h>

#include "common/status.h"

#define RTMR_FOLDER "/sys/devices/virtual/misc/tdx_guest/measurements"
#define RTMR_COUNT 4
#define RTMR_SIZE 48 /* SHA-384 */

/* CKR_FUNCTION_NOT_SUPPORTED: this kernel has none (not logged); CKR_ARGUMENTS_BAD; CKR_DEVICE_ERROR, logged. */
CK_RV rtmr_read(const char *folder, unsigned index, uint8_t value[RTMR_SIZE]);

#endif
