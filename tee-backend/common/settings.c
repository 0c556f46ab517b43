/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of settings and what reads it: files by inih, the environment, and the string of
 * C_Initialize. The environment and per-user files are never believed in set-uid programs. Used by
 * every program; errors name the file and the line.
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/settings.h"
#include "common/settings_value.h"

#define SETTINGS_SYSTEM_FILE KEYCLAVE_SYSCONFDIR "/keyclave/keyclave.conf"
#define SETTINGS_LEAF "keyclave/keyclave.conf"
#define SETTINGS_SOCKET "keyclave.sock"
#define SETTINGS_SYSTEM_ENDPOINT "unix:" KEYCLAVE_RUNDIR "/" SETTINGS_SOCKET

#define AT(member) offsetof(struct settings, member), sizeof(((struct settings *)0)->member)

/* .name is unique over all sections, for the string of C_Initialize has none. */
static const struct setting {
	const char *section;
	const char *name;
	const char *env;
	size_t offset;
	size_t size;
	struct settings_type type;
	const char *initial; /* NULL: settings_complete finds it from other settings */
} settings_table[] = {
	/* clang-format off */
	{"keyclave", "endpoint", "KEYCLAVE_ENDPOINT", AT(endpoint),
	 {.kind = SETTINGS_TEXT}, NULL},
	{"keyclave", "state-dir", "KEYCLAVE_STATE_DIR", AT(state_dir),
	 {.kind = SETTINGS_PATH}, NULL},
	{"keyclave", "log-level", "KEYCLAVE_LOG", AT(log_level),
	 {.kind = SETTINGS_LOG_LEVEL}, ""},
	{"client", "connect-timeout", NULL, AT(connect_timeout_ms),
	 {.kind = SETTINGS_MILLISECONDS, .min = 1, .max = 3600000}, "5s"},
	{"client", "daemon-uid", NULL, AT(daemon_uid),
	 {.kind = SETTINGS_USER}, "none"},
	{"client", "start", NULL, AT(start_on_demand),
	 {.kind = SETTINGS_SWITCH, .on = "auto", .off = "never"}, "auto"},
	{"client", "daemon", "KEYCLAVE_DAEMON", AT(daemon),
	 {.kind = SETTINGS_PATH}, ""},
	{"client", "channel-library", "KEYCLAVE_CHANNEL_LIBRARY", AT(channel_library),
	 {.kind = SETTINGS_PATH}, ""},
	{"client", "channel-policy", NULL, AT(channel_policy),
	 {.kind = SETTINGS_PATH}, ""},
	{"client", "channel-endorsements", NULL, AT(channel_endorsements),
	 {.kind = SETTINGS_PATH}, ""},
	{"client", "channel-trust-root", NULL, AT(channel_trust_root),
	 {.kind = SETTINGS_PATH}, ""},
	{"client", "channel-certificate", NULL, AT(channel_certificate),
	 {.kind = SETTINGS_PATH}, ""},
	{"client", "channel-key", NULL, AT(channel_key),
	 {.kind = SETTINGS_PATH}, ""},
	{"daemon", "platform", NULL, AT(platform),
	 {.kind = SETTINGS_WORD}, "notee"},
	{"daemon", "idle-exit", NULL, AT(idle_exit_s),
	 {.kind = SETTINGS_SECONDS, .max = 31536000}, "10min"},
	{"daemon", "threads", NULL, AT(threads),
	 {.kind = SETTINGS_NUMBER, .max = 1024}, "0"},
	{"daemon", "allow-uids", NULL, AT(allow_uids),
	 {.kind = SETTINGS_TEXT}, ""},
	{"daemon", "allow-gids", NULL, AT(allow_gids),
	 {.kind = SETTINGS_TEXT}, ""},
	{"daemon", "listen", NULL, AT(listen),
	 {.kind = SETTINGS_TEXT}, ""},
	{"daemon", "channel-clients", NULL, AT(channel_clients),
	 {.kind = SETTINGS_PATH}, ""},
	{"daemon", "max-connections", NULL, AT(max_connections),
	 {.kind = SETTINGS_NUMBER, .min = 1, .max = 1000000}, "4096"},
	{"platform", "platform-root", NULL, AT(platform_root),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "device-timeout", NULL, AT(device_timeout_ms),
	 {.kind = SETTINGS_MILLISECONDS, .min = 1, .max = 3600000}, "60s"},
	{"platform", "snp-launch", NULL, AT(snp_launch_measured),
	 {.kind = SETTINGS_SWITCH, .on = "measured-kernel", .off = "unknown"}, "unknown"},
	{"platform", "snp-root-key", NULL, AT(snp_root_key),
	 {.kind = SETTINGS_WORD}, "vcek"},
	{"platform", "snp-fields", NULL, AT(snp_fields),
	 {.kind = SETTINGS_TEXT}, ""},
	{"platform", "snp-vmpl", NULL, AT(snp_vmpl),
	 {.kind = SETTINGS_WORD}, "auto"},
	{"platform", "tpm-tcti", NULL, AT(tpm_tcti),
	 {.kind = SETTINGS_TEXT}, "device:/dev/tpmrm0"},
	{"platform", "tpm-pcrs", NULL, AT(tpm_pcrs),
	 {.kind = SETTINGS_TEXT}, "sha256:0,2,4,7,11"},
	{"platform", "tpm-policy-key", NULL, AT(tpm_policy_key),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "tpm-policy-dir", NULL, AT(tpm_policy_dir),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "tpm-version-floor", NULL, AT(tpm_version_floor),
	 {.kind = SETTINGS_TEXT}, ""},
	{"platform", "tpm-counter", NULL, AT(tpm_counter),
	 {.kind = SETTINGS_SWITCH, .on = "on", .off = "off"}, "on"},
	{"platform", "root", NULL, AT(root),
	 {.kind = SETTINGS_WORD}, "platform"},
	{"platform", "vtpm-policy", NULL, AT(vtpm_policy),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "vtpm-endorsements", NULL, AT(vtpm_endorsements),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "vtpm-trust-root", NULL, AT(vtpm_trust_root),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "vtpm-td-quote", NULL, AT(vtpm_td_quote),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "allow-host-vtpm", NULL, AT(allow_host_vtpm),
	 {.kind = SETTINGS_SWITCH, .on = "yes", .off = "no"}, "no"},
	{"platform", "recovery-file", NULL, AT(recovery_file),
	 {.kind = SETTINGS_PATH}, ""},
	{"platform", "accept-rollback", NULL, AT(accept_rollback),
	 {.kind = SETTINGS_SWITCH, .on = "yes", .off = "no"}, "no"},
	{"platform", "migration-policy", NULL, AT(migration_policy),
	 {.kind = SETTINGS_PATH}, ""},
	{"token", "pin-tries", NULL, AT(pin_tries),
	 {.kind = SETTINGS_NUMBER, .min = 1, .max = 1000}, "10"},
	{"token", "max-objects", NULL, AT(max_objects),
	 {.kind = SETTINGS_NUMBER, .min = 1, .max = 100000000}, "100000"},
	{"token", "weak-pin", NULL, AT(weak_pin_allowed),
	 {.kind = SETTINGS_SWITCH, .on = "allow", .off = "refuse"}, NULL},
	{"token", "login-tickets", NULL, AT(login_tickets),
	 {.kind = SETTINGS_SWITCH, .on = "on", .off = "off"}, NULL},
	{"token", "extractable", NULL, AT(extractable_allowed),
	 {.kind = SETTINGS_SWITCH, .on = "allow", .off = "refuse"}, "allow"},
	{"kms", "kms", NULL, AT(kms),
	 {.kind = SETTINGS_WORD}, "none"},
	{"kms", "kms-key", NULL, AT(kms_key),
	 {.kind = SETTINGS_TEXT}, ""},
	{"kms", "kms-previous-keys", NULL, AT(kms_previous_keys),
	 {.kind = SETTINGS_TEXT}, ""},
	{"kms", "kms-user-keys", NULL, AT(kms_user_keys),
	 {.kind = SETTINGS_TEXT}, ""},
	{"kms", "kms-endpoint", NULL, AT(kms_endpoint),
	 {.kind = SETTINGS_TEXT}, "regional"},
	{"kms", "kms-connect", NULL, AT(kms_connect),
	 {.kind = SETTINGS_TEXT}, ""},
	{"kms", "kms-roots", NULL, AT(kms_roots),
	 {.kind = SETTINGS_PATH}, ""},
	{"kms", "kms-credentials", NULL, AT(kms_credentials),
	 {.kind = SETTINGS_WORD}, "imds"},
	{"kms", "kms-credentials-from", NULL, AT(kms_credentials_from),
	 {.kind = SETTINGS_TEXT}, ""},
	{"kms", "kms-timeout", NULL, AT(kms_timeout_ms),
	 {.kind = SETTINGS_MILLISECONDS, .min = 100, .max = 600000}, "30s"},
	{"kms", "kms-unbound", NULL, AT(kms_unbound_allowed),
	 {.kind = SETTINGS_SWITCH, .on = "allow", .off = "refuse"}, "refuse"},
	{"provider", "token", NULL, AT(provider_token),
	 {.kind = SETTINGS_TEXT}, ""},
	{"provider", "properties", NULL, AT(provider_properties),
	 {.kind = SETTINGS_TEXT}, ""},
	{"provider", "digests", NULL, AT(provider_digests),
	 {.kind = SETTINGS_SWITCH, .on = "on", .off = "off"}, "off"},
	/* clang-format on */
};

