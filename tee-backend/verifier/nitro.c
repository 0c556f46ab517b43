/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NSM's attestation document: COSE_Sign1, its payload, signer, chain, freshness and facts.
 */
#include "config.h"

#include <openssl/err.h>
#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "verifier/chain.h"
#include "verifier/cursor.h"
#include "verifier/ecdsa.h"
#include "verifier/nitro.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define COSE_SIGN1_TAG 18
#define PAYLOAD_MAX 16384
#define SIGNATURE_SIZE 96
#define CERTIFICATE_MAX 1024
#define CABUNDLE_MAX 16
#define GIVEN_MAX 1024
#define PCR_COUNT 32
#define PCR_SIZE 48
#define TIMESTAMP_MAX UINT64_C(253402300799999) /* the end of the year 9999 */
#define GRACE_S 300 /* clocks differ */

/* {1: -35}: ES384. The only header that the NSM writes. */
static const uint8_t es384[] = {0xa1, 0x01, 0x38, 0x22};

struct nitro {
	struct appraisal *a;
	struct span protected, payload, signature;
	const char *why; /* static: what is wrong with its form */

	/* The payload. */
	uint32_t seen; /* members, by their place in the table */
	struct span module_id, digest, certificate;
	uint64_t timestamp;
	struct span pcr[PCR_COUNT]; /* data NULL: not there */
	struct span cabundle[CABUNDLE_MAX];
	size_t cabundle_count;
	struct span public_key, user_data, nonce; /* data NULL: null */

	X509 *leaf;
	STACK_OF(X509) * carried;
};

static bool malformed(struct nitro *n, const char *why)
{
	if (!n->why)
		n->why = why;
	return false;
}

/* True while another element follows in a collection of COUNT, of which DONE were read; takes the break. */
static bool more(struct cbor_reader *r, size_t count, size_t done)
{
	struct cbor_reader ahead = *r;
	struct cbor_item item = {0};

	if (r->error)
		return false;
	if (count != SIZE_MAX)
		return done < count;
	if (cbor_reader_next(&ahead, &item) && item.type != CBOR_READER_BREAK)
		return true;
	*r = ahead;
	return false;
}

/* ---- the payload's members ---- */

static bool read_module_id(struct nitro *n, struct cbor_reader *r)
{
	return cbor_reader_text(r, 256, &n->module_id) && (n->module_id.size || malformed(n, "empty module_id"));
}

static bool read_digest(struct nitro *n, struct cbor_reader *r)
{
	return cbor_reader_text(r, 16, &n->digest) &&
	       (span_equal(n->digest, span_text("SHA384")) || malformed(n, "digest is not SHA384"));
}

static bool read_timestamp(struct nitro *n, struct cbor_reader *r)
{
	return cbor_reader_uint(r, TIMESTAMP_MAX, &n->timestamp);
}

static bool read_pcrs(struct nitro *n, struct cbor_reader *r)
{
	size_t count = 0, done = 0;

	if (!cbor_reader_map(r, PCR_COUNT, &count))
		return false;
	for (; more(r, count, done); done++) {
		uint64_t index = 0;

		if (!cbor_reader_uint(r, PCR_COUNT - 1, &index))
			return false;
		if (n->pcr[index].data)
			return malformed(n, "a PCR is there twice");
		if (!cbor_reader_bytes(r, PCR_SIZE, &n->pcr[index]))
			return false;
		if (n->pcr[index].size != PCR_SIZE)
			return malformed(n, "a PCR is not of 48 bytes");
	}
	return done > 0 || malformed(n, "no PCRs");
}

static bool read_certificate(struct nitro *n, struct cbor_reader *r)
{
	return cbor_reader_bytes(r, CERTIFICATE_MAX, &n->certificate);
}

static bool read_cabundle(struct nitro *n, struct cbor_reader *r)
{
	size_t count = 0;

	if (!cbor_reader_array(r, CABUNDLE_MAX, &count))
		return false;
	for (; more(r, count, n->cabundle_count); n->cabundle_count++) {
		if (n->cabundle_count == CABUNDLE_MAX)
			return malformed(n, "too many certificates");
		if (!cbor_reader_bytes(r, CERTIFICATE_MAX, &n->cabundle[n->cabundle_count]))
			return false;
	}
	return n->cabundle_count > 0 || malformed(n, "empty cabundle");
}

static bool read_given(struct cbor_reader *r, struct span *value)
{
	return cbor_reader_null(r) || cbor_reader_bytes(r, GIVEN_MAX, value);
}

static bool read_public_key(struct nitro *n, struct cbor_reader *r)
{
	return read_given(r, &n->public_key);
}

static bool read_user_data(struct nitro *n, struct cbor_reader *r)
{
	return read_given(r, &n->user_data);
}

static bool read_nonce(struct nitro *n, struct cbor_reader *r)
{
	return read_given(r, &n->nonce);
}

