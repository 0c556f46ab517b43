/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event log says in words: command line, dm-verity roots, sections of a unified kernel image. The types and data of
 * events are the log writer's choice; a text is believed only where the event's digest covers it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "verifier/event_log.h"

#define EV_EFI_VARIABLE_DRIVER_CONFIG 0x80000001u
#define TEXT_MAX 8192

/* PCRs, and the CCEL's indexes that the firmware maps them to (UEFI 2.10, section 38.4.1). */
#define PCR_SECURE_BOOT 7
#define PCR_GRUB 8
#define PCR_STUB 11
#define PCR_STUB_CONFIG 12
#define CC_SECURE_BOOT 1
#define CC_LOADER 3

struct text {
	char bytes[TEXT_MAX]; /* printable, ended by NUL */
	size_t size;
	bool wide; /* it was UTF-16 */
};

static bool printable(uint8_t byte)
{
	return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\t';
}

/* The event's data as text: UTF-16LE or ASCII, with or without a NUL. False: it is none. */
static bool text_read(struct span data, struct text *text)
{
	size_t step = data.size >= 2 && data.data[1] == 0 && data.size % 2 == 0 ? 2 : 1;

	text->size = 0;
	text->wide = step == 2;
	for (size_t i = 0; i < data.size; i += step) {
		if (step == 2 && data.data[i + 1] != 0)
			return false;
		if (data.data[i] == 0 && i + step == data.size)
			break;
		if (!printable(data.data[i]) || text->size == TEXT_MAX - 1)
			return false;
		text->bytes[text->size++] = (char)data.data[i];
	}
	text->bytes[text->size] = '\0';
	return text->size > 0;
}

static struct span text_from(const struct text *text, size_t offset, bool with_nul)
{
	return (struct span){(const uint8_t *)text->bytes + offset, text->size - offset + with_nul};
}

/*
 * Where in TEXT the part begins that DIGEST covers, or SIZE_MAX. Loaders measure the data as logged
 * (load options by systemd's UKI loader), the text without its NUL or its "word: " (GRUB), or a name in ASCII with its NUL that
 * is logged in UTF-16 (the same loader's section names).
 */
static size_t covered_from(enum tpm_hash bank, struct span digest, struct span data, const struct text *text)
{
	const char *colon = strstr(text->bytes, ": ");

	if (tpm_hash_covers((uint16_t)bank, digest, data) ||
	    tpm_hash_covers((uint16_t)bank, digest, text_from(text, 0, false)) ||
	    tpm_hash_covers((uint16_t)bank, digest, text_from(text, 0, true)))
		return 0;
	if (colon && tpm_hash_covers((uint16_t)bank, digest, text_from(text, (size_t)(colon + 2 - text->bytes), false)))
		return (size_t)(colon + 2 - text->bytes);
	return SIZE_MAX;
}

/* ---- one line on an event ---- */

static const struct {
	uint32_t type;
	const char *name;
} type_names[] = {
	{0x00000003, "no action"},
	{0x00000004, "separator"},
	{0x00000005, "action"},
	{0x00000006, "tag"},
	{0x00000007, "firmware contents"},
	{0x00000008, "firmware version"},
	{0x0000000a, "platform configuration"},
	{0x0000000d, "boot loader"},
	{0x00000011, "host information"},
	{0x80000001, "UEFI variable"},
	{0x80000002, "UEFI boot variable"},
	{0x80000003, "UEFI application"},
	{0x80000004, "UEFI boot driver"},
	{0x80000006, "partition table"},
	{0x80000007, "UEFI action"},
	{0x80000008, "firmware volume"},
	{0x8000000a, "firmware volume"},
	{0x8000000b, "hand-off table"},
	{0x800000e0, "UEFI authority"},
};

static const char *type_name(uint32_t type)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (type_names[i].type == type)
			return type_names[i].name;
	return "event";
}

void event_log_describe(const struct event_log_reader *r, const struct event_log_event *event, enum tpm_hash bank,
			char *out, size_t size)
{
	struct text text;
	size_t from = 0;

	if (!text_read(event->data, &text)) {
		snprintf(out, size, "%s", type_name(event->type));
		return;
	}
	for (size_t i = 0; i < text.size; i++)
		if (text.bytes[i] < 0x20)
			text.bytes[i] = ' ';
	from = covered_from(bank, event_log_digest(r, event, bank), event->data, &text);
	if (from == SIZE_MAX)
		snprintf(out, size, "%s [%s]", type_name(event->type), text.bytes);
	else
		snprintf(out, size, "%s: %s", type_name(event->type), text.bytes + from);
}

