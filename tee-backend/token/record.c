/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record bodies to CBOR and back. Called by batch.c, which seals them, and by those that load.
 * Inside the enclave.
 */
#include "config.h"

#include "token/record.h"

#include <stdlib.h>
#include <string.h>

#include "blobstore/blobstore.h"
#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/memory.h"

#define NUMBER_MAX ((uint64_t)INT64_MAX)
#define LOG2_N_MAX 20 /* 1 GiB with r = 8: more is nothing that we wrote */
#define PAGES_MAX ((size_t)1 << 22)

#define FIXED(array) ((struct span){(array), sizeof(array)})

/* Reads a byte string of exactly SIZE bytes. */
static bool read_fixed(struct cbor_reader *r, uint8_t *out, size_t size)
{
	struct span bytes = {NULL, 0};

	if (!cbor_reader_bytes(r, size, &bytes) || bytes.size != size)
		return false;
	memcpy(out, bytes.data, size);
	return true;
}

static bool read_array(struct cbor_reader *r, size_t count)
{
	size_t n = 0;

	return cbor_reader_array(r, count, &n) && n == count;
}

static bool read_link(struct cbor_reader *r, struct record_link *link)
{
	return cbor_reader_uint(r, NUMBER_MAX, &link->version) && link->version > 0 &&
	       read_fixed(r, link->tag, sizeof(link->tag));
}

static void write_link(struct cbor_writer *w, const struct record_link *link)
{
	cbor_writer_uint(w, link->version);
	cbor_writer_bytes(w, FIXED(link->tag));
}

void record_tag(struct span sealed, uint8_t tag[RECORD_TAG_SIZE])
{
	memset(tag, 0, RECORD_TAG_SIZE);
	if (sealed.size >= RECORD_TAG_SIZE)
		memcpy(tag, sealed.data + sealed.size - RECORD_TAG_SIZE, RECORD_TAG_SIZE);
}

/* ---- slots ---- */

bool record_write_slots(struct buffer *out, const struct record_slots *slots)
{
	struct cbor_writer w = {NULL, 0, false};

	cbor_writer_init(&w, out, BLOBSTORE_BLOB_MAX);
	cbor_writer_array(&w, slots->epoch ? 3 : 2);
	cbor_writer_uint(&w, slots->next_token);
	cbor_writer_array(&w, slots->count);
	for (size_t i = 0; i < slots->count; i++) {
		const struct record_slot *s = &slots->entry[i];

		cbor_writer_array(&w, 6);
		cbor_writer_uint(&w, s->slot);
		cbor_writer_uint(&w, s->token);
		cbor_writer_text_span(&w, span_text(s->serial));
		cbor_writer_bytes(&w, FIXED(s->salt));
		write_link(&w, &s->head);
	}
	if (slots->epoch)
		cbor_writer_uint(&w, slots->epoch);
	return !w.failed;
}

CK_RV record_read_slots(struct span body, struct record_slots *slots)
{
	struct cbor_reader r = {{NULL, 0}, CBOR_READER_DETERMINISTIC, NULL};

	size_t count = 0;

	memset(slots, 0, sizeof(*slots));
	cbor_reader_init(&r, body);
	if (!cbor_reader_array(&r, 3, &count) || count < 2 || !cbor_reader_uint(&r, NUMBER_MAX, &slots->next_token) ||
	    !cbor_reader_array(&r, RECORD_SLOTS_MAX, &slots->count))
		return CKR_DATA_INVALID;
	for (size_t i = 0; i < slots->count; i++) {
		struct record_slot *s = &slots->entry[i];
		struct span serial = {NULL, 0};

		if (!read_array(&r, 6) || !cbor_reader_uint(&r, NUMBER_MAX, &s->slot) ||
		    !cbor_reader_uint(&r, NUMBER_MAX, &s->token) ||
		    !cbor_reader_text(&r, TOKEN_SERIAL_SIZE, &serial) ||
		    serial.size != TOKEN_SERIAL_SIZE || !read_fixed(&r, s->salt, sizeof(s->salt)) ||
		    !read_link(&r, &s->head))
			return CKR_DATA_INVALID;
		memcpy(s->serial, serial.data, serial.size);
		if (i > 0 && s->slot <= slots->entry[i - 1].slot)
			return CKR_DATA_INVALID;
	}
	if (count == 3 && (!cbor_reader_uint(&r, NUMBER_MAX, &slots->epoch) || !slots->epoch))
		return CKR_DATA_INVALID;
	return cbor_reader_end(&r) ? CKR_OK : CKR_DATA_INVALID;
}

