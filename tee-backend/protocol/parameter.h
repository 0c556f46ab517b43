/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of struct mechanism that each shape of parameters carries, in the order of the wire:
 * [type, members...]. Read by codec.c and by the CDDL, on both sides.
 */
#ifndef KEYCLAVE_PROTOCOL_PARAMETER_H
#define KEYCLAVE_PROTOCOL_PARAMETER_H

#include "protocol/request.h"

/* Shapes are numbered from 0 to *COUNT - 1, by enum mechanism_parameter. Static storage. */
const struct schema *parameter_schemas(size_t *count);

const struct schema *parameter_schema(enum mechanism_parameter parameter);

#endif
