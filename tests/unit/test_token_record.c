/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c: every body comes back as it was written, is what the CDDL in docs/store.md says, and is
 * refused when it is cut or something stands behind it.
 */
#include "config.h"

#include "token/record.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_test.h"
#include "common/cbor_reader.h"

/* ---- as much of CDDL as the page uses ---- */

static char *page; /* docs/store.md, comments of its CDDL blanked */

/* TEXT is read from, R is compared; false: no match. */
struct match {
	const char *text;
	struct cbor_reader r;
};

static bool match_type(struct match *m, bool skip);

static void blank(struct match *m)
{
	while (isspace((unsigned char)*m->text))
		m->text++;
}

static bool word(struct match *m, const char *w)
{
	size_t n = strlen(w);

	blank(m);
	if (strncmp(m->text, w, n) != 0)
		return false;
	if (isalpha((unsigned char)w[0]) &&
	    (isalnum((unsigned char)m->text[n]) || m->text[n] == '-'))
		return false;
	m->text += n;
	return true;
}

static bool number(struct match *m, uint64_t *value)
{
	char *end = NULL;

	blank(m);
	*value = strtoull(m->text, &end, 10);
	if (end == m->text)
		return false;
	m->text = end;
	return true;
}

/* " .size 16" or " .size (0..32)"; none: any size. */
static void size_of(struct match *m, uint64_t *low, uint64_t *high)
{
	*low = 0;
	*high = UINT64_MAX;
	if (!word(m, ".size"))
		return;
	if (!word(m, "(")) {
		assert_true(number(m, low));
		*high = *low;
		return;
	}
	assert_true(number(m, low) && word(m, "..") && number(m, high) && word(m, ")"));
}

static bool match_string(struct match *m, bool skip, enum cbor_item_type type)
{
	struct cbor_item item;
	uint64_t low = 0, high = 0;

	size_of(m, &low, &high);
	return skip || (cbor_reader_next(&m->r, &item) && item.type == type &&
			item.bytes.size >= low && item.bytes.size <= high);
}

static bool match_uint(struct match *m, bool skip, uint64_t low, uint64_t high)
{
	uint64_t value = 0;

	return skip || (cbor_reader_uint(&m->r, high, &value) && value >= low);
}

/* A name at the text: its size. */
static size_t name_size(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || (n && text[n] == '-'))
		n++;
	return isalpha((unsigned char)text[0]) ? n : 0;
}

/* What stands behind "NAME =" at the start of a line of the page. */
static const char *rule_text(const char *name, size_t size)
{
	for (const char *line = page; line; line = strchr(line, '\n')) {
		const char *p = line;

		line += *line == '\n';
		p = line;
		if (strncmp(p, name, size) != 0 || name_size(p) != size)
			continue;
		p += size;
		p += strspn(p, " ");
		if (*p == '=')
			return p + 1 + strspn(p + 1, " ");
	}
	return NULL;
}

static bool match_members(struct match *m, bool skip, size_t *left, const char *end);

/* A group, "( a, b )", stands for its members. */
static bool match_group(struct match *m, bool skip, size_t *left, bool *is_group)
{
	size_t size = 0;
	const char *text = NULL;
	struct match group = *m;
	bool good = false;

	blank(m);
	size = name_size(m->text);
	text = size ? rule_text(m->text, size) : NULL;
	*is_group = text && *text == '(';
	if (!*is_group)
		return false;
	group.text = text + 1;
	good = skip || match_members(&group, false, left, ")");
	m->text += size;
	m->r = group.r;
	return good;
}

/* "*", "0*2 ": how often; once without. */
static void occurrence(struct match *m, uint64_t *low, uint64_t *high)
{
	struct match back = *m;

	*low = *high = 1;
	if (!number(m, low)) {
		*low = 0;
		blank(m);
	}
	if (*m->text != '*') {
		*m = back;
		*low = 1;
		return;
	}
	m->text++;
	if (!number(m, high))
		*high = UINT64_MAX;
}

