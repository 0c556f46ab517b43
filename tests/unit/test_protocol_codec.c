/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec, over every row of the request table: round trips, truncation at every byte, limits, and what
 * else a hostile peer can send. Also docs/protocol.md against the table, and the table against itself.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cbor_writer.h"
#include "message_sample.h"
#include "mechanism/keyclave.h"
#include "protocol/cddl.h"
#include "protocol/codec.h"
#include "protocol/parameter.h"
#include "cmocka_test.h"

#define VARIANTS 80 /* more than there are mechanisms */

_Static_assert(PROTOCOL_NONCE_MAX == KEYCLAVE_NONCE_MAX, "keyclave.h promises the nonce's size");

static union message sent;
static union message got;

/* An exact copy on the heap, so that a sanitizer sees a read beyond it. */
static struct span exact(const struct buffer *b, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	if (size)
		memcpy(copy, b->data, size);
	return (struct span){copy, size};
}

static void release(struct span *s)
{
	free((void *)(uintptr_t)s->data);
	*s = (struct span){0};
}

static CK_RV read_request(const struct buffer *b, size_t size, const struct request_row **row,
			  uint64_t *sequence)
{
	struct span body = exact(b, size);
	CK_RV rv = codec_read_request(body, row, sequence, &got);

	release(&body);
	return rv;
}

static void test_table(void **state)
{
	size_t count = 0;
	const struct request_row *rows = request_rows(&count);

	(void)state;
	assert_true(count > 40);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 || rows[i].id > rows[i - 1].id);
		assert_ptr_equal(request_find(rows[i].id), &rows[i]);
		assert_true(rows[i].request->size <= sizeof(union message));
		assert_true(rows[i].response->size <= sizeof(union message));
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(rows[i].name, rows[j].name);
	}
	assert_null(request_find(0));
	assert_null(request_find(UINT64_MAX));
	assert_null(request_find(REQUEST_HELLO + ((uint64_t)1 << 32)));
	/* Nothing but hello may come before hello, and what makes the channel to say it over. */
	for (size_t i = 0; i < count; i++)
		assert_int_equal(rows[i].right == RIGHT_PEER,
				 rows[i].id == REQUEST_HELLO || rows[i].id == REQUEST_CHANNEL);
}

static void round_trip(const struct request_row *row, unsigned variant)
{
	struct buffer b = {0};
	const struct request_row *found = NULL;
	uint64_t sequence = 0;
	struct span body = {0};
	CK_RV rv = CKR_GENERAL_ERROR;

	message_sample(row->request, variant, &sent);
	assert_int_equal(codec_write_request(&b, row, 77 + variant, &sent), CKR_OK);
	body = exact(&b, b.size);
	assert_int_equal(codec_read_request(body, &found, &sequence, &got), CKR_OK);
	assert_ptr_equal(found, row);
	assert_int_equal(sequence, 77 + variant);
	assert_true(message_sample_equal(row->request, &sent, &got));
	assert_true(message_sample_within(row->request, &got, body));
	release(&body);

	buffer_reset(&b);
	message_sample(row->response, variant, &sent);
	assert_true(codec_write_response(&b, row, UINT64_MAX - variant, CKR_OK, &sent));
	body = exact(&b, b.size);
	assert_true(codec_read_response(body, row, &sequence, &rv, &got));
	assert_int_equal(rv, CKR_OK);
	assert_true(sequence == UINT64_MAX - variant);
	assert_true(message_sample_equal(row->response, &sent, &got));
	assert_true(message_sample_within(row->response, &got, body));
	release(&body);
	buffer_free(&b);
}

static void test_round_trips(void **state)
{
	size_t count = 0;
	const struct request_row *rows = request_rows(&count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (unsigned variant = 0; variant < VARIANTS; variant++)
			round_trip(&rows[i], variant);
}

static void test_refusals(void **state)
{
	size_t count = 0;
	const struct request_row *rows = request_rows(&count);
	struct buffer b = {0};
	uint64_t sequence = 0;
	CK_RV rv = CKR_OK;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		buffer_reset(&b);
		assert_true(codec_write_response(&b, &rows[i], 9, CKR_PIN_INCORRECT, NULL));
		assert_true(codec_read_response(buffer_span(&b), &rows[i], &sequence, &rv, &got));
		assert_int_equal(rv, CKR_PIN_INCORRECT);
		assert_int_equal(sequence, 9);
	}
	/* An unknown request is answered too. */
	buffer_reset(&b);
	assert_true(codec_write_response(&b, NULL, 9, CKR_FUNCTION_NOT_SUPPORTED, NULL));
	assert_false(codec_write_response(&b, NULL, 9, CKR_OK, NULL));
	assert_false(codec_write_response(&b, &rows[0], 9, (CK_RV)1 << 32, NULL));
	buffer_free(&b);
}

