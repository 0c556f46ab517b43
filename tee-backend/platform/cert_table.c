/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GUIDs, offsets and lengths of the host's certificate table, checked against its size; DER and PEM entries both
 * come out as PEM. libcrypto parses and writes each certificate, so that nothing else gets into the chain.
 */
#include "config.h"

#include "platform/cert_table.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#define ENTRY_SIZE 24
#define GUID_SIZE 16
#define CERTIFICATES_MAX 16

/* In the order of the chain. The bytes stand in the table as in the GUID's text. */
static const uint8_t guids[][GUID_SIZE] = {
    /* VCEK */
    {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd},
    /* VLEK */
    {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1},
    /* ASK, or ASVK */
    {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82},
    /* ARK */
    {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae},
};

static uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool add_certificate(BIO *out, const X509 *certificate, unsigned *count)
{
	return ++*count <= CERTIFICATES_MAX && PEM_write_bio_X509(out, certificate) > 0;
}

/* All certificates of BLOB, in DER or PEM. False: too many, or no memory. */
static bool add_blob(BIO *out, struct span blob, unsigned *count)
{
	const uint8_t *p = blob.data;
	X509 *certificate = NULL;
	BIO *in = NULL;
	bool good = true;

	if (blob.size && blob.data[0] == 0x30) {
		certificate = d2i_X509(NULL, &p, (long)blob.size);
		good = !certificate || add_certificate(out, certificate, count);
		X509_free(certificate);
		return good;
	}
	in = BIO_new_mem_buf(blob.data, (int)blob.size);
	while (in && good && (certificate = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
		good = add_certificate(out, certificate, count);
		X509_free(certificate);
	}
	BIO_free(in);
	return in && good;
}

/* Entries up to the empty one at the table's end. SIZE_MAX: it has no end, or one that points outside. */
static size_t count_entries(struct span table)
{
	static const uint8_t end[ENTRY_SIZE] = {0};

	for (size_t n = 0; (n + 1) * ENTRY_SIZE <= table.size; n++) {
		const uint8_t *entry = table.data + n * ENTRY_SIZE;
		uint32_t offset = get_le32(entry + GUID_SIZE);
		uint32_t size = get_le32(entry + GUID_SIZE + 4);

		if (memcmp(entry, end, sizeof(end)) == 0)
			return n;
		if (offset > table.size || size > table.size - offset)
			return SIZE_MAX;
	}
	return table.size ? SIZE_MAX : 0;
}

static bool write_chain(struct span table, size_t entries, BIO *out)
{
	unsigned count = 0;
	bool good = true;

	for (size_t g = 0; good && g < sizeof(guids) / sizeof(guids[0]); g++) {
		for (size_t n = 0; good && n < entries; n++) {
			const uint8_t *entry = table.data + n * ENTRY_SIZE;
			const struct span blob = {table.data + get_le32(entry + GUID_SIZE),
						  get_le32(entry + GUID_SIZE + 4)};

			if (memcmp(entry, guids[g], GUID_SIZE) != 0)
				continue;
			good = add_blob(out, blob, &count);
			break; /* a second one of the same GUID is not the driver's */
		}
	}
	return good;
}

bool cert_table_pem(struct span table, struct buffer *pem, const char **why)
{
	size_t entries = count_entries(table);
	BIO *out = NULL;
	char *text = NULL;
	long size = 0;
	bool good = false;

	buffer_reset(pem);
	*why = "entries without an end, or outside the table";
	if (entries == SIZE_MAX)
		return false;
	out = BIO_new(BIO_s_mem());
	*why = "too many certificates, or no memory";
	good = out && write_chain(table, entries, out);
	size = good ? BIO_get_mem_data(out, &text) : 0;
	good = good && (size <= 0 || buffer_append(pem, text, (size_t)size));
	BIO_free(out);
	ERR_clear_error();
	return good;
}
