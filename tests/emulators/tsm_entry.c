/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports by configfs-tsm. Faults: no-provider, busy, interrupted, again, timeout, firmware-error, intruder (another
 * writer between write and read), lost-write, short VALUE, empty, long, wrong-size.
 */
#include "config.h"

#include "tsm_entry.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "snp_firmware.h"
#include "tdx_module.h"

#define ENTRIES 64
#define INBLOB_MAX 64

static struct tsm_entry entries[ENTRIES];
static enum tsm_kind kind;

static const struct {
	const char *name;
	mode_t mode;
	bool svsm; /* only under an SVSM, that is above VMPL 0 */
	bool sev;  /* not on TDX */
} attributes[TSM_ATTRIBUTES] = {
    [TSM_GENERATION] = {"generation", 0444, false, false},
    [TSM_PROVIDER] = {"provider", 0444, false, false},
    [TSM_PRIVLEVEL] = {"privlevel", 0200, false, true},
    [TSM_PRIVLEVEL_FLOOR] = {"privlevel_floor", 0444, false, true},
    [TSM_SERVICE_PROVIDER] = {"service_provider", 0200, true, true},
    [TSM_SERVICE_GUID] = {"service_guid", 0200, true, true},
    [TSM_INBLOB] = {"inblob", 0200, false, false},
    [TSM_OUTBLOB] = {"outblob", 0444, false, false},
    [TSM_AUXBLOB] = {"auxblob", 0444, false, true},
    [TSM_MANIFESTBLOB] = {"manifestblob", 0444, true, true},
};

void tsm_entry_open(enum tsm_kind wanted)
{
	kind = wanted;
}

struct tsm_entry *tsm_entry_find(const char *name, size_t size)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].name[0] && strlen(entries[i].name) == size &&
		    strncmp(entries[i].name, name, size) == 0)
			return &entries[i];
	return NULL;
}

struct tsm_entry *tsm_entry_at(size_t n)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].name[0] && n-- == 0)
			return &entries[i];
	return NULL;
}

int tsm_entry_make(const char *name)
{
	if (control_fault("no-provider"))
		return -ENXIO;
	if (tsm_entry_find(name, strlen(name)))
		return -EEXIST;
	for (size_t i = 0; i < ENTRIES; i++) {
		if (entries[i].name[0])
			continue;
		snprintf(entries[i].name, sizeof(entries[i].name), "%s", name);
		entries[i].owner = geteuid();
		entries[i].group = getegid();
		return 0;
	}
	return -ENOMEM;
}

int tsm_entry_remove(const char *name)
{
	struct tsm_entry *e = tsm_entry_find(name, strlen(name));

	if (!e)
		return -ENOENT;
	buffer_free(&e->inblob);
	for (size_t i = 0; i < 3; i++)
		buffer_free(&e->blobs[i]);
	memset(e, 0, sizeof(*e));
	return 0;
}

mode_t tsm_entry_mode(enum tsm_attribute attribute)
{
	if (attributes[attribute].sev && kind != TSM_KIND_SEV)
		return 0;
	if (attributes[attribute].svsm && snp_firmware_vmpl() == 0)
		return 0;
	return attributes[attribute].mode;
}

const char *tsm_entry_attribute_name(enum tsm_attribute attribute)
{
	return attributes[attribute].name;
}

bool tsm_entry_is_blob(enum tsm_attribute attribute)
{
	return attribute >= TSM_INBLOB;
}

/* ---- reports ---- */

/* Of its vTPM: the EK's public area, from the file of the control line "manifest FILE". */
static void read_manifest(struct buffer *manifest)
{
	static const char text[] = "the manifest of an emulated SVSM";
	char path[256];
	FILE *file = control_text("manifest", path, sizeof(path)) ? fopen(path, "re") : NULL;

	buffer_set(manifest, text, sizeof(text));
	if (!file)
		return;
	buffer_resize(manifest, 4096);
	buffer_resize(manifest, fread(manifest->data, 1, manifest->size, file));
	fclose(file);
}

/* By the SVSM: a report of VMPL 0 over inblob and manifest. */
static int make_svsm_report(struct tsm_entry *e)
{
	uint8_t report[SNP_FIRMWARE_REPORT_SIZE];
	uint8_t data[64];
	EVP_MD_CTX *ctx = NULL;

	if (strcmp(e->service_provider, "svsm") != 0 || control_fault("no-svsm"))
		return -EINVAL;
	read_manifest(&e->blobs[2]);
	ctx = EVP_MD_CTX_new();
	EVP_DigestInit_ex(ctx, EVP_sha512(), NULL);
	EVP_DigestUpdate(ctx, e->inblob.data, e->inblob.size);
	EVP_DigestUpdate(ctx, e->blobs[2].data, e->blobs[2].size);
	EVP_DigestFinal_ex(ctx, data, NULL);
	EVP_MD_CTX_free(ctx);
	snp_firmware_report_above(data, report);
	buffer_set(&e->blobs[0], report, sizeof(report));
	return 0;
}

