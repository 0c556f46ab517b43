/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make-hcl sev|tdx CONTROL CA AK OUT [MORE]: the HCL report of an emulated guest, in which the hardware vouches for the vTPM's
 * attestation key AK (PEM, RSA), into OUT as it lies in NV memory. MORE gets a TD's quote for it, or the certificate table of the
 * chip. CONTROL and CA are those of the guest's emulators. Tests only.
 */
#include "config.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "signing.h"
#include "snp_firmware.h"
#include "tdx_module.h"

#define NV_SIZE 2048 /* the most that a software TPM has; Azure pads to 2600 */
#define JSON_MAX 960
#define TEXT_MAX 352
#define HEADER_SIZE 1236
#define TDREPORT_REPORT_DATA 128

static void die(const char *what)
{
	fprintf(stderr, "make-hcl: %s\n", what);
	exit(1);
}

static void put_le32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

static void base64url(const BIGNUM *number, char out[TEXT_MAX])
{
	unsigned char bytes[260], text[TEXT_MAX];
	int size = BN_bn2bin(number, bytes), length = EVP_EncodeBlock(text, bytes, size), at = 0;

	for (int i = 0; i < length && text[i] != '='; i++)
		out[at++] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
	out[at] = '\0';
}

static void write_json(const char *path, char json[JSON_MAX])
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;
	BIGNUM *n = NULL, *e = NULL;
	char n_text[TEXT_MAX], e_text[TEXT_MAX];

	if (!key || EVP_PKEY_get_bn_param(key, "n", &n) != 1 || EVP_PKEY_get_bn_param(key, "e", &e) != 1 ||
	    BN_num_bytes(n) > 256 || BN_num_bytes(e) > 8)
		die("no RSA key");
	base64url(n, n_text);
	base64url(e, e_text);
	snprintf(json, JSON_MAX,
		 "{\"keys\":[{\"kid\":\"HCLAkPub\",\"key_ops\":[\"sign\"],\"kty\":\"RSA\",\"e\":\"%s\",\"n\":\"%s\"}],"
		 "\"vm-configuration\":{\"secure-boot\":true},\"user-data\":\"\"}",
		 e_text, n_text);
	BN_free(n);
	BN_free(e);
	EVP_PKEY_free(key);
	fclose(file);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	FILE *file = fopen(path, "we");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
		die(path);
}

int main(int argc, char **argv)
{
	static uint8_t out[NV_SIZE], table[SNP_FIRMWARE_TABLE_MAX];
	uint8_t data[64] = {0};
	char json[JSON_MAX];
	struct buffer quote = {0};
	bool tdx = argc > 1 && strcmp(argv[1], "tdx") == 0;

	if (argc < 6)
		die("sev|tdx CONTROL CA AK OUT [MORE]");
	control_open(argv[2]);
	control_refresh();
	signing_open(argv[3]);
	write_json(argv[4], json);
	EVP_Digest(json, strlen(json), data, NULL, EVP_sha256(), NULL);
	if (HEADER_SIZE + strlen(json) > sizeof(out))
		die("a key that is too long");
	memcpy(out, "HCLA", 4);
	put_le32(out + 4, 2);
	put_le32(out + 8, NV_SIZE);
	put_le32(out + 12, 2);
	if (tdx) {
		out[32] = 0x81;
		memcpy(out + 32 + TDREPORT_REPORT_DATA, data, sizeof(data));
		tdx_module_quote(data, &quote);
	} else {
		snp_firmware_report_above(data, out + 32);
	}
	put_le32(out + 1216, (uint32_t)strlen(json) + 20);
	put_le32(out + 1220, 1);
	put_le32(out + 1224, tdx ? 4 : 2);
	put_le32(out + 1228, 1);
	put_le32(out + 1232, (uint32_t)strlen(json));
	memcpy(out + HEADER_SIZE, json, strlen(json));
	write_file(argv[5], out, sizeof(out));
	if (argc > 6 && tdx)
		write_file(argv[6], quote.data, quote.size);
	else if (argc > 6)
		write_file(argv[6], table, snp_firmware_table(table));
	buffer_free(&quote);
	return 0;
}
