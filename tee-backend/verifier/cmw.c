/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9999, section 3.2: a map from labels to records [media type, value, indicator]; the collection's own type
 * stands under "__cmwc_t". Indicator 4 is evidence.
 */
#include "config.h"

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "verifier/cmw.h"

#define INDICATOR_EVIDENCE 4
#define LABEL_TYPE "__cmwc_t"
#define LABEL_CLAIMS "claims"
#define LABEL_EVIDENCE "evidence"

static void write_record(struct cbor_writer *w, const char *label, struct span type, struct span value)
{
	cbor_writer_text(w, label);
	cbor_writer_array(w, 3);
	cbor_writer_text_span(w, type);
	cbor_writer_bytes(w, value);
	cbor_writer_uint(w, INDICATOR_EVIDENCE);
}

/* Labels in the order of deterministic CBOR: by length, then by bytes. */
bool cmw_write(const struct cmw *cmw, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, CMW_SIZE_MAX);
	cbor_writer_map(&w, 3);
	write_record(&w, LABEL_CLAIMS, span_text(CMW_CLAIMS_TYPE), cmw->claims);
	cbor_writer_text(&w, LABEL_TYPE);
	cbor_writer_text(&w, CMW_COLLECTION_TYPE);
	write_record(&w, LABEL_EVIDENCE, cmw->evidence_type, cmw->evidence);
	return !w.failed;
}

static bool read_label(struct cbor_reader *r, const char *label)
{
	struct span text = {0};

	return cbor_reader_text(r, 64, &text) && span_equal(text, span_text(label));
}

static bool read_record(struct cbor_reader *r, const char *label, struct span *type, struct span *value)
{
	uint64_t indicator = 0;
	size_t count = 0;

	return read_label(r, label) && cbor_reader_array(r, 3, &count) && count == 3 &&
	       cbor_reader_text(r, 128, type) && cbor_reader_bytes(r, CMW_SIZE_MAX, value) &&
	       cbor_reader_uint(r, UINT64_MAX, &indicator) && indicator == INDICATOR_EVIDENCE;
}

bool cmw_read(struct span input, struct cmw *cmw, const char **why)
{
	struct cbor_reader r;
	struct span claims_type = {0}, type = {0};
	size_t count = 0;

	*why = "not a CMW collection of Keyclave evidence";
	if (input.size > CMW_SIZE_MAX)
		return false;
	cbor_reader_init(&r, input);
	if (!cbor_reader_map(&r, 3, &count) || count != 3 ||
	    !read_record(&r, LABEL_CLAIMS, &claims_type, &cmw->claims) || !read_label(&r, LABEL_TYPE) ||
	    !cbor_reader_text(&r, 64, &type) ||
	    !read_record(&r, LABEL_EVIDENCE, &cmw->evidence_type, &cmw->evidence))
		return false;
	if (!span_equal(claims_type, span_text(CMW_CLAIMS_TYPE)) ||
	    !span_equal(type, span_text(CMW_COLLECTION_TYPE)))
		return false;
	*why = "bytes follow the collection";
	return cbor_reader_end(&r);
}