/* At every byte, every row: CKR_DATA_INVALID or nonsense, never a message; and nothing may follow. */
static void test_truncated(void **state)
{
	size_t count = 0;
	const struct request_row *rows = request_rows(&count);
	const struct request_row *row = NULL;
	struct buffer b = {0};
	uint64_t sequence = 0;
	CK_RV rv = CKR_OK;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (unsigned variant = 1; variant < 4; variant++) {
			buffer_reset(&b);
			message_sample(rows[i].request, variant, &sent);
			assert_int_equal(codec_write_request(&b, &rows[i], 1000, &sent), CKR_OK);
			for (size_t size = 0; size < b.size; size++)
				assert_int_equal(read_request(&b, size, &row, &sequence), CKR_DATA_INVALID);
			assert_true(buffer_append(&b, "\x00", 1));
			assert_int_equal(read_request(&b, b.size, &row, &sequence), CKR_DATA_INVALID);
			assert_ptr_equal(row, &rows[i]);
			assert_int_equal(sequence, 1000);

			buffer_reset(&b);
			message_sample(rows[i].response, variant, &sent);
			assert_true(codec_write_response(&b, &rows[i], 1000, CKR_OK, &sent));
			for (size_t size = 0; size < b.size; size++) {
				struct span body = exact(&b, size);

				assert_false(codec_read_response(body, &rows[i], &sequence, &rv, &got));
				release(&body);
			}
			assert_true(buffer_append(&b, "\xf6", 1));
			assert_false(codec_read_response(buffer_span(&b), &rows[i], &sequence, &rv, &got));
		}
	}
	buffer_free(&b);
}

/* One more than FIELD allows, from a table whose limit is one higher; false: the field has no such limit. */
static bool exceed(struct field *field, void *message)
{
	static uint8_t bytes[MECHANISM_AAD_MAX + PROTOCOL_DATA_MAX];
	void *at = (char *)message + field->offset;
	struct attributes *list = at;

	switch (field->type) {
	case FIELD_UINT:
		if (field->max == UINT64_MAX)
			return false;
		*(uint64_t *)at = ++field->max;
		return true;
	case FIELD_BYTES:
	case FIELD_TEXT:
		memset(bytes, 'x', sizeof(bytes));
		*(struct span *)at = (struct span){bytes, (size_t)++field->max};
		return field->max <= sizeof(bytes);
	case FIELD_NUMBERS:
		if (field->max >= PROTOCOL_NUMBERS_MAX)
			return false;
		((struct numbers *)at)->count = (size_t)++field->max;
		return true;
	case FIELD_TEMPLATE:
	case FIELD_VALUES:
		list->count = 1;
		list->item[0] = (struct attribute){CKA_VALUE, {bytes, PROTOCOL_CHUNK_MAX + 1}};
		return true;
	case FIELD_BOOL:
	case FIELD_TEXTS:
	case FIELD_MECHANISM:
		break;
	}
	return false;
}

static void test_limits(void **state)
{
	size_t count = 0;
	const struct request_row *rows = request_rows(&count);
	unsigned tried = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < rows[i].request->count; j++) {
			struct field fields[32];
			struct schema schema = *rows[i].request;
			struct request_row row = rows[i];
			const struct request_row *found = NULL;
			struct buffer b = {0};
			uint64_t sequence = 0;

			assert_true(schema.count <= 32);
			memcpy(fields, schema.fields, schema.count * sizeof(fields[0]));
			schema.fields = fields;
			row.request = &schema;
			message_sample(&schema, 1, &sent);
			if (!exceed(&fields[j], &sent))
				continue;
			/* The client hears the precise code... */
			assert_int_equal(codec_write_request(&b, &rows[i], 1, &sent),
					 rows[i].request->fields[j].refusal);
			assert_int_not_equal(rows[i].request->fields[j].refusal, CKR_OK);
			/* ... and the enclave refuses what another client would send. */
			buffer_reset(&b);
			if (fields[j].type != FIELD_TEMPLATE) {
				assert_int_equal(codec_write_request(&b, &row, 1, &sent), CKR_OK);
				assert_int_equal(read_request(&b, b.size, &found, &sequence),
						 CKR_DATA_INVALID);
			}
			buffer_free(&b);
			tried++;
		}
	}
	assert_true(tried > 100);
}

