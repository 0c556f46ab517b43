/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See signing.h.
 */
#include "config.h"

#include "signing.h"

#include <pthread.h>
#include <string.h>

#include "nitro_signer.h"
#include "snp_signer.h"

/* A Milan above the floor of AMD-SB-3019, in the report's form. */
static const struct snp_signer_chip chip = {
	.product = "Milan",
	.chip_id = {0xe1, 0x2e, 3, 4, 5, 6, 7, 8},
	.tcb = {4, 0, 0, 0, 0, 0, 0x18, 0xd9},
};

static const char *ca_folder;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* while keys are made; then they only sign */

void signing_open(const char *folder)
{
	ca_folder = folder;
}

static const struct snp_signer *snp(void)
{
	static struct snp_signer *signer;

	pthread_mutex_lock(&lock);
	if (!signer)
		signer = snp_signer_new(ca_folder, &chip);
	pthread_mutex_unlock(&lock);
	return signer;
}

uint64_t signing_snp_tcb(void)
{
	uint64_t tcb = 0;

	for (size_t i = sizeof(chip.tcb); i--;)
		tcb = tcb << 8 | chip.tcb[i];
	return tcb;
}

const uint8_t *signing_snp_chip(void)
{
	return chip.chip_id;
}

void signing_snp(uint8_t report[1184])
{
	snp_signer_sign(snp(), report);
}

size_t signing_snp_table(uint8_t *table, size_t size)
{
	struct buffer made = {0};
	size_t used = 0;

	snp_signer_table(snp(), &made);
	if (made.size <= size) {
		memcpy(table, made.data, made.size);
		used = made.size;
	}
	buffer_free(&made);
	return used;
}

void signing_nitro(const struct signing_nitro *document, struct buffer *out)
{
	static struct nitro_signer *signer;
	struct nitro_signer_document d = {.present = document->present};

	pthread_mutex_lock(&lock);
	if (!signer)
		signer = nitro_signer_new(ca_folder, 0, 0);
	pthread_mutex_unlock(&lock);
	memcpy(d.pcr, document->pcrs, sizeof(d.pcr));
	/* An empty value is null; the NSM's own, too. */
	if (document->user_data.size)
		d.user_data = document->user_data;
	if (document->nonce.size)
		d.nonce = document->nonce;
	if (document->public_key.size)
		d.public_key = document->public_key;
	nitro_signer_attest(signer, &d, out);
}

void signing_tdx(struct span body, struct buffer *out)
{
	static const uint8_t header[48] = {4, 0, 2, 0, 0x81, 0, 0, 0, 0, 0, 0, 0,
					   0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
					   0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
	static const uint8_t no_signature[4] = {0};

	buffer_append(out, header, sizeof(header));
	buffer_append(out, body.data, body.size);
	buffer_append(out, no_signature, sizeof(no_signature));
}
