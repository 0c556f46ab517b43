/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vendors' keys that emulated evidence is signed with, kept in the folder of --ca=DIR for verifiers that are told to
 * trust them; without it they are the process's own. Made when they are first needed. Callers hold a lock. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_SIGNING_H
#define KEYCLAVE_TESTS_EMULATORS_SIGNING_H

#include "nitro_signer.h"
#include "tdx_signer.h"

/* FOLDER may be NULL. */
void signing_open(const char *folder);

#define SIGNING_SNP_TCB 0xdb1c000000000004ULL /* of the chip, unless the guest says otherwise */

/* SNP: a report of VERSION 3 by a chip of this TCB and id, to be filled in and signed; the host's table with its VCEK. */
void signing_snp_report(uint64_t tcb, const uint8_t chip[64], uint8_t report[1184]);
void signing_snp(uint8_t report[1184]);
size_t signing_snp_table(uint8_t *table, size_t size);

/* Nitro: appended to OUT. */
void signing_nitro(const struct nitro_signer_document *document, struct buffer *out);

/* TDX: a good TD's body over DATA; a quote of version 4 over BODY, appended to OUT. */
void signing_tdx_body(const uint8_t data[64], uint8_t body[TDX_SIGNER_BODY_15_SIZE]);
void signing_tdx(struct span body, struct buffer *out);

#endif
