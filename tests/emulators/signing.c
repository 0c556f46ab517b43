/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See signing.h.
 */
#include "config.h"

#include "signing.h"

#include <string.h>

#include "common/cbor_writer.h"

static const char *ca_folder;

void signing_open(const char *folder)
{
	ca_folder = folder;
}

uint64_t signing_snp_tcb(void)
{
	return 0xd116000000000004ULL;
}

const uint8_t *signing_snp_chip(void)
{
	static const uint8_t chip[64] = {0xe1, 0x2e, 3, 4, 5, 6, 7, 8};

	return chip;
}

void signing_snp(uint8_t report[1184])
{
	(void)ca_folder;
	memset(report + 0x2a0, 0, 512);
}

size_t signing_snp_table(uint8_t *table, size_t size)
{
	(void)table;
	(void)size;
	return 0;
}

static void write_optional(struct cbor_writer *w, const char *name, struct span value)
{
	cbor_writer_text(w, name);
	if (value.size)
		cbor_writer_bytes(w, value);
	else
		cbor_writer_null(w);
}

void signing_nitro(const struct signing_nitro *document, struct buffer *out)
{
	struct buffer payload = {0};
	struct cbor_writer w;

	cbor_writer_init(&w, &payload, 16384);
	cbor_writer_map(&w, 4);
	cbor_writer_text(&w, "pcrs");
	cbor_writer_map(&w, (size_t)__builtin_popcount(document->present));
	for (unsigned i = 0; i < 32; i++) {
		if (!(document->present >> i & 1))
			continue;
		cbor_writer_uint(&w, i);
		cbor_writer_bytes(&w, (struct span){document->pcrs[i], 48});
	}
	write_optional(&w, "public_key", document->public_key);
	write_optional(&w, "user_data", document->user_data);
	write_optional(&w, "nonce", document->nonce);
	buffer_append(out, payload.data, payload.size);
	buffer_free(&payload);
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
