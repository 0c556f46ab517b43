/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of genuine evidence, for tests.
 */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_sample.h"

#include "cmocka_test.h"

static void *kept[4096];
static size_t kept_count;

static FILE *open_file(const char *name)
{
	const char *root = getenv("KC_EVIDENCE"), *shared = getenv("KEYCLAVE_SHARED"), *source = getenv("KC_SRCDIR");
	char path[PATH_MAX];

	if (root)
		snprintf(path, sizeof(path), "%s/%s", root, name);
	else if (shared)
		snprintf(path, sizeof(path), "%s/data/evidence/%s", shared, name);
	else
		snprintf(path, sizeof(path), "%s/../shared/data/evidence/%s", source ? source : ".", name);
	return fopen(path, "rb");
}

struct span evidence_sample_copy(struct span bytes)
{
	void *copy = malloc(bytes.size ? bytes.size : 1);

	assert_non_null(copy);
	assert_true(kept_count < sizeof(kept) / sizeof(kept[0]));
	kept[kept_count++] = copy;
	if (bytes.size)
		memcpy(copy, bytes.data, bytes.size);
	return (struct span){copy, bytes.size};
}

struct span evidence_sample(const char *name)
{
	static uint8_t bytes[1 << 20];
	FILE *file = open_file(name);
	size_t size = 0;

	if (!file) {
		print_message("# %s: not on this machine\n", name);
		skip();
	}
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	assert_true(size < sizeof(bytes));
	return evidence_sample_copy((struct span){bytes, size});
}

int evidence_sample_free(void **state)
{
	(void)state;
	while (kept_count)
		free(kept[--kept_count]);
	return 0;
}
