/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands as the AWS library sends them; PCR 0 to 2 from the control file (pcr0, pcr1, pcr2: text that is hashed, or
 * "zero" as in debug mode), the others zero at first. Faults: refuse NAME, indefinite, duplicate, trailing, other-answer.
 */
#include "config.h"

#include "nsm_module.h"

#include <openssl/evp.h>
#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/memory.h"
#include "control.h"
#include "signing.h"

#define PCRS 32
#define PCR_SIZE 48

static uint8_t extended[PCRS][PCR_SIZE];
static bool locked[PCRS];

struct request {
	struct span name;
	uint64_t index;
	uint64_t range;
	struct span data;
	struct span user_data;
	struct span nonce;
	struct span public_key;
};

static bool is(struct span text, const char *word)
{
	return span_equal(text, span_text(word));
}

static bool read_optional(struct cbor_reader *r, struct span *value)
{
	return cbor_reader_null(r) || cbor_reader_bytes(r, 1024, value);
}

static bool read_arguments(struct cbor_reader *r, struct request *q)
{
	size_t count = 0;
	struct span name = {0};

	if (!cbor_reader_map(r, 8, &count) || count > 8)
		return false;
	for (size_t i = 0; i < count; i++) {
		bool good = cbor_reader_text(r, 32, &name);

		if (good && is(name, "index"))
			good = cbor_reader_uint(r, UINT16_MAX, &q->index);
		else if (good && is(name, "range"))
			good = cbor_reader_uint(r, UINT16_MAX, &q->range);
		else if (good && is(name, "data"))
			good = cbor_reader_bytes(r, 4096, &q->data);
		else if (good && is(name, "user_data"))
			good = read_optional(r, &q->user_data);
		else if (good && is(name, "nonce"))
			good = read_optional(r, &q->nonce);
		else if (good && is(name, "public_key"))
			good = read_optional(r, &q->public_key);
		else
			good = false;
		if (!good)
			return false;
	}
	return true;
}

static bool read_request(struct span bytes, struct request *q)
{
	struct cbor_reader r;
	struct cbor_item top = {0};

	memset(q, 0, sizeof(*q));
	cbor_reader_init(&r, bytes);
	if (!cbor_reader_next(&r, &top))
		return false;
	if (top.type == CBOR_READER_TEXT) {
		q->name = top.bytes;
		return cbor_reader_end(&r);
	}
	return top.type == CBOR_READER_MAP && top.count == 1 && cbor_reader_text(&r, 32, &q->name) &&
	       read_arguments(&r, q) && cbor_reader_end(&r);
}

static void pcr_value(unsigned index, uint8_t value[PCR_SIZE])
{
	static const char *const names[] = {"pcr0", "pcr1", "pcr2"};
	static const char *const contents[] = {"an image", "a kernel", "an application"};

	memcpy(value, extended[index], PCR_SIZE);
	if (index < 3)
		control_digest(names[index], contents[index], value, PCR_SIZE);
}

static bool is_locked(unsigned index)
{
	return index < 16 || locked[index];
}

static void extend(unsigned index, struct span data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	EVP_DigestInit_ex(ctx, EVP_sha384(), NULL);
	EVP_DigestUpdate(ctx, extended[index], PCR_SIZE);
	EVP_DigestUpdate(ctx, data.data, data.size);
	EVP_DigestFinal_ex(ctx, extended[index], NULL);
	EVP_MD_CTX_free(ctx);
}

/* ---- answers ---- */

static void write_error(struct cbor_writer *w, const char *name)
{
	cbor_writer_map(w, 1);
	cbor_writer_text(w, "Error");
	cbor_writer_text(w, name);
}

static void write_head(struct cbor_writer *w, const char *name, size_t fields)
{
	cbor_writer_map(w, 1);
	cbor_writer_text(w, control_fault("other-answer") ? "DescribeSomething" : name);
	cbor_writer_map(w, fields);
}

static void write_number(struct cbor_writer *w, const char *name, uint64_t value)
{
	cbor_writer_text(w, name);
	cbor_writer_uint(w, value);
}

