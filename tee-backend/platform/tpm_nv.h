/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NV indices of type TPM2_NT_COUNTER. Such a counter never goes back, not even when it is undefined and defined anew (TPM 2.0
 * Library Part 1, section 37.2.4.3): it begins above all that ever were. Inside the enclave; used by tpm_counter.c, tpm_floor.c.
 */
#ifndef KEYCLAVE_PLATFORM_TPM_NV_H
#define KEYCLAVE_PLATFORM_TPM_NV_H

#include "platform/tpm_context.h"

/* A counter at a place of its own in the owner's range, with authorisation AUTH, not yet written. In SESSION, which encrypts. */
CK_RV tpm_nv_define(const struct tpm_context *c, ESYS_TR session, const TPM2B_AUTH *auth, uint32_t *handle, ESYS_TR *index);

/* Gives back what was defined and is not needed after all. */
void tpm_nv_undefine(const struct tpm_context *c, ESYS_TR *index);

/* The Name that such a counter at HANDLE has once it was written: of nothing else than its public area. */
bool tpm_nv_name(uint32_t handle, TPM2B_NAME *name);

/* The Name of an open index. */
bool tpm_nv_get_name(const struct tpm_context *c, ESYS_TR index, TPM2B_NAME *name);

/* The index at HANDLE under its pinned NAME. CKR_TOKEN_NOT_RECOGNIZED, logged: it is gone, or another one; WHAT it is. */
CK_RV tpm_nv_open(const struct tpm_context *c, uint32_t handle, struct span name, const char *what, ESYS_TR *index);
void tpm_nv_close(const struct tpm_context *c, ESYS_TR *index);

/* By the index's own authorisation, in SESSION (HMAC). CKR_TOKEN_NOT_RECOGNIZED, logged: it has another one. */
CK_RV tpm_nv_read(const struct tpm_context *c, ESYS_TR index, ESYS_TR session, const char *what, uint64_t *value);
CK_RV tpm_nv_increment(const struct tpm_context *c, ESYS_TR index, ESYS_TR session);

#endif
