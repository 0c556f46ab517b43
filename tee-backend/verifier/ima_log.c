/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IMA's list of measurements (Linux, Documentation/security/IMA-templates.rst). Numbers are little-endian.
 */
#include "config.h"

#include <string.h>

#include "verifier/ima_log.h"

#define NAME_SIZE_MAX 64
#define DATA_SIZE_MAX ((size_t)512 * 1024)
#define PATH_SUFFIX "/keyclaved"

static bool fail(struct ima_log_reader *r, const char *why)
{
	if (!r->error)
		r->error = why;
	return false;
}

/* True if a template's name stands where it does in a list with digests of this size. */
static bool has_digests_of(struct span log, size_t size)
{
	struct cursor c;
	struct span name = {0};
	uint32_t name_size = 0;

	cursor_init(&c, log);
	cursor_bytes(&c, 4 + size);
	name_size = cursor_le32(&c);
	if (name_size > NAME_SIZE_MAX)
		return false;
	name = cursor_bytes(&c, name_size);
	return name.size > 4 && memcmp(name.data, "ima-", 4) == 0;
}

bool ima_log_open(struct ima_log_reader *r, struct span log)
{
	*r = (struct ima_log_reader){0};
	cursor_init(&r->cursor, log);
	if (log.size > IMA_LOG_SIZE_MAX)
		return fail(r, "the list of measured files is too long");
	if (has_digests_of(log, 20))
		r->digest_size = 20;
	else if (has_digests_of(log, 32))
		r->digest_size = 32;
	else
		return fail(r, "not a list of measured files, or of another template than ima-ng and ima-sig");
	return true;
}

/* "sha256:" NUL digest; since 6.1 "ima:sha256:" or "verity:sha256:". */
static void read_digest(struct span field, struct ima_log_entry *entry)
{
	const uint8_t *nul = field.size ? memchr(field.data, 0, field.size) : NULL;
	struct span prefix = {field.data, nul ? (size_t)(nul - field.data) : 0};
	const uint8_t *colon = NULL;

	if (!prefix.size || prefix.data[prefix.size - 1] != ':')
		return;
	prefix.size--;
	colon = memrchr(prefix.data, ':', prefix.size);
	if (colon) {
		prefix.size -= (size_t)(colon + 1 - prefix.data);
		prefix.data = colon + 1;
	}
	entry->hash = tpm_hash_by_name(prefix);
	entry->digest = (struct span){nul + 1, field.size - (size_t)(nul + 1 - field.data)};
	if (entry->digest.size != tpm_hash_size(entry->hash))
		entry->hash = 0;
}

/* The first two fields of the template's data; those after them are covered and not looked at. */
static bool read_data(struct ima_log_entry *entry)
{
	struct cursor c;
	struct span digest = {0}, path = {0};

	cursor_init(&c, entry->data);
	digest = cursor_bytes(&c, cursor_le32(&c));
	path = cursor_bytes(&c, cursor_le32(&c));
	while (!c.failed && c.rest.size)
		cursor_bytes(&c, cursor_le32(&c));
	if (c.failed || !path.size || path.data[path.size - 1] != 0)
		return false;
	read_digest(digest, entry);
	entry->path = (struct span){path.data, path.size - 1};
	return !memchr(entry->path.data, 0, entry->path.size);
}

bool ima_log_next(struct ima_log_reader *r, struct ima_log_entry *entry)
{
	struct cursor *c = &r->cursor;
	uint32_t size = 0;

	*entry = (struct ima_log_entry){0};
	if (r->error || !c->rest.size)
		return false;
	entry->pcr = cursor_le32(c);
	entry->violation = cursor_all(cursor_bytes(c, r->digest_size), 0);
	size = cursor_le32(c);
	if (c->failed || size > NAME_SIZE_MAX)
		return fail(r, "the list of measured files ends within an entry, or has one of no form");
	entry->name = cursor_bytes(c, size);
	size = cursor_le32(c);
	if (c->failed || size > DATA_SIZE_MAX)
		return fail(r, "the list of measured files ends within an entry, or has one of no form");
	entry->data = cursor_bytes(c, size);
	if (c->failed || entry->name.size < 5 || memcmp(entry->name.data, "ima-", 4) != 0 || !read_data(entry))
		return fail(r, "the list of measured files ends within an entry, or has one of no form");
	return true;
}

bool ima_log_replay(struct span log, uint16_t bank, uint8_t value[TPM_HASH_SIZE_MAX], const char **why)
{
	struct ima_log_reader r;
	struct ima_log_entry entry;
	uint8_t digest[TPM_HASH_SIZE_MAX];
	size_t size = tpm_hash_size(bank);

	memset(value, 0, TPM_HASH_SIZE_MAX);
	if (ima_log_open(&r, log) && !tpm_hash_is_strong(bank))
		fail(&r, "a bank that is not replayed");
	while (ima_log_next(&r, &entry)) {
		if (entry.pcr != IMA_LOG_PCR)
			continue;
		/* What cannot be vouched for spoils the register: ones instead of a hash. */
		memset(digest, 0xff, sizeof(digest));
		if ((!entry.violation && !tpm_hash_two(bank, entry.data, (struct span){0}, digest)) ||
		    !tpm_hash_extend(bank, value, (struct span){digest, size}))
			fail(&r, "no memory");
	}
	*why = r.error;
	return !r.error;
}

static bool is_keyclaved(const struct ima_log_entry *entry)
{
	const size_t size = sizeof(PATH_SUFFIX) - 1;

	return entry->pcr == IMA_LOG_PCR && entry->path.size >= size &&
	       memcmp(entry->path.data + entry->path.size - size, PATH_SUFFIX, size) == 0;
}

bool ima_log_facts(struct appraisal *a, struct span log)
{
	struct ima_log_reader r;
	struct ima_log_entry entry, found = {0};
	uint64_t count = 0;

	ima_log_open(&r, log);
	while (ima_log_next(&r, &entry)) {
		count += entry.pcr == IMA_LOG_PCR;
		if (!is_keyclaved(&entry))
			continue;
		if (entry.violation)
			return appraisal_check(a, "measured files", false, "keyclaved changed while it was measured");
		if (!tpm_hash_is_strong(entry.hash))
			return appraisal_check(a, "measured files", false, "keyclaved was measured by another hash than SHA-2");
		if (found.digest.data && !span_equal(found.digest, entry.digest))
			return appraisal_check(a, "measured files", false, "several programs were measured as keyclaved");
		found = entry;
	}
	appraisal_number(a, "ima.entries", count);
	if (found.digest.data) {
		appraisal_bytes(a, "ima.keyclaved", found.digest);
		appraisal_text(a, "ima.keyclaved-hash", span_text(tpm_hash_name(found.hash)));
		appraisal_text(a, "ima.keyclaved-path", found.path);
	}
	return true;
}
