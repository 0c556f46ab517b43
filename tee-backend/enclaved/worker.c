/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's start, in the order that its safety needs, and its main thread, which watches the keeper,
 * control sockets and the clock while the server's threads serve.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/log.h"
#include "common/memory.h"
#include "crypto/library.h"
#include "crypto/operate.h"
#include "enclaved/controls.h"
#include "enclaved/keeper.h"
#include "enclaved/remote.h"
#include "enclaved/sandbox.h"
#include "enclaved/server.h"
#include "enclaved/worker.h"
#include "keys/binding.h"
#include "kms/kms.h"
#include "platform/hkdf.h"
#include "transport/dialer.h"

#define WORKER_HANDOVER_MS 10000
#define WORKER_DRAIN_MS 20000
#define WORKER_IDLE_TICKS 4 /* how many ticks from one look at idleness to the next */

struct worker {
	const struct settings *settings;
	int keeper;
	struct allow allow;
	struct platform *platform;
	struct blobstore *blobs;
	struct token_store *tokens;
	struct service *service;
	struct server *server;
	struct controls *controls;
	time_t started;
	char readable[PATH_MAX]; /* a folder that the KMS's credentials come from; "": none */
};

/* ---- memory ---- */

static void *worker_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return memory_secret_new(size);
}

static void *worker_realloc(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	if (!size) {
		memory_secret_free(p);
		return NULL;
	}
	return memory_secret_resize(p, size);
}

static void worker_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	memory_secret_free(p);
}

bool worker_memory(void)
{
	memory_thread_caches();
	return CRYPTO_set_mem_functions(worker_malloc, worker_realloc, worker_free) == 1;
}

/* ---- what the service asks of its host ---- */

static void worker_status(void *arg, struct status_response *status)
{
	struct worker *worker = arg;
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	status->pid = (uint64_t)getpid();
	status->uptime_s = (uint64_t)(now.tv_sec - worker->started);
	status->threads = server_threads(worker->server);
	status->connections = server_connections(worker->server);
}

static CK_RV worker_control(void *arg, const uint8_t context[PROTOCOL_CONTEXT_ID_SIZE], int *fd)
{
	struct worker *worker = arg;

	return controls_make(worker->controls, context, fd);
}

static void worker_adopt(void *arg, int fd)
{
	struct worker *worker = arg;

	server_adopt(worker->server, fd);
}

/* ---- start ---- */

/* Listeners and contexts from the keeper, up to its "start". */
static bool worker_receive(struct worker *worker)
{
	int64_t deadline = result_deadline(WORKER_HANDOVER_MS);
	struct handover message;

	while (handover_receive(worker->keeper, &message, deadline) == TRANSPORT_OK) {
		switch (message.kind) {
		case HANDOVER_LISTENER:
			if (!server_listen(worker->server, message.fd))
				return false;
			break;
		case HANDOVER_CONTEXT:
			(void)controls_restore(worker->controls, &message.name, message.fd);
			break;
		case HANDOVER_START:
			return true;
		default:
			return false;
		}
	}
	log_error("the keeper does not hand over: %s", strerror(errno));
	return false;
}

/*
 * A platform without a sealing key keeps its token in memory. A store that is already there was made under a root, and
 * is not to be forgotten silently (security rule 12).
 */
static CK_RV worker_open_blobs(struct worker *worker, const char *path)
{
	const struct platform_description *d = platform_describe(worker->platform);

	if (strcmp(d->protector, PLATFORM_NO_KEY) != 0)
		return blobstore_open_sqlite(path, true, &worker->blobs);
	if (access(path, F_OK) == 0) {
		log_error("%s: there is a store, but platform %s has no sealing key to open it with: configure what "
			  "protects its root, or use another state directory",
			  path, d->name);
		return CKR_TOKEN_NOT_RECOGNIZED;
	}
	log_warning("platform %s has no sealing key of its own and no other root is configured: tokens and keys last "
		    "until this daemon ends",
		    d->name);
	return blobstore_open_memory(&worker->blobs);
}

/* What the platform knows of chance, beside the kernel's: for the enclave's two library contexts. */
static CK_RV worker_seed(struct worker *worker)
{
	uint8_t entropy[256];
	size_t got = 0;
	CK_RV rv = platform_random(worker->platform, entropy, sizeof(entropy), &got);
	const struct span span = {entropy, got};

	if (rv == CKR_OK && got && (!hkdf_seed(library_context(), span) || !hkdf_seed(hkdf_library(), span)))
		rv = CKR_DEVICE_ERROR;
	memory_wipe(entropy, sizeof(entropy));
	return rv;
}

/* An exit code; each of these has said in the log what is wrong. */
static int worker_open(struct worker *worker)
{
	const struct service_host host = {
		.arg = worker,
		.status = worker_status,
		.control = worker_control,
	};
	char path[PATH_MAX];
	CK_RV rv = CKR_OK;

	if (!settings_path(worker->settings, "store", path, sizeof(path)) || !operate_start())
		return KEEPER_EXIT_SETTINGS;
	rv = platform_open(worker->settings, &worker->platform);
	if (rv == CKR_OK)
		rv = binding_settle(worker->platform, worker->settings);
	if (rv == CKR_OK)
		rv = worker_seed(worker);
	if (rv == CKR_OK)
		rv = worker_open_blobs(worker, path);
	/* In use: by a worker whose keeper was killed, and which is about to notice. */
	if (rv == CKR_TOKEN_NOT_PRESENT && worker->platform)
		return KEEPER_EXIT_RETRY;
	if (rv == CKR_OK)
		rv = token_store_open(worker->settings, worker->platform, worker->blobs,
				      &worker->tokens);
	if (rv == CKR_OK)
		rv = service_new(worker->settings, worker->tokens, worker->platform, &host,
				 &worker->service);
	if (rv == CKR_OK)
		return KEEPER_EXIT_OK;
	log_error("cannot open the store %s: CKR 0x%lx", path, rv);
	return rv == CKR_DEVICE_MEMORY ? KEEPER_EXIT_SYSTEM : KEEPER_EXIT_SETTINGS;
}

