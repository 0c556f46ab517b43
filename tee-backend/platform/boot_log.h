/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs that the kernel keeps of what was measured: the firmware's events, IMA's list. Public bytes that only a replay
 * against signed registers makes worth something. Inside the enclave; used by the files of the platforms.
 */
#ifndef KEYCLAVE_PLATFORM_BOOT_LOG_H
#define KEYCLAVE_PLATFORM_BOOT_LOG_H

#include "common/buffer.h"
#include "common/status.h"

/*
 * The whole of PATH into LOG, at most MAX bytes. A file that cannot be read or is longer leaves LOG empty: PLATFORM's
 * evidence goes without WHAT ("the boot's event log"), and a line logged says so. CKR_DEVICE_MEMORY (logged).
 */
CK_RV boot_log_read(const char *platform, const char *what, const char *path, size_t max, struct buffer *log);

#endif