/* ---- head ---- */

static void write_pin(struct cbor_writer *w, const struct record_pin *pin)
{
	if (!pin->version) {
		cbor_writer_null(w);
		return;
	}
	cbor_writer_array(w, 7);
	cbor_writer_uint(w, pin->version);
	cbor_writer_uint(w, pin->failed);
	cbor_writer_bytes(w, FIXED(pin->salt));
	cbor_writer_uint(w, pin->log2_n);
	cbor_writer_uint(w, pin->r);
	cbor_writer_uint(w, pin->p);
	cbor_writer_bytes(w, FIXED(pin->verifier));
}

static bool read_pin(struct cbor_reader *r, struct record_pin *pin)
{
	memset(pin, 0, sizeof(*pin));
	if (cbor_reader_null(r))
		return true;
	return read_array(r, 7) && cbor_reader_uint(r, NUMBER_MAX, &pin->version) &&
	       pin->version > 0 && cbor_reader_uint(r, NUMBER_MAX, &pin->failed) &&
	       read_fixed(r, pin->salt, sizeof(pin->salt)) &&
	       cbor_reader_uint(r, LOG2_N_MAX, &pin->log2_n) && cbor_reader_uint(r, 32, &pin->r) &&
	       cbor_reader_uint(r, 16, &pin->p) &&
	       read_fixed(r, pin->verifier, sizeof(pin->verifier));
}

static void write_children(struct cbor_writer *w, const struct record_child *child, size_t count)
{
	cbor_writer_array(w, count);
	for (size_t i = 0; i < count; i++) {
		cbor_writer_array(w, 3);
		cbor_writer_uint(w, child[i].id);
		write_link(w, &child[i].link);
	}
}

bool record_write_head(struct buffer *out, const struct record_head *head)
{
	struct cbor_writer w = {NULL, 0, false};

	cbor_writer_init(&w, out, BLOBSTORE_BLOB_MAX);
	cbor_writer_array(&w, 8);
	cbor_writer_text(&w, head->label);
	write_pin(&w, &head->so);
	write_pin(&w, &head->user);
	cbor_writer_uint(&w, head->epoch);
	cbor_writer_uint(&w, head->logins);
	cbor_writer_uint(&w, head->next_handle);
	write_children(&w, head->pages, head->page_count);
	cbor_writer_array(&w, 3);
	cbor_writer_uint(&w, head->ended.since);
	cbor_writer_uint(&w, head->ended.next);
	write_children(&w, head->ended.page, head->ended.count);
	return !w.failed;
}

static bool read_child(struct cbor_reader *r, uint64_t max, struct record_child *child)
{
	return read_array(r, 3) && cbor_reader_uint(r, max, &child->id) &&
	       read_link(r, &child->link);
}

static bool read_ended_list(struct cbor_reader *r, struct record_ended_list *list)
{
	if (!read_array(r, 3) || !cbor_reader_uint(r, NUMBER_MAX, &list->since) ||
	    !cbor_reader_uint(r, NUMBER_MAX, &list->next) ||
	    !cbor_reader_array(r, RECORD_ENDED_PAGES, &list->count))
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (!read_child(r, NUMBER_MAX, &list->page[i]) || list->page[i].id >= list->next ||
		    (i > 0 && list->page[i].id <= list->page[i - 1].id))
			return false;
	return true;
}

