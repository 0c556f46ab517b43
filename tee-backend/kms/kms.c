/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which service the settings name, which of its keys are for what, and what each ciphertext is bound to. Nothing here
 * knows how a service is spoken to.
 */
#include "config.h"

#include "kms/kms.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/cbor_reader.h"
#include "common/cbor_writer.h"
#include "common/log.h"
#include "common/memory.h"
#include "kms/kms_ops.h"
#include "platform/hkdf.h"

#define REFERENCE_LAYOUT 1
#define DATA_KEY_SIZE 32
#define IV_SIZE 12
#define TAG_SIZE 16
#define CONTEXT_MAX 4

static const struct kms_ops *const services[] = {
	&aws_ops,
};

static const struct kms_ops *find_service(const char *setting)
{
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strcmp(services[i]->setting, setting) == 0)
			return services[i];
	return NULL;
}

static bool has_kms(const struct settings *settings)
{
	return settings->kms[0] && strcmp(settings->kms, PLATFORM_NO_KMS) != 0;
}

/* ---- lists of keys ---- */

/* The next word of *LIST, and past it; size 0: there is none. */
static struct span next_word(const char **list)
{
	struct span word = {0};

	*list += strspn(*list, " \t");
	word = (struct span){(const uint8_t *)*list, strcspn(*list, " \t")};
	*list += word.size;
	return word;
}

static bool lists(const char *list, struct span key)
{
	for (struct span word = next_word(&list); word.size; word = next_word(&list))
		if (span_equal(word, key))
			return true;
	return false;
}

static bool lists_any(const char *list, const char *keys)
{
	for (struct span word = next_word(&keys); word.size; word = next_word(&keys))
		if (lists(list, word))
			return true;
	return false;
}

static bool check_list(const struct kms *kms, const char *name, const char *list)
{
	for (struct span word = next_word(&list); word.size; word = next_word(&list)) {
		if (word.size <= KMS_KEY_NAME_MAX && kms->ops->key_is_valid(kms->state, word))
			continue;
		log_error("%s: %.*s is no key of %s%s%s", name, (int)word.size, (const char *)word.data,
			  kms->description.name, kms->description.region[0] ? " in the region " : "",
			  kms->description.region);
		return false;
	}
	return true;
}

/* Security rule 14: what anybody may have encrypted for users never is under the key that protects the root. */
static bool check_keys(const struct kms *kms)
{
	const struct settings *s = &kms->settings;

	if (!check_list(kms, "kms-key", s->kms_key) || !check_list(kms, "kms-previous-keys", s->kms_previous_keys) ||
	    !check_list(kms, "kms-user-keys", s->kms_user_keys))
		return false;
	if (strpbrk(s->kms_key, " \t")) {
		log_error("kms-key: one key protects the root");
		return false;
	}
	if ((s->kms_key[0] && lists(s->kms_user_keys, span_text(s->kms_key))) ||
	    lists(s->kms_previous_keys, span_text(s->kms_key))) {
		log_error("kms-key: it must not be among kms-user-keys or kms-previous-keys: users' keys are under a key of "
			  "their own");
		return false;
	}
	if (lists_any(s->kms_user_keys, s->kms_previous_keys)) {
		log_error("kms-previous-keys: one of them is among kms-user-keys, too, and it protects a root");
		return false;
	}
	return true;
}

/* ---- opening ---- */

/* What security rule 6 pins; docs/kms.md has the same text, for who computes PCR16. */
static CK_RV bind_configuration(const struct kms *kms)
{
	const struct settings *s = &kms->settings;
	char text[4096];
	int size = snprintf(text, sizeof(text),
			    "keyclave/1/kms\nplatform=%s\nkms=%s\nregion=%s\nkey=%s\nprevious-keys=%s\nuser-keys=%s\n",
			    kms->platform_name, s->kms, kms->description.region, s->kms_key, s->kms_previous_keys,
			    s->kms_user_keys);

	if (size < 0 || (size_t)size >= sizeof(text))
		return CKR_TOKEN_NOT_RECOGNIZED;
	return platform_bind(kms->platform, (struct span){(const uint8_t *)text, (size_t)size});
}

static CK_RV open_service(struct kms *kms)
{
	CK_RV rv = kms->ops->open(&kms->settings, kms, &kms->state);

	if (rv == CKR_OK && !check_keys(kms))
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	if (rv == CKR_OK)
		rv = bind_configuration(kms);
	return rv;
}

CK_RV kms_open(const struct settings *settings, struct platform *platform, struct kms **kms)
{
	struct kms *k = NULL;
	CK_RV rv = CKR_DEVICE_MEMORY;

	*kms = NULL;
	if (!has_kms(settings))
		return CKR_OK;
	k = memory_secret_new(sizeof(*k));
	if (!k)
		return rv;
	k->ops = find_service(settings->kms);
	k->platform = platform;
	k->settings = *settings;
	snprintf(k->platform_name, sizeof(k->platform_name), "%s", platform_describe(platform)->name);
	if (k->ops) {
		k->description = (struct kms_description){
			.name = k->ops->name, .key = k->settings.kms_key, .region = ""};
		rv = open_service(k);
	} else {
		log_error("kms = %s: not known to this build (it has: none, aws)", settings->kms);
		rv = CKR_TOKEN_NOT_RECOGNIZED;
	}
	if (rv == CKR_OK)
		*kms = k;
	else
		kms_free(&k);
	return rv;
}

