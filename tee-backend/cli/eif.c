/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enclave image files: a header of 548 bytes with the sections' places, big-endian, then the sections, a header of 12
 * bytes each. A PCR is SHA-384 over 48 zeros and the SHA-384 of what it stands for.
 */
#include "config.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "cli/eif.h"
#include "common/cbor_reader.h"

#define HEADER_SIZE ((size_t)548)
#define SECTION_HEADER_SIZE ((size_t)12)
#define SECTIONS_MAX 32
#define OFFSETS_AT 28
#define SIZES_AT (OFFSETS_AT + 8 * SECTIONS_MAX)
#define FLAG_ARM64 1u
#define CERTIFICATE_MAX ((size_t)16 * 1024)

enum section_type {
	SECTION_KERNEL = 1,
	SECTION_CMDLINE = 2,
	SECTION_RAMDISK = 3,
	SECTION_SIGNATURE = 4, /* from version 3 on */
	SECTION_METADATA = 5,  /* from version 4 on */
};

struct eif_reading {
	struct eif *eif;
	EVP_MD_CTX *hash[4]; /* as eif.pcr */
	uint32_t crc;
	unsigned seen; /* bit n: section type n */
	const char *why;
};

static uint64_t big_endian(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | at[i];
	return value;
}

/* CRC-32 of ISO-HDLC: the reflected polynomial 0x04c11db7. */
static void add_crc(struct eif_reading *r, const uint8_t *data, size_t size)
{
	static uint32_t table[256];
	uint32_t crc = ~r->crc;

	if (!table[1]) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t row = i;

			for (int bit = 0; bit < 8; bit++)
				row = row >> 1 ^ (row & 1 ? 0xedb88320u : 0);
			table[i] = row;
		}
	}
	for (size_t i = 0; i < size; i++)
		crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xff];
	r->crc = ~crc;
}

static bool bad(struct eif_reading *r, const char *why)
{
	if (!r->why)
		r->why = why;
	return false;
}

static bool add_hash(struct eif_reading *r, unsigned which, struct span data)
{
	return EVP_DigestUpdate(r->hash[which], data.data, data.size) || bad(r, "SHA-384 failed");
}

/* What serde makes of a Vec<u8>: an array of numbers. */
static bool read_numbers(struct cbor_reader *cbor, struct buffer *bytes)
{
	struct cbor_item item = {0};
	size_t count = 0;
	uint64_t number = 0;

	if (!cbor_reader_next(cbor, &item) || item.type != CBOR_READER_ARRAY || item.count > CERTIFICATE_MAX)
		return false;
	for (count = item.count; count; count--) {
		uint8_t byte = 0;

		if (!cbor_reader_uint(cbor, 255, &number))
			return false;
		byte = (uint8_t)number;
		if (!buffer_append(bytes, &byte, 1))
			return false;
	}
	return true;
}

/* The certificate (PEM) of the first signature, which is over PCR 0. */
static bool add_certificate(struct eif_reading *r, struct span section)
{
	struct buffer pem = {0};
	struct cbor_reader cbor;
	struct span key = {0};
	size_t count = 0;
	BIO *bio = NULL;
	X509 *certificate = NULL;
	uint8_t *der = NULL;
	int size = 0;
	bool good = false;

	cbor_reader_init(&cbor, section);
	cbor.dialect = CBOR_READER_LENIENT;
	if (!cbor_reader_array(&cbor, 32, &count) || !count || !cbor_reader_map(&cbor, 2, &count) || count != 2 ||
	    !cbor_reader_text(&cbor, 32, &key) || !span_equal(key, span_text("signing_certificate")) ||
	    !read_numbers(&cbor, &pem)) {
		bad(r, "its signature section is malformed");
		goto out;
	}
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	size = certificate ? i2d_X509(certificate, &der) : -1;
	if (size <= 0)
		bad(r, "its signing certificate is none");
	else
		good = add_hash(r, 3, (struct span){der, (size_t)size});
	r->eif->is_signed = good;
out:
	OPENSSL_free(der);
	X509_free(certificate);
	BIO_free(bio);
	buffer_free(&pem);
	return good;
}