#undef AT

#define SETTINGS_COUNT (sizeof(settings_table) / sizeof(settings_table[0]))

/* One run of settings_load. */
struct settings_loading {
	struct settings *settings;
	bool given[SETTINGS_COUNT]; /* by any source */
	bool here[SETTINGS_COUNT];  /* in the source being read */
	const char *source;	    /* file, variable, or what to call it */
	unsigned line;		    /* 0: the source has no lines */
	FILE *file;
	bool failed;
	char reason[200]; /* of the first failure */
};

__attribute__((format(printf, 2, 3))) static bool settings_fail(struct settings_loading *l,
								const char *format, ...)
{
	va_list args;

	if (l->failed)
		return false;
	l->failed = true;
	va_start(args, format);
	vsnprintf(l->reason, sizeof(l->reason), format, args);
	va_end(args);
	return false;
}

/* One line for the log and the caller. A long path is cut, never the reason behind it. */
static void settings_report(const struct settings_loading *l, char *why, size_t why_size)
{
	char text[512] = "";

	if (l->line)
		snprintf(text, sizeof(text), "%.255s:%u: %s", l->source, l->line, l->reason);
	else
		snprintf(text, sizeof(text), "%.255s: %s", l->source, l->reason);
	log_error("%s", text);
	if (why && why_size)
		snprintf(why, why_size, "%s", text);
}

