/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's event log: TCG2 crypto-agile form (TCG PC Client Platform Firmware Profile, section 10), as in
 * binary_bios_measurements and in the CCEL table of a TD. Its digests are as good as the registers that they replay
 * to; what it says beside them counts only where a digest covers it. Untrusted.
 */
#ifndef KEYCLAVE_VERIFIER_EVENT_LOG_H
#define KEYCLAVE_VERIFIER_EVENT_LOG_H

#include "verifier/appraisal.h"
#include "verifier/cursor.h"
#include "verifier/tpm_hash.h"

#define EVENT_LOG_SIZE_MAX ((size_t)1024 * 1024)
#define EVENT_LOG_REGISTERS 24
#define EVENT_LOG_BANKS_MAX 8

enum event_log_type {
	EVENT_LOG_EV_NO_ACTION = 0x00000003,
	EVENT_LOG_EV_SEPARATOR = 0x00000004,
	EVENT_LOG_EV_EVENT_TAG = 0x00000006,
	EVENT_LOG_EV_IPL = 0x0000000d,
};

struct event_log_event {
	uint32_t index; /* the PCR; in a CCEL the measurement register: RTMR n is n + 1 */
	uint32_t type;
	struct span digest[EVENT_LOG_BANKS_MAX]; /* in the order of the reader's .bank; borrowed */
	struct span data;                        /* borrowed */
};

struct event_log_reader {
	struct cursor cursor;
	uint16_t bank[EVENT_LOG_BANKS_MAX]; /* algorithms of the digests of each event */
	uint16_t size[EVENT_LOG_BANKS_MAX];
	size_t bank_count;
	const char *error; /* NULL while all is well. Static. Sticky */
};

struct event_log_values {
	uint8_t value[EVENT_LOG_REGISTERS][TPM_HASH_SIZE_MAX];
	uint32_t events[EVENT_LOG_REGISTERS]; /* that were extended */
	size_t size;                          /* of each value */
	uint8_t startup_locality;
};

/* Reads the head, which names the banks. False: not a log of this form; r->error says why. */
bool event_log_open(struct event_log_reader *r, struct span log);

/* The next event. False at the end (padding of zeros or ones is an end) and on an error. */
bool event_log_next(struct event_log_reader *r, struct event_log_event *event);

/* The event's digest of this bank; empty when the log has none of it. */
struct span event_log_digest(const struct event_log_reader *r, const struct event_log_event *event,
			     enum tpm_hash bank);

/* Extends all events of the bank from the start values. False, and WHY (static): not a whole, well-formed log. */
bool event_log_replay(struct span log, enum tpm_hash bank, struct event_log_values *values, const char **why);

/*
 * One line on the event: what kind it is, and the text that it carries. Text that no digest of the bank covers stands in
 * brackets: whoever wrote the log chose it.
 */
void event_log_describe(const struct event_log_reader *r, const struct event_log_event *event,
			enum tpm_hash bank, char *text, size_t size);

/*
 * Facts of a log whose replay was found equal to the registers in TRUSTED (bit n: index n); CC: its indexes are those of
 * a CCEL, not PCRs. "secure-boot"; "cmdline" when it fits and "cmdline-digest", the event's; "verity-root" and
 * "verity-usr", the dm-verity root hashes named by that command line; "uki.linux" and other sections that
 * systemd's UKI loader measured. Only what a digest covers, and nothing that was said in two ways. None of them pins: another
 * kernel could have logged them too, so they count beside pinned registers. The log itself becomes the
 * appraisal's, for whoever lists its events.
 */
void event_log_facts(struct appraisal *a, struct span log, enum tpm_hash bank, uint32_t trusted, bool cc);

#endif