static CK_RV read_pages(struct cbor_reader *r, struct record_head *head)
{
	size_t count = 0;

	if (!cbor_reader_array(r, PAGES_MAX, &count) || count > r->rest.size)
		return CKR_DATA_INVALID;
	head->pages = count ? calloc(count, sizeof(*head->pages)) : NULL;
	if (count && !head->pages)
		return CKR_DEVICE_MEMORY;
	head->page_capacity = count;
	for (size_t i = 0; i < count; i++) {
		struct record_child *c = &head->pages[i];

		if (!read_child(r, PAGES_MAX, c) || (i > 0 && c->id <= head->pages[i - 1].id))
			return CKR_DATA_INVALID;
		head->page_count = i + 1;
	}
	return CKR_OK;
}

CK_RV record_read_head(struct span body, struct record_head *head)
{
	struct cbor_reader r = {{NULL, 0}, CBOR_READER_DETERMINISTIC, NULL};
	struct span label = {NULL, 0};
	CK_RV rv = CKR_DATA_INVALID;

	memset(head, 0, sizeof(*head));
	cbor_reader_init(&r, body);
	if (!read_array(&r, 8) || !cbor_reader_text(&r, RECORD_LABEL_MAX, &label) ||
	    !read_pin(&r, &head->so) || !head->so.version || !read_pin(&r, &head->user) ||
	    !cbor_reader_uint(&r, NUMBER_MAX, &head->epoch) ||
	    !cbor_reader_uint(&r, NUMBER_MAX, &head->logins) ||
	    !cbor_reader_uint(&r, NUMBER_MAX, &head->next_handle))
		goto out;
	if (label.size)
		memcpy(head->label, label.data, label.size);
	rv = read_pages(&r, head);
	if (rv == CKR_OK && (!read_ended_list(&r, &head->ended) || !cbor_reader_end(&r)))
		rv = CKR_DATA_INVALID;
out:
	if (rv != CKR_OK)
		record_head_wipe(head);
	return rv;
}

bool record_head_copy(struct record_head *copy, const struct record_head *head)
{
	*copy = *head;
	/* Room for the pages that one batch may add comes with record_head_add. */
	copy->page_capacity = head->page_count;
	copy->pages = NULL;
	if (!head->page_count)
		return true;
	copy->pages = calloc(head->page_count, sizeof(*copy->pages));
	if (!copy->pages) {
		memory_wipe(copy, sizeof(*copy));
		return false;
	}
	memcpy(copy->pages, head->pages, head->page_count * sizeof(*copy->pages));
	return true;
}

void record_head_wipe(struct record_head *head)
{
	free(head->pages);
	memory_wipe(head, sizeof(*head));
}