/* One member of an array; *LEFT items are still to come. */
static bool match_member(struct match *m, bool skip, size_t *left)
{
	uint64_t low = 1, high = 1, n = 0;
	const char *type = NULL;
	bool is_group = false, good = match_group(m, skip, left, &is_group);

	if (is_group)
		return good;
	occurrence(m, &low, &high);
	blank(m);
	n = name_size(m->text);
	if (n && m->text[n] == ':')
		m->text += n + 1;
	type = m->text;
	for (n = 0; !skip && *left > 0 && n < high; n++) {
		m->text = type;
		if (!match_type(m, false))
			return false;
		(*left)--;
	}
	if (n == 0)
		match_type(m, true);
	return skip || n >= low;
}

static bool match_members(struct match *m, bool skip, size_t *left, const char *end)
{
	while (!word(m, end)) {
		if (!match_member(m, skip, left))
			return false;
		word(m, ",");
	}
	return true;
}

static bool match_array(struct match *m, bool skip)
{
	size_t left = 0;

	if (!skip && !cbor_reader_array(&m->r, SIZE_MAX, &left))
		return false;
	return match_members(m, skip, &left, "]") && left == 0;
}

static bool match_rule(struct match *m, const char *name, size_t size)
{
	struct match rule = *m;
	bool good = false;

	rule.text = rule_text(name, size);
	if (!rule.text)
		fail_msg("no rule %.*s", (int)size, name);
	good = match_type(&rule, false);
	m->r = rule.r;
	return good;
}

static bool match_one(struct match *m, bool skip)
{
	uint64_t low = 0, high = 0;
	const char *name = NULL;

	if (word(m, "["))
		return match_array(m, skip);
	if (word(m, "uint")) {
		if (word(m, ".ge"))
			assert_true(number(m, &low));
		return match_uint(m, skip, low, UINT64_MAX);
	}
	if (word(m, "bstr"))
		return match_string(m, skip, CBOR_READER_BYTES);
	if (word(m, "tstr"))
		return match_string(m, skip, CBOR_READER_TEXT);
	if (word(m, "null"))
		return skip || cbor_reader_null(&m->r);
	if (number(m, &low)) {
		if (!word(m, "..") || !number(m, &high))
			high = low;
		return match_uint(m, skip, low, high);
	}
	blank(m);
	name = m->text;
	m->text += name_size(name);
	assert_true(m->text > name);
	return skip || match_rule(m, name, (size_t)(m->text - name));
}

static bool match_type(struct match *m, bool skip)
{
	struct match start = *m;
	bool good = match_one(m, skip);

	while (word(m, "/")) {
		struct match other = *m;

		if (good) {
			match_one(m, true);
			continue;
		}
		other.r = start.r;
		good = match_one(&other, skip);
		*m = other;
	}
	return good;
}

static void is(const char *rule, struct span body)
{
	struct match m = {.text = rule};

	cbor_reader_init(&m.r, body);
	if (!match_rule(&m, rule, strlen(rule)) || !cbor_reader_end(&m.r))
		fail_msg("not a %s as docs/store.md has it", rule);
}

static int load_page(void **state)
{
	const char *source = getenv("KC_SRCDIR");
	char path[4096];
	FILE *file = NULL;
	size_t size = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/store.md", source ? source : "..");
	file = fopen(path, "r");
	page = calloc(1, 1 << 18);
	if (!file || !page)
		return -1;
	size = fread(page, 1, (1 << 18) - 1, file);
	fclose(file);
	for (char *p = page; (p = strchr(p, ';'));)
		while (*p && *p != '\n')
			*p++ = ' ';
	return size > 0 ? 0 : -1;
}

static int free_page(void **state)
{
	(void)state;
	free(page);
	return 0;
}

/* ---- bodies ---- */

/* Each shorter body is refused, and one with a byte behind it. */
#define CUT(body, read)                                                                            \
	do {                                                                                       \
		for (size_t cut = 0; cut < (body).size; cut++)                                     \
			assert_int_equal(read(((struct span){(body).data, cut})),                  \
					 CKR_DATA_INVALID);                                        \
		assert_true(buffer_append(&(body), "", 1));                                        \
		assert_int_equal(read(buffer_span(&(body))), CKR_DATA_INVALID);                    \
	} while (0)

