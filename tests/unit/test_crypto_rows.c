/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known answers for each mechanism of the table, from data/crypto_vectors.json: in one call, in many
 * parts where the row says so, both ways, and with a bit flipped. The last test fails for a row that
 * no vector names.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cmocka_test.h"
#include "crypto_sample.h"

#define ROWS_MAX 512

static json_t *file;
static bool seen[ROWS_MAX];

/* One vector with everything that it names looked up. */
struct vector {
	const char *does;
	const char *source;
	struct mechanism m;
	struct span data;
	struct span result;
	struct key *private_key; /* or the secret one */
	struct key *public_key;  /* likewise */
};

static const char *text(const json_t *v, const char *name)
{
	return json_string_value(json_object_get(v, name));
}

static CK_ULONG number(const json_t *v, const char *name)
{
	return (CK_ULONG)json_integer_value(json_object_get(v, name));
}

static void mark(const struct mechanism_row *row)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);

	assert_true(count <= ROWS_MAX);
	seen[row - rows] = true;
}

/* The row of a digest whose name ends CKG_MGF1_* or stands in CKD_*_KDF; SHA1 is SHA_1 among mechanisms. */
static const struct mechanism_row *digest_in(const char *name)
{
	char mechanism[32];
	char digest[16];

	if (sscanf(name, "CKG_MGF1_%15s", digest) != 1 && sscanf(name, "CKD_%15[A-Z0-9]", digest) != 1)
		fail_msg("%s names no digest", name);
	(void)snprintf(mechanism, sizeof(mechanism), "CKM_%s",
		       strcmp(digest, "SHA1") == 0 ? "SHA_1" : digest);
	return sample_row(mechanism);
}

static void find_key(const json_t *v, struct vector *out)
{
	const json_t *key = NULL;
	CK_KEY_TYPE type = 0;

	if (!text(v, "key"))
		return;
	key = json_object_get(json_object_get(file, "keys"), text(v, "key"));
	assert_non_null(key);
	type = sample_key_type(text(key, "type"));
	if (text(key, "value")) {
		out->private_key = sample_secret(type, sample_hex(text(key, "value")));
		out->public_key = out->private_key;
	} else {
		struct attribute_set *object = sample_private(type, sample_hex(text(key, "pkcs8")));

		out->private_key = sample_key(object);
		out->public_key = sample_key(sample_public(object));
	}
}

static struct vector read_vector(const json_t *v)
{
	struct vector out = {.does = text(v, "do"), .source = text(v, "source")};

	out.m.row = sample_row(text(v, "mechanism"));
	mark(out.m.row);
	out.m.iv = sample_hex(text(v, "iv"));
	out.m.aad = sample_hex(text(v, "aad"));
	out.m.tag_bits = number(v, "tag_bits");
	out.m.counter_bits = number(v, "counter_bits");
	out.m.length = number(v, "length");
	out.m.salt_size = number(v, "salt");
	out.m.label = sample_hex(text(v, "label"));
	out.m.extract = number(v, "extract");
	out.m.expand = number(v, "expand");
	out.m.salt = sample_hex(text(v, "hkdf_salt"));
	out.m.info = sample_hex(text(v, "info"));
	out.m.fixed = sample_hex(text(v, "fixed"));
	out.m.fixed_2 = sample_hex(text(v, "fixed_2"));
	out.m.fixed_3 = sample_hex(text(v, "fixed_3"));
	out.m.fixed_4 = sample_hex(text(v, "fixed_4"));
	out.m.length_follows = number(v, "length_follows");
	out.m.shared = sample_hex(text(v, "shared"));
	if (text(v, "hash"))
		out.m.hash = sample_row(text(v, "hash"))->type;
	if (text(v, "mgf"))
		out.m.mgf = digest_in(text(v, "mgf"))->mgf;
	if (text(v, "kdf"))
		out.m.kdf = strcmp(text(v, "kdf"), "CKD_NULL") == 0 ? CKD_NULL
								    : digest_in(text(v, "kdf"))->kdf;
	out.data = sample_hex(text(v, "data"));
	out.result = sample_hex(text(v, "result"));
	find_key(v, &out);
	return out;
}

