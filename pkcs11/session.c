/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of sessions of this process, and the calls that open and close them. Handles are an index
 * and a generation, so that a closed one is not soon mistaken for another. Lock order: login_lock (login.c),
 * a session's lock, the table's lock.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "pkcs11/login.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"

#define SESSIONS_MAX 0xffffU /* the low half of a handle, counted from 1 */
#define SESSIONS_GROW 64U

static struct {
	pthread_mutex_t lock; /* guards all below; never held over I/O */
	struct session **item;
	size_t size;
	CK_ULONG generation;
	uint64_t number;
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void session_free(struct session *s)
{
	for (int kind = 0; kind < OPERATION_KINDS; kind++)
		operation_free(&s->operations[kind]);
	free(s->found);
	memory_wipe(s->nonce, sizeof(s->nonce));
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* Under the table's lock. */
static struct session *table_find(CK_SESSION_HANDLE handle)
{
	size_t index = (handle & SESSIONS_MAX) - 1;

	if ((handle & SESSIONS_MAX) == 0 || index >= table.size)
		return NULL;
	if (!table.item[index] || table.item[index]->handle != handle)
		return NULL;
	return table.item[index];
}

/* Under the table's lock. */
static CK_RV table_place(size_t *index)
{
	struct session **grown = NULL;
	size_t size = table.size + SESSIONS_GROW;

	for (*index = 0; *index < table.size; (*index)++)
		if (!table.item[*index])
			return CKR_OK;
	if (size > SESSIONS_MAX)
		return CKR_SESSION_COUNT;
	grown = realloc(table.item, size * sizeof(*grown));
	if (!grown)
		return CKR_HOST_MEMORY;
	memset(grown + table.size, 0, SESSIONS_GROW * sizeof(*grown));
	table.item = grown;
	table.size = size;
	return CKR_OK;
}

static CK_RV table_add(struct session *s)
{
	size_t index = 0;
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&table.lock);
	rv = table_place(&index);
	if (rv == CKR_OK) {
		/* 15 bits of generation: the handle fits a 32-bit CK_ULONG and is not negative. */
		table.generation = (table.generation + 1) & 0x7fff;
		s->handle = table.generation << 16 | (index + 1);
		s->number = ++table.number;
		table.item[index] = s;
	}
	pthread_mutex_unlock(&table.lock);
	return rv;
}

/* Takes S out of the table; who holds a reference may finish. */
static void table_remove(struct session *s)
{
	pthread_mutex_lock(&table.lock);
	table.item[(s->handle & SESSIONS_MAX) - 1] = NULL;
	s->closed = true;
	pthread_mutex_unlock(&table.lock);
}

CK_RV session_enter(CK_SESSION_HANDLE handle, struct session **session)
{
	struct client *client = NULL;
	struct session *s = NULL;
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	pthread_mutex_lock(&table.lock);
	s = table_find(handle);
	if (s)
		s->references++;
	pthread_mutex_unlock(&table.lock);
	if (!s) {
		module_leave();
		return CKR_SESSION_HANDLE_INVALID;
	}
	pthread_mutex_lock(&s->lock);
	if (s->closed) {
		session_leave(s);
		return CKR_SESSION_HANDLE_INVALID;
	}
	*session = s;
	return CKR_OK;
}

void session_leave(struct session *session)
{
	bool last = false;

	pthread_mutex_unlock(&session->lock);
	pthread_mutex_lock(&table.lock);
	last = --session->references == 0 && session->closed;
	pthread_mutex_unlock(&table.lock);
	if (last)
		session_free(session);
	module_leave();
}

CK_RV session_may_write(const struct session *session, bool token_object)
{
	return token_object && !session->read_write ? CKR_SESSION_READ_ONLY : CKR_OK;
}

void session_count(uint64_t slot, CK_ULONG *all, CK_ULONG *read_write)
{
	*all = *read_write = 0;
	pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < table.size; i++) {
		if (!table.item[i] || table.item[i]->slot != slot)
			continue;
		(*all)++;
		if (table.item[i]->read_write)
			(*read_write)++;
	}
	pthread_mutex_unlock(&table.lock);
}

