/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects what a vTPM in a confidential guest shows for itself (platform_binding of platform.h). Inside the enclave; called by
 * tpm.c when it opens. What it collects is judged elsewhere.
 */
#ifndef KEYCLAVE_PLATFORM_VTPM_BINDING_H
#define KEYCLAVE_PLATFORM_VTPM_BINDING_H

#include "common/cbor_writer.h"
#include "platform/platform_ops.h"
#include "platform/tpm_context.h"

/* Where Azure's paravisor keeps them. */
#define VTPM_BINDING_HCL_INDEX UINT32_C(0x01400001)
#define VTPM_BINDING_HCL_AK UINT32_C(0x81000003)

/*
 * Into a new BINDING. HARDWARE: the platform beside it, or NULL. That nothing binds the vTPM is no error here (kind
 * PLATFORM_BINDING_NONE); that the hardware gives no evidence of its own, or that memory is short, is.
 */
CK_RV vtpm_binding_new(const struct tpm_context *c, const struct settings *settings, struct platform *hardware,
		       struct platform_binding **binding);
void vtpm_binding_free(struct platform_binding **binding);

/* The attestation key whose quotes BINDING (NULL: none) covers: a persistent handle; 0: the one that tpm_attest.c makes. */
uint32_t vtpm_binding_ak(const struct platform_binding *binding);

/* Members of the evidence's map after the first five (docs/evidence.md, `tpm`): how many, and the writing of them. */
size_t vtpm_binding_members(const struct platform_binding *binding);
void vtpm_binding_write(const struct platform_binding *binding, struct cbor_writer *w);

#endif