static void assert_bytes(const struct vector *v, struct span got, struct span wanted)
{
	if (!span_equal(got, wanted))
		fail_msg("%s %s (%s): %zu bytes differ from the %zu wanted", v->m.row->name, v->does,
			 v->source, got.size, wanted.size);
}

static void assert_rv(const struct vector *v, CK_RV got, CK_RV wanted)
{
	if (got != wanted)
		fail_msg("%s %s (%s): 0x%lx, not 0x%lx", v->m.row->name, v->does, v->source, got,
			 wanted);
}

/* A stream over DATA in parts of PART bytes; what comes out is in OUT. */
static CK_RV in_parts(const struct vector *v, enum stream_kind kind, struct key *key, size_t part,
		      struct span data, struct span signature, struct buffer *out)
{
	struct stream *s = NULL;
	struct buffer piece = {0};
	CK_RV rv = stream_new(kind, key, &v->m, &s);

	buffer_reset(out);
	while (rv == CKR_OK && data.size > 0) {
		const size_t n = data.size < part ? data.size : part;

		rv = stream_update(s, (struct span){data.data, n}, &piece);
		assert_true(buffer_append(out, piece.data, piece.size));
		data.data += n;
		data.size -= n;
	}
	if (rv == CKR_OK)
		rv = stream_final(s, signature, &piece);
	assert_true(buffer_append(out, piece.data, piece.size));
	buffer_free(&piece);
	stream_free(&s);
	assert_null(s);
	return rv;
}

/* SIGNATURE is right for the data, in one part and in many, and wrong with any bit flipped. */
static void check_verify(const struct vector *v, struct span signature)
{
	static const size_t parts[] = {1, 7, 64, 4096};
	struct buffer flipped = {0};
	struct buffer out = {0};
	size_t i = 0;

	assert_rv(v, operate_verify(v->public_key, &v->m, v->data, signature), CKR_OK);
	for (i = 0; v->m.row->multi_part && i < sizeof(parts) / sizeof(parts[0]); i++)
		assert_rv(v, in_parts(v, STREAM_VERIFY, v->public_key, parts[i], v->data, signature, &out),
			  CKR_OK);
	for (i = 0; i < signature.size; i += signature.size / 4 + 1) {
		assert_true(buffer_set(&flipped, signature.data, signature.size));
		flipped.data[i] ^= 0x20;
		assert_rv(v, operate_verify(v->public_key, &v->m, v->data, buffer_span(&flipped)),
			  CKR_SIGNATURE_INVALID);
		if (v->m.row->multi_part)
			assert_rv(v,
				  in_parts(v, STREAM_VERIFY, v->public_key, 16, v->data,
					   buffer_span(&flipped), &out),
				  CKR_SIGNATURE_INVALID);
	}
	assert_rv(v,
		  operate_verify(v->public_key, &v->m, v->data,
				 (struct span){signature.data, signature.size - 1}),
		  CKR_SIGNATURE_LEN_RANGE);
	buffer_free(&flipped);
	buffer_free(&out);
}

static void check_sign(const struct vector *v)
{
	static const size_t parts[] = {1, 7, 64, 4096};
	struct buffer out = {0};
	size_t i = 0;

	/* Twice: the second takes the context that the first gave back. */
	for (i = 0; i < 2; i++) {
		assert_rv(v, operate_sign(v->private_key, &v->m, v->data, &out), CKR_OK);
		assert_bytes(v, buffer_span(&out), v->result);
	}
	for (i = 0; v->m.row->multi_part && i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert_rv(v,
			  in_parts(v, STREAM_SIGN, v->private_key, parts[i], v->data,
				   (struct span){0}, &out),
			  CKR_OK);
		assert_bytes(v, buffer_span(&out), v->result);
	}
	check_verify(v, v->result);
	buffer_free(&out);
}

