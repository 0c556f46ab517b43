/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vendors' keys that emulated evidence is signed with. They lie in the folder of --ca=DIR, for verifiers that are
 * told to trust them; without it they are the process's own. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_SIGNING_H
#define KEYCLAVE_TESTS_EMULATORS_SIGNING_H

#include "common/buffer.h"

/* FOLDER may be NULL. Keys are made when they are first used. */
void signing_open(const char *folder);

/* SNP: the TCB and the 64 bytes of chip id that the VCEK is for; signs a report in place; the host's table. */
uint64_t signing_snp_tcb(void);
const uint8_t *signing_snp_chip(void);
void signing_snp(uint8_t report[1184]);
size_t signing_snp_table(uint8_t *table, size_t size);

/* Nitro: a document over these, as the hypervisor makes one now. Appended to OUT. */
struct signing_nitro {
	uint8_t pcrs[32][48];
	uint32_t present; /* bit n: PCR n is in the document */
	struct span user_data, nonce, public_key; /* empty: null */
};
void signing_nitro(const struct signing_nitro *document, struct buffer *out);

/* TDX: a quote of version 4 over BODY (584 bytes), with its collateral's chain. Appended to OUT. */
void signing_tdx(struct span body, struct buffer *out);

#endif