static bool settings_set(struct settings_loading *l, size_t index, const char *value)
{
	const struct setting *row = &settings_table[index];
	const char *wanted =
	    settings_value_parse(&row->type, value, (char *)l->settings + row->offset, row->size);

	if (wanted)
		return settings_fail(l, "%s: expected %s", row->name, wanted);
	l->given[index] = true;
	return true;
}

/* SECTION NULL: names alone, as in the string of C_Initialize. */
static bool settings_assign(struct settings_loading *l, const char *section, const char *name,
			    const char *value)
{
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		const struct setting *row = &settings_table[i];

		if (strcmp(row->name, name) || (section && strcmp(row->section, section)))
			continue;
		/* Also catches the continuation lines that inih would take for a second value. */
		if (l->here[i])
			return settings_fail(l, "%s: given twice", name);
		l->here[i] = true;
		return settings_set(l, i, value);
	}
	if (section && *section)
		return settings_fail(l, "no such setting: %.60s in [%.60s]", name, section);
	return settings_fail(l, "no such setting: %.60s", name);
}

static void settings_begin(struct settings_loading *l, const char *source)
{
	memset(l->here, 0, sizeof(l->here));
	l->source = source;
	l->line = 0;
}

/* ---- files ---- */

static int settings_ini_value(void *arg, const char *section, const char *name, const char *value)
{
	struct settings_loading *l = arg;

	return !l->failed && settings_assign(l, section, name, value);
}

