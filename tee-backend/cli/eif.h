/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An enclave image file as AWS's tools write it (aws-nitro-enclaves-image-format, version 2 to 4), and the PCRs that a
 * Nitro enclave made of it has. For keyclave measure; the file is hostile.
 */
#ifndef KEYCLAVE_CLI_EIF_H
#define KEYCLAVE_CLI_EIF_H

#include "common/buffer.h"

#define EIF_PCR_SIZE 48
#define EIF_FILE_MAX ((size_t)1 << 30)

struct eif {
	unsigned version;
	bool arm64;
	size_t kernel_size;
	size_t ramdisk_size[32];
	size_t ramdisk_count;
	struct span cmdline;  /* borrowed from the file */
	struct span metadata; /* JSON; empty: none */
	bool is_signed;
	/* 0: the image, 1: kernel, command line and first ramdisk, 2: the other ramdisks, 3: the certificate (PCR 8). */
	uint8_t pcr[4][EIF_PCR_SIZE];
};

/*
 * Reads FILE. False: not such an image; WHY is then static text. What AWS's reader takes and what a loader that goes by
 * the header's offsets takes must be the same: sections follow one another without a gap, and nothing follows them.
 */
bool eif_read(struct span file, struct eif *eif, const char **why);

#endif
