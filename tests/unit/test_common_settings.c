/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings: defaults of DESIGN 14, files, the environment, C_Initialize's string, each refused value
 * with its place, and keyclave.conf(5) against the table.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/settings.h"
#include "cmocka_test.h"

static char folder[] = "/tmp/keyclave-settings-XXXXXX";
static char file[128];
static struct settings s;
static char why[512];

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int clean_environment(void **state)
{
	static const char *const names[] = {"KEYCLAVE_ENDPOINT", "KEYCLAVE_STATE_DIR", "KEYCLAVE_LOG",
					    "KEYCLAVE_DAEMON",	 "XDG_RUNTIME_DIR",    "XDG_DATA_HOME",
					    "XDG_CONFIG_HOME"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	write_file(file, "");
	return setenv("KEYCLAVE_CONF", file, 1) || setenv("HOME", folder, 1);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	/* Tests that drop root read below it. */
	snprintf(file, sizeof(file), "%s/test.conf", folder);
	return chmod(folder, 0755);
}

static int remove_folder(void **state)
{
	char command[256] = "";

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void load_text(const char *text)
{
	write_file(file, text);
	if (!settings_load(&s, NULL, why, sizeof(why)))
		fail_msg("%s", why);
}

static void test_defaults(void **state)
{
	(void)state;
	load_text("");
	assert_string_equal(why, "");
	assert_int_equal(s.connect_timeout_ms, 5000);
	assert_int_equal(s.idle_exit_s, 600);
	assert_int_equal(s.pin_tries, 10);
	assert_int_equal(s.max_objects, 100000);
	assert_int_equal(s.max_connections, 4096);
	assert_int_equal(s.threads, 0);
	assert_true(s.daemon_uid == (uid_t)-1);
	assert_string_equal(s.platform, "notee");
	assert_string_equal(s.log_level, "");
	assert_string_equal(s.daemon, "");
	assert_true(s.start_on_demand && s.extractable_allowed);
	assert_true(s.weak_pin_allowed && s.login_tickets);
	assert_false(s.provider_digests || s.state_dir_override || s.endpoint_override);
}

/* Runs CHECK as USER; only root can, others check as themselves. */
static void as_user(uid_t user, bool (*check)(void))
{
	pid_t pid = 0;
	int status = -1;

	if (geteuid() != 0 && user == 0)
		skip();
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(geteuid() == 0 && setresuid(user, user, user) ? 2 : !check());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static bool settings_are(const char *state_dir, const char *endpoint)
{
	if (!settings_load(&s, NULL, why, sizeof(why)))
		return false;
	if (!strcmp(s.state_dir, state_dir) && !strcmp(s.endpoint, endpoint))
		return true;
	fprintf(stderr, "state-dir %s, endpoint %s\n", s.state_dir, s.endpoint);
	return false;
}

static bool root_has_system_places(void)
{
	return settings_are(KEYCLAVE_STATEDIR, "unix:" KEYCLAVE_RUNDIR "/keyclave.sock");
}

static bool user_without_runtime_dir(void)
{
	char state_dir[256] = "";

	snprintf(state_dir, sizeof(state_dir), "%s/.local/share/keyclave", folder);
	return settings_are(state_dir, "unix:" KEYCLAVE_RUNDIR "/keyclave.sock");
}

static bool user_with_xdg(void)
{
	char runtime[128] = "";
	char endpoint[256] = "";
	bool good = false;

	snprintf(runtime, sizeof(runtime), "/tmp/keyclave-runtime-%d", (int)getpid());
	snprintf(endpoint, sizeof(endpoint), "unix:%s/keyclave/keyclave.sock", runtime);
	if (mkdir(runtime, 0700))
		return false;
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	setenv("XDG_DATA_HOME", "/data/home", 1);
	good = settings_are("/data/home/keyclave", endpoint);
	/* Relative ones are ignored, as the XDG specification wants. */
	setenv("XDG_DATA_HOME", "data", 1);
	good = good && settings_load(&s, NULL, NULL, 0) && strstr(s.state_dir, ".local/share");
	/* Another user's, as su(1) leaves it behind, is not ours. */
	setenv("XDG_RUNTIME_DIR", "/", 1);
	good = good && settings_load(&s, NULL, NULL, 0) &&
	       !strcmp(s.endpoint, "unix:" KEYCLAVE_RUNDIR "/keyclave.sock");
	rmdir(runtime);
	return good;
}

static void test_places(void **state)
{
	(void)state;
	as_user(65534, user_without_runtime_dir);
	as_user(65534, user_with_xdg);
	as_user(0, root_has_system_places);
}

static void test_state_dir_moves_the_endpoint(void **state)
{
	char path[PATH_MAX] = "";
	char deep[PATH_MAX] = "";

	(void)state;
	setenv("KEYCLAVE_STATE_DIR", "/srv/kc/", 1);
	assert_true(settings_load(&s, NULL, why, sizeof(why)));
	assert_true(s.state_dir_override);
	assert_string_equal(s.state_dir, "/srv/kc");
	assert_string_equal(s.endpoint, "unix:/srv/kc/run/keyclave.sock");
	assert_true(settings_path(&s, "store/head", path, sizeof(path)));
	assert_string_equal(path, "/srv/kc/store/head");
	assert_false(settings_path(&s, "store/head", path, 10));
	setenv("KEYCLAVE_ENDPOINT", "unix:/else/where", 1);
	assert_true(settings_load(&s, NULL, why, sizeof(why)));
	assert_true(s.endpoint_override);
	assert_string_equal(s.endpoint, "unix:/else/where");
	unsetenv("KEYCLAVE_ENDPOINT");
	memset(deep, 'd', sizeof(deep) - 1);
	deep[0] = '/';
	setenv("KEYCLAVE_STATE_DIR", deep, 1);
	assert_false(settings_load(&s, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, "state-dir: too long"));
}

static void test_file(void **state)
{
	(void)state;
	load_text("; a comment\n"
		  "[keyclave]\n"
		  "endpoint = unix:/a/b  ; behind a value\n"
		  "log-level=debug\n"
		  "[client]\n"
		  "connect-timeout = 250ms\n"
		  "daemon-uid = root\n"
		  "start = never\n"
		  "[daemon]\n"
		  "platform = sev-snp\n"
		  "idle-exit = 2h\n"
		  "threads = 3\n"
		  "allow-uids = 0 www-data\n"
		  "[token]\n"
		  "extractable = refuse\n"
		  "[provider]\n"
		  "properties = tee=snp,attested=yes\n"
		  "digests = on\n");
	assert_string_equal(s.endpoint, "unix:/a/b");
	assert_true(s.endpoint_override);
	assert_string_equal(s.log_level, "debug");
	assert_int_equal(s.connect_timeout_ms, 250);
	assert_true(s.daemon_uid == 0);
	assert_false(s.start_on_demand || s.extractable_allowed);
	assert_string_equal(s.platform, "sev-snp");
	assert_int_equal(s.idle_exit_s, 7200);
	assert_int_equal(s.threads, 3);
	assert_string_equal(s.allow_uids, "0 www-data");
	assert_string_equal(s.provider_properties, "tee=snp,attested=yes");
	assert_true(s.provider_digests);
	/* On a platform these are off unless asked for. */
	assert_false(s.weak_pin_allowed || s.login_tickets);
	load_text("[daemon]\nplatform = tpm\n[token]\nweak-pin = allow\nlogin-tickets = on\n");
	assert_true(s.weak_pin_allowed && s.login_tickets);
	load_text("[token]\nweak-pin = refuse\n");
	assert_false(s.weak_pin_allowed);
	assert_true(s.login_tickets);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *error; /* behind the file's name */
	} rows[] = {
		{"[client]\nstart = maybe\n", ":2: start: expected auto or never"},
		{"[client]\n\nbogus = 1\n", ":3: no such setting: bogus in [client]"},
		{"[token]\nstart = auto\n", ":2: no such setting: start in [token]"},
		{"[token]\npin-tries = 0\n", ":2: pin-tries: expected a number from 1 to 1000"},
		{"[token]\npin-tries = 1001\n", ":2: pin-tries: expected a number from 1 to 1000"},
		{"[token]\npin-tries = -1\n", ":2: pin-tries: expected a number"},
		{"[token]\npin-tries = 0x10\n", ":2: pin-tries: expected a number"},
		{"[token]\npin-tries = 99999999999999999999999\n", ":2: pin-tries: expected a number"},
		{"[daemon]\nidle-exit = 10 days\n", ":2: idle-exit: expected a time from 0 to 31536000 seconds"},
		{"[daemon]\nidle-exit = 500ms\n", ":2: idle-exit: expected a time"},
		{"[daemon]\nplatform = SNP!\n", ":2: platform: expected a word"},
		{"[daemon]\nplatform = a-very-long-platform\n", ":2: platform: expected at most 15 characters"},
		{"[client]\ndaemon = bin/keyclaved\n", ":2: daemon: expected an absolute path"},
		{"[client]\ndaemon-uid = no-such-user-here\n", ":2: daemon-uid: expected a user's name"},
		{"[client]\ndaemon-uid = 4294967295\n", ":2: daemon-uid: expected a user's name"},
		{"[keyclave]\nlog-level = loud\n", ":2: log-level: expected error, warning"},
		{"[keyclave]\nlog-level = info\nlog-level = debug\n", ":3: log-level: given twice"},
		{"[daemon]\nallow-uids = 1\n  2\n", ":3: allow-uids: given twice"},
		{"[keyclave]\nnonsense\n", ":2: neither [section] nor name = value"},
		{"[keyclave\nlog-level = info\n", ":1: neither [section] nor name = value"},
		{"\n# x\n[client]\nstart = no\nstart = never\n", ":4: start: expected auto or never"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(file, rows[i].text);
		assert_false(settings_load(&s, NULL, why, sizeof(why)));
		assert_memory_equal(why, file, strlen(file));
		if (strncmp(why + strlen(file), rows[i].error, strlen(rows[i].error)))
			fail_msg("%s, but wanted %s", why, rows[i].error);
	}
}

static void test_long_lines(void **state)
{
	char text[400] = "[keyclave]\nendpoint = unix:/";

	(void)state;
	/* inih takes lines of 200 bytes; the longest that fits is taken whole. */
	memset(text + strlen(text), 'x', 198 - strlen("endpoint = unix:/"));
	load_text(text);
	assert_int_equal(strlen(s.endpoint), 198 - strlen("endpoint = "));
	strcat(text, "x\n");
	write_file(file, text);
	assert_false(settings_load(&s, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, ":2: line longer than 198 characters"));
}

static void test_missing_file(void **state)
{
	(void)state;
	unlink(file);
	assert_false(settings_load(&s, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, "No such file"));
	setenv("KEYCLAVE_CONF", folder, 1);
	assert_false(settings_load(&s, NULL, why, sizeof(why)));
}

static void test_personal_file(void **state)
{
	char path[256] = "";

	(void)state;
	unsetenv("KEYCLAVE_CONF");
	snprintf(path, sizeof(path), "%s/.config", folder);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/.config/keyclave", folder);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/.config/keyclave/keyclave.conf", folder);
	write_file(path, "[daemon]\nthreads = 7\n");
	assert_true(settings_load(&s, NULL, why, sizeof(why)));
	assert_int_equal(s.threads, 7);
	/* Others could have written it: ignored. */
	assert_int_equal(chmod(path, 0666), 0);
	assert_true(settings_load(&s, NULL, why, sizeof(why)));
	assert_int_equal(s.threads, 0);
	unlink(path);
	assert_true(settings_load(&s, NULL, why, sizeof(why)));
}

static void test_environment_wins(void **state)
{
	(void)state;
	setenv("KEYCLAVE_LOG", "info", 1);
	setenv("KEYCLAVE_DAEMON", "/opt/keyclaved", 1);
	setenv("KEYCLAVE_ENDPOINT", "", 1); /* empty is unset */
	load_text("[keyclave]\nlog-level = error\nendpoint = unix:/file\n");
	assert_string_equal(s.log_level, "info");
	assert_string_equal(s.daemon, "/opt/keyclaved");
	assert_string_equal(s.endpoint, "unix:/file");
	setenv("KEYCLAVE_LOG", "loud", 1);
	assert_false(settings_load(&s, NULL, why, sizeof(why)));
	assert_string_equal(why, "KEYCLAVE_LOG: log-level: expected error, warning, notice, info or debug");
}

static void test_reserved(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"endpoint", "initialisation string: not of the form name=value"},
		{"start=\"never", "initialisation string: not of the form name=value"},
		{"what=ever", "initialisation string: no such setting: what"},
		{"start=perhaps", "initialisation string: start: expected auto or never"},
		{"start=auto start=auto", "initialisation string: start: given twice"},
	};

	(void)state;
	setenv("KEYCLAVE_ENDPOINT", "unix:/environment", 1);
	assert_true(settings_load(&s, " endpoint=unix:/x start=never\ttoken=\"my token\" ", why, sizeof(why)));
	assert_string_equal(s.endpoint, "unix:/x");
	assert_false(s.start_on_demand);
	assert_string_equal(s.provider_token, "my token");
	assert_true(settings_load(&s, "", why, sizeof(why)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_false(settings_load(&s, rows[i].text, why, sizeof(why)));
		assert_string_equal(why, rows[i].error);
	}
}

/* Writes "name=value" of each setting, which must come back as the same settings. */
static void append_pair(const char *section, const char *name, const char *value, void *arg)
{
	char *text = arg;

	(void)section;
	sprintf(text + strlen(text), "%s=\"%s\" ", name, value);
}

static void test_each_reads_back(void **state)
{
	struct settings first;
	char text[8192] = "";

	(void)state;
	load_text("[client]\nconnect-timeout = 1500ms\ndaemon-uid = 12\n[daemon]\nidle-exit = 90s\n");
	first = s;
	settings_each(&first, append_pair, text);
	assert_non_null(strstr(text, "connect-timeout=\"1500ms\""));
	assert_non_null(strstr(text, "idle-exit=\"90s\""));
	write_file(file, "");
	assert_true(settings_load(&s, text, why, sizeof(why)));
	/* Given by hand they count as overrides; all else is equal. */
	assert_true(s.state_dir_override && s.endpoint_override);
	s.state_dir_override = s.endpoint_override = false;
	assert_memory_equal(&s, &first, sizeof(s));
}

struct manual {
	char text[65536];
	unsigned settings;
};

static void find_in_manual(const char *section, const char *name, const char *value, void *arg)
{
	struct manual *manual = arg;
	char head[64] = "";
	char item[64] = "";
	const char *start = NULL;
	const char *end = NULL;
	const char *found = NULL;

	(void)value;
	snprintf(head, sizeof(head), "\n.Ss [%s]\n", section);
	snprintf(item, sizeof(item), "\n.It Cm %s ", name);
	start = strstr(manual->text, head);
	if (!start)
		fail_msg("keyclave.conf(5) has no section [%s]", section);
	end = strstr(start + 1, "\n.Ss ");
	found = strstr(start, item);
	if (!found || (end && found > end))
		fail_msg("keyclave.conf(5) has no %s in [%s]", name, section);
	manual->settings++;
}

/* The man page lists every setting under its section, and none that does not exist. */
static void test_manual(void **state)
{
	static struct manual manual;
	const char *source = getenv("KC_SRCDIR");
	char path[PATH_MAX] = "";
	unsigned items = 0;
	FILE *f = NULL;

	(void)state;
	if (!source)
		skip();
	snprintf(path, sizeof(path), "%s/docs/keyclave.conf.5", source);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_true(fread(manual.text, 1, sizeof(manual.text) - 1, f) > 0);
	fclose(f);
	load_text("");
	settings_each(&s, find_in_manual, &manual);
	for (const char *p = manual.text; (p = strstr(p, "\n.It Cm ")) != NULL; p++)
		items++;
	assert_int_equal(items, manual.settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, clean_environment),
		cmocka_unit_test_setup(test_places, clean_environment),
		cmocka_unit_test_setup(test_state_dir_moves_the_endpoint, clean_environment),
		cmocka_unit_test_setup(test_file, clean_environment),
		cmocka_unit_test_setup(test_refused, clean_environment),
		cmocka_unit_test_setup(test_long_lines, clean_environment),
		cmocka_unit_test_setup(test_missing_file, clean_environment),
		cmocka_unit_test_setup(test_personal_file, clean_environment),
		cmocka_unit_test_setup(test_environment_wins, clean_environment),
		cmocka_unit_test_setup(test_reserved, clean_environment),
		cmocka_unit_test_setup(test_each_reads_back, clean_environment),
		cmocka_unit_test_setup(test_manual, clean_environment),
	};

	return cmocka_run_group_tests_name("common/settings", tests, make_folder, remove_folder);
}