/* inih's reader: counts lines, and refuses those that inih would silently break in two. */
static char *settings_ini_line(char *line, int size, void *arg)
{
	struct settings_loading *l = arg;
	size_t length = 0;

	if (l->failed || !fgets(line, size, l->file))
		return NULL;
	l->line++;
	length = strlen(line);
	if (length + 1 == (size_t)size && line[length - 1] != '\n') {
		settings_fail(l, "line longer than %d characters", size - 2);
		return NULL;
	}
	return line;
}

/*
 * A file in a home directory counts only if nobody else wrote it: under sudo HOME may be another
 * user's, and a setting names the daemon that is trusted with PINs.
 */
static bool settings_file_is_ours(const struct settings_loading *l)
{
	struct stat st = {0};

	if (fstat(fileno(l->file), &st))
		return false;
	if ((st.st_uid == geteuid() || st.st_uid == 0) && !(st.st_mode & S_IWOTH))
		return true;
	log_warning("%s: ignored, for another user can write it", l->source);
	return false;
}

enum settings_file {
	SETTINGS_FILE_OPTIONAL,
	SETTINGS_FILE_PERSONAL, /* optional, and must be ours */
	SETTINGS_FILE_REQUIRED,
};

static bool settings_read_file(struct settings_loading *l, const char *path,
			       enum settings_file kind)
{
	int line = 0;

	settings_begin(l, path);
	l->file = fopen(path, "re");
	if (!l->file) {
		bool missing = errno == ENOENT || errno == ENOTDIR || errno == EACCES;

		if (kind == SETTINGS_FILE_REQUIRED || !missing)
			settings_fail(l, "%s", strerror(errno));
		goto out;
	}
	if (kind == SETTINGS_FILE_PERSONAL && !settings_file_is_ours(l))
		goto out;
	line = ini_parse_stream(settings_ini_line, l, settings_ini_value, l);
	if (line < 0)
		settings_fail(l, "out of memory");
	if (line > 0 && (!l->failed || (unsigned)line < l->line)) {
		/* inih reads on after a line that it cannot parse: that one comes first. */
		l->failed = false;
		l->line = (unsigned)line;
		settings_fail(l, "neither [section] nor name = value");
	}
	if (ferror(l->file))
		settings_fail(l, "cannot be read");
out:
	if (l->file)
		fclose(l->file);
	l->file = NULL;
	return !l->failed;
}

static bool settings_read_files(struct settings_loading *l)
{
	const char *named = secure_getenv("KEYCLAVE_CONF");
	char path[PATH_MAX] = "";

	if (named && *named)
		return settings_read_file(l, named, SETTINGS_FILE_REQUIRED);
	if (!settings_read_file(l, SETTINGS_SYSTEM_FILE, SETTINGS_FILE_OPTIONAL))
		return false;
	if (!settings_value_home("XDG_CONFIG_HOME", ".config", SETTINGS_LEAF, path, sizeof(path)))
		return true;
	return settings_read_file(l, path, SETTINGS_FILE_PERSONAL);
}

/* ---- environment and C_Initialize ---- */

static bool settings_read_environment(struct settings_loading *l)
{
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		const char *env = settings_table[i].env;
		const char *value = env ? secure_getenv(env) : NULL;

		if (!value || !*value)
			continue;
		settings_begin(l, env);
		if (!settings_set(l, i, value))
			return false;
	}
	return true;
}

/* name=value name="value with spaces" ... */
static bool settings_read_reserved(struct settings_loading *l, const char *text)
{
	char pair[PATH_MAX + 64];

	settings_begin(l, "initialisation string");
	for (;;) {
		size_t used = 0;
		bool quoted = false;
		char *equals = NULL;

		text += strspn(text, " \t\n");
		if (!*text)
			return true;
		for (; *text && (quoted || !isspace((unsigned char)*text)); text++) {
			if (*text == '"')
				quoted = !quoted;
			else if (used + 1 < sizeof(pair))
				pair[used++] = *text;
			else
				return settings_fail(l, "value too long");
		}
		pair[used] = 0;
		equals = strchr(pair, '=');
		if (quoted || !equals)
			return settings_fail(l, "not of the form name=value");
		*equals = 0;
		if (!settings_assign(l, NULL, pair, equals + 1))
			return false;
	}
}