static void answer_describe(struct cbor_writer *w)
{
	unsigned count = 16;

	for (unsigned i = 16; i < PCRS; i++)
		count += locked[i];
	write_head(w, "DescribeNSM", 7);
	write_number(w, "version_major", 1);
	write_number(w, "version_minor", 0);
	write_number(w, "version_patch", 0);
	cbor_writer_text(w, "module_id");
	cbor_writer_text(w, "i-0123456789abcdef0-enc0123456789abcdef");
	write_number(w, "max_pcrs", PCRS);
	cbor_writer_text(w, "locked_pcrs");
	cbor_writer_array(w, count);
	for (unsigned i = 0; i < PCRS; i++)
		if (is_locked(i))
			cbor_writer_uint(w, i);
	cbor_writer_text(w, "digest");
	cbor_writer_text(w, "SHA384");
}

static void answer_pcr(struct cbor_writer *w, const char *name, unsigned index, bool with_lock)
{
	uint8_t value[PCR_SIZE];

	pcr_value(index, value);
	write_head(w, name, with_lock ? 2 : 1);
	if (with_lock) {
		cbor_writer_text(w, "lock");
		cbor_writer_bool(w, is_locked(index));
	}
	cbor_writer_text(w, "data");
	cbor_writer_bytes(w, (struct span){value, sizeof(value)});
}

static void answer_attestation(struct cbor_writer *w, const struct request *q)
{
	struct nitro_signer_document document = {
	    .user_data = q->user_data, .nonce = q->nonce, .public_key = q->public_key};
	struct buffer bytes = {0};

	for (unsigned i = 0; i < PCRS; i++) {
		if (!is_locked(i))
			continue;
		pcr_value(i, document.pcr[i]);
		document.present |= 1U << i;
	}
	signing_nitro(&document, &bytes);
	write_head(w, "Attestation", 1);
	cbor_writer_text(w, "document");
	cbor_writer_bytes(w, buffer_span(&bytes));
	buffer_free(&bytes);
}

static void answer_random(struct cbor_writer *w)
{
	uint8_t random[256];

	memory_random(random, sizeof(random));
	write_head(w, "GetRandom", 1);
	cbor_writer_text(w, "random");
	cbor_writer_bytes(w, (struct span){random, sizeof(random)});
}

static void answer_change(struct cbor_writer *w, const struct request *q)
{
	unsigned index = (unsigned)q->index;

	if (is(q->name, "LockPCRs")) {
		for (unsigned i = 0; i < q->range && i < PCRS; i++)
			locked[i] = true;
		cbor_writer_text(w, "LockPCRs");
	} else if (is_locked(index)) {
		write_error(w, "ReadOnlyIndex");
	} else if (is(q->name, "LockPCR")) {
		locked[index] = true;
		cbor_writer_text(w, "LockPCR");
	} else {
		extend(index, q->data);
		answer_pcr(w, "ExtendPCR", index, false);
	}
}

static void answer(struct cbor_writer *w, const struct request *q)
{
	char refusal[64];

	if (control_text("refuse", refusal, sizeof(refusal)))
		write_error(w, refusal);
	else if (is(q->name, "DescribeNSM"))
		answer_describe(w);
	else if (is(q->name, "GetRandom"))
		answer_random(w);
	else if (is(q->name, "Attestation"))
		answer_attestation(w, q);
	else if (q->index >= PCRS || q->range > PCRS)
		write_error(w, "InvalidIndex");
	else if (is(q->name, "DescribePCR"))
		answer_pcr(w, "DescribePCR", (unsigned)q->index, true);
	else if (is(q->name, "ExtendPCR") || is(q->name, "LockPCR") || is(q->name, "LockPCRs"))
		answer_change(w, q);
	else
		write_error(w, "InvalidOperation");
}

/* The outer map in the other form that CBOR has for it. */
static void make_indefinite(struct buffer *bytes)
{
	if (bytes->size && bytes->data[0] == 0xa1) {
		bytes->data[0] = 0xbf;
		buffer_append(bytes, "\xff", 1);
	}
}

void nsm_module_answer(struct span request, struct buffer *out)
{
	struct cbor_writer w;
	struct request q;

	buffer_reset(out);
	cbor_writer_init(&w, out, 0x3000);
	if (read_request(request, &q))
		answer(&w, &q);
	else
		write_error(&w, "InvalidOperation");
	if (control_fault("indefinite"))
		make_indefinite(out);
	if (control_fault("trailing"))
		buffer_append(out, "\0", 1);
	if (control_fault("garbage") && out->size)
		out->data[0] = 0xfb;
}
