/* SPDX-License-Identifier: Apache-2.0 */
/* General purpose functions (PKCS#11 v2.40 section 5.4) and what every function does without C_Initialize. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>

#include "conformance.h"

/* The application's own mutexes. */
static CK_RV mutex_make(CK_VOID_PTR_PTR mutex)
{
	pthread_mutex_t *m = malloc(sizeof(*m));

	if (!m || pthread_mutex_init(m, NULL) != 0) {
		free(m);
		return CKR_HOST_MEMORY;
	}
	*mutex = m;
	return CKR_OK;
}

static CK_RV mutex_free(CK_VOID_PTR mutex)
{
	pthread_mutex_destroy(mutex);
	free(mutex);
	return CKR_OK;
}

static CK_RV mutex_lock(CK_VOID_PTR mutex)
{
	return pthread_mutex_lock(mutex) == 0 ? CKR_OK : CKR_MUTEX_BAD;
}

static CK_RV mutex_unlock(CK_VOID_PTR mutex)
{
	return pthread_mutex_unlock(mutex) == 0 ? CKR_OK : CKR_MUTEX_BAD;
}

/* Initialises, notes the answer and is as before. */
static void try_arguments(CK_FUNCTION_LIST *f, const char *name, CK_C_INITIALIZE_ARGS args)
{
	CK_RV rv = f->C_Initialize(&args);

	record_rv(name, rv);
	if (rv == CKR_OK)
		(void)f->C_Finalize(NULL);
}

#define MUTEXES \
	.CreateMutex = mutex_make, .DestroyMutex = mutex_free, .LockMutex = mutex_lock, \
	.UnlockMutex = mutex_unlock

static void initialize(CK_FUNCTION_LIST *f)
{
	CK_ULONG reserved = 0;

	try_arguments(f, "initialize: no arguments set", (CK_C_INITIALIZE_ARGS){.flags = 0});
	try_arguments(f, "initialize: OS locking", (CK_C_INITIALIZE_ARGS){.flags = CKF_OS_LOCKING_OK});
	try_arguments(f, "initialize: cannot create threads",
		      (CK_C_INITIALIZE_ARGS){.flags = CKF_LIBRARY_CANT_CREATE_OS_THREADS});
	try_arguments(f, "initialize: mutexes and OS locking",
		      (CK_C_INITIALIZE_ARGS){MUTEXES, .flags = CKF_OS_LOCKING_OK});
	try_arguments(f, "initialize: mutexes only", (CK_C_INITIALIZE_ARGS){MUTEXES, .flags = 0});
	try_arguments(f, "initialize: only CreateMutex", (CK_C_INITIALIZE_ARGS){.CreateMutex = mutex_make});
	try_arguments(f, "initialize: no UnlockMutex",
		      (CK_C_INITIALIZE_ARGS){.CreateMutex = mutex_make, .DestroyMutex = mutex_free,
					     .LockMutex = mutex_lock, .flags = CKF_OS_LOCKING_OK});
	try_arguments(f, "initialize: pReserved", (CK_C_INITIALIZE_ARGS){.pReserved = &reserved});
	record_rv("initialize", f->C_Initialize(NULL));
	record_rv("initialize: again", f->C_Initialize(NULL));
	record_rv("finalize: pReserved", f->C_Finalize(&reserved));
	record_rv("finalize", f->C_Finalize(NULL));
	record_rv("finalize: again", f->C_Finalize(NULL));
}

static void info(CK_FUNCTION_LIST *f)
{
	CK_INFO info = {.flags = 1};
	CK_RV rv = f->C_GetInfo(&info);

	record_number("info: flags", rv, info.flags);
	record_number("info: major version", rv, info.cryptokiVersion.major);
	record_number("info: minor version", rv, info.cryptokiVersion.minor);
	record_number("info: text is padded", rv, info.manufacturerID[31] == ' ' &&
						  info.libraryDescription[31] == ' ');
	record_rv("info: NULL", f->C_GetInfo(NULL));
	record_rv("function list: NULL", f->C_GetFunctionList(NULL));
	record_number("function list: version", CKR_OK, f->version.major * 100UL + f->version.minor);
}

/* A session does not outlive its C_Finalize, whatever its handle is used for afterwards. */
static void finalized(struct conformance *c)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	CK_SESSION_INFO session_info;

	session = runner_session(c, CKF_RW_SESSION);
	record_rv("finalize: with a session", c->f->C_Finalize(NULL));
	record_rv("session info: finalized", c->f->C_GetSessionInfo(session, &session_info));
	record_rv("initialize: once more", c->f->C_Initialize(NULL));
	runner_find_token(c);
	record_rv("session info: an earlier session", c->f->C_GetSessionInfo(session, &session_info));
}

void general_chapter(struct conformance *c)
{
	record_chapter("uninitialized");
	every_call_slot(c);
	every_call(c, 1);
	record_chapter("general");
	initialize(c->f);
	runner_begin(c);
	info(c->f);
	finalized(c);
	record_chapter("no such session");
	every_call(c, NO_SESSION);
	record_chapter("no session");
	every_call(c, CK_INVALID_HANDLE);
	record_chapter("general");
	record_rv("function status", c->f->C_GetFunctionStatus(runner_session(c, 0)));
	record_rv("cancel function", c->f->C_CancelFunction(runner_session(c, 0)));
	record_rv("finalize: at the end", c->f->C_Finalize(NULL));
}