/* A randomised signature: the known one is verified, and one of our own. */
static void check_random_sign(const struct vector *v)
{
	struct buffer out = {0};
	struct buffer again = {0};

	check_verify(v, v->result);
	assert_rv(v, operate_sign(v->private_key, &v->m, v->data, &out), CKR_OK);
	check_verify(v, buffer_span(&out));
	if (v->m.row->multi_part) {
		assert_rv(v, in_parts(v, STREAM_SIGN, v->private_key, 5, v->data, (struct span){0}, &again),
			  CKR_OK);
		check_verify(v, buffer_span(&again));
	}
	buffer_free(&out);
	buffer_free(&again);
}

static void check_recover(const struct vector *v)
{
	struct buffer out = {0};

	assert_rv(v, operate_verify_recover(v->public_key, &v->m, v->result, &out), CKR_OK);
	assert_bytes(v, buffer_span(&out), v->data);
	assert_rv(v, operate_sign_recover(v->private_key, &v->m, v->data, &out), CKR_OK);
	assert_bytes(v, buffer_span(&out), v->result);
	buffer_free(&out);
}

/* The same by chained calls of BLOCKS blocks each. */
static void check_chain(const struct vector *v, bool encrypt, size_t blocks, struct span data,
			struct span wanted)
{
	uint8_t iv[16] = {0};
	uint8_t next[16] = {0};
	struct vector part = *v;
	struct buffer all = {0};
	struct buffer out = {0};

	if (v->m.iv.size == sizeof(iv))
		memcpy(iv, v->m.iv.data, sizeof(iv));
	if (v->m.iv.size > 0)
		part.m.iv = (struct span){iv, sizeof(iv)};
	while (data.size > 0) {
		const size_t n = data.size < 16 * blocks ? data.size : 16 * blocks;

		assert_rv(v,
			  stream_chain(v->private_key, &part.m, encrypt, n == data.size,
				       (struct span){data.data, n}, next, &out),
			  CKR_OK);
		assert_true(buffer_append(&all, out.data, out.size));
		memcpy(iv, next, sizeof(iv));
		data.data += n;
		data.size -= n;
	}
	assert_bytes(v, buffer_span(&all), wanted);
	buffer_free(&all);
	buffer_free(&out);
}

static bool is_chained(const struct vector *v)
{
	return v->m.row->multi_part && v->m.row->parameter != PARAMETER_GCM;
}

static void check_cipher(const struct vector *v)
{
	struct buffer out = {0};
	size_t i = 0;

	for (i = 0; i < 2; i++) {
		assert_rv(v, operate_encrypt(v->public_key, &v->m, v->data, &out), CKR_OK);
		assert_bytes(v, buffer_span(&out), v->result);
		assert_rv(v, operate_decrypt(v->private_key, &v->m, v->result, &out), CKR_OK);
		assert_bytes(v, buffer_span(&out), v->data);
	}
	for (i = 1; is_chained(v) && i < 5; i++) {
		if (v->m.row->scheme != SCHEME_AES_CBC_PAD)
			check_chain(v, true, i, v->data, v->result);
		check_chain(v, false, i, v->result, v->data);
	}
	for (i = 1; v->m.row->parameter == PARAMETER_GCM && i < 40; i += 6) {
		assert_rv(v,
			  in_parts(v, STREAM_ENCRYPT, v->public_key, i, v->data, (struct span){0}, &out),
			  CKR_OK);
		assert_bytes(v, buffer_span(&out), v->result);
		assert_rv(v,
			  in_parts(v, STREAM_DECRYPT, v->private_key, i, v->result, (struct span){0},
				   &out),
			  CKR_OK);
		assert_bytes(v, buffer_span(&out), v->data);
	}
	buffer_free(&out);
}