/* A byte string whose size must be exact, one too short. */
static void test_exact_sizes(void **state)
{
	static const uint8_t key[PROTOCOL_CONTEXT_KEY_SIZE] = {0};
	struct hello_request hello = {.context_key = {key, sizeof(key) - 1}};
	struct operate_request operate = {.grant = {key, PROTOCOL_GRANT_SIZE - 1},
					  .mechanism = {.row = mechanism_find(CKM_ECDSA)}};
	struct buffer b = {0};

	(void)state;
	assert_int_equal(codec_write_request(&b, request_find(REQUEST_HELLO), 1, &hello),
			 CKR_ARGUMENTS_BAD);
	assert_int_equal(codec_write_request(&b, request_find(REQUEST_SIGN), 1, &operate),
			 CKR_ARGUMENTS_BAD);
	hello.context_key.size++;
	operate.grant.size++;
	assert_int_equal(codec_write_request(&b, request_find(REQUEST_HELLO), 1, &hello), CKR_OK);
	assert_int_equal(codec_write_request(&b, request_find(REQUEST_SIGN), 1, &operate), CKR_OK);
	operate.grant.size = 0;
	assert_int_equal(codec_write_request(&b, request_find(REQUEST_SIGN), 1, &operate), CKR_OK);
	buffer_free(&b);
}

/* The largest hello fits the limit that holds before it is done. */
static void test_hello_fits(void **state)
{
	static const uint8_t bytes[PROTOCOL_TICKET_MAX] = {0};
	struct hello_request hello = {
		.major = UINT16_MAX,
		.minor = UINT16_MAX,
		.mode = HELLO_CLONE,
		.context_key = {bytes, PROTOCOL_CONTEXT_KEY_SIZE},
		.new_key = {bytes, PROTOCOL_CONTEXT_KEY_SIZE},
		.ticket = {bytes, PROTOCOL_TICKET_MAX},
		.program = {(const uint8_t *)"program-name-that-is-sixty-four-bytes-long......................", 64},
	};
	struct buffer b = {0};

	(void)state;
	assert_int_equal(codec_write_request(&b, request_find(REQUEST_HELLO), UINT64_MAX, &hello), CKR_OK);
	assert_true(b.size <= PROTOCOL_HELLO_MAX);
	buffer_free(&b);
}

static void test_frame_limit(void **state)
{
	static const uint8_t bytes[PROTOCOL_CHUNK_MAX] = {0};
	struct create_request create = {.slot = 1};
	struct get_response get = {0};
	struct buffer b = {0};

	(void)state;
	for (CK_ATTRIBUTE_TYPE type = 0; type < 5; type++) {
		assert_true(attributes_add(&create.template, type, (struct span){bytes, sizeof(bytes)}));
		assert_true(attributes_add(&get.attributes, type, (struct span){bytes, sizeof(bytes)}));
	}
	assert_int_equal(codec_write_request(&b, request_find(REQUEST_CREATE), 1, &create),
			 CKR_DATA_LEN_RANGE);
	buffer_reset(&b);
	assert_false(codec_write_response(&b, request_find(REQUEST_GET), 1, CKR_OK, &get));
	buffer_free(&b);
}