static const struct nitro_member {
	const char *name;
	bool optional;
	bool (*read)(struct nitro *n, struct cbor_reader *r);
} members[] = {
	{"module_id", false, read_module_id},     {"digest", false, read_digest},
	{"timestamp", false, read_timestamp},     {"pcrs", false, read_pcrs},
	{"certificate", false, read_certificate}, {"cabundle", false, read_cabundle},
	{"public_key", true, read_public_key},    {"user_data", true, read_user_data},
	{"nonce", true, read_nonce},
};

static bool read_member(struct nitro *n, struct cbor_reader *r)
{
	struct span name = {0};

	if (!cbor_reader_text(r, 32, &name))
		return false;
	for (size_t i = 0; i < COUNT(members); i++) {
		if (!span_equal(name, span_text(members[i].name)))
			continue;
		if (n->seen & 1u << i)
			return malformed(n, "a member is there twice");
		n->seen |= 1u << i;
		return members[i].read(n, r);
	}
	return malformed(n, "a member that is not known");
}

static bool read_payload(struct nitro *n)
{
	struct cbor_reader r;
	size_t count = 0;

	cbor_reader_init(&r, n->payload);
	r.dialect = CBOR_READER_LENIENT; /* some firmware writes indefinite lengths */
	if (!cbor_reader_map(&r, COUNT(members), &count))
		return malformed(n, r.error);
	for (size_t done = 0; more(&r, count, done); done++)
		if (!read_member(n, &r))
			return malformed(n, r.error);
	if (!cbor_reader_end(&r))
		return malformed(n, r.error);
	for (size_t i = 0; i < COUNT(members); i++)
		if (!members[i].optional && !(n->seen & 1u << i))
			return malformed(n, "a member is missing");
	return true;
}

/* ---- COSE_Sign1 ---- */

static bool read_sign1(struct nitro *n, struct span document)
{
	struct cbor_reader r, ahead;
	struct cbor_item item = {0};
	size_t count = 0;

	cbor_reader_init(&r, document);
	r.dialect = CBOR_READER_LENIENT;
	ahead = r;
	if (cbor_reader_next(&ahead, &item) && item.type == CBOR_READER_TAG && item.number == COSE_SIGN1_TAG)
		r = ahead;
	if (!cbor_reader_array(&r, 4, &count) || count != 4)
		return malformed(n, "not a COSE_Sign1");
	if (!cbor_reader_bytes(&r, sizeof(es384), &n->protected) || !cbor_reader_map(&r, 0, &count) ||
	    !cbor_reader_bytes(&r, PAYLOAD_MAX, &n->payload) ||
	    !cbor_reader_bytes(&r, SIGNATURE_SIZE, &n->signature) || !cbor_reader_end(&r))
		return malformed(n, r.error);
	if (count)
		return malformed(n, "unprotected headers");
	if (!span_equal(n->protected, (struct span){es384, sizeof(es384)}))
		return malformed(n, "an algorithm other than ES384");
	return n->signature.size == SIGNATURE_SIZE || malformed(n, "a signature that is not of 96 bytes");
}

static bool check_form(struct nitro *n, struct span document)
{
	if (document.size > NITRO_DOCUMENT_MAX)
		malformed(n, "longer than any");
	else if (read_sign1(n, document) && read_payload(n))
		return appraisal_check(n->a, "form", true, "NSM attestation document");
	return appraisal_check(n->a, "form", false, "not an attestation document: %s", n->why ? n->why : "malformed");
}

static X509 *read_x509(struct span der)
{
	const unsigned char *at = der.data;
	X509 *x = d2i_X509(NULL, &at, (long)der.size);

	if (x && at == der.data + der.size)
		return x;
	X509_free(x);
	return NULL;
}

static bool check_leaf(struct nitro *n)
{
	n->leaf = read_x509(n->certificate);
	if (n->leaf && ecdsa_is_on(X509_get0_pubkey(n->leaf), "P-384"))
		return true;
	return appraisal_check(n->a, "form", false, "its certificate is not one with a P-384 key");
}

/* Over RFC 9052's Sig_structure: ["Signature1", protected, h'', payload]. */
static bool check_signature(struct nitro *n)
{
	struct buffer signed_bytes = {0};
	struct cbor_writer w;
	bool good = false;

	cbor_writer_init(&w, &signed_bytes, PAYLOAD_MAX + 64);
	cbor_writer_array(&w, 4);
	cbor_writer_text(&w, "Signature1");
	cbor_writer_bytes(&w, n->protected);
	cbor_writer_bytes(&w, (struct span){0});
	cbor_writer_bytes(&w, n->payload);
	good = !w.failed && ecdsa_verify(X509_get0_pubkey(n->leaf), EVP_sha384(), n->signature,
					 buffer_span(&signed_bytes), (struct span){0});
	buffer_free(&signed_bytes);
	return appraisal_check(n->a, "signature", good, "%s",
			       good ? "good" : "the document was changed, or another key signed it");
}

