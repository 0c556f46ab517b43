/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a vTPM may protect the root of a TEE's store: what it shows for itself (platform_binding) is appraised by the same code
 * that verifiers use (security rule 9). Inside the enclave; called by the daemon when the platform is open, before the store is.
 */
#ifndef KEYCLAVE_KEYS_BINDING_H
#define KEYCLAVE_KEYS_BINDING_H

#include "platform/platform.h"

/*
 * Settles the platform (platform_binding_settle); nothing to do where no judgement is needed. CKR_ACTION_PROHIBITED, logged with
 * the check that failed and what to do: the hardware does not vouch for the vTPM, and allow-host-vtpm is not set.
 * CKR_ARGUMENTS_BAD, logged: vtpm-policy, vtpm-endorsements or vtpm-trust-root is not usable.
 */
CK_RV binding_settle(struct platform *platform, const struct settings *settings);

#endif
