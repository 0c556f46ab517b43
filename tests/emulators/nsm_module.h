/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Nitro security module behind /dev/nsm: its PCRs and its answers in CBOR. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_NSM_MODULE_H
#define KEYCLAVE_TESTS_EMULATORS_NSM_MODULE_H

#include "common/buffer.h"

/* Replaces ANSWER. What is not understood is answered with the module's own error. */
void nsm_module_answer(struct span request, struct buffer *answer);

#endif
