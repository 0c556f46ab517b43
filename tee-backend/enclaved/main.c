/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyclaved: options, then the keeper, or the worker that the keeper starts from the same file.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "enclaved/keeper.h"
#include "enclaved/offer.h"
#include "enclaved/worker.h"

/* Options that set an environment variable, so that settings_load and the worker see the same. */
enum option_code {
	OPTION_HELP = 'h',
	OPTION_VERSION = 'V',
	OPTION_CONFIG = 'c',
	OPTION_STATE_DIR = 's',
	OPTION_ENDPOINT = 'e',
	OPTION_LOG_LEVEL = 'l',
	OPTION_WORKER = 256,
	OPTION_MIGRATION,
};

static const struct option options[] = {
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"state-dir", required_argument, NULL, OPTION_STATE_DIR},
	{"endpoint", required_argument, NULL, OPTION_ENDPOINT},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"migration-request", required_argument, NULL, OPTION_MIGRATION},
	{"worker-socket", required_argument, NULL, OPTION_WORKER},
	{NULL, 0, NULL, 0},
};

static const char usage_text[] =
	"usage: keyclaved [options]\n"
	"Keeps private keys for programs that use Keyclave's PKCS#11 module or OpenSSL provider.\n"
	"Runs in the foreground until SIGTERM, or until nothing was asked for a while (idle-exit).\n"
	"\n"
	"  -c, --config=FILE       read FILE instead of the usual keyclave.conf\n"
	"  -s, --state-dir=DIR     store and platform files; the socket too unless -e is given\n"
	"  -e, --endpoint=ADDRESS  where to listen, as in unix:/run/keyclave/keyclave.sock\n"
	"  -l, --log-level=LEVEL   error, warning, notice, info or debug\n"
	"      --migration-request=NONCE  write this version's request for a store, which it need not open, to stdout\n"
	"  -h, --help              this text\n"
	"  -V, --version           the version\n"
	"\n"
	"All other settings: keyclave.conf(5). More: keyclaved(8).\n";

struct command_line {
	int worker; /* the worker's socket, or -1 */
	const char *nonce; /* of --migration-request, or NULL */
};

/* The environment is the way in which settings reach the worker. */
static bool main_export(const char *variable, const char *value)
{
	if (!setenv(variable, value, 1))
		return true;
	fprintf(stderr, "keyclaved: %s\n", strerror(errno));
	return false;
}

/* A relative path would mean something else after chdir("/"). */
static bool main_export_path(const char *variable, const char *value)
{
	char here[PATH_MAX];
	char path[2 * PATH_MAX];

	if (value[0] == '/')
		return main_export(variable, value);
	if (!getcwd(here, sizeof(here))) {
		fprintf(stderr, "keyclaved: %s\n", strerror(errno));
		return false;
	}
	snprintf(path, sizeof(path), "%s/%s", here, value);
	return main_export(variable, path);
}

static bool main_worker(const char *value, int *worker)
{
	char *end = NULL;
	long number = strtol(value, &end, 10);
	struct stat st = {0};

	if (end == value || *end || number < 3 || number > INT_MAX || fstat((int)number, &st) ||
	    !S_ISSOCK(st.st_mode)) {
		fprintf(stderr, "keyclaved: " KEEPER_WORKER_OPTION " is for keyclaved itself\n");
		return false;
	}
	*worker = (int)number;
	return fcntl(*worker, F_SETFD, FD_CLOEXEC) == 0;
}

/* KEEPER_EXIT_OK and DONE: there is nothing more to do. */
static int main_options(int argc, char **argv, struct command_line *line, bool *done)
{
	bool ok = true;

	for (int c = 0; ok && (c = getopt_long(argc, argv, "hVc:s:e:l:", options, NULL)) != -1;) {
		switch (c) {
		case OPTION_HELP:
			fputs(usage_text, stdout);
			*done = true;
			return fflush(stdout) ? KEEPER_EXIT_SYSTEM : KEEPER_EXIT_OK;
		case OPTION_VERSION:
			puts("keyclaved " PACKAGE_VERSION);
			*done = true;
			return fflush(stdout) ? KEEPER_EXIT_SYSTEM : KEEPER_EXIT_OK;
		case OPTION_CONFIG:
			ok = main_export_path("KEYCLAVE_CONF", optarg);
			break;
		case OPTION_STATE_DIR:
			ok = main_export_path("KEYCLAVE_STATE_DIR", optarg);
			break;
		case OPTION_ENDPOINT:
			ok = main_export("KEYCLAVE_ENDPOINT", optarg);
			break;
		case OPTION_LOG_LEVEL:
			ok = main_export("KEYCLAVE_LOG", optarg);
			break;
		case OPTION_MIGRATION:
			line->nonce = optarg;
			break;
		case OPTION_WORKER:
			ok = main_worker(optarg, &line->worker);
			break;
		default:
			ok = false;
			break;
		}
	}
	if (ok && optind == argc)
		return KEEPER_EXIT_OK;
	if (ok)
		fprintf(stderr, "keyclaved: unexpected argument: %s\n", argv[optind]);
	fputs("usage: keyclaved [options] (keyclaved --help lists them)\n", stderr);
	return KEEPER_EXIT_USAGE;
}

/* 0 to 2 must be open, or a store's file would get one of these numbers and a log line be written into it. */
static bool main_descriptors(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct command_line line = {.worker = -1};
	struct settings settings = {.state_dir_override = false};
	enum log_level level = LOG_LEVEL_NOTICE;
	bool done = false;
	int code = KEEPER_EXIT_OK;

	if (!main_descriptors())
		return KEEPER_EXIT_SYSTEM;
	code = main_options(argc, argv, &line, &done);
	if (done || code != KEEPER_EXIT_OK)
		return code;
	(void)umask(077);
	if ((line.worker >= 0 || line.nonce) && !worker_memory()) {
		fputs("keyclaved: libcrypto's memory cannot be taken over\n", stderr);
		return KEEPER_EXIT_SYSTEM;
	}
	log_open("keyclaved", level);
	if (!settings_load(&settings, NULL, NULL, 0))
		return KEEPER_EXIT_SETTINGS;
	if (settings.log_level[0] && log_level_parse(settings.log_level, &level))
		log_open("keyclaved", level);
	if (chdir("/"))
		return KEEPER_EXIT_SYSTEM;
	if (line.nonce)
		return offer_run(&settings, line.nonce);
	return line.worker >= 0 ? worker_run(&settings, line.worker) : keeper_run(&settings);
}
