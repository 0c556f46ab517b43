/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conformance MODULE CHAPTER: loads a PKCS#11 module, makes a token in its empty slot and runs one chapter
 * of calls. What it prints is compared between modules (differential.sh).
 */
#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define SLOTS_MAX 64

CK_BBOOL runner_true = CK_TRUE, runner_false = CK_FALSE;

/* Those of functions that SoftHSM2 does not have are compared with values written down (expected.txt). */
static const struct chapter {
	const char *name;
	void (*run)(struct conformance *c);
	bool expected;
} chapters[] = {
	{"general", general_chapter, false},     {"slot", slot_chapter, false},
	{"pin", pin_chapter, false},             {"session", session_chapter, false},
	{"object", object_chapter, false},       {"attribute", attribute_chapter, false},
	{"find", find_chapter, false},           {"sign", sign_chapter, false},
	{"cipher", cipher_chapter, false},       {"digest", digest_chapter, false},
	{"key", key_chapter, false},             {"wrap", wrap_chapter, false},
	{"recover", recover_chapter, true},      {"dual", dual_chapter, true},
	{"version3", version3_chapter, true},
};

static void must(const char *what, CK_RV rv)
{
	if (rv == CKR_OK)
		return;
	fprintf(stderr, "%s: 0x%lx\n", what, rv);
	exit(EXIT_FAILURE);
}

CK_SESSION_HANDLE runner_session(struct conformance *c, CK_FLAGS flags)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

	must("C_OpenSession", c->f->C_OpenSession(c->slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &session));
	return session;
}

void runner_fresh(struct conformance *c, CK_SESSION_HANDLE *session)
{
	/* The new one first: closing the last one would end the login. */
	CK_SESSION_HANDLE fresh = runner_session(c, CKF_RW_SESSION);

	(void)c->f->C_CloseSession(*session);
	*session = fresh;
}

void runner_login(struct conformance *c, CK_SESSION_HANDLE session)
{
	must("C_Login", c->f->C_Login(session, CKU_USER, PIN(USER_PIN)));
}

CK_SLOT_ID runner_empty_slot(struct conformance *c)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = SLOTS_MAX;
	CK_TOKEN_INFO info;

	must("C_GetSlotList", c->f->C_GetSlotList(CK_TRUE, NULL, &count));
	count = SLOTS_MAX;
	must("C_GetSlotList", c->f->C_GetSlotList(CK_TRUE, slots, &count));
	while (count--)
		if (c->f->C_GetTokenInfo(slots[count], &info) == CKR_OK &&
		    !(info.flags & CKF_TOKEN_INITIALIZED))
			return slots[count];
	fprintf(stderr, "no slot has an uninitialised token\n");
	exit(EXIT_FAILURE);
}

/* A module may number the slot anew (SoftHSM2 does), so it is looked for by the token's label. */
static CK_SLOT_ID find_slot(struct conformance *c, const CK_UTF8CHAR label[32])
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG count = SLOTS_MAX;
	CK_TOKEN_INFO info;

	must("C_GetSlotList", c->f->C_GetSlotList(CK_TRUE, NULL, &count));
	count = SLOTS_MAX;
	must("C_GetSlotList", c->f->C_GetSlotList(CK_TRUE, slots, &count));
	while (count--)
		if (c->f->C_GetTokenInfo(slots[count], &info) == CKR_OK &&
		    memcmp(info.label, label, sizeof(info.label)) == 0)
			return slots[count];
	fprintf(stderr, "the new token is in no slot\n");
	exit(EXIT_FAILURE);
}

static void label_make(const char *name, CK_UTF8CHAR label[32])
{
	memset(label, ' ', 32);
	memcpy(label, name, strlen(name));
}

void runner_find_token(struct conformance *c)
{
	CK_UTF8CHAR label[32];

	label_make(c->name, label);
	c->slot = find_slot(c, label);
}

void runner_init_token(struct conformance *c)
{
	CK_UTF8CHAR label[32];

	label_make(c->name, label);
	must("C_InitToken", c->f->C_InitToken(c->slot, PIN(SO_PIN), label));
	runner_find_token(c);
}

void runner_init_pin(struct conformance *c)
{
	CK_SESSION_HANDLE session = runner_session(c, CKF_RW_SESSION);

	must("C_Login", c->f->C_Login(session, CKU_SO, PIN(SO_PIN)));
	must("C_InitPIN", c->f->C_InitPIN(session, PIN(USER_PIN)));
	must("C_CloseSession", c->f->C_CloseSession(session));
}

void runner_begin(struct conformance *c)
{
	must("C_Initialize", c->f->C_Initialize(NULL));
	c->slot = runner_empty_slot(c);
	runner_init_token(c);
	runner_init_pin(c);
}

static const struct chapter *find_chapter_row(const char *name)
{
	for (size_t i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++)
		if (strcmp(chapters[i].name, name) == 0)
			return &chapters[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct chapter *chapter = argc == 3 ? find_chapter_row(argv[2]) : NULL;
	struct conformance c = {0};
	CK_C_GetFunctionList get = NULL;
	CK_C_GetInterface get_interface = NULL;
	CK_INTERFACE *interface = NULL;
	void *module = NULL;

	if (argc == 2 && (strcmp(argv[1], "--chapters") == 0 || strcmp(argv[1], "--expected") == 0)) {
		for (size_t i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++)
			if (chapters[i].expected == (strcmp(argv[1], "--expected") == 0))
				puts(chapters[i].name);
		return EXIT_SUCCESS;
	}
	if (!chapter) {
		fprintf(stderr, "usage: conformance MODULE CHAPTER | --chapters | --expected\n");
		return EXIT_FAILURE;
	}
	module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (module)
		*(void **)&get = dlsym(module, "C_GetFunctionList");
	if (!get) {
		fprintf(stderr, "%s: %s\n", argv[1], dlerror());
		return EXIT_FAILURE;
	}
	must("C_GetFunctionList", get(&c.f));
	if (chapter->expected) {
		*(void **)&get_interface = dlsym(module, "C_GetInterface");
		must("C_GetInterface", get_interface ? get_interface(NULL, &(CK_VERSION){3, 0}, &interface, 0) :
						       CKR_FUNCTION_NOT_SUPPORTED);
		c.f3 = interface->pFunctionList;
	}
	c.name = chapter->name;
	record_chapter(chapter->name);
	chapter->run(&c);
	return EXIT_SUCCESS;
}
