/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See tpm_bus.h.
 */
#include "config.h"

#include "tpm_bus.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OWNER 0x40000001
#define PASSWORD 0x40000009
#define LOCKOUT 0x4000000a
#define PLATFORM 0x4000000c

#define RC_RETRY 0x922

#define AUTH_SIZE 32

/* Part 2, section 6.5.2. */
enum code {
	NV_UNDEFINE = 0x122,
	HIERARCHY_CHANGE_AUTH = 0x129,
	NV_DEFINE = 0x12a,
	PCR_ALLOCATE = 0x12b,
	NV_INCREMENT = 0x134,
	NV_WRITE = 0x137,
	DICTIONARY_ATTACK_PARAMETERS = 0x13a,
	PCR_EXTEND = 0x182,
};

struct command {
	uint8_t bytes[512];
	size_t size;
};

static void put(struct command *c, uint32_t value, unsigned size)
{
	for (unsigned i = size; i > 0; i--)
		c->bytes[c->size++] = (uint8_t)(value >> (8 * (i - 1)));
}

static void fill_with(struct command *c, uint8_t fill, size_t size)
{
	memset(c->bytes + c->size, fill, size);
	c->size += size;
}

/* Header and handles (SECOND 0: none); then one password session: 32 bytes FILL, or nothing for 0. */
static struct command begin(enum code code, uint32_t handle, uint32_t second, uint8_t fill)
{
	struct command c = {.size = 0};

	put(&c, 0x8002, 2);
	put(&c, 0, 4);
	put(&c, code, 4);
	put(&c, handle, 4);
	if (second)
		put(&c, second, 4);
	put(&c, fill ? 9 + AUTH_SIZE : 9, 4);
	put(&c, PASSWORD, 4);
	put(&c, 0, 2);
	put(&c, 0, 1);
	put(&c, fill ? AUTH_SIZE : 0, 2);
	if (fill)
		fill_with(&c, fill, AUTH_SIZE);
	return c;
}

static uint32_t transact_once(const struct emulator *e, struct command *c)
{
	char path[PATH_MAX + 16];
	uint8_t response[4096];
	size_t size = c->size;
	ssize_t got = -1;
	int fd = -1;

	snprintf(path, sizeof(path), "%s/dev/tpmrm0", e->root);
	c->size = 2;
	put(c, (uint32_t)size, 4);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && write(fd, c->bytes, size) == (ssize_t)size)
		got = read(fd, response, sizeof(response));
	if (fd >= 0)
		close(fd);
	if (got < 10)
		return UINT32_MAX;
	return (uint32_t)response[6] << 24 | (uint32_t)response[7] << 16 | (uint32_t)response[8] << 8 | response[9];
}

static uint32_t transact(const struct emulator *e, struct command *c)
{
	size_t size = c->size;
	uint32_t rc = transact_once(e, c);

	/* It has to write down first that authorisations are used which may lock it. */
	for (int i = 0; i < 10 && rc == RC_RETRY; i++) {
		c->size = size;
		rc = transact_once(e, c);
	}
	return rc;
}

static bool is_in_path(const char *program)
{
	char path[PATH_MAX];
	const char *at = getenv("PATH");

	while (at && *at) {
		const char *end = strchrnul(at, ':');

		snprintf(path, sizeof(path), "%.*s/%s", (int)(end - at), at, program);
		if (access(path, X_OK) == 0)
			return true;
		at = *end ? end + 1 : end;
	}
	return false;
}

const char *tpm_bus_begin(void)
{
	return is_in_path("swtpm") ? emulator_begin() : "swtpm is not there";
}

bool tpm_bus_power_on(struct emulator *e, const char *name)
{
	char option[PATH_MAX];

	snprintf(option, sizeof(option), "--state=%s/%s", e->folder.path, name);
	mkdir(option + 8, 0700);
	return emulator_start(e, "emulate-tpm", "dev", option);
}

uint32_t tpm_bus_extend(const struct emulator *e, unsigned pcr, uint8_t fill)
{
	struct command c = begin(PCR_EXTEND, pcr, 0, 0);

	put(&c, 1, 4);
	put(&c, 0x000b, 2);
	fill_with(&c, fill, 32);
	return transact(e, &c);
}

uint32_t tpm_bus_allocate_sha1(const struct emulator *e)
{
	static const uint16_t banks[] = {0x0004, 0x000b, 0x000c, 0x000d};
	struct command c = begin(PCR_ALLOCATE, PLATFORM, 0, 0);

	put(&c, 4, 4);
	for (size_t i = 0; i < 4; i++) {
		put(&c, banks[i], 2);
		put(&c, 3, 1);
		put(&c, i ? 0 : 0xffffff, 3);
	}
	return transact(e, &c);
}

uint32_t tpm_bus_undefine(const struct emulator *e, uint32_t index)
{
	struct command c = begin(NV_UNDEFINE, OWNER, index, 0);

	return transact(e, &c);
}

uint32_t tpm_bus_define(const struct emulator *e, uint32_t index, uint32_t attributes, uint8_t fill)
{
	struct command c = begin(NV_DEFINE, OWNER, 0, 0);

	put(&c, AUTH_SIZE, 2);
	fill_with(&c, fill, AUTH_SIZE);
	put(&c, 14, 2);
	put(&c, index, 4);
	put(&c, 0x000b, 2);
	put(&c, attributes, 4);
	put(&c, 0, 2);
	put(&c, 8, 2);
	return transact(e, &c);
}

uint32_t tpm_bus_increment(const struct emulator *e, uint32_t index, uint8_t fill)
{
	struct command c = begin(NV_INCREMENT, index, index, fill);

	return transact(e, &c);
}

uint32_t tpm_bus_write(const struct emulator *e, uint32_t index, uint8_t fill)
{
	struct command c = begin(NV_WRITE, index, index, fill);

	put(&c, 8, 2);
	fill_with(&c, 1, 8);
	put(&c, 0, 2);
	return transact(e, &c);
}

uint32_t tpm_bus_one_try(const struct emulator *e)
{
	struct command c = begin(DICTIONARY_ATTACK_PARAMETERS, LOCKOUT, 0, 0);

	put(&c, 1, 4);
	put(&c, 1000, 4);
	put(&c, 1000, 4);
	return transact(e, &c);
}

uint32_t tpm_bus_take_ownership(const struct emulator *e)
{
	struct command c = begin(HIERARCHY_CHANGE_AUTH, OWNER, 0, 0);

	put(&c, 4, 2);
	fill_with(&c, 'x', 4);
	return transact(e, &c);
}