/* ---- facts ---- */

/* One thing that the log may say once, or again in the same words. */
struct said {
	struct span value; /* data NULL: not said */
	bool twice;        /* in two ways: then it is no fact */
};

static void say(struct said *s, struct span value)
{
	if (s->value.data && !span_equal(s->value, value))
		s->twice = true;
	s->value = value;
}

static bool was_said(const struct said *s)
{
	return s->value.data && !s->twice;
}

static const char *const sections[][2] = {
	{".linux", "uki.linux"},   {".initrd", "uki.initrd"}, {".cmdline", "uki.cmdline"}, {".osrel", "uki.osrel"},
	{".uname", "uki.uname"},   {".sbat", "uki.sbat"},     {".dtb", "uki.dtb"},         {".ucode", "uki.ucode"},
	{".pcrpkey", "uki.pcrpkey"}, {".splash", "uki.splash"},
};

#define SECTIONS (sizeof(sections) / sizeof(sections[0]))

struct facts {
	enum tpm_hash bank;
	bool cc;
	struct said secure_boot;    /* one byte of the variable */
	struct said cmdline_digest; /* of the event; borrowed */
	char cmdline[TEXT_MAX];
	struct said section[SECTIONS];
	size_t named; /* the section whose name was the event before; SECTIONS: none */
	uint32_t named_index;
};

/* UEFI_VARIABLE_DATA: GUID, sizes of name and value, both (PC Client Profile, section 10.2.6). Measured as it stands. */
static void note_variable(struct facts *f, const struct event_log_event *event, struct span digest)
{
	static const uint8_t name[] = {'S', 0, 'e', 0, 'c', 0, 'u', 0, 'r', 0, 'e', 0,
				       'B', 0, 'o', 0, 'o', 0, 't', 0};
	struct cursor c;
	uint64_t name_size = 0, value_size = 0;
	struct span found = {0}, value = {0};

	if (event->index != (f->cc ? CC_SECURE_BOOT : PCR_SECURE_BOOT))
		return;
	cursor_init(&c, event->data);
	cursor_bytes(&c, 16);
	name_size = cursor_le64(&c);
	value_size = cursor_le64(&c);
	if (name_size != sizeof(name) / 2 || value_size > 1)
		return;
	found = cursor_bytes(&c, sizeof(name));
	value = cursor_bytes(&c, (size_t)value_size);
	if (!cursor_end(&c) || memcmp(found.data, name, sizeof(name)) != 0)
		return;
	if (tpm_hash_covers((uint16_t)f->bank, digest, event->data))
		say(&f->secure_boot, value.size ? value : (struct span){(const uint8_t *)"", 1});
}

static void note_cmdline(struct facts *f, struct span digest, const char *line)
{
	say(&f->cmdline_digest, digest);
	snprintf(f->cmdline, sizeof(f->cmdline), "%s", line);
}

/*
 * GRUB measures its own commands beside the command line in the same register, and the word before them is covered by
 * nothing: a command line begins with the kernel's path, which no command does.
 */
static void note_text(struct facts *f, const struct event_log_event *event, struct span digest, const struct text *text)
{
	static const char grub[] = "kernel_cmdline: ";
	size_t from = covered_from(f->bank, digest, event->data, text);

	if (from == SIZE_MAX)
		return;
	if (event->index == (f->cc ? CC_LOADER : PCR_GRUB) && from == sizeof(grub) - 1 &&
	    strncmp(text->bytes, grub, from) == 0 && strchr("/(", text->bytes[from]))
		note_cmdline(f, digest, text->bytes + from);
	else if (event->index == (f->cc ? CC_LOADER : PCR_STUB_CONFIG) && text->wide && from == 0 &&
		 tpm_hash_covers((uint16_t)f->bank, digest, event->data))
		note_cmdline(f, digest, text->bytes);
}

