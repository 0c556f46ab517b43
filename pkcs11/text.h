/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blank-padded text fields of PKCS#11's info structs. Within the module only.
 */
#ifndef KEYCLAVE_PKCS11_TEXT_H
#define KEYCLAVE_PKCS11_TEXT_H

#include "common/buffer.h"
#include "mechanism/cryptoki.h"

/* Fills FIELD with TEXT, cut at a whole UTF-8 character, and blanks. No NUL is written. */
void text_pad(CK_UTF8CHAR *field, size_t size, struct span text);

/* FIELD without its trailing blanks. */
struct span text_trim(const CK_UTF8CHAR *field, size_t size);

#endif
