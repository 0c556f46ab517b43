/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place in a run of hostile bytes. Fixed-width reads that never go beyond it: one read too far, and the
 * cursor has failed for good, so that a structure is read in one breath and judged once.
 */
#ifndef KEYCLAVE_VERIFIER_CURSOR_H
#define KEYCLAVE_VERIFIER_CURSOR_H

#include "common/buffer.h"

struct cursor {
	struct span rest; /* not yet read */
	bool failed;      /* sticky */
};

void cursor_init(struct cursor *c, struct span input);

/* The next SIZE bytes, borrowed. Empty (data NULL) when there are fewer, or after a failure. */
struct span cursor_bytes(struct cursor *c, size_t size);

/* Little-endian, as x86 firmware and Intel write; 0 after a failure. */
uint16_t cursor_le16(struct cursor *c);
uint32_t cursor_le32(struct cursor *c);
uint64_t cursor_le64(struct cursor *c);

/* Big-endian, as the TPM writes; 0 after a failure. */
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_be16(struct cursor *c);
uint32_t cursor_be32(struct cursor *c);
uint64_t cursor_be64(struct cursor *c);

/* A TPM2B: its 16 bit size, then that many bytes, at most MAX. */
struct span cursor_tpm2b(struct cursor *c, size_t max);

/* True if nothing failed and nothing is left. */
bool cursor_end(const struct cursor *c);

/* SIZE bytes of WHOLE from OFFSET; empty (data NULL) when they are not all there. */
struct span cursor_slice(struct span whole, size_t offset, size_t size);

/* True if every byte is BYTE; also for none. */
bool cursor_all(struct span bytes, uint8_t byte);

#endif