/* The sandbox has no place for connect(2): where a KMS is configured, a process of its own connects, to nothing else. */
static bool worker_dialer(struct worker *worker)
{
	char service[DIALER_ADDRESS_MAX], credentials[DIALER_ADDRESS_MAX];
	const char *const addresses[DIALER_TARGETS] = {service, credentials};

	if (!kms_places(worker->settings, service, credentials, worker->readable))
		return false;
	if (!service[0] || dialer_start(addresses, sandbox_dialer))
		return true;
	log_error("cannot start the process that opens connections: %s", strerror(errno));
	return false;
}

/* Before the sandbox: files are read. */
static bool worker_secure(struct worker *worker)
{
	SSL_CTX *tls = NULL;
	bool tcp = false;

	if (!server_has_remote(worker->server, &tcp))
		return true;
	if (!remote_context(worker->settings, worker->platform, worker->service, tcp, &tls))
		return false;
	server_secure(worker->server, tls);
	return true;
}

static int worker_begin(struct worker *worker)
{
	const struct controls_host host = {.arg = worker, .adopt = worker_adopt};
	struct timespec now = {0};
	int code = KEEPER_EXIT_SYSTEM;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	worker->started = now.tv_sec;
	if (!worker_dialer(worker))
		return KEEPER_EXIT_SETTINGS;
	if (!allow_load(worker->settings, &worker->allow))
		return KEEPER_EXIT_SETTINGS;
	worker->server = server_new(worker->settings, &worker->allow);
	worker->controls = controls_new(worker->keeper, &host);
	if (!worker->server || !worker->controls || !worker_receive(worker))
		return code;
	code = worker_open(worker);
	if (code != KEEPER_EXIT_OK)
		return code;
	if (!worker_secure(worker))
		return KEEPER_EXIT_SETTINGS;
	sandbox_files(worker->settings, platform_paths(worker->platform), worker->readable);
	if (!server_start(worker->server))
		return KEEPER_EXIT_SYSTEM;
	sandbox_calls();
	controls_begin(worker->controls, worker->service);
	server_serve(worker->server, worker->service);
	if (!handover_send(worker->keeper, &(struct handover){.kind = HANDOVER_READY, .fd = -1}))
		return KEEPER_EXIT_SYSTEM;
	return KEEPER_EXIT_OK;
}

/* ---- main thread ---- */

/* True: go on. */
static bool worker_order(struct worker *worker)
{
	struct handover message;

	switch (handover_receive(worker->keeper, &message, 0)) {
	case TRANSPORT_TIMEOUT:
		return true;
	case TRANSPORT_OK:
		if (message.fd >= 0)
			close(message.fd);
		return message.kind != HANDOVER_STOP;
	default:
		log_notice("the keeper is gone: ending");
		return false;
	}
}

static void worker_look_idle(struct worker *worker)
{
	unsigned limit = worker->settings->idle_exit_s;

	if (limit && service_idle(worker->service) >= limit && !server_waiting(worker->server))
		(void)handover_send(worker->keeper,
				    &(struct handover){.kind = HANDOVER_IDLE, .fd = -1});
}

static void worker_loop(struct worker *worker)
{
	int64_t tick = result_deadline(SERVER_TICK_MS);
	unsigned ticks = 0;
	bool more = true;

	while (more) {
		struct pollfd polled[2] = {
			{.fd = worker->keeper, .events = POLLIN},
			{.fd = controls_descriptor(worker->controls), .events = POLLIN},
		};
		int count = poll(polled, 2, result_time_left(tick));

		if (count < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			break;
		}
		if (count > 0 && polled[1].revents)
			controls_work(worker->controls);
		if (count > 0 && polled[0].revents)
			more = worker_order(worker);
		if (result_time_left(tick))
			continue;
		tick = result_deadline(SERVER_TICK_MS);
		server_tick(worker->server);
		if (++ticks % WORKER_IDLE_TICKS == 0)
			worker_look_idle(worker);
	}
}

static void worker_end(struct worker *worker)
{
	if (worker->server)
		server_drain(worker->server, WORKER_DRAIN_MS);
	/* Links first, then what they point to. */
	server_free(&worker->server);
	controls_free(&worker->controls);
	service_free(&worker->service);
	token_store_free(&worker->tokens);
	blobstore_free(&worker->blobs);
	platform_free(&worker->platform);
}

int worker_run(const struct settings *settings, int keeper)
{
	struct worker worker = {.settings = settings, .keeper = keeper};
	int code = KEEPER_EXIT_OK;

	sandbox_harden();
	(void)prctl(PR_SET_NAME, "keyclaved-work");
	/* The keeper decides when to stop; the terminal and the service manager tell him. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	code = worker_begin(&worker);
	if (code == KEEPER_EXIT_OK)
		worker_loop(&worker);
	worker_end(&worker);
	return code;
}
