/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a signed object of Intel's PCS: {"<name>": <object>, "signature": "<hex>"}, the signature over the object's
 * exact bytes; and strict readers of its values. Hostile.
 */
#ifndef KEYCLAVE_VERIFIER_INTEL_JSON_H
#define KEYCLAVE_VERIFIER_INTEL_JSON_H

#include <jansson.h>

#include "common/buffer.h"

#define INTEL_JSON_SIGNATURE_SIZE 64

struct intel_json {
	json_t *object;    /* what .exact says; owned */
	struct span exact; /* borrowed from the file */
	uint8_t signature[INTEL_JSON_SIGNATURE_SIZE]; /* r || s */
};

/* False: not exactly that form with this name. Free in both cases. */
bool intel_json_read(struct span file, const char *name, struct intel_json *json);
void intel_json_free(struct intel_json *json);

/* Members of OBJECT: false when missing or not of the form. Hexadecimal of exactly SIZE bytes, either case. */
bool intel_json_hex(const json_t *object, const char *name, uint8_t *out, size_t size);
bool intel_json_number(const json_t *object, const char *name, uint64_t max, uint64_t *out);
const char *intel_json_text(const json_t *object, const char *name); /* NULL: not there */

/* "2026-02-01T14:49:26Z" to seconds since 1970. */
bool intel_json_time(const json_t *object, const char *name, int64_t *out);

#endif
