/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C_Initialize and C_Finalize, and what every other call passes first: is there a context, and is this
 * still the process that made it? A forked child goes on where its parent stood (DESIGN section 7, rule 5).
 * Runs in the host program's process.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/log.h"
#include "pkcs11/module.h"
#include "pkcs11/session.h"

/*
 * The state of this process in a page that the kernel zeroes in every child (MADV_WIPEONFORK), however the
 * child was made: pthread_atfork does not see a bare clone(2).
 */
enum process_state {
	PROCESS_FORKED = 0, /* what a child finds */
	PROCESS_REPAIRING,
	PROCESS_OURS,
};

static struct {
	pthread_mutex_t lock; /* guards all below; never held over I/O */
	pthread_cond_t idle;  /* users fell to 0 */
	struct client *client; /* NULL: not initialised */
	struct settings settings;
	pid_t pid; /* of the process that called C_Initialize */
	unsigned users;
	bool ending;
} module = {.lock = PTHREAD_MUTEX_INITIALIZER, .idle = PTHREAD_COND_INITIALIZER};

static _Atomic(int) *process_page;
static pthread_once_t process_once = PTHREAD_ONCE_INIT;

static void fork_prepare(void)
{
	pthread_mutex_lock(&module.lock);
	session_fork_prepare();
}

static void fork_done(void)
{
	session_fork_done();
	pthread_mutex_unlock(&module.lock);
}

static void process_start(void)
{
	long size = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	if (madvise(page, (size_t)size, MADV_WIPEONFORK) != 0) {
		log_error("this kernel has no MADV_WIPEONFORK (Linux 4.14): %s", strerror(errno));
		munmap(page, (size_t)size);
		return;
	}
	client_forks();
	/* Consistent tables in the child; which child it is, the page tells. */
	if (pthread_atfork(fork_prepare, fork_done, fork_done) != 0) {
		munmap(page, (size_t)size);
		return;
	}
	process_page = page;
	atomic_store(process_page, PROCESS_OURS);
}

/* First use in a child: its threads are gone, so what they held is free again. */
static void process_repair(void)
{
	static const pthread_mutex_t fresh_lock = PTHREAD_MUTEX_INITIALIZER;
	static const pthread_cond_t fresh_cond = PTHREAD_COND_INITIALIZER;

	memcpy(&module.lock, &fresh_lock, sizeof(fresh_lock));
	memcpy(&module.idle, &fresh_cond, sizeof(fresh_cond));
	module.users = 0;
	module.ending = false;
	session_repair();
}

static void process_check(void)
{
	int expected = PROCESS_FORKED;

	if (atomic_load_explicit(process_page, memory_order_acquire) == PROCESS_OURS)
		return;
	if (atomic_compare_exchange_strong(process_page, &expected, PROCESS_REPAIRING)) {
		process_repair();
		atomic_store_explicit(process_page, PROCESS_OURS, memory_order_release);
		return;
	}
	while (atomic_load_explicit(process_page, memory_order_acquire) != PROCESS_OURS)
		sched_yield();
}

CK_RV module_enter(struct client **client)
{
	CK_RV rv = CKR_OK;

	if (!process_page)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	process_check();
	pthread_mutex_lock(&module.lock);
	if (!module.client || module.ending)
		rv = CKR_CRYPTOKI_NOT_INITIALIZED;
	else
		module.users++;
	pthread_mutex_unlock(&module.lock);
	if (rv == CKR_OK)
		*client = module.client;
	return rv;
}

void module_leave(void)
{
	pthread_mutex_lock(&module.lock);
	if (--module.users == 0 && module.ending)
		pthread_cond_broadcast(&module.idle);
	pthread_mutex_unlock(&module.lock);
}

const struct settings *module_settings(void)
{
	return &module.settings;
}

/* PKCS#11 v3.1 section 5.4: the four callbacks come together, and we lock with the system's own. */
static CK_RV check_arguments(const CK_C_INITIALIZE_ARGS *args, const char **reserved)
{
	bool all = args->CreateMutex && args->DestroyMutex && args->LockMutex && args->UnlockMutex;
	bool any = args->CreateMutex || args->DestroyMutex || args->LockMutex || args->UnlockMutex;

	if (any && !all)
		return CKR_ARGUMENTS_BAD;
	if (all && !(args->flags & CKF_OS_LOCKING_OK))
		return CKR_CANT_LOCK;
	*reserved = args->pReserved;
	return CKR_OK;
}

/* The child of a fork that calls C_Initialize starts anew and leaves its parent's context alone. */
static void drop_inherited(void)
{
	session_drop_all(false);
	client_close(&module.client);
}

MODULE_EXPORT CK_RV C_Initialize(CK_VOID_PTR pInitArgs)
{
	const char *reserved = NULL;
	char why[256];
	CK_RV rv = CKR_OK;

	if (pInitArgs)
		rv = check_arguments(pInitArgs, &reserved);
	if (rv != CKR_OK)
		return rv;
	pthread_once(&process_once, process_start);
	if (!process_page)
		return CKR_HOST_MEMORY;
	process_check();
	pthread_mutex_lock(&module.lock);
	if (module.client && module.pid != getpid())
		drop_inherited();
	if (module.client) {
		rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;
		goto out;
	}
	if (!settings_load(&module.settings, reserved, why, sizeof(why))) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	rv = client_open(&module.settings, program_invocation_short_name, &module.client);
	if (rv == CKR_OK)
		module.pid = getpid();
out:
	pthread_mutex_unlock(&module.lock);
	return rv;
}

MODULE_EXPORT CK_RV C_Finalize(CK_VOID_PTR pReserved)
{
	struct client *client = NULL;

	if (pReserved)
		return CKR_ARGUMENTS_BAD;
	if (!process_page)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	process_check();
	pthread_mutex_lock(&module.lock);
	if (!module.client || module.ending) {
		pthread_mutex_unlock(&module.lock);
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	module.ending = true;
	while (module.users)
		pthread_cond_wait(&module.idle, &module.lock);
	client = module.client;
	pthread_mutex_unlock(&module.lock);

	session_drop_all(true); /* tells the enclave: not under the lock */

	pthread_mutex_lock(&module.lock);
	module.client = NULL;
	module.ending = false;
	pthread_mutex_unlock(&module.lock);
	client_close(&client);
	return CKR_OK;
}