/* A randomised encryption: the known ciphertext, and one of our own. */
static void check_random_cipher(const struct vector *v)
{
	struct buffer sealed = {0};
	struct buffer out = {0};

	assert_rv(v, operate_decrypt(v->private_key, &v->m, v->data, &out), CKR_OK);
	assert_bytes(v, buffer_span(&out), v->result);
	assert_rv(v, operate_encrypt(v->public_key, &v->m, v->result, &sealed), CKR_OK);
	assert_rv(v, operate_decrypt(v->private_key, &v->m, buffer_span(&sealed), &out), CKR_OK);
	assert_bytes(v, buffer_span(&out), v->result);
	buffer_free(&sealed);
	buffer_free(&out);
}

static void check_derive(struct vector *v, size_t size)
{
	struct buffer out = {.secret = true};

	v->m.peer = v->data;
	assert_rv(v, operate_derive(v->private_key, &v->m, size, &out), CKR_OK);
	assert_bytes(v, buffer_span(&out), v->result);
	buffer_free(&out);
}

static void check_digest(const struct vector *v)
{
	struct buffer out = {0};
	struct stream *s = NULL;
	size_t part = 0;

	for (part = 1; part < 4; part++) {
		assert_rv(v, in_parts(v, STREAM_DIGEST, NULL, part, v->data, (struct span){0}, &out),
			  CKR_OK);
		assert_bytes(v, buffer_span(&out), v->result);
	}
	/* The same bytes as the value of a key. */
	assert_rv(v, stream_new(STREAM_DIGEST, NULL, &v->m, &s), CKR_OK);
	assert_rv(v, stream_update_key(s, sample_secret(CKK_GENERIC_SECRET, v->data)), CKR_OK);
	assert_rv(v, stream_final(s, (struct span){0}, &out), CKR_OK);
	assert_bytes(v, buffer_span(&out), v->result);
	stream_free(&s);
	buffer_free(&out);
}

/* New keys do what keys of the vector's "use" do. */
static void use_pair(struct vector *v, const struct attribute_set *public_object)
{
	struct buffer out = {.secret = true};

	v->data = sample_hex("00112233445566778899");
	if (v->m.row->flags & CKF_DERIVE) {
		struct buffer other = {.secret = true};
		struct attribute_set *their_public = NULL;
		struct attribute_set *their_private = NULL;

		sample_pair(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "X25519", 0, &their_public, &their_private);
		v->m.kdf = CKD_NULL;
		v->m.peer = attribute_set_get(their_public, CKA_EC_POINT);
		assert_rv(v, operate_derive(v->private_key, &v->m, 0, &out), CKR_OK);
		v->m.peer = attribute_set_get(public_object, CKA_EC_POINT);
		assert_rv(v, operate_derive(sample_key(their_private), &v->m, 0, &other), CKR_OK);
		assert_bytes(v, buffer_span(&out), buffer_span(&other));
		buffer_free(&other);
	} else {
		assert_rv(v, operate_sign(v->private_key, &v->m, v->data, &out), CKR_OK);
		check_verify(v, buffer_span(&out));
	}
	buffer_free(&out);
}

static void use_secret(struct vector *v)
{
	struct buffer out = {0};
	struct buffer back = {0};

	v->data = sample_hex("00112233445566778899");
	if (v->m.row->flags & CKF_SIGN) {
		assert_rv(v, operate_sign(v->private_key, &v->m, v->data, &out), CKR_OK);
		check_verify(v, buffer_span(&out));
	} else {
		assert_rv(v, operate_encrypt(v->private_key, &v->m, v->data, &out), CKR_OK);
		assert_rv(v, operate_decrypt(v->private_key, &v->m, buffer_span(&out), &back), CKR_OK);
		assert_bytes(v, buffer_span(&back), v->data);
	}
	buffer_free(&out);
	buffer_free(&back);
}