/* ---- defaults ---- */

static void settings_defaults(struct settings *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		const struct setting *row = &settings_table[i];

		if (row->initial)
			settings_value_parse(&row->type, row->initial, (char *)s + row->offset,
					     row->size);
	}
}

static bool settings_given(const struct settings_loading *l, const void *member)
{
	size_t offset = (size_t)((const char *)member - (const char *)l->settings);

	for (size_t i = 0; i < SETTINGS_COUNT; i++)
		if (settings_table[i].offset == offset)
			return l->given[i];
	return false;
}

/* XDG_RUNTIME_DIR counts only if it is the caller's own: su(1) hands down another user's. */
static bool settings_runtime_socket(char *endpoint, size_t size)
{
	const char *dir = secure_getenv("XDG_RUNTIME_DIR");
	struct stat st = {0};
	int n = 0;

	if (!dir || *dir != '/' || stat(dir, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
		return false;
	n = snprintf(endpoint, size, "unix:%s/keyclave/" SETTINGS_SOCKET, dir);
	return n > 0 && (size_t)n < size;
}

/* DESIGN 14: what depends on the user, on the state directory or on the platform. */
static bool settings_complete(struct settings_loading *l)
{
	struct settings *s = l->settings;
	bool root = geteuid() == 0;
	bool notee = !strcmp(s->platform, "notee");
	int n = 0;

	settings_begin(l, "settings");
	s->state_dir_override = settings_given(l, s->state_dir) && *s->state_dir;
	s->endpoint_override = settings_given(l, s->endpoint) && *s->endpoint;
	if (!s->state_dir_override &&
	    (root || !settings_value_home("XDG_DATA_HOME", ".local/share", "keyclave", s->state_dir,
					  sizeof(s->state_dir))))
		snprintf(s->state_dir, sizeof(s->state_dir), KEYCLAVE_STATEDIR);
	if (!s->endpoint_override) {
		if (s->state_dir_override) {
			n = snprintf(s->endpoint, sizeof(s->endpoint),
				     "unix:%s/run/" SETTINGS_SOCKET, s->state_dir);
			if (n < 0 || (size_t)n >= sizeof(s->endpoint))
				return settings_fail(l, "state-dir: too long for its socket");
		} else if (root || !settings_runtime_socket(s->endpoint, sizeof(s->endpoint))) {
			snprintf(s->endpoint, sizeof(s->endpoint), SETTINGS_SYSTEM_ENDPOINT);
		}
	}
	if (!settings_given(l, &s->weak_pin_allowed))
		s->weak_pin_allowed = notee;
	if (!settings_given(l, &s->login_tickets))
		s->login_tickets = notee;
	return true;
}

bool settings_load(struct settings *s, const char *reserved, char *why, size_t why_size)
{
	struct settings_loading l = {.settings = s};

	if (why && why_size)
		*why = 0;
	settings_defaults(s);
	if (settings_read_files(&l) && settings_read_environment(&l) &&
	    (!reserved || settings_read_reserved(&l, reserved)) && settings_complete(&l))
		return true;
	settings_report(&l, why, why_size);
	return false;
}

bool settings_path(const struct settings *s, const char *leaf, char *path, size_t size)
{
	int n = snprintf(path, size, "%s/%s", s->state_dir, leaf);

	return n > 0 && (size_t)n < size;
}

void settings_each(const struct settings *s,
		   void (*each)(const char *section, const char *key, const char *value, void *arg),
		   void *arg)
{
	char value[PATH_MAX] = "";

	for (size_t i = 0; i < SETTINGS_COUNT; i++) {
		const struct setting *row = &settings_table[i];

		settings_value_format(&row->type, (const char *)s + row->offset, value,
				      sizeof(value));
		each(row->section, row->name, value, arg);
	}
}