void kms_free(struct kms **kms)
{
	if (!kms || !*kms)
		return;
	if ((*kms)->ops)
		(*kms)->ops->free(&(*kms)->state);
	memory_secret_free(*kms);
	*kms = NULL;
}

const struct kms_description *kms_describe(const struct kms *kms)
{
	return &kms->description;
}

bool kms_places(const struct settings *settings, char *service, char *credentials, char *folder)
{
	const struct kms_ops *ops = has_kms(settings) ? find_service(settings->kms) : NULL;

	*service = *credentials = *folder = '\0';
	return !ops || ops->places(settings, service, credentials, folder);
}

/* ---- the root ---- */

/* kms-reference of docs/store.md. */
static bool write_reference(const struct kms *kms, struct span ciphertext, struct buffer *reference)
{
	struct cbor_writer w;

	buffer_reset(reference);
	cbor_writer_init(&w, reference, KMS_REFERENCE_MAX);
	cbor_writer_array(&w, 4);
	cbor_writer_uint(&w, REFERENCE_LAYOUT);
	cbor_writer_text(&w, kms->description.name);
	cbor_writer_text(&w, kms->settings.kms_key);
	cbor_writer_bytes(&w, ciphertext);
	return !w.failed;
}

static bool read_reference(struct span reference, struct span *service, struct span *key, struct span *ciphertext)
{
	struct cbor_reader r;
	uint64_t layout = 0;
	size_t count = 0;

	cbor_reader_init(&r, reference);
	return cbor_reader_array(&r, 4, &count) && count == 4 && cbor_reader_uint(&r, UINT16_MAX, &layout) &&
	       layout == REFERENCE_LAYOUT && cbor_reader_text(&r, 64, service) &&
	       cbor_reader_text(&r, KMS_KEY_NAME_MAX, key) && cbor_reader_bytes(&r, KMS_REFERENCE_MAX, ciphertext) &&
	       cbor_reader_end(&r);
}

struct root_context {
	char store[33];
	struct kms_context item[3];
};

static void root_context(const struct kms *kms, const uint8_t uuid[16], struct root_context *context)
{
	for (size_t i = 0; i < 16; i++)
		snprintf(context->store + 2 * i, 3, "%02x", uuid[i]);
	context->item[0] = (struct kms_context){"keyclave-platform", span_text(kms->platform_name)};
	context->item[1] = (struct kms_context){"keyclave-purpose", span_text("root")};
	context->item[2] = (struct kms_context){"keyclave-store", span_text(context->store)};
}

CK_RV kms_root_new(struct kms *kms, const uint8_t uuid[16], struct buffer *reference, uint8_t key[KMS_ROOT_KEY_SIZE])
{
	struct buffer ciphertext = {0};
	struct root_context context;
	CK_RV rv = CKR_FUNCTION_NOT_SUPPORTED;

	root_context(kms, uuid, &context);
	if (kms->settings.kms_key[0])
		rv = kms->ops->generate(kms->state, kms->platform, span_text(kms->settings.kms_key), context.item, 3,
					&ciphertext, key);
	if (rv == CKR_OK && !write_reference(kms, buffer_span(&ciphertext), reference)) {
		log_error("%s: a ciphertext of %zu bytes", kms->description.name, ciphertext.size);
		rv = CKR_DEVICE_ERROR;
	}
	if (rv != CKR_OK)
		memory_wipe(key, KMS_ROOT_KEY_SIZE);
	buffer_free(&ciphertext);
	return rv;
}

CK_RV kms_root(struct kms *kms, const uint8_t uuid[16], struct span reference, uint8_t key[KMS_ROOT_KEY_SIZE])
{
	struct buffer plain = {.secret = true};
	struct span service = {0}, name = {0}, ciphertext = {0};
	struct root_context context;
	CK_RV rv = CKR_OK;

	if (!read_reference(reference, &service, &name, &ciphertext) ||
	    !span_equal(service, span_text(kms->description.name))) {
		log_error("the root's wrap slot of %s is damaged", kms->description.name);
		return CKR_DATA_INVALID;
	}
	if (!span_equal(name, span_text(kms->settings.kms_key)) && !lists(kms->settings.kms_previous_keys, name)) {
		log_error("the root is under %.*s, which is neither kms-key nor among kms-previous-keys", (int)name.size,
			  (const char *)name.data);
		return CKR_DATA_INVALID;
	}
	root_context(kms, uuid, &context);
	rv = kms->ops->decrypt(kms->state, kms->platform, name, context.item, 3, ciphertext, &plain);
	if (rv == CKR_OK && plain.size != KMS_ROOT_KEY_SIZE) {
		log_error("%s: a root's key of %zu bytes", kms->description.name, plain.size);
		rv = CKR_DATA_INVALID;
	}
	if (rv == CKR_OK)
		memcpy(key, plain.data, KMS_ROOT_KEY_SIZE);
	buffer_free(&plain);
	return rv;
}

