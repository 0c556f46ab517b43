/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TDX module's and the quoting enclave's side of a trust domain: its measurements and quotes. Facts come from the
 * control file (mrtd, rtmr0 to rtmr2, attributes); RTMR 3 is what was extended. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_TDX_MODULE_H
#define KEYCLAVE_TESTS_EMULATORS_TDX_MODULE_H

#include <stdbool.h>

#include "common/buffer.h"

#define TDX_MODULE_REGISTER_SIZE 48

/* INDEX 0 to 3: an RTMR; 4: MRTD. */
void tdx_module_register(unsigned index, uint8_t value[TDX_MODULE_REGISTER_SIZE]);
void tdx_module_extend(unsigned index, const uint8_t digest[TDX_MODULE_REGISTER_SIZE]);

/* Appended to OUT. */
void tdx_module_quote(const uint8_t data[64], struct buffer *out);

#endif