/* systemd's UKI loader measures a section's name, then its contents, both logged under the name. */
static void note_section(struct facts *f, const struct event_log_event *event, struct span digest, const struct text *text)
{
	size_t at = 0, named = f->named;

	f->named = SECTIONS;
	if (event->index != (f->cc ? CC_LOADER : PCR_STUB))
		return;
	while (at < SECTIONS && strcmp(sections[at][0], text->bytes) != 0)
		at++;
	if (at == SECTIONS)
		return;
	if (named == at && f->named_index == event->index) {
		say(&f->section[at], digest);
	} else if (covered_from(f->bank, digest, event->data, text) == 0) {
		f->named = at;
		f->named_index = event->index;
	}
}

static void note_event(struct facts *f, const struct event_log_event *event, struct span digest)
{
	struct text text;

	if (event->type == EV_EFI_VARIABLE_DRIVER_CONFIG) {
		note_variable(f, event, digest);
	} else if (event->type == EVENT_LOG_EV_IPL && text_read(event->data, &text)) {
		note_text(f, event, digest, &text);
		note_section(f, event, digest, &text);
	} else {
		f->named = SECTIONS;
	}
}

/* ---- dm-verity ---- */

static bool is_hex(const char *word, size_t size)
{
	return size >= 40 && size <= 128 && size % 2 == 0 && strspn(word, "0123456789abcdefABCDEF") >= size;
}

/* The value of "NAME=" at the start of a word, in VALUE. */
static void find_hash(const char *line, const char *name, struct said *said)
{
	size_t name_size = strlen(name);

	for (const char *at = line; (at = strstr(at, name)) != NULL; at += name_size) {
		const char *value = at + name_size;
		size_t size = strcspn(value, " \t\n\"'");

		if ((at == line || strchr(" \t\n\"'", at[-1])) && is_hex(value, size))
			say(said, (struct span){(const uint8_t *)value, size});
	}
}

/* dm-mod.create: "verity VERSION DEVICE HASH-DEVICE BLOCK HASH-BLOCK COUNT START ALGORITHM ROOT SALT". */
static void find_table(const char *line, struct said *said)
{
	static const char target[] = " verity ";

	for (const char *at = line; (at = strstr(at, target)) != NULL; at += sizeof(target) - 2) {
		const char *word = at + sizeof(target) - 1;

		for (int skipped = 0; skipped < 8; skipped++) {
			word += strcspn(word, " \"");
			word += *word == ' ';
		}
		if (is_hex(word, strcspn(word, " \"")))
			say(said, (struct span){(const uint8_t *)word, strcspn(word, " \"")});
	}
}

static void fact_hash(struct appraisal *a, const char *name, const struct said *said)
{
	if (was_said(said))
		appraisal_text(a, name, said->value);
}

static void fact_cmdline(struct appraisal *a, const struct facts *f)
{
	struct said root = {0}, usr = {0};
	size_t size = strlen(f->cmdline);

	if (!was_said(&f->cmdline_digest))
		return;
	appraisal_bytes(a, "cmdline-digest", f->cmdline_digest.value);
	if (size < sizeof(a->fact[0].text)) /* the start of a longer one would be no demand */
		appraisal_text(a, "cmdline", span_text(f->cmdline));
	find_hash(f->cmdline, "roothash=", &root);
	find_hash(f->cmdline, "root_hexdigest=", &root);
	find_table(f->cmdline, &root);
	find_hash(f->cmdline, "usrhash=", &usr);
	fact_hash(a, "verity-root", &root);
	fact_hash(a, "verity-usr", &usr);
}

void event_log_facts(struct appraisal *a, struct span log, enum tpm_hash bank, uint32_t trusted, bool cc)
{
	struct facts f = {.bank = bank, .cc = cc, .named = SECTIONS};
	struct event_log_reader r;
	struct event_log_event event;

	a->event_log = log;
	a->event_log_bank = (uint16_t)bank;
	a->event_log_trusted = trusted;
	if (!event_log_open(&r, log))
		return;
	while (event_log_next(&r, &event)) {
		struct span digest = event_log_digest(&r, &event, bank);

		if (event.index < EVENT_LOG_REGISTERS && (trusted >> event.index & 1) && digest.data)
			note_event(&f, &event, digest);
	}
	if (was_said(&f.secure_boot))
		appraisal_flag(a, "secure-boot", f.secure_boot.value.data[0] == 1);
	fact_cmdline(a, &f);
	for (size_t i = 0; i < SECTIONS; i++)
		if (was_said(&f.section[i]))
			appraisal_bytes(a, sections[i][1], f.section[i].value);
}