bool kms_root_is_current(const struct kms *kms, struct span reference)
{
	struct span service = {0}, name = {0}, ciphertext = {0};

	return read_reference(reference, &service, &name, &ciphertext) &&
	       span_equal(name, span_text(kms->settings.kms_key));
}

/* ---- users' keys ---- */

static CK_RV check_binding(const struct kms *kms, const struct kms_binding *b, struct span *key)
{
	const char *list = kms->settings.kms_user_keys;

	*key = b->key.size ? b->key : next_word(&list);
	if (!key->size || !lists(kms->settings.kms_user_keys, *key)) {
		log_error("%.*s is not among kms-user-keys", (int)key->size, (const char *)key->data);
		return CKR_ARGUMENTS_BAD;
	}
	if (b->unbound && !kms->settings.kms_unbound_allowed) {
		log_error("a ciphertext without an encryption context could be swapped for another: kms-unbound = allow");
		return CKR_ACTION_PROHIBITED;
	}
	return b->unbound || (b->serial.size && b->label.size) ? CKR_OK : CKR_ARGUMENTS_BAD;
}

CK_RV kms_unwrap(struct kms *kms, const struct kms_binding *b, struct span ciphertext, struct buffer *plain)
{
	char version[24];
	struct kms_context context[CONTEXT_MAX];
	struct span key = {0};
	CK_RV rv = check_binding(kms, b, &key);

	buffer_reset(plain);
	snprintf(version, sizeof(version), "%llu", (unsigned long long)b->version);
	context[0] = (struct kms_context){"keyclave-label", b->label};
	context[1] = (struct kms_context){"keyclave-purpose", span_text("key")};
	context[2] = (struct kms_context){"keyclave-token", b->serial};
	context[3] = (struct kms_context){"keyclave-version", span_text(version)};
	if (rv == CKR_OK && (!ciphertext.size || ciphertext.size > KMS_CIPHERTEXT_MAX))
		rv = CKR_DATA_INVALID;
	if (rv == CKR_OK)
		rv = kms->ops->decrypt(kms->state, kms->platform, key, context, b->unbound ? 0 : CONTEXT_MAX, ciphertext,
				       plain);
	return rv;
}

/* kms-envelope-context of docs/kms.md. */
static bool write_envelope_context(const struct kms_binding *b, struct buffer *out)
{
	struct cbor_writer w;

	cbor_writer_init(&w, out, SIZE_MAX);
	cbor_writer_array(&w, 4);
	cbor_writer_text(&w, "keyclave/1/kms-envelope");
	cbor_writer_text_span(&w, b->serial);
	cbor_writer_text_span(&w, b->label);
	cbor_writer_uint(&w, b->version);
	return !w.failed;
}

static CK_RV open_gcm(struct span key, struct span iv, struct span aad, struct span sealed, struct buffer *plain)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(hkdf_library(), "AES-256-GCM", NULL);
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t size = sealed.size - TAG_SIZE;
	uint8_t tag[TAG_SIZE];
	int length = 0;
	CK_RV rv = CKR_DEVICE_ERROR;

	memcpy(tag, sealed.data + size, TAG_SIZE);
	if (!buffer_resize(plain, size))
		rv = CKR_DEVICE_MEMORY;
	else if (cipher && context && EVP_DecryptInit_ex2(context, cipher, key.data, iv.data, NULL) > 0 &&
		 EVP_DecryptUpdate(context, NULL, &length, aad.data, (int)aad.size) > 0 &&
		 EVP_DecryptUpdate(context, plain->data, &length, sealed.data, (int)size) > 0 &&
		 EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) > 0)
		rv = EVP_DecryptFinal_ex(context, plain->data + length, &length) > 0 ? CKR_OK : CKR_DATA_INVALID;
	if (rv != CKR_OK)
		buffer_reset(plain);
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
	return rv;
}

CK_RV kms_unwrap_envelope(struct kms *kms, const struct kms_binding *b, struct span data_key, struct span iv,
			  struct span sealed, struct buffer *plain)
{
	struct buffer key = {.secret = true}, aad = {0};
	CK_RV rv = CKR_DATA_INVALID;

	buffer_reset(plain);
	if (b->unbound)
		return CKR_ARGUMENTS_BAD;
	if (iv.size == IV_SIZE && sealed.size > TAG_SIZE)
		rv = kms_unwrap(kms, b, data_key, &key);
	if (rv == CKR_OK && key.size != DATA_KEY_SIZE)
		rv = CKR_DATA_INVALID;
	if (rv == CKR_OK && !write_envelope_context(b, &aad))
		rv = CKR_DEVICE_MEMORY;
	if (rv == CKR_OK)
		rv = open_gcm(buffer_span(&key), iv, buffer_span(&aad), sealed, plain);
	if (rv == CKR_DATA_INVALID)
		log_error("the envelope of a key does not open: changed, or not made for this token, label and version");
	buffer_free(&key);
	buffer_free(&aad);
	return rv;
}
