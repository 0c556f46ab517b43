/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See signing.h. A guest may have two emulators on one folder: they make its keys one after the other.
 */
#include "config.h"

#include "signing.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "snp_signer.h"

static const char *folder;
static struct snp_signer *snp;
static struct nitro_signer *nitro;
static struct tdx_signer *tdx;

void signing_open(const char *ca)
{
	folder = ca;
}

static int lock_folder(void)
{
	char path[PATH_MAX];
	int fd = -1;

	if (!folder)
		return -1;
	snprintf(path, sizeof(path), "%s/lock", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

static void unlock_folder(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The VCEK's certificate is of one TCB and chip: another guest's facts want another one. */
static void use_chip(uint64_t tcb, const uint8_t id[64])
{
	struct snp_signer_chip chip = {.product = "Milan"};
	int fd = -1;

	memcpy(chip.chip_id, id, sizeof(chip.chip_id));
	for (int i = 0; i < 8; i++)
		chip.tcb[i] = (uint8_t)(tcb >> (8 * i));
	if (snp && memcmp(snp->chip.chip_id, chip.chip_id, sizeof(chip.chip_id)) == 0 &&
	    memcmp(snp->chip.tcb, chip.tcb, sizeof(chip.tcb)) == 0)
		return;
	if (snp) {
		memcpy(snp->chip.chip_id, chip.chip_id, sizeof(chip.chip_id));
		memcpy(snp->chip.tcb, chip.tcb, sizeof(chip.tcb));
		snp_signer_bend(snp, &(struct snp_signer_bend){0});
		return;
	}
	fd = lock_folder();
	snp = snp_signer_new(folder, &chip);
	unlock_folder(fd);
}

void signing_snp_report(uint64_t tcb, const uint8_t chip[64], uint8_t report[1184])
{
	use_chip(tcb, chip);
	snp_signer_report(snp, 3, report);
}

void signing_snp(uint8_t report[1184])
{
	snp_signer_sign(snp, report);
}

size_t signing_snp_table(uint8_t *table, size_t size)
{
	struct buffer bytes = {0};
	size_t used = 0;

	if (snp)
		snp_signer_table(snp, &bytes);
	if (bytes.size && bytes.size <= size) {
		memcpy(table, bytes.data, bytes.size);
		used = bytes.size;
	}
	buffer_free(&bytes);
	return used;
}

void signing_nitro(const struct nitro_signer_document *document, struct buffer *out)
{
	int fd = -1;

	if (!nitro) {
		fd = lock_folder();
		nitro = nitro_signer_new(folder, 0, 0);
		unlock_folder(fd);
	}
	nitro_signer_attest(nitro, document, out);
}

void signing_tdx_body(const uint8_t data[64], uint8_t body[TDX_SIGNER_BODY_15_SIZE])
{
	tdx_signer_body(body, data);
}

void signing_tdx(struct span body, struct buffer *out)
{
	int fd = -1;

	if (!tdx) {
		fd = lock_folder();
		tdx = folder ? tdx_signer_open(folder, time(NULL)) : tdx_signer_new(time(NULL));
		unlock_folder(fd);
	}
	if (!tdx || !tdx_signer_quote(tdx, 4, body, out))
		abort();
}