/* Each mechanism, and its parameters as nobody may send them. */
static void test_mechanisms(void **state)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	const struct request_row *sign = request_find(REQUEST_SIGN);
	const struct request_row *row = NULL;
	struct buffer b = {0};
	uint64_t sequence = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct operate_request r = {.slot = 1, .mechanism = message_sample_mechanism(&rows[i])};

		buffer_reset(&b);
		assert_int_equal(codec_write_request(&b, sign, 3, &r), CKR_OK);
		assert_int_equal(read_request(&b, b.size, &row, &sequence), CKR_OK);
		assert_ptr_equal(got.operate_request.mechanism.row, &rows[i]);

		/* Parameters of another shape. */
		r.mechanism.row = &(struct mechanism_row){
			.type = rows[i].type,
			.parameter = rows[i].parameter == PARAMETER_GCM ? PARAMETER_NONE : PARAMETER_GCM};
		buffer_reset(&b);
		assert_int_equal(codec_write_request(&b, sign, 3, &r), CKR_OK);
		assert_int_equal(read_request(&b, b.size, &row, &sequence), CKR_DATA_INVALID);

		/* Of the right shape, but not of the right values. */
		if (rows[i].parameter == PARAMETER_NONE || rows[i].parameter == PARAMETER_EDDSA)
			continue;
		r.mechanism = (struct mechanism){.row = &rows[i], .iv = {(const uint8_t *)"abc", 3}};
		r.mechanism.length = 1000;
		r.mechanism.salt_size = 1000000;
		buffer_reset(&b);
		assert_int_equal(codec_write_request(&b, sign, 3, &r), CKR_OK);
		assert_int_equal(read_request(&b, b.size, &row, &sequence), CKR_MECHANISM_PARAM_INVALID);
		assert_ptr_equal(row, sign);
		assert_int_equal(sequence, 3);
	}
	buffer_free(&b);
}

/* Composes a request by hand: [40, 5, slot 1, key 2, MECHANISM, data, grant]. */
static CK_RV read_sign(const char *mechanism, size_t size)
{
	const struct request_row *row = NULL;
	uint64_t sequence = 0;
	struct buffer b = {0};
	CK_RV rv = CKR_OK;

	assert_true(buffer_append(&b, "\x87\x18\x28\x05\x01\x02", 6));
	assert_true(buffer_append(&b, mechanism, size));
	assert_true(buffer_append(&b, "\x41\x00\x40", 3));
	rv = read_request(&b, b.size, &row, &sequence);
	buffer_free(&b);
	return rv;
}

