/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclave.conf(5): one INI file (system-wide, then per user, or the one that KEYCLAVE_CONF names) for
 * the daemon, the module, the provider and the CLI, read with inih; environment overrides by
 * secure_getenv. DESIGN 14. The table of settings in settings.c is the only list: the parser, the
 * defaults, `keyclave status --settings` and the man page's test read it.
 */
#ifndef KEYCLAVE_COMMON_SETTINGS_H
#define KEYCLAVE_COMMON_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SETTINGS_LIST_MAX 256

/*
 * Leaf of the lock (flock(2), exclusive) that keeps the start on demand and the idle exit of a daemon
 * apart: a client holds it until its daemon answers, a daemon from its decision to go until it is gone.
 */
#define SETTINGS_START_LOCK "start.lock"

struct settings {
	/* [keyclave] */
	char endpoint[PATH_MAX];   /* "unix:/path"; "" until settings_load fills the default */
	char state_dir[PATH_MAX];  /* store/, platform/ files (and run/ when overridden) */
	bool state_dir_override;   /* from KEYCLAVE_STATE_DIR or the configuration, not the default */
	bool endpoint_override;    /* from KEYCLAVE_ENDPOINT or the configuration */
	char log_level[16];
	/* [client] */
	unsigned connect_timeout_ms; /* connect-timeout, 5 s */
	uid_t daemon_uid;            /* a daemon of this uid is accepted beside our own and root; (uid_t)-1: none */
	bool start_on_demand;        /* start = auto | never */
	char channel_library[PATH_MAX];  /* the object that brings TLS; "": the installed one */
	char channel_policy[PATH_MAX];   /* JSON: what evidence a remote daemon must give */
	char channel_endorsements[PATH_MAX]; /* files or a folder of CRLs, TCB information, ...; "": none */
	char channel_trust_root[PATH_MAX];   /* PEM: a further trust anchor; "": none */
	char channel_certificate[PATH_MAX];  /* PEM: the client's own, with its chain; "": none */
	char channel_key[PATH_MAX];          /* PEM: its key */
	char daemon[PATH_MAX];       /* KEYCLAVE_DAEMON or daemon =; "": next to the installed prefix */
	/* [daemon] */
	char platform[16];           /* "notee", "auto", ... */
	unsigned idle_exit_s;        /* 600; 0: never */
	unsigned threads;            /* 0: one for each CPU that we may use, and some more */
	char allow_uids[SETTINGS_LIST_MAX]; /* numbers or names, separated by spaces */
	char allow_gids[SETTINGS_LIST_MAX];
	unsigned max_connections;    /* 4096 */
	char listen[PATH_MAX];       /* endpoints, separated by spaces; "": the endpoint */
	char channel_clients[PATH_MAX]; /* PEM: whose certificates remote clients need; "": none on vsock, no TCP */
	/* [platform] */
	char platform_root[PATH_MAX]; /* before each path of the kernel's interfaces; "": this machine's */
	unsigned device_timeout_ms;   /* how long a busy device is asked again, 60 s */
	bool snp_launch_measured;     /* snp-launch = measured-kernel | unknown (security rule 3) */
	char snp_root_key[8];         /* "vcek", "vlek", "vmrk", "any" */
	char snp_fields[SETTINGS_LIST_MAX]; /* mixed into the key beside policy, measurement and TCB */
	char snp_vmpl[8];             /* "auto", "0" to "3" */
	char tpm_tcti[SETTINGS_LIST_MAX]; /* how to reach the TPM, in tpm2-tss's words */
	char tpm_pcrs[SETTINGS_LIST_MAX]; /* "sha256:0,2,4,7,11" */
	char tpm_policy_key[PATH_MAX];    /* PEM; "": bound to PCR values */
	char tpm_policy_dir[PATH_MAX];
	char tpm_version_floor[16]; /* "": as it is, a number, or "own"; platform/tpm_floor.h */
	bool tpm_counter;             /* tpm-counter = on | off */
	char root[16];                /* what protects it: "platform" (its own), "tpm" */
	char vtpm_policy[PATH_MAX];   /* JSON, as of keyclave verify; "": the built-in one */
	char vtpm_endorsements[PATH_MAX]; /* certificates, CRLs, TCB information; "": none */
	char vtpm_trust_root[PATH_MAX];   /* PEM, beside the vendors' roots; "": none */
	char vtpm_td_quote[PATH_MAX];     /* for the HCL report of a TD; "": none */
	bool allow_host_vtpm;         /* allow-host-vtpm = yes | no (security rule 9) */
	bool accept_rollback; /* accept-rollback = yes | no: with the recovery secret, a lost counter is replaced */
	char migration_policy[PATH_MAX]; /* JSON, of a store that is made; "": none. See keys/migration_policy.h */
	char recovery_file[PATH_MAX]; /* recovery-file; "": none. See keys/recovery.h */
	/* [token] */
	unsigned pin_tries;          /* 10 */
	unsigned max_objects;        /* 100000 a store */
	bool weak_pin_allowed;       /* weak-pin = allow | refuse; "notee": allow */
	bool login_tickets;          /* login-tickets = on | off; "notee": on */
	bool extractable_allowed;    /* extractable = allow | refuse */
	/* [kms] */
	char kms[16];                /* "none", "aws" */
	char kms_key[SETTINGS_LIST_MAX]; /* protects the root; "": the root is not the KMS's */
	char kms_previous_keys[4 * SETTINGS_LIST_MAX]; /* that a root may still be under, separated by spaces */
	char kms_user_keys[4 * SETTINGS_LIST_MAX];     /* that users' keys may be under; "": no imports */
	char kms_endpoint[SETTINGS_LIST_MAX]; /* "regional", "fips", or a host's name with or without port */
	char kms_connect[SETTINGS_LIST_MAX];  /* where its bytes go, transport/dialer.h; "": to the host itself */
	char kms_roots[PATH_MAX];    /* PEM; "": those of the program */
	char kms_credentials[16];    /* "imds", "environment", "file", "host" */
	char kms_credentials_from[PATH_MAX]; /* file or address; "": the usual one */
	unsigned kms_timeout_ms;     /* of one call with all its retries, 30 s */
	bool kms_unbound_allowed;    /* kms-unbound = allow | refuse: ciphertexts without an encryption context */
	/* [provider] */
	char provider_token[64];     /* default token label for key generation without a URI */
	char provider_properties[64];/* "tee=snp,attested=yes": enforced at first connection */
	bool provider_digests;       /* offers DIGEST, RAND ... only when asked */
};

/*
 * Defaults, then the files, then the environment, then RESERVED (a "key=value key=value" string as
 * given in C_Initialize's pReserved, or NULL). False with one line logged, and WHY (>= 256 bytes, may
 * be NULL) filled, when a file is malformed, a key is unknown or a value out of range.
 */
bool settings_load(struct settings *s, const char *reserved, char *why, size_t why_size);

/* PATH of the store, the platform's files, the socket's directory; false when too long. */
bool settings_path(const struct settings *s, const char *leaf, char *path, size_t size);

/* Calls EACH(section, key, value, ARG) for every setting, in the order of the table. */
void settings_each(const struct settings *s,
		   void (*each)(const char *section, const char *key, const char *value, void *arg),
		   void *arg);

#endif