/* After the signature: what nobody signed is not worth the time. */
static bool check_chain(struct nitro *n)
{
	struct chain_request request = {
		.vendor = CHAIN_NITRO, .leaf = n->leaf, .time = (int64_t)(n->timestamp / 1000)};

	n->carried = sk_X509_new_null();
	for (size_t i = 0; i < n->cabundle_count; i++) {
		X509 *x = read_x509(n->cabundle[i]);

		if (!x || !n->carried || !sk_X509_push(n->carried, x)) {
			X509_free(x);
			return appraisal_check(n->a, "certificate chain", false,
					       "its cabundle has what is not a certificate");
		}
	}
	request.carried = n->carried;
	return chain_verify(n->a, &request);
}

/* ---- what it says ---- */

static void facts(struct nitro *n)
{
	static const char *const names[PCR_COUNT] = {
		"pcr0",	 "pcr1",  "pcr2",  "pcr3",  "pcr4",  "pcr5",  "pcr6",  "pcr7",	"pcr8",	 "pcr9",  "pcr10",
		"pcr11", "pcr12", "pcr13", "pcr14", "pcr15", "pcr16", "pcr17", "pcr18", "pcr19", "pcr20", "pcr21",
		"pcr22", "pcr23", "pcr24", "pcr25", "pcr26", "pcr27", "pcr28", "pcr29", "pcr30", "pcr31",
	};
	const struct {
		const char *name;
		struct span value;
	} given[] = {{"public-key", n->public_key}, {"user-data", n->user_data}, {"nonce", n->nonce}};

	for (size_t i = 0; i < PCR_COUNT; i++) {
		/* Image, kernel and boot ramdisk, application; zeros, of a debug enclave, are of any. */
		if (n->pcr[i].data && i < 3 && !cursor_all(n->pcr[i], 0))
			appraisal_pin(n->a, names[i], n->pcr[i]);
		else if (n->pcr[i].data)
			appraisal_bytes(n->a, names[i], n->pcr[i]);
	}
	appraisal_text(n->a, "module-id", n->module_id);
	appraisal_number(n->a, "timestamp", n->timestamp);
	for (size_t i = 0; i < COUNT(given); i++)
		if (given[i].value.data)
			appraisal_bytes(n->a, given[i].name, given[i].value);
}

/* In debug mode the host reads the enclave's console, and the first three PCRs are zero. */
static bool check_debug(struct nitro *n)
{
	bool debug = false;

	for (size_t i = 0; i < 3; i++) {
		if (!n->pcr[i].data)
			return appraisal_check(n->a, "debug", false, "PCR%zu is not there", i);
		debug = debug || cursor_all(n->pcr[i], 0);
	}
	appraisal_flag(n->a, "debug", debug);
	if (debug && !appraisal_allows(n->a, POLICY_ALLOW_DEBUG))
		return appraisal_check(n->a, "debug", false, "a debug enclave: PCR 0 to 2 are zero");
	return appraisal_check(n->a, "debug", true, debug ? "THE HOST CAN DEBUG THE ENCLAVE (allowed)" : "off");
}

static bool check_age(struct nitro *n)
{
	int64_t age = n->a->time - (int64_t)(n->timestamp / 1000);
	uint64_t max = n->a->policy->max_age_s;

	if (age < -GRACE_S)
		return appraisal_check(n->a, "age", false, "made %lld seconds after now", (long long)-age);
	if (age < 0)
		age = 0;
	if (max && (uint64_t)age > max)
		return appraisal_check(n->a, "age", false, "%lld seconds, expected at most %llu", (long long)age,
				       (unsigned long long)max);
	return !max || appraisal_check(n->a, "age", true, "%lld seconds", (long long)age);
}

/* Security rule 1: a document with a public key is a request to a KMS, and not evidence of a key here. */
static bool check_public_key(struct nitro *n)
{
	if (!n->a->report_data.data || !n->public_key.data)
		return true;
	return appraisal_check(n->a, "report data", false, "its public_key is not null: it was made for a KMS");
}

bool nitro_appraise(struct appraisal *a, struct span document)
{
	struct nitro n = {.a = a};
	bool good = false;

	if (!a->platform)
		a->platform = NITRO_PLATFORM;
	ERR_set_mark();
	if (check_form(&n, document) && check_leaf(&n) && check_signature(&n) && check_chain(&n)) {
		a->tee = true;
		facts(&n);
		good = check_debug(&n) && check_age(&n) && check_public_key(&n) &&
		       appraisal_report_data(a, n.user_data, false);
	}
	ERR_pop_to_mark();
	X509_free(n.leaf);
	sk_X509_pop_free(n.carried, X509_free);
	return good;
}