/* Index of the first page whose id is not below ID. */
static size_t page_position(const struct record_head *head, uint64_t id)
{
	size_t low = 0, high = head->page_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (head->pages[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct record_child *record_head_page(const struct record_head *head, uint64_t id)
{
	size_t i = page_position(head, id);

	return i < head->page_count && head->pages[i].id == id ? &head->pages[i] : NULL;
}

struct record_child *record_head_add(struct record_head *head, uint64_t id)
{
	size_t i = page_position(head, id);

	if (i < head->page_count && head->pages[i].id == id)
		return &head->pages[i];
	if (head->page_count == head->page_capacity) {
		size_t capacity = head->page_capacity + head->page_capacity / 2 + 4;
		struct record_child *grown = reallocarray(head->pages, capacity, sizeof(*grown));

		if (!grown)
			return NULL;
		head->pages = grown;
		head->page_capacity = capacity;
	}
	memmove(&head->pages[i + 1], &head->pages[i],
		(head->page_count - i) * sizeof(*head->pages));
	head->page_count++;
	memset(&head->pages[i], 0, sizeof(head->pages[i]));
	head->pages[i].id = id;
	return &head->pages[i];
}

void record_head_remove(struct record_head *head, uint64_t id)
{
	size_t i = page_position(head, id);

	if (i >= head->page_count || head->pages[i].id != id)
		return;
	head->page_count--;
	memmove(&head->pages[i], &head->pages[i + 1],
		(head->page_count - i) * sizeof(*head->pages));
}

/* ---- page ---- */

bool record_write_page(struct buffer *out, const struct record_page *page)
{
	struct cbor_writer w = {NULL, 0, false};
	size_t count = 0;

	for (size_t i = 0; i < RECORD_PAGE_HANDLES; i++)
		count += page->entry[i].version != 0;
	cbor_writer_init(&w, out, BLOBSTORE_BLOB_MAX);
	cbor_writer_array(&w, count);
	for (size_t i = 0; i < RECORD_PAGE_HANDLES; i++) {
		if (!page->entry[i].version)
			continue;
		cbor_writer_array(&w, 3);
		cbor_writer_uint(&w, i);
		write_link(&w, &page->entry[i]);
	}
	return !w.failed;
}

CK_RV record_read_page(struct span body, uint64_t id, struct record_page *page)
{
	struct cbor_reader r = {{NULL, 0}, CBOR_READER_DETERMINISTIC, NULL};
	uint64_t next = 0;
	size_t count = 0;

	memset(page, 0, sizeof(*page));
	page->id = id;
	cbor_reader_init(&r, body);
	if (!cbor_reader_array(&r, RECORD_PAGE_HANDLES, &count))
		return CKR_DATA_INVALID;
	for (size_t i = 0; i < count; i++) {
		uint64_t offset = 0;

		if (!read_array(&r, 3) || !cbor_reader_uint(&r, RECORD_PAGE_HANDLES - 1, &offset) ||
		    offset < next || !read_link(&r, &page->entry[offset]))
			return CKR_DATA_INVALID;
		next = offset + 1;
	}
	return cbor_reader_end(&r) ? CKR_OK : CKR_DATA_INVALID;
}

/* ---- object ---- */

bool record_write_object(struct buffer *out, const struct attribute_set *set)
{
	struct cbor_writer w = {NULL, 0, false};
	size_t count = attribute_set_count(set);

	cbor_writer_init(&w, out, BLOBSTORE_BLOB_MAX);
	cbor_writer_array(&w, count);
	for (size_t i = 0; i < count; i++) {
		struct attribute a = attribute_set_at(set, i);

		cbor_writer_array(&w, 2);
		cbor_writer_uint(&w, a.type);
		cbor_writer_bytes(&w, a.value);
	}
	return !w.failed;
}

CK_RV record_read_object(struct span body, struct attribute_set **set)
{
	static const uint8_t nothing[1];
	struct cbor_reader r = {{NULL, 0}, CBOR_READER_DETERMINISTIC, NULL};
	size_t count = 0;
	CK_RV rv = CKR_DATA_INVALID;

	cbor_reader_init(&r, body);
	*set = attribute_set_new();
	if (!*set)
		return CKR_DEVICE_MEMORY;
	if (!cbor_reader_array(&r, body.size, &count))
		goto out;
	for (size_t i = 0; i < count; i++) {
		uint64_t type = 0;
		struct span value = {NULL, 0};

		if (!read_array(&r, 2) ||
		    !cbor_reader_uint(&r, CK_UNAVAILABLE_INFORMATION, &type) ||
		    !cbor_reader_bytes(&r, body.size, &value))
			goto out;
		if (!value.data)
			value.data = nothing;
		if (!attribute_set_put(*set, type, value)) {
			rv = CKR_DEVICE_MEMORY;
			goto out;
		}
	}
	if (cbor_reader_end(&r))
		rv = CKR_OK;
out:
	if (rv != CKR_OK)
		attribute_set_free(set);
	return rv;
}

/* ---- once ---- */

bool record_write_once(struct buffer *out, const struct record_once *once)
{
	struct cbor_writer w = {NULL, 0, false};

	cbor_writer_init(&w, out, BLOBSTORE_BLOB_MAX);
	cbor_writer_array(&w, 4);
	cbor_writer_bytes(&w, FIXED(once->once.context));
	cbor_writer_uint(&w, once->once.sequence);
	cbor_writer_uint(&w, once->time);
	if (once->undecided) {
		cbor_writer_bytes(&w, FIXED(once->candidate));
		return !w.failed;
	}
	cbor_writer_array(&w, 2);
	cbor_writer_uint(&w, once->rv);
	cbor_writer_array(&w, once->handle_count);
	for (size_t i = 0; i < once->handle_count; i++)
		cbor_writer_uint(&w, once->handles[i]);
	return !w.failed;
}

CK_RV record_read_once(struct span body, struct record_once *once)
{
	struct cbor_reader r = {{NULL, 0}, CBOR_READER_DETERMINISTIC, NULL};
	struct cbor_item answer = {.type = CBOR_READER_NULL};

	memset(once, 0, sizeof(*once));
	cbor_reader_init(&r, body);
	if (!read_array(&r, 4) || !read_fixed(&r, once->once.context, sizeof(once->once.context)) ||
	    !cbor_reader_uint(&r, UINT64_MAX, &once->once.sequence) ||
	    !cbor_reader_uint(&r, NUMBER_MAX, &once->time) || !cbor_reader_next(&r, &answer))
		return CKR_DATA_INVALID;
	if (answer.type == CBOR_READER_BYTES && answer.bytes.size == sizeof(once->candidate)) {
		once->undecided = true;
		memcpy(once->candidate, answer.bytes.data, answer.bytes.size);
	} else {
		if (answer.type != CBOR_READER_ARRAY || answer.count != 2 ||
		    !cbor_reader_uint(&r, CK_UNAVAILABLE_INFORMATION, &once->rv) ||
		    !cbor_reader_array(&r, 2, &once->handle_count))
			return CKR_DATA_INVALID;
		for (size_t i = 0; i < once->handle_count; i++)
			if (!cbor_reader_uint(&r, NUMBER_MAX, &once->handles[i]))
				return CKR_DATA_INVALID;
	}
	return cbor_reader_end(&r) ? CKR_OK : CKR_DATA_INVALID;
}

/* ---- ended logins ---- */

bool record_write_ended(struct buffer *out, const struct record_ended *ended)
{
	struct cbor_writer w = {NULL, 0, false};

	cbor_writer_init(&w, out, BLOBSTORE_BLOB_MAX);
	cbor_writer_array(&w, ended->count);
	for (size_t i = 0; i < ended->count; i++) {
		cbor_writer_array(&w, 2);
		cbor_writer_bytes(&w, FIXED(ended->entry[i].name));
		cbor_writer_uint(&w, ended->entry[i].time);
	}
	return !w.failed;
}

CK_RV record_read_ended(struct span body, struct record_ended *ended)
{
	struct cbor_reader r = {{NULL, 0}, CBOR_READER_DETERMINISTIC, NULL};

	memset(ended, 0, sizeof(*ended));
	cbor_reader_init(&r, body);
	if (!cbor_reader_array(&r, RECORD_ENDED_NAMES, &ended->count))
		return CKR_DATA_INVALID;
	for (size_t i = 0; i < ended->count; i++)
		if (!read_array(&r, 2) ||
		    !read_fixed(&r, ended->entry[i].name, sizeof(ended->entry[i].name)) ||
		    !cbor_reader_uint(&r, NUMBER_MAX, &ended->entry[i].time))
			return CKR_DATA_INVALID;
	return cbor_reader_end(&r) ? CKR_OK : CKR_DATA_INVALID;
}
