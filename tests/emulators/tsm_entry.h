/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folders below configfs-tsm's report/, as drivers/virt/coco/guest/report.c keeps them: blobs and the two
 * generations. Tests only.
 */
#ifndef KEYCLAVE_TESTS_EMULATORS_TSM_ENTRY_H
#define KEYCLAVE_TESTS_EMULATORS_TSM_ENTRY_H

#include <stdbool.h>
#include <sys/types.h>

#include "common/buffer.h"

enum tsm_kind { TSM_KIND_SEV, TSM_KIND_TDX };

enum tsm_attribute {
	TSM_GENERATION,
	TSM_PROVIDER,
	TSM_PRIVLEVEL,
	TSM_PRIVLEVEL_FLOOR,
	TSM_SERVICE_PROVIDER,
	TSM_SERVICE_GUID,
	TSM_INBLOB,
	TSM_OUTBLOB,
	TSM_AUXBLOB,
	TSM_MANIFESTBLOB,
	TSM_ATTRIBUTES,
};

struct tsm_entry {
	char name[256]; /* "": free */
	uid_t owner;	/* of its files */
	gid_t group;
	unsigned long written; /* write_generation */
	unsigned long read;    /* read_generation */
	unsigned privlevel;
	char service_provider[32];
	char service_guid[64];
	struct buffer inblob;
	struct buffer blobs[3]; /* out, aux, manifest */
	bool made;		/* .blobs are of a report */
};

void tsm_entry_open(enum tsm_kind kind);

/* 0 or -errno. */
int tsm_entry_make(const char *name);
int tsm_entry_remove(const char *name);

/* NULL: there is none. AT: the n-th for readdir. */
struct tsm_entry *tsm_entry_find(const char *name, size_t size);
struct tsm_entry *tsm_entry_at(size_t n);

/* Its mode; 0: not there on this platform. */
mode_t tsm_entry_mode(enum tsm_attribute attribute);
const char *tsm_entry_attribute_name(enum tsm_attribute attribute);
bool tsm_entry_is_blob(enum tsm_attribute attribute);

/* What a read gives, into OUT, or what a whole write does. 0 or -errno. */
int tsm_entry_show(struct tsm_entry *entry, enum tsm_attribute attribute, struct buffer *out);
int tsm_entry_store(struct tsm_entry *entry, enum tsm_attribute attribute, struct span value);

#endif