static bool take_section(struct eif_reading *r, unsigned type, struct span data)
{
	struct eif *eif = r->eif;
	bool again = r->seen >> type & 1;

	if (type < SECTION_KERNEL || type > SECTION_METADATA)
		return bad(r, "a section of a type that this version does not know");
	if (again && type != SECTION_RAMDISK)
		return bad(r, "two sections of one type");
	r->seen |= 1u << type;
	switch (type) {
	case SECTION_KERNEL:
		eif->kernel_size = data.size;
		return add_hash(r, 0, data) && add_hash(r, 1, data);
	case SECTION_CMDLINE:
		eif->cmdline = data;
		return add_hash(r, 0, data) && add_hash(r, 1, data);
	case SECTION_RAMDISK:
		eif->ramdisk_size[eif->ramdisk_count++] = data.size;
		return add_hash(r, 0, data) && add_hash(r, again ? 2 : 1, data);
	case SECTION_SIGNATURE:
		return add_certificate(r, data);
	default:
		eif->metadata = data;
		return true;
	}
}

static bool read_sections(struct eif_reading *r, struct span file, size_t count)
{
	size_t at = HEADER_SIZE;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *header = file.data + at;
		uint64_t size = 0;

		if (file.size - at < SECTION_HEADER_SIZE)
			return bad(r, "cut short");
		size = big_endian(header + 4, 8);
		if (big_endian(file.data + OFFSETS_AT + 8 * i, 8) != at)
			return bad(r, "its sections do not follow one another");
		if (big_endian(file.data + SIZES_AT + 8 * i, 8) != size)
			return bad(r, "a section's size differs from the header's");
		if (file.size - at - SECTION_HEADER_SIZE < size)
			return bad(r, "cut short");
		if (!take_section(r, (unsigned)big_endian(header, 2),
				  (struct span){header + SECTION_HEADER_SIZE, (size_t)size}))
			return false;
		at += SECTION_HEADER_SIZE + (size_t)size;
	}
	return at == file.size || bad(r, "something follows its last section");
}

static bool read_file(struct eif_reading *r, struct span file)
{
	const unsigned needed = 1u << SECTION_KERNEL | 1u << SECTION_CMDLINE | 1u << SECTION_RAMDISK;
	size_t count = 0;
	uint64_t flags = 0;

	if (file.size < HEADER_SIZE || memcmp(file.data, ".eif", 4) != 0)
		return bad(r, "not an enclave image file");
	r->eif->version = (unsigned)big_endian(file.data + 4, 2);
	flags = big_endian(file.data + 6, 2);
	count = (size_t)big_endian(file.data + 26, 2);
	if (r->eif->version < 2 || r->eif->version > 4)
		return bad(r, "a version that is not known here (2, 3 and 4 are)");
	if (flags & ~(uint64_t)FLAG_ARM64)
		return bad(r, "flags that are not known here");
	r->eif->arm64 = flags & FLAG_ARM64;
	if (count > SECTIONS_MAX)
		return bad(r, "more than 32 sections");
	add_crc(r, file.data, HEADER_SIZE - 4);
	add_crc(r, file.data + HEADER_SIZE, file.size - HEADER_SIZE);
	if (r->crc != big_endian(file.data + HEADER_SIZE - 4, 4))
		return bad(r, "its checksum is wrong: the file is damaged");
	if (!read_sections(r, file, count))
		return false;
	return (r->seen & needed) == needed || bad(r, "without a kernel, a command line or a ramdisk");
}

static bool extend(EVP_MD_CTX *hash, uint8_t pcr[EIF_PCR_SIZE])
{
	uint8_t both[2 * EIF_PCR_SIZE] = {0};

	return EVP_DigestFinal_ex(hash, both + EIF_PCR_SIZE, NULL) &&
	       EVP_Digest(both, sizeof(both), pcr, NULL, EVP_sha384(), NULL);
}

bool eif_read(struct span file, struct eif *eif, const char **why)
{
	struct eif_reading r = {.eif = eif};
	bool good = true;

	memset(eif, 0, sizeof(*eif));
	for (int i = 0; i < 4; i++) {
		r.hash[i] = EVP_MD_CTX_new();
		if (!r.hash[i] || !EVP_DigestInit_ex(r.hash[i], EVP_sha384(), NULL))
			good = bad(&r, "SHA-384 is not to be had");
	}
	good = good && read_file(&r, file);
	for (int i = 0; i < 4; i++) {
		if (good && (i < 3 || eif->is_signed) && !extend(r.hash[i], eif->pcr[i]))
			good = bad(&r, "SHA-384 failed");
		EVP_MD_CTX_free(r.hash[i]);
	}
	*why = r.why;
	return good;
}
