/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11: URIs: what is taken from them, what they match, what is written, and the PINs that they bring.
 * RFC 7512.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/uri.h"
#include "cmocka_test.h"

static void test_parse(void **state)
{
	struct uri uri = {0};

	(void)state;
	assert_int_equal(uri_parse("pkcs11:token=My%20token;serial=0123456789abcdef;manufacturer=Keyclave;"
				   "model=keyclaved;object=k%C3%A9y;id=%01%02%00;type=private;slot-id=3"
				   "?pin-value=12%3034&module-name=keyclave-pkcs11",
				   &uri, NULL, 0),
			 CKR_OK);
	assert_string_equal(uri.token, "My token");
	assert_string_equal(uri.serial, "0123456789abcdef");
	assert_string_equal(uri.manufacturer, "Keyclave");
	assert_string_equal(uri.model, "keyclaved");
	assert_string_equal(uri.object, "k\xc3\xa9y");
	assert_true(uri.has_id);
	assert_true(span_equal(buffer_span(&uri.id), (struct span){(const uint8_t *)"\1\2\0", 3}));
	assert_int_equal(uri.class, CKO_PRIVATE_KEY);
	assert_int_equal(uri.slot, 3);
	assert_true(uri.has_pin_value);
	assert_true(span_equal(buffer_span(&uri.pin_value), span_text("12034")));
	assert_null(uri.pin_source);
	assert_false(uri.unmatchable);
	uri_free(&uri);
	assert_null(uri.token);
	uri_free(&uri);
}

static void test_absent_is_not_empty(void **state)
{
	struct uri uri = {0};

	(void)state;
	assert_int_equal(uri_parse("pkcs11:", &uri, NULL, 0), CKR_OK);
	assert_null(uri.token);
	assert_null(uri.object);
	assert_false(uri.has_id);
	assert_false(uri.has_pin_value);
	assert_true(uri.slot == UINT64_MAX);
	assert_int_equal(uri.class, CK_UNAVAILABLE_INFORMATION);
	uri_free(&uri);
	assert_int_equal(uri_parse("pkcs11:token=;object=;id=?pin-value=", &uri, NULL, 0), CKR_OK);
	assert_string_equal(uri.token, "");
	assert_string_equal(uri.object, "");
	assert_true(uri.has_id);
	assert_int_equal(uri.id.size, 0);
	assert_true(uri.has_pin_value);
	assert_int_equal(uri.pin_value.size, 0);
	uri_free(&uri);
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {
		"", "http://x", "pkcs11", "token=x", "pkcs11:token", "pkcs11:token=%zz", "pkcs11:id=%1",
	};
	struct uri uri = {0};
	char why[100];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = 0;
		assert_int_equal(uri_parse(bad[i], &uri, why, sizeof(why)), CKR_ARGUMENTS_BAD);
		assert_non_null(strstr(why, "not a pkcs11: URI"));
		assert_null(uri.token);
	}
}

static bool matches(const char *text, uint64_t slot)
{
	const struct token_response token = {
		.label = span_text("My token"),
		.serial = span_text("0123"),
		.manufacturer = span_text("Keyclave"),
		.model = span_text("keyclaved"),
	};
	struct uri uri = {0};
	bool match = false;

	assert_int_equal(uri_parse(text, &uri, NULL, 0), CKR_OK);
	match = uri_matches_token(&uri, slot, &token);
	uri_free(&uri);
	return match;
}

static void test_matches_token(void **state)
{
	(void)state;
	assert_true(matches("pkcs11:", 5));
	assert_true(matches("pkcs11:token=My%20token", 5));
	assert_false(matches("pkcs11:token=My", 5));
	assert_false(matches("pkcs11:token=", 5));
	assert_true(matches("pkcs11:serial=0123;manufacturer=Keyclave;model=keyclaved", 5));
	assert_false(matches("pkcs11:serial=0124", 5));
	assert_false(matches("pkcs11:manufacturer=SoftHSM%20project", 5));
	assert_false(matches("pkcs11:model=SoftHSM%20v2", 5));
	assert_true(matches("pkcs11:slot-id=5", 5));
	assert_false(matches("pkcs11:slot-id=5", 6));
	assert_true(matches("pkcs11:library-manufacturer=Keyclave", 5));
	assert_false(matches("pkcs11:library-manufacturer=SoftHSM", 5));
	/* Section 2.3: what is not known cannot be said to match. */
	assert_false(matches("pkcs11:colour=red", 5));
	assert_false(matches("pkcs11:object=a%00b", 5));
}

