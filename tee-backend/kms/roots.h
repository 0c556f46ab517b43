/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may vouch for AWS KMS, when the configuration does not say otherwise: compiled in, for what the machine trusts is
 * not what the enclave trusts (security rule 14).
 */
#ifndef KEYCLAVE_KMS_ROOTS_H
#define KEYCLAVE_KMS_ROOTS_H

#include "common/buffer.h"

/* PEM, static. */
struct span roots_amazon(void);

#endif
