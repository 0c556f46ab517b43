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

static void append_hex(struct span bytes, struct buffer *out)
{
	for (size_t i = 0; i < bytes.size; i++) {
		char digits[3];

		snprintf(digits, sizeof(digits), "%02x", bytes.data[i]);
		assert_true(buffer_append(out, digits, 2));
	}
}

static void append_fact(const struct appraisal_fact *fact, struct buffer *out)
{
	char number[24];

	assert_true(buffer_append(out, fact->name, strlen(fact->name)) && buffer_append(out, "=", 1));
	snprintf(number, sizeof(number), "%llu", (unsigned long long)fact->number);
	if (fact->kind == APPRAISAL_BYTES)
		append_hex(fact->bytes, out);
	else if (fact->kind == APPRAISAL_TEXT)
		assert_true(buffer_append(out, fact->text, strlen(fact->text)));
	else
		assert_true(buffer_append(out, number, strlen(number)));
	assert_true(buffer_append(out, "\n", 1));
}

void evidence_sample_facts(const struct appraisal *a, struct buffer *out)
{
	for (size_t i = 0; i < a->fact_count; i++)
		append_fact(&a->fact[i], out);
}

void evidence_sample_has(const struct appraisal *a, const char *wanted)
{
	struct buffer facts = {0};
	size_t size = strlen(wanted);
	bool begins = size > 2 && strcmp(wanted + size - 2, "..") == 0, found = false;
	const char *line = NULL;

	if (begins)
		size -= 2;
	assert_true(buffer_append(&facts, "\n", 1));
	evidence_sample_facts(a, &facts);
	assert_true(buffer_append(&facts, "", 1));
	line = (const char *)facts.data;
	for (; line && !found; line = strchr(line, '\n')) {
		line++;
		found = strncmp(line, wanted, size) == 0 && (begins || line[size] == '\n');
	}
	if (!found)
		print_message("# %s\n", (const char *)facts.data);
	buffer_free(&facts);
	if (!found)
		fail_msg("no fact %s", wanted);
}

/* In a block of its own, so that a sanitizer sees the first byte that is read past it. */
static bool judge_copy(struct span evidence, evidence_sample_judge *judge, const void *context, struct buffer *facts)
{
	static struct appraisal a;
	uint8_t *copy = malloc(evidence.size ? evidence.size : 1);
	bool good = false;

	assert_non_null(copy);
	if (evidence.size)
		memcpy(copy, evidence.data, evidence.size);
	memset(&a, 0, sizeof(a));
	good = judge(&a, (struct span){copy, evidence.size}, context);
	/* Without a good signature and chain nothing is said. */
	assert_true(a.tee || !a.fact_count);
	assert_true(good || (a.check_count && !a.check[a.check_count - 1].passed));
	buffer_reset(facts);
	evidence_sample_facts(&a, facts);
	free(copy);
	return good;
}

size_t evidence_sample_flips(struct span evidence, evidence_sample_judge *judge, const void *context, size_t step)
{
	struct buffer plain = {0}, facts = {0}, changed = {0};
	size_t passed = 0;

	assert_true(judge_copy(evidence, judge, context, &plain));
	assert_true(buffer_set(&changed, evidence.data, evidence.size));
	if (getenv("KC_EVERY_BYTE"))
		step = 1;
	for (size_t i = 0; i < changed.size; i += step) {
		changed.data[i] ^= (uint8_t)(1 << i % 8);
		if (judge_copy(buffer_span(&changed), judge, context, &facts)) {
			passed++;
			if (!span_equal(buffer_span(&plain), buffer_span(&facts)))
				fail_msg("byte %zu: good, with other facts", i);
		}
		changed.data[i] ^= (uint8_t)(1 << i % 8);
	}
	buffer_free(&plain);
	buffer_free(&facts);
	buffer_free(&changed);
	return passed;
}

void evidence_sample_cuts(struct span evidence, evidence_sample_judge *judge, const void *context)
{
	struct buffer facts = {0};

	for (size_t size = 0; size < evidence.size; size++)
		if (judge_copy((struct span){evidence.data, size}, judge, context, &facts))
			fail_msg("%zu of %zu bytes are good", size, evidence.size);
	buffer_free(&facts);
}

int evidence_sample_free(void **state)
{
	(void)state;
	while (kept_count)
		free(kept[--kept_count]);
	return 0;
}