static int make_sev_report(struct tsm_entry *e)
{
	static uint8_t table[SNP_FIRMWARE_TABLE_MAX];
	uint8_t report[SNP_FIRMWARE_REPORT_SIZE];
	size_t size = 0;

	if (e->service_provider[0])
		return make_svsm_report(e);
	if (snp_firmware_report(e->inblob.data, e->privlevel, report))
		return -EINVAL;
	buffer_set(&e->blobs[0], report, sizeof(report));
	size = snp_firmware_table(table);
	if (size)
		buffer_set(&e->blobs[1], table, size);
	return 0;
}

static int fault(void)
{
	static const struct {
		const char *name;
		int error;
	} faults[] = {
	    {"busy", EBUSY},	   {"interrupted", EINTR},  {"again", EWOULDBLOCK},
	    {"timeout", ETIMEDOUT}, {"firmware-error", EIO},
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (control_fault(faults[i].name))
			return -faults[i].error;
	return 0;
}

static void spoil(struct tsm_entry *e)
{
	uint64_t most = control_number("short", UINT64_MAX);

	if (control_fault("empty"))
		buffer_reset(&e->blobs[0]);
	if (control_fault("long"))
		buffer_resize(&e->blobs[0], 9000);
	if (control_fault("huge"))
		buffer_resize(&e->blobs[0], 100000);
	if (control_fault("wrong-size"))
		buffer_resize(&e->blobs[0], e->blobs[0].size + 16);
	if (e->blobs[0].size > most)
		buffer_resize(&e->blobs[0], (size_t)most);
	if (control_fault("intruder"))
		e->written++;
}

static int make_report(struct tsm_entry *e)
{
	int error = fault();

	if (error)
		return error;
	for (size_t i = 0; i < 3; i++)
		buffer_reset(&e->blobs[i]);
	e->made = false;
	if (e->inblob.size != INBLOB_MAX)
		return -EINVAL;
	if (kind == TSM_KIND_TDX)
		tdx_module_quote(e->inblob.data, &e->blobs[0]);
	else
		error = make_sev_report(e);
	if (error)
		return error;
	e->made = true;
	e->read = e->written;
	spoil(e);
	return 0;
}

static int show_blob(struct tsm_entry *e, size_t index, struct buffer *out)
{
	int error = 0;

	if (!e->inblob.size)
		return -EINVAL;
	/* The driver makes the report anew whenever it is not of the last write. */
	if (!e->made || (e->read != e->written && index == 0))
		error = make_report(e);
	if (!error)
		buffer_set(out, e->blobs[index].data, e->blobs[index].size);
	return error;
}

static void show_text(struct buffer *out, const char *text)
{
	buffer_set(out, text, strlen(text));
}

int tsm_entry_show(struct tsm_entry *e, enum tsm_attribute attribute, struct buffer *out)
{
	char text[64];

	switch (attribute) {
	case TSM_GENERATION:
		snprintf(text, sizeof(text), "%lu\n", e->written);
		show_text(out, text);
		return 0;
	case TSM_PROVIDER:
		show_text(out, kind == TSM_KIND_TDX ? "tdx_guest\n" : "sev_guest\n");
		return 0;
	case TSM_PRIVLEVEL_FLOOR:
		snprintf(text, sizeof(text), "%u\n", snp_firmware_vmpl());
		show_text(out, text);
		return 0;
	case TSM_OUTBLOB:
	case TSM_AUXBLOB:
	case TSM_MANIFESTBLOB:
		return show_blob(e, attribute - TSM_OUTBLOB, out);
	default:
		return -EACCES;
	}
}

/* ---- writes ---- */

static int advance(struct tsm_entry *e)
{
	if (e->written == e->read - 1)
		return -EBUSY;
	e->written++;
	return 0;
}

static int store_privlevel(struct tsm_entry *e, const char *text)
{
	char *end = NULL;
	unsigned long level = strtoul(text, &end, 0);
	int error = 0;

	if (end == text || (*end && strcmp(end, "\n") != 0) || level > 3 || level < snp_firmware_vmpl())
		return -EINVAL;
	error = advance(e);
	if (!error)
		e->privlevel = (unsigned)level;
	return error;
}

static int store_text(struct tsm_entry *e, char *to, size_t size, const char *text)
{
	int error = advance(e);

	if (!error)
		snprintf(to, size, "%.*s", (int)strcspn(text, "\n"), text);
	return error;
}

int tsm_entry_store(struct tsm_entry *e, enum tsm_attribute attribute, struct span value)
{
	char text[128];
	int error = 0;

	snprintf(text, sizeof(text), "%.*s", (int)value.size, (const char *)value.data);
	switch (attribute) {
	case TSM_PRIVLEVEL:
		return store_privlevel(e, text);
	case TSM_SERVICE_PROVIDER:
		return store_text(e, e->service_provider, sizeof(e->service_provider), text);
	case TSM_SERVICE_GUID:
		return store_text(e, e->service_guid, sizeof(e->service_guid), text);
	case TSM_INBLOB:
		if (control_fault("lost-write"))
			return 0;
		error = advance(e);
		if (!error)
			buffer_set(&e->inblob, value.data, value.size);
		return error;
	default:
		return -EACCES;
	}
}
