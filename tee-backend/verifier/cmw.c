/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9999, section 3.2: a map from labels to records [media type, value, indicator]; the collection's own type
 * stands under "__cmwc_t".
 */
#include "config.h"

#include <stddef.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "verifier/cmw.h"

#define LABEL_TYPE "__cmwc_t"

/* Section 3.1: what a record is. */
enum indicator {
	INDICATOR_ENDORSEMENTS = 2,
	INDICATOR_EVIDENCE = 4,
};

/*
 * The labels in the order of deterministic CBOR (by length, then by bytes): the one list of what a collection holds.
 * A NULL type is the platform's own.
 */
static const struct label {
	const char *name;
	const char *type;
	uint8_t indicator;
	bool optional;
	size_t value; /* offset of its span in struct cmw */
} labels[] = {
	{"vtpm", CMW_TPM_TYPE, INDICATOR_EVIDENCE, true, offsetof(struct cmw, vtpm)},
	{"claims", CMW_CLAIMS_TYPE, INDICATOR_EVIDENCE, false, offsetof(struct cmw, claims)},
	{"ima-log", CMW_IMA_LOG_TYPE, INDICATOR_EVIDENCE, true, offsetof(struct cmw, ima_log)},
	{LABEL_TYPE, NULL, 0, false, 0},
	{"evidence", NULL, INDICATOR_EVIDENCE, false, offsetof(struct cmw, evidence)},
	{"vtpm-log", CMW_EVENT_LOG_TYPE, INDICATOR_EVIDENCE, true, offsetof(struct cmw, vtpm_log)},
	{"event-log", CMW_EVENT_LOG_TYPE, INDICATOR_EVIDENCE, true, offsetof(struct cmw, event_log)},
	{"certificates", CMW_CERTIFICATES_TYPE, INDICATOR_ENDORSEMENTS, true, offsetof(struct cmw, certificates)},
};

#define LABEL_COUNT (sizeof(labels) / sizeof(labels[0]))
#define LABEL_EVIDENCE 4 /* the last of those that must be there */

static struct span *value_of(struct cmw *cmw, const struct label *label)
{
	return (struct span *)(void *)((uint8_t *)cmw + label->value);
}

static bool is_type(const struct label *label)
{
	return !label->indicator;
}

bool cmw_write(const struct cmw *cmw, struct buffer *out)
{
	struct cmw copy = *cmw;
	struct cbor_writer w;
	size_t count = 0;

	for (size_t i = 0; i < LABEL_COUNT; i++)
		count += !labels[i].optional || value_of(&copy, &labels[i])->size;
	cbor_writer_init(&w, out, CMW_SIZE_MAX);
	cbor_writer_map(&w, count);
	for (size_t i = 0; i < LABEL_COUNT; i++) {
		const struct label *label = &labels[i];

		if (is_type(label)) {
			cbor_writer_text(&w, label->name);
			cbor_writer_text(&w, CMW_COLLECTION_TYPE);
		} else if (!label->optional || value_of(&copy, label)->size) {
			cbor_writer_text(&w, label->name);
			cbor_writer_array(&w, 3);
			cbor_writer_text_span(&w, label->type ? span_text(label->type) : cmw->evidence_type);
			cbor_writer_bytes(&w, *value_of(&copy, label));
			cbor_writer_uint(&w, label->indicator);
		}
	}
	return !w.failed;
}

static bool read_record(struct cbor_reader *r, const struct label *label, struct cmw *cmw)
{
	struct span type = {0};
	uint64_t indicator = 0;
	size_t count = 0;

	if (is_type(label))
		return cbor_reader_text(r, 64, &type) && span_equal(type, span_text(CMW_COLLECTION_TYPE));
	if (!cbor_reader_array(r, 3, &count) || count != 3 || !cbor_reader_text(r, 128, &type) ||
	    !cbor_reader_bytes(r, CMW_SIZE_MAX, value_of(cmw, label)) ||
	    !cbor_reader_uint(r, UINT64_MAX, &indicator) || indicator != label->indicator ||
	    (label->optional && !value_of(cmw, label)->size))
		return false;
	if (label->type)
		return span_equal(type, span_text(label->type));
	cmw->evidence_type = type;
	return true;
}

/* The next label must be one that comes after LAST: sorted, so none twice. */
static const struct label *read_label(struct cbor_reader *r, const struct label *last)
{
	struct span text = {0};

	if (!cbor_reader_text(r, 64, &text))
		return NULL;
	for (const struct label *label = last ? last + 1 : labels; label < labels + LABEL_COUNT; label++) {
		if (span_equal(text, span_text(label->name)))
			return label;
		if (!label->optional)
			return NULL;
	}
	return NULL;
}

bool cmw_read(struct span input, struct cmw *cmw, const char **why)
{
	const struct label *label = NULL;
	struct cbor_reader r;
	size_t count = 0;

	*why = "not a CMW collection of Keyclave evidence";
	*cmw = (struct cmw){0};
	if (input.size > CMW_SIZE_MAX)
		return false;
	cbor_reader_init(&r, input);
	if (!cbor_reader_map(&r, LABEL_COUNT, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		label = read_label(&r, label);
		if (!label || !read_record(&r, label, cmw))
			return false;
	}
	/* None that must be there can have been passed over; the last of them was reached. */
	if (!label || label < &labels[LABEL_EVIDENCE])
		return false;
	*why = "bytes follow the collection";
	return cbor_reader_end(&r);
}