static void test_format(void **state)
{
	uint8_t id[] = {0x01, 0xff};
	struct uri uri = {
		.token = (char[]){"My token"},
		.serial = (char[]){"0123"},
		.object = (char[]){"k;y?"},
		.id = {.data = id, .size = sizeof(id)},
		.has_id = true,
		.class = CKO_PRIVATE_KEY,
		.slot = UINT64_MAX,
		.pin_source = (char[]){"/secret"},
	};
	struct uri back = {0};
	struct buffer text = {0};

	(void)state;
	assert_int_equal(uri_format(&uri, &text), CKR_OK);
	assert_int_equal(text.data[text.size - 1], 0);
	assert_non_null(strstr((const char *)text.data, "token=My%20token"));
	assert_non_null(strstr((const char *)text.data, "id=%01%FF"));
	assert_non_null(strstr((const char *)text.data, "type=private"));
	assert_null(strstr((const char *)text.data, "secret"));
	assert_int_equal(uri_parse((const char *)text.data, &back, NULL, 0), CKR_OK);
	assert_string_equal(back.token, "My token");
	assert_string_equal(back.serial, "0123");
	assert_string_equal(back.object, "k;y?");
	assert_int_equal(back.id.size, 2);
	assert_int_equal(back.class, CKO_PRIVATE_KEY);
	uri_free(&back);
	buffer_free(&text);
}

/* The PIN of pkcs11:?TEXT; false: none, and *RV says why. */
static bool pin_is(const char *query, const char *expected, CK_RV *rv)
{
	char text[5000];
	struct uri uri = {0};
	struct buffer pin = {0};
	bool same = false;

	snprintf(text, sizeof(text), "pkcs11:?%s", query);
	assert_int_equal(uri_parse(text, &uri, NULL, 0), CKR_OK);
	*rv = uri_pin(&uri, &pin);
	same = *rv == CKR_OK && span_equal(buffer_span(&pin), span_text(expected));
	assert_true(pin.secret);
	uri_free(&uri);
	buffer_free(&pin);
	return same;
}

static void test_pin(void **state)
{
	const char *root = getenv("TMPDIR");
	char path[4096];
	char query[4200];
	FILE *file = NULL;
	CK_RV rv = CKR_OK;
	int fd = -1;

	(void)state;
	assert_true(pin_is("pin-value=1%3034", "1034", &rv));
	assert_true(pin_is("", "", &rv));
	snprintf(path, sizeof(path), "%s/kc-pin.XXXXXX", root ? root : "/tmp");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	fputs("4711\r\nsecond line\n", file);
	fclose(file);
	snprintf(query, sizeof(query), "pin-source=%s", path);
	assert_true(pin_is(query, "4711", &rv));
	snprintf(query, sizeof(query), "pin-source=file:%s", path);
	assert_true(pin_is(query, "4711", &rv));
	snprintf(query, sizeof(query), "pin-source=file://%s", path);
	assert_true(pin_is(query, "4711", &rv));
	/* The value is nearer than the file. */
	snprintf(query, sizeof(query), "pin-source=%s&pin-value=1", path);
	assert_true(pin_is(query, "1", &rv));

	file = fopen(path, "w");
	for (unsigned i = 0; i < PROTOCOL_PIN_MAX; i++)
		fputc('7', file);
	fclose(file);
	snprintf(query, sizeof(query), "pin-source=%s", path);
	assert_false(pin_is(query, "", &rv));
	assert_int_equal(rv, CKR_OK);
	file = fopen(path, "a");
	fputc('7', file);
	fclose(file);
	assert_false(pin_is(query, "", &rv));
	assert_int_equal(rv, CKR_PIN_INVALID);
	unlink(path);
	assert_false(pin_is(query, "", &rv));
	assert_int_equal(rv, CKR_PIN_INVALID);
	assert_false(pin_is("pin-source=%7Cecho%201234", "1234", &rv));
	assert_int_equal(rv, CKR_PIN_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	  cmocka_unit_test(test_absent_is_not_empty),
		cmocka_unit_test(test_malformed), cmocka_unit_test(test_matches_token),
		cmocka_unit_test(test_format),	  cmocka_unit_test(test_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
