/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What others do to a TPM beside the daemon: commands written byte by byte to the emulated /dev/tpmrm0 (emulate-tpm), each
 * authorised by an empty password. TCG TPM 2.0 Library, Part 3.
 */
#ifndef KEYCLAVE_TESTS_UNIT_TPM_BUS_H
#define KEYCLAVE_TESTS_UNIT_TPM_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "emulator.h"

#define TPM_BUS_SUCCESS 0
#define TPM_BUS_AUTH_FAIL 0x98e /* session 1; it counts */
#define TPM_BUS_BAD_AUTH 0x9a2	/* the same where it does not */
#define TPM_BUS_LOCKOUT 0x921

/* Powers up a TPM whose memory is the folder NAME of the emulator's; NULL, or why such tests have to be skipped. */
const char *tpm_bus_begin(void);
bool tpm_bus_power_on(struct emulator *e, const char *name);

/* The response code; UINT32_MAX: no answer. */
uint32_t tpm_bus_extend(const struct emulator *e, unsigned pcr, uint8_t fill);

/* The banks that the next start has: SHA-1 alone. */
uint32_t tpm_bus_allocate_sha1(const struct emulator *e);

uint32_t tpm_bus_undefine(const struct emulator *e, uint32_t index);

/* An index of these attributes with an authorisation of 32 bytes FILL. */
uint32_t tpm_bus_define(const struct emulator *e, uint32_t index, uint32_t attributes, uint8_t fill);

/* TPM2_NV_Increment and TPM2_NV_Write by the index's password, 32 bytes FILL. */
uint32_t tpm_bus_increment(const struct emulator *e, uint32_t index, uint8_t fill);
uint32_t tpm_bus_write(const struct emulator *e, uint32_t index, uint8_t fill);

/* One wrong authorisation locks it from now on. */
uint32_t tpm_bus_one_try(const struct emulator *e);

/* An owner's authorisation that is not empty. */
uint32_t tpm_bus_take_ownership(const struct emulator *e);

#endif