/* With the session's lock held: ends what is active, in the enclave too. */
static void session_end(struct session *s)
{
	for (int kind = 0; kind < OPERATION_KINDS; kind++)
		operation_end(s, (enum operation_kind)kind);
	s->finding = false;
	if (s->made_objects) {
		struct release_request release = {.slot = s->slot, .session = s->number};

		/* Whatever comes back: the session is over, and so are its objects when the context is. */
		(void)client_tell(s->client, REQUEST_RELEASE, &release);
		descriptor_drop(s->client, s->slot, 0);
		s->made_objects = false;
	}
}

/* Under login_lock, session entered. */
static void session_close(struct session *s)
{
	session_end(s);
	table_remove(s);
	(void)client_detach(s->client, s->slot);
}

MODULE_EXPORT CK_RV C_OpenSession(CK_SLOT_ID slotID, CK_FLAGS flags, CK_VOID_PTR pApplication,
				  CK_NOTIFY Notify, CK_SESSION_HANDLE_PTR phSession)
{
	struct client *client = NULL;
	struct session *s = NULL;
	CK_RV rv = module_enter(&client);

	(void)pApplication; /* no callback is ever made: nothing to tell (PKCS#11 v3.1 section 5.6.1) */
	(void)Notify;
	if (rv != CKR_OK)
		return rv;
	login_lock();
	if (!phSession) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	if (!(flags & CKF_SERIAL_SESSION)) {
		rv = CKR_SESSION_PARALLEL_NOT_SUPPORTED;
		goto out;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		rv = CKR_HOST_MEMORY;
		goto out;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->slot = slotID;
	s->read_write = (flags & CKF_RW_SESSION) != 0;
	s->client = client;
	rv = client_attach(client, slotID);
	if (rv != CKR_OK)
		goto out;
	if (!s->read_write && client_user(client, slotID) == CKU_SO)
		rv = CKR_SESSION_READ_WRITE_SO_EXISTS;
	else
		rv = table_add(s);
	if (rv != CKR_OK) {
		(void)client_detach(client, slotID);
		goto out;
	}
	*phSession = s->handle;
	s = NULL;
out:
	if (s)
		session_free(s);
	login_unlock();
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_CloseSession(CK_SESSION_HANDLE hSession)
{
	struct session *s = NULL;
	CK_RV rv = CKR_OK;

	login_lock();
	rv = session_enter(hSession, &s);
	if (rv == CKR_OK) {
		session_close(s);
		session_leave(s);
	}
	login_unlock();
	return rv;
}

/* The handle of some session on SLOT, or 0. */
static CK_SESSION_HANDLE table_any(uint64_t slot)
{
	CK_SESSION_HANDLE handle = 0;

	pthread_mutex_lock(&table.lock);
	for (size_t i = 0; i < table.size && !handle; i++)
		if (table.item[i] && table.item[i]->slot == slot)
			handle = table.item[i]->handle;
	pthread_mutex_unlock(&table.lock);
	return handle;
}

MODULE_EXPORT CK_RV C_CloseAllSessions(CK_SLOT_ID slotID)
{
	struct client *client = NULL;
	CK_SESSION_HANDLE handle = 0;
	CK_RV rv = module_enter(&client);

	if (rv != CKR_OK)
		return rv;
	login_lock();
	rv = slot_known(client, slotID);
	while (rv == CKR_OK && (handle = table_any(slotID)) != 0) {
		struct session *s = NULL;

		if (session_enter(handle, &s) == CKR_OK) {
			session_close(s);
			session_leave(s);
		}
	}
	login_unlock();
	module_leave();
	return rv;
}

MODULE_EXPORT CK_RV C_GetSessionInfo(CK_SESSION_HANDLE hSession, CK_SESSION_INFO_PTR pInfo)
{
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	if (!pInfo) {
		rv = CKR_ARGUMENTS_BAD;
		goto out;
	}
	pInfo->slotID = s->slot;
	pInfo->flags = CKF_SERIAL_SESSION | (s->read_write ? CKF_RW_SESSION : 0);
	pInfo->ulDeviceError = 0;
	switch (client_user(s->client, s->slot)) {
	case CKU_SO:
		pInfo->state = CKS_RW_SO_FUNCTIONS;
		break;
	case CKU_USER:
		pInfo->state = s->read_write ? CKS_RW_USER_FUNCTIONS : CKS_RO_USER_FUNCTIONS;
		break;
	default:
		pInfo->state = s->read_write ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION;
	}
out:
	session_leave(s);
	return rv;
}

MODULE_EXPORT CK_RV C_SessionCancel(CK_SESSION_HANDLE hSession, CK_FLAGS flags)
{
	static const struct {
		CK_FLAGS flag;
		enum operation_kind kind;
	} cancels[] = {
		{CKF_SIGN, OPERATION_SIGN},
		{CKF_VERIFY, OPERATION_VERIFY},
		{CKF_SIGN_RECOVER, OPERATION_SIGN_RECOVER},
		{CKF_VERIFY_RECOVER, OPERATION_VERIFY_RECOVER},
		{CKF_ENCRYPT, OPERATION_ENCRYPT},
		{CKF_DECRYPT, OPERATION_DECRYPT},
		{CKF_DIGEST, OPERATION_DIGEST},
	};
	struct session *s = NULL;
	CK_RV rv = session_enter(hSession, &s);

	if (rv != CKR_OK)
		return rv;
	for (size_t i = 0; i < sizeof(cancels) / sizeof(cancels[0]); i++)
		if (flags & cancels[i].flag)
			operation_end(s, cancels[i].kind);
	if (flags & CKF_FIND_OBJECTS)
		s->finding = false;
	session_leave(s);
	return CKR_OK;
}

void session_reset_slot(uint64_t slot)
{
	CK_SESSION_HANDLE *handles = NULL;
	size_t count = 0;

	pthread_mutex_lock(&table.lock);
	handles = calloc(table.size ? table.size : 1, sizeof(*handles));
	for (size_t i = 0; handles && i < table.size; i++)
		if (table.item[i] && table.item[i]->slot == slot)
			handles[count++] = table.item[i]->handle;
	pthread_mutex_unlock(&table.lock);

	for (size_t i = 0; i < count; i++) {
		struct session *s = NULL;

		if (session_enter(handles[i], &s) != CKR_OK)
			continue;
		for (int kind = 0; kind < OPERATION_KINDS; kind++)
			operation_end(s, (enum operation_kind)kind);
		s->finding = false;
		session_leave(s);
	}
	free(handles);
}

void session_drop_all(bool tell)
{
	for (size_t i = 0; i < table.size; i++) {
		struct session *s = table.item[i];

		if (!s)
			continue;
		/* client_close ends the context, and with it streams and session objects in the enclave. */
		if (tell)
			(void)client_detach(s->client, s->slot);
		session_free(s);
		table.item[i] = NULL;
	}
}

void session_fork_prepare(void)
{
	pthread_mutex_lock(&table.lock);
}

void session_fork_done(void)
{
	pthread_mutex_unlock(&table.lock);
}

void session_repair(void)
{
	static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

	memcpy(&table.lock, &fresh, sizeof(fresh));
	login_repair();
	for (size_t i = 0; i < table.size; i++) {
		struct session *s = table.item[i];

		if (!s)
			continue;
		/*
		 * In use by another thread of the parent, which is not here to finish: what it was changing
		 * cannot be trusted, not even to free it.
		 */
		if (s->references) {
			memset(s->operations, 0, sizeof(s->operations));
			s->finding = false;
			s->found = NULL;
		}
		s->references = 0;
		memcpy(&s->lock, &fresh, sizeof(fresh));
	}
}