static const struct record_link sample_link = {.version = 300, .tag = {1, 2, 3}};

static CK_RV read_slots(struct span body)
{
	static struct record_slots slots;

	return record_read_slots(body, &slots);
}

static void slots(void **state)
{
	static struct record_slots in = {.next_token = 9, .count = 2}, out;
	struct buffer body = {0};

	(void)state;
	in.entry[0] = (struct record_slot){1, 1, "0123456789abcdef", {7}, sample_link};
	in.entry[1] = (struct record_slot){3, 8, "fedcba9876543210", {8}, sample_link};
	assert_true(record_write_slots(&body, &in));
	is("slots-body", buffer_span(&body));
	assert_int_equal(record_read_slots(buffer_span(&body), &out), CKR_OK);
	assert_memory_equal(&in, &out, sizeof(in));
	CUT(body, read_slots);
	buffer_reset(&body);
	in.entry[1].slot = 1;
	assert_true(record_write_slots(&body, &in));
	assert_int_equal(read_slots(buffer_span(&body)), CKR_DATA_INVALID);
	buffer_free(&body);
}

static CK_RV read_head(struct span body)
{
	struct record_head head;
	CK_RV rv = record_read_head(body, &head);

	if (rv == CKR_OK)
		record_head_wipe(&head);
	return rv;
}

static void heads(void **state)
{
	struct record_head in = {.label = "label", .epoch = 5, .logins = 6, .next_handle = 1000},
			   out, copy;
	struct buffer body = {0};

	(void)state;
	in.so = (struct record_pin){
	    .version = 1, .failed = 2, .salt = {3}, .log2_n = 14, .r = 8, .p = 1};
	for (int user = 0; user < 2; user++) {
		if (user)
			in.user = in.so;
		buffer_reset(&body);
		assert_true(record_write_head(&body, &in));
		is("token-body", buffer_span(&body));
		assert_int_equal(record_read_head(buffer_span(&body), &out), CKR_OK);
		assert_memory_equal(&in.user, &out.user, sizeof(in.user));
		assert_int_equal(out.page_count, in.page_count);
		record_head_wipe(&out);
		for (uint64_t id = 5; id > 0; id--)
			record_head_add(&in, id * 3)->link = sample_link;
	}
	assert_int_equal(in.page_count, 5);
	assert_int_equal(in.pages[0].id, 3);
	assert_non_null(record_head_page(&in, 9));
	record_head_remove(&in, 9);
	record_head_remove(&in, 10);
	assert_null(record_head_page(&in, 9));
	in.ended = (struct record_ended_list){.since = 70, .next = 9, .count = 2};
	in.ended.page[0] = (struct record_child){.id = 4, .link = sample_link};
	in.ended.page[1] = (struct record_child){.id = 8, .link = sample_link};
	assert_true(record_head_copy(&copy, &in));
	buffer_reset(&body);
	assert_true(record_write_head(&body, &copy));
	is("token-body", buffer_span(&body));
	assert_int_equal(record_read_head(buffer_span(&body), &out), CKR_OK);
	assert_int_equal(out.page_count, 4);
	assert_string_equal(out.label, "label");
	assert_memory_equal(&out.ended, &in.ended, sizeof(in.ended));
	record_head_wipe(&out);
	record_head_wipe(&copy);
	record_head_wipe(&in);
	CUT(body, read_head);
	buffer_free(&body);
}

static CK_RV read_page(struct span body)
{
	struct record_page out;

	return record_read_page(body, 4, &out);
}

static void pages(void **state)
{
	struct record_page in = {.id = 4}, out;
	struct buffer body = {0};

	(void)state;
	in.entry[0] = in.entry[255] = in.entry[24] = sample_link;
	assert_true(record_write_page(&body, &in));
	is("page-body", buffer_span(&body));
	assert_int_equal(record_read_page(buffer_span(&body), 4, &out), CKR_OK);
	assert_memory_equal(&in, &out, sizeof(in));
	CUT(body, read_page);
	buffer_free(&body);
}

static CK_RV read_object(struct span body)
{
	struct attribute_set *set = NULL;
	CK_RV rv = record_read_object(body, &set);

	attribute_set_free(&set);
	return rv;
}