static void test_hostile_mechanisms(void **state)
{
	(void)state;
	assert_int_equal(read_sign("\x81\x19\x10\x41", 4), CKR_OK);                    /* CKM_ECDSA */
	assert_int_equal(read_sign("\x81\x19\xff\xff", 4), CKR_MECHANISM_INVALID);
	assert_int_equal(read_sign("\x81\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 10), CKR_MECHANISM_INVALID);
	assert_int_equal(read_sign("\x80", 1), CKR_DATA_INVALID);
	assert_int_equal(read_sign("\x01", 1), CKR_DATA_INVALID);
	assert_int_equal(read_sign("\x81\x81\x01", 3), CKR_DATA_INVALID);
	assert_int_equal(read_sign("\x9f\x19\x10\x41\xff", 5), CKR_DATA_INVALID);      /* indefinite */
	assert_int_equal(read_sign("\x81\x1a\x00\x00\x10\x41", 6), CKR_DATA_INVALID);  /* long head */
	assert_int_equal(read_sign("\xc1\x81\x19\x10\x41", 5), CKR_DATA_INVALID);      /* tag */
	assert_int_equal(read_sign("\x82\x19\x10\x41\x40", 5), CKR_DATA_INVALID);      /* one item too many */
}

static void test_hostile_heads(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		CK_RV rv;
		uint64_t sequence;
	} cases[] = {
		{"", 0, CKR_DATA_INVALID, 0},
		{"\x00", 1, CKR_DATA_INVALID, 0},
		{"\x80", 1, CKR_DATA_INVALID, 0},
		{"\x81\x08", 2, CKR_DATA_INVALID, 0},
		{"\x82\x08\x07", 3, CKR_OK, 7},
		{"\x83\x08\x07\x00", 4, CKR_DATA_INVALID, 7},
		{"\x82\x08\x07\x00", 4, CKR_DATA_INVALID, 7},
		{"\x82\x18\xc8\x07", 4, CKR_FUNCTION_NOT_SUPPORTED, 7},
		{"\x82\x1b\x00\x00\x00\x01\x00\x00\x00\x08\x07", 11, CKR_FUNCTION_NOT_SUPPORTED, 7},
		{"\x82\x20\x07", 3, CKR_DATA_INVALID, 0},
		{"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x08\x07", 11, CKR_DATA_INVALID, 0},
		{"\xa1\x08\x07", 3, CKR_DATA_INVALID, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct request_row *row = request_find(REQUEST_SIGN);
		uint64_t sequence = 99;

		assert_int_equal(codec_read_request((struct span){(const uint8_t *)cases[i].bytes,
								  cases[i].size},
						    &row, &sequence, &got),
				 cases[i].rv);
		assert_int_equal(sequence, cases[i].sequence);
	}
}

/* One bit after the other of an honest frame: any verdict, but never a read out of bounds. */
static void test_flipped_bits(void **state)
{
	const struct request_row *row = request_find(REQUEST_UNWRAP);
	struct buffer b = {0};

	(void)state;
	message_sample(row->request, 3, &sent);
	assert_int_equal(codec_write_request(&b, row, 1, &sent), CKR_OK);
	for (size_t i = 0; i < 8 * b.size; i++) {
		const struct request_row *found = NULL;
		uint64_t sequence = 0;
		CK_RV rv = CKR_OK;

		b.data[i / 8] = (uint8_t)(b.data[i / 8] ^ (1U << (i % 8)));
		rv = read_request(&b, b.size, &found, &sequence);
		assert_true(rv == CKR_OK || found || rv == CKR_DATA_INVALID ||
			    rv == CKR_FUNCTION_NOT_SUPPORTED);
		b.data[i / 8] = (uint8_t)(b.data[i / 8] ^ (1U << (i % 8)));
	}
	buffer_free(&b);
}

static void test_tickets(void **state)
{
	static const uint8_t bytes[PROTOCOL_TICKET_MAX + 1] = {7};
	struct span ticket = {0};
	struct buffer b = {0};

	(void)state;
	assert_true(codec_write_ticket(&b, (struct span){bytes, PROTOCOL_TICKET_MAX}));
	assert_true(codec_read_ticket(buffer_span(&b), &ticket));
	assert_int_equal(ticket.size, PROTOCOL_TICKET_MAX);
	for (size_t i = 0; i < b.size; i++)
		assert_false(codec_read_ticket((struct span){b.data, i}, &ticket));
	assert_true(buffer_append(&b, "\x00", 1));
	assert_false(codec_read_ticket(buffer_span(&b), &ticket));
	assert_false(codec_write_ticket(&b, (struct span){bytes, sizeof(bytes)}));
	assert_false(codec_write_ticket(&b, (struct span){0}));
	buffer_free(&b);
}

static char *read_page(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	if (!f)
		print_error("%s: not readable\n", path);
	assert_non_null(f);
	assert_non_null(text);
	*size = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

/* KC_UPDATE_DOCS=1 writes the block anew: after a change of the table. */
static void write_page(const char *path, const char *text, const char *begin, const char *end,
		       const struct buffer *cddl)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fwrite(text, 1, (size_t)(begin - text), f);
	fwrite(cddl->data, 1, cddl->size, f);
	fputs(end, f);
	assert_int_equal(fclose(f), 0);
}

static void test_documented(void **state)
{
	static const char open[] = "```cddl\n";
	const char *root = getenv("KC_SRCDIR");
	char path[4096];
	char *text = NULL;
	char *begin = NULL;
	char *end = NULL;
	size_t size = 0;
	struct buffer cddl = {0};

	(void)state;
	if (!root)
		skip();
	snprintf(path, sizeof(path), "%s/docs/protocol.md", root);
	assert_true(cddl_write(&cddl));
	text = read_page(path, &size);
	begin = strstr(text, open);
	assert_non_null(begin);
	begin += sizeof(open) - 1;
	end = strstr(begin, "```");
	assert_non_null(end);
	if (getenv("KC_UPDATE_DOCS"))
		write_page(path, text, begin, end, &cddl);
	else
		assert_true((size_t)(end - begin) == cddl.size && !memcmp(begin, cddl.data, cddl.size));
	free(text);
	buffer_free(&cddl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_exact_sizes),
		cmocka_unit_test(test_hello_fits),
		cmocka_unit_test(test_frame_limit),
		cmocka_unit_test(test_mechanisms),
		cmocka_unit_test(test_hostile_mechanisms),
		cmocka_unit_test(test_hostile_heads),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
