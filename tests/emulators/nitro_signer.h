/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Nitro hypervisor does, by keys of the tests' own: a root, two authorities below it, a leaf, and signed
 * attestation documents. For the emulator of /dev/nsm, and for unit tests.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_NITRO_SIGNER_H
#define KEYCLAVE_TESTS_EMULATORS_NITRO_SIGNER_H

#include "test_ca.h"

struct nitro_signer {
	EVP_PKEY *root_key, *zone_key, *instance_key, *key;
	X509 *root, *zone, *instance, *leaf;
};

/*
 * FOLDER: nitro-root.key and nitro-root.pem are read from there, or made and written there; NULL: kept in memory. The
 * others are made anew, good from FROM to TO (seconds since 1970; 0: from yesterday, for ten years). All functions end
 * the process with a message on failure. Free with nitro_signer_free.
 */
struct nitro_signer *nitro_signer_new(const char *folder, int64_t from, int64_t to);
void nitro_signer_free(struct nitro_signer **signer);

/* A document's contents. Those that are zero are as the NSM would have them. */
struct nitro_signer_document {
	uint8_t pcr[32][48];
	uint32_t present;                         /* bit n: PCR n is in it */
	struct span user_data, nonce, public_key; /* data NULL: null */
	uint64_t timestamp;                       /* milliseconds since 1970; 0: now */
	const char *module_id;

	/* How its form may be wrong, or unusual. */
	bool indefinite;      /* maps and arrays of indefinite length: some firmware does so */
	const char *digest;   /* instead of "SHA384" */
	const char *omit;     /* this member is missing */
	const char *twice;    /* this one is there twice */
	const char *unknown;  /* this one is there, with the value 0 */
	size_t pcr_size;      /* instead of 48; at most that */
	bool no_cabundle;     /* an empty one */
	bool pcr_twice;       /* the last PCR is there twice */
	bool text_index;      /* the PCRs' indices are text */
	bool junk_in_cabundle;
};

/* Appends the payload; appends the COSE_Sign1 over a payload; both at once. */
void nitro_signer_payload(const struct nitro_signer *signer, const struct nitro_signer_document *document,
			  struct buffer *out);
void nitro_signer_sign(const struct nitro_signer *signer, struct span payload, struct buffer *out);
void nitro_signer_attest(const struct nitro_signer *signer, const struct nitro_signer_document *document,
			 struct buffer *out);

#endif