static void objects(void **state)
{
	struct attribute_set *in = attribute_set_new(), *out = NULL;
	struct buffer body = {0};

	(void)state;
	assert_true(attribute_set_put_ulong(in, CKA_CLASS, CKO_DATA));
	assert_true(attribute_set_put(in, CKA_LABEL, (struct span){(const uint8_t *)"", 0}));
	assert_true(attribute_set_put_bool(in, CKA_VENDOR_DEFINED | 5, true));
	assert_true(record_write_object(&body, in));
	is("object-body", buffer_span(&body));
	assert_int_equal(record_read_object(buffer_span(&body), &out), CKR_OK);
	assert_int_equal(attribute_set_count(out), 3);
	assert_true(attribute_set_has(out, CKA_LABEL));
	assert_true(attribute_set_bool(out, CKA_VENDOR_DEFINED | 5, false));
	attribute_set_free(&in);
	attribute_set_free(&out);
	CUT(body, read_object);
	buffer_free(&body);
}

static CK_RV read_once(struct span body)
{
	struct record_once out;

	return record_read_once(body, &out);
}

static void onces(void **state)
{
	struct record_once in = {.once = {{1, 2}, UINT64_MAX}, .time = 77, .rv = CKR_PIN_INCORRECT},
			   out;
	struct buffer body = {0};

	(void)state;
	for (size_t handles = 0; handles <= 2; handles++) {
		buffer_reset(&body);
		in.handle_count = handles;
		in.handles[0] = handles > 0 ? 11 : 0;
		in.handles[1] = handles > 1 ? 12 : 0;
		assert_true(record_write_once(&body, &in));
		is("once-body", buffer_span(&body));
		assert_int_equal(record_read_once(buffer_span(&body), &out), CKR_OK);
		assert_memory_equal(out.handles, in.handles, sizeof(in.handles));
		assert_int_equal(out.rv, in.rv);
	}
	CUT(body, read_once);
	buffer_reset(&body);
	in.undecided = true;
	in.candidate[31] = 9;
	assert_true(record_write_once(&body, &in));
	is("once-body", buffer_span(&body));
	assert_int_equal(record_read_once(buffer_span(&body), &out), CKR_OK);
	assert_true(out.undecided);
	assert_memory_equal(out.candidate, in.candidate, sizeof(in.candidate));
	buffer_free(&body);
}

static CK_RV read_ended(struct span body)
{
	static struct record_ended out;

	return record_read_ended(body, &out);
}

static void ended_logins(void **state)
{
	static struct record_ended in, out;
	struct buffer body = {0};

	(void)state;
	for (size_t count = 0; count <= RECORD_ENDED_NAMES; count += RECORD_ENDED_NAMES / 2) {
		in.count = count;
		for (size_t i = 0; i < count; i++) {
			in.entry[i].name[3] = (uint8_t)i;
			in.entry[i].time = 1795555315 + i;
		}
		buffer_reset(&body);
		assert_true(record_write_ended(&body, &in));
		is("ended-body", buffer_span(&body));
		assert_int_equal(record_read_ended(buffer_span(&body), &out), CKR_OK);
		assert_memory_equal(&out, &in, sizeof(in));
	}
	CUT(body, read_ended);
	buffer_free(&body);
}

/* So that a page which says anything does not pass. */
static void the_matcher_can_fail(void **state)
{
	struct match m = {.text = ""};
	static const uint8_t five[] = {5}, wrong[] = {0x83, 0x18, 0x64, 1, 2};

	(void)state;
	cbor_reader_init(&m.r, (struct span){five, 1});
	assert_false(match_rule(&m, "page-body", 9));
	cbor_reader_init(&m.r, (struct span){wrong, sizeof(wrong)});
	assert_false(match_rule(&m, "object-link", 11));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slots), cmocka_unit_test(heads),
	    cmocka_unit_test(pages), cmocka_unit_test(objects),
	    cmocka_unit_test(onces), cmocka_unit_test(ended_logins),
	    cmocka_unit_test(the_matcher_can_fail),
	};

	return cmocka_run_group_tests(tests, load_page, free_page);
}