static void check_generate(struct vector *v, const json_t *source)
{
	const struct mechanism m = v->m;
	const CK_KEY_TYPE type = m.row->key_types[0];

	v->m = (struct mechanism){.row = sample_row(text(source, "use"))};
	if (m.row->flags & CKF_GENERATE) {
		struct attribute_set *object = sample_object(CKO_SECRET_KEY, type);

		assert_true(attribute_set_put_ulong(object, CKA_VALUE_LEN, number(source, "bytes")));
		assert_rv(v, key_generate(&m, object), CKR_OK);
		assert_int_equal(attribute_set_get(object, CKA_VALUE).size, number(source, "bytes"));
		assert_int_equal(attribute_set_get(object, CKA_CHECK_VALUE).size, 3);
		v->private_key = v->public_key = sample_key(object);
		use_secret(v);
	} else {
		struct attribute_set *public_object = sample_object(CKO_PUBLIC_KEY, type);
		struct attribute_set *private_object = sample_object(CKO_PRIVATE_KEY, type);

		if (text(source, "params"))
			assert_true(attribute_set_put(public_object, CKA_EC_PARAMS,
						      sample_hex(text(source, "params"))));
		if (number(source, "bits") > 0)
			assert_true(attribute_set_put_ulong(public_object, CKA_MODULUS_BITS,
							    number(source, "bits")));
		assert_rv(v, key_generate_pair(&m, public_object, private_object), CKR_OK);
		assert_true(span_equal(attribute_set_get(public_object, CKA_PUBLIC_KEY_INFO),
				       attribute_set_get(private_object, CKA_PUBLIC_KEY_INFO)));
		v->private_key = sample_key(private_object);
		v->public_key = sample_key(public_object);
		use_pair(v, public_object);
	}
}

static void check_vector(const json_t *source)
{
	struct vector v = read_vector(source);

	assert_non_null(v.does);
	if (strcmp(v.does, "sign") == 0)
		check_sign(&v);
	else if (strcmp(v.does, "verify") == 0)
		check_random_sign(&v);
	else if (strcmp(v.does, "recover") == 0)
		check_recover(&v);
	else if (strcmp(v.does, "encrypt") == 0)
		check_cipher(&v);
	else if (strcmp(v.does, "decrypt") == 0)
		check_random_cipher(&v);
	else if (strcmp(v.does, "derive") == 0)
		check_derive(&v, number(source, "size"));
	else if (strcmp(v.does, "digest") == 0)
		check_digest(&v);
	else if (strcmp(v.does, "generate") == 0)
		check_generate(&v, source);
	else
		fail_msg("%s: not an operation", v.does);
}

static void test_vectors(void **state)
{
	const json_t *vectors = json_object_get(file, "vectors");
	size_t i = 0;

	(void)state;
	assert_true(json_array_size(vectors) > 100);
	for (i = 0; i < json_array_size(vectors); i++) {
		check_vector(json_array_get(vectors, i));
		sample_free();
	}
}

static void test_every_row_has_a_vector(void **state)
{
	size_t count = 0;
	const struct mechanism_row *rows = mechanism_rows(&count);
	size_t missing = 0;
	size_t i = 0;

	(void)state;
	for (i = 0; i < count; i++) {
		if (!seen[i]) {
			print_message("# %s has no vector in crypto_vectors.json\n", rows[i].name);
			missing++;
		}
	}
	assert_int_equal(missing, 0);
}

static int open_file(void **state)
{
	const char *folder = getenv("KC_SRCDIR");
	json_error_t error;
	char path[4096];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/tests/unit/data/crypto_vectors.json",
		       folder ? folder : ".");
	file = json_load_file(path, 0, &error);
	if (!file)
		print_message("# %s: %s\n", path, error.text);
	return file && operate_start() ? 0 : -1;
}

static int close_file(void **state)
{
	(void)state;
	json_decref(file);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_vectors, sample_teardown),
		cmocka_unit_test(test_every_row_has_a_vector),
	};

	return cmocka_run_group_tests(tests, open_file, close_file);
}
