/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Concurrency and death: two threads in each of two processes use one token through the PKCS#11 module, while
 * the daemon is killed with -9 at random. What was acknowledged is there afterwards, what was destroyed is
 * not, and nothing else is. Prints TAP; test_death.sh gives it a state directory of its own.
 *
 *	death MODULE ROUNDS SECONDS [SEED]
 *
 * A round is one kill. It ends after ROUNDS, or SECONDS if they are over first.
 */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mechanism/cryptoki.h"

#define PROCESSES 2
#define THREADS 2
#define SO_PIN "so-pin-12345678"
#define USER_PIN "1234"
#define LABEL_SIZE 32
#define SLOWEST_MS 8500 /* connect-timeout, and what a call does itself on a busy machine */
#define ENTRIES 200000 /* of one thread */
#define ALIVE_MAX 24   /* then it destroys one before it creates another */

enum kind { KIND_PUBLIC_DATA, KIND_PRIVATE_DATA, KIND_AES, KIND_EC_PUBLIC, KIND_EC_PRIVATE };

/* What a thread knows of an object. A call that fails leaves it in the state of "maybe". */
enum state { STATE_NONE, STATE_MAYBE, STATE_THERE, STATE_GONE };

struct entry {
	uint8_t kind;
	uint8_t state;
	uint32_t handle;
};

struct journal {
	struct entry entry[ENTRIES];
	uint32_t count;
	unsigned long long created, destroyed, found, logins;
	unsigned long long unanswered; /* the daemon died of it too often, or was away too long: as said by the code */
	unsigned long long wrong;      /* answers that must not be */
	int64_t slowest_ms;
	const char *slowest; /* what it was: a literal, which all processes have */
};

struct shared {
	atomic_bool stop;
	atomic_uint tests, failures; /* of all processes */
	atomic_uint calls;           /* that came back */
	struct journal journal[PROCESSES * THREADS];
};

struct thread {
	unsigned number;
	unsigned seed;
	CK_SESSION_HANDLE session;
	struct journal *journal;
	uint32_t alive[ALIVE_MAX + 2];
	unsigned alive_count;
	int64_t apart_ms; /* of a step, spent in a call that is measured by itself */
};

static struct shared *shared;
static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;

__attribute__((format(printf, 2, 3))) static bool ok(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", good ? "" : "not ", ++shared->tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	shared->failures += !good;
	return good;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool load(const char *path)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get = NULL;

	if (!module) {
		printf("# %s\n", dlerror());
		return false;
	}
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	return get && get(&p11) == CKR_OK && p11->C_Initialize(&args) == CKR_OK;
}

/* ---- what an object is ---- */

static void label_of(unsigned thread, uint32_t number, enum kind kind, char label[LABEL_SIZE])
{
	/* The halves of a pair have one label. */
	snprintf(label, LABEL_SIZE, "%u-%u-%s", thread, kind == KIND_EC_PRIVATE ? number - 1 : number,
		 kind == KIND_AES ? "aes" : kind >= KIND_EC_PUBLIC ? "ec" : "data");
}

static CK_OBJECT_CLASS class_of(enum kind kind)
{
	switch (kind) {
	case KIND_AES:
		return CKO_SECRET_KEY;
	case KIND_EC_PUBLIC:
		return CKO_PUBLIC_KEY;
	case KIND_EC_PRIVATE:
		return CKO_PRIVATE_KEY;
	case KIND_PUBLIC_DATA:
	case KIND_PRIVATE_DATA:
		break;
	}
	return CKO_DATA;
}

static CK_RV find(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count, CK_OBJECT_HANDLE *handles,
		  CK_ULONG max, CK_ULONG *found)
{
	CK_RV rv = p11->C_FindObjectsInit(session, template, count);

	*found = 0;
	if (rv != CKR_OK)
		return rv;
	rv = p11->C_FindObjects(session, handles, max, found);
	p11->C_FindObjectsFinal(session);
	return rv;
}

static CK_RV find_entry(CK_SESSION_HANDLE session, unsigned thread, uint32_t number, CK_OBJECT_HANDLE handle[2],
			CK_ULONG *found)
{
	enum kind kind = shared->journal[thread].entry[number].kind;
	CK_OBJECT_CLASS class = class_of(kind);
	char label[LABEL_SIZE];
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, label, 0}};

	label_of(thread, number, kind, label);
	template[1].ulValueLen = strlen(label);
	return find(session, template, 2, handle, 2, found);
}

/* ---- a thread's work ---- */

static unsigned roll(struct thread *t, unsigned sides)
{
	return (unsigned)rand_r(&t->seed) % sides;
}

/* What may fail while the other thread of the process logs out. */
static bool is_logout(CK_RV rv, enum kind kind)
{
	/* Of C_FindObjects: PKCS#11 v3.1 section 5.6.9, a logout ends what is active. */
	if (rv == CKR_OPERATION_NOT_INITIALIZED)
		return true;
	return kind != KIND_PUBLIC_DATA &&
	       (rv == CKR_USER_NOT_LOGGED_IN || rv == CKR_OBJECT_HANDLE_INVALID || rv == CKR_KEY_HANDLE_INVALID);
}

static void not_acknowledged(struct thread *t, const char *what, CK_RV rv)
{
	if (rv == CKR_DEVICE_ERROR || rv == CKR_TOKEN_NOT_PRESENT) {
		t->journal->unanswered++;
		return;
	}
	t->journal->wrong++;
	printf("# %u: %s: 0x%lx\n", t->number, what, rv);
}

static void took(struct thread *t, const char *what, int64_t ms)
{
	t->journal->slowest = ms > t->journal->slowest_ms ? what : t->journal->slowest;
	t->journal->slowest_ms = ms > t->journal->slowest_ms ? ms : t->journal->slowest_ms;
}

static void log_in(struct thread *t)
{
	int64_t before = now_ms();
	CK_RV rv = p11->C_Login(t->session, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof(USER_PIN) - 1);

	t->apart_ms += now_ms() - before;
	took(t, "login", now_ms() - before);
	if (rv == CKR_OK)
		t->journal->logins++;
	else if (rv != CKR_USER_ALREADY_LOGGED_IN)
		not_acknowledged(t, "login", rv);
}

static void failed(struct thread *t, const char *what, enum kind kind, CK_RV rv)
{
	if (is_logout(rv, kind))
		log_in(t);
	else
		not_acknowledged(t, what, rv);
}

static void wrong(struct thread *t, const char *what, uint32_t number, CK_ULONG count)
{
	t->journal->wrong++;
	printf("# %u: %s: object %u, %lu found\n", t->number, what, number, count);
}

static uint32_t add(struct thread *t, enum kind kind)
{
	t->journal->entry[t->journal->count] = (struct entry){.kind = (uint8_t)kind, .state = STATE_MAYBE};
	return t->journal->count++;
}

static void there(struct thread *t, uint32_t number, CK_OBJECT_HANDLE handle)
{
	t->journal->entry[number].handle = (uint32_t)handle;
	t->journal->entry[number].state = STATE_THERE;
	t->journal->created++;
	t->alive[t->alive_count++] = number;
}

static void create_data(struct thread *t)
{
	enum kind kind = roll(t, 2) ? KIND_PRIVATE_DATA : KIND_PUBLIC_DATA;
	uint32_t number = add(t, kind);
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE, private = kind == KIND_PRIVATE_DATA;
	CK_OBJECT_HANDLE handle = 0;
	char label[LABEL_SIZE];
	CK_RV rv = CKR_OK;

	label_of(t->number, number, kind, label);
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
				   {CKA_TOKEN, &yes, sizeof(yes)},
				   {CKA_PRIVATE, &private, sizeof(private)},
				   {CKA_LABEL, label, strlen(label)},
				   {CKA_VALUE, label, strlen(label)}};
	rv = p11->C_CreateObject(t->session, template, 5, &handle);
	if (rv == CKR_OK)
		there(t, number, handle);
	else
		failed(t, "create", kind, rv);
}

static void create_aes(struct thread *t)
{
	uint32_t number = add(t, KIND_AES);
	CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG size = 16;
	CK_OBJECT_HANDLE handle = 0;
	char label[LABEL_SIZE];
	CK_RV rv = CKR_OK;

	label_of(t->number, number, KIND_AES, label);
	CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
				   {CKA_LABEL, label, strlen(label)},
				   {CKA_ENCRYPT, &yes, sizeof(yes)},
				   {CKA_VALUE_LEN, &size, sizeof(size)}};
	rv = p11->C_GenerateKey(t->session, &mechanism, template, 4, &handle);
	if (rv == CKR_OK)
		there(t, number, handle);
	else
		failed(t, "generate", KIND_AES, rv);
}

static void create_ec(struct thread *t)
{
	static uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
	uint32_t number = add(t, KIND_EC_PUBLIC);
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_BBOOL yes = CK_TRUE;
	CK_OBJECT_HANDLE public = 0, private = 0;
	char label[LABEL_SIZE];
	CK_RV rv = CKR_OK;

	(void)add(t, KIND_EC_PRIVATE);
	label_of(t->number, number, KIND_EC_PUBLIC, label);
	CK_ATTRIBUTE public_template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
					  {CKA_LABEL, label, strlen(label)},
					  {CKA_EC_PARAMS, p256, sizeof(p256)}};
	CK_ATTRIBUTE private_template[] = {{CKA_TOKEN, &yes, sizeof(yes)},
					   {CKA_SIGN, &yes, sizeof(yes)},
					   {CKA_LABEL, label, strlen(label)}};
	rv = p11->C_GenerateKeyPair(t->session, &mechanism, public_template, 3, private_template, 3, &public,
				    &private);
	if (rv == CKR_OK) {
		there(t, number, public);
		there(t, number + 1, private);
	} else {
		failed(t, "generate pair", KIND_EC_PRIVATE, rv);
	}
}

static void destroy_one(struct thread *t)
{
	unsigned i = roll(t, t->alive_count);
	uint32_t number = t->alive[i];
	struct entry *e = &t->journal->entry[number];
	CK_RV rv = CKR_OK;

	e->state = STATE_MAYBE;
	rv = p11->C_DestroyObject(t->session, e->handle);
	if (is_logout(rv, e->kind)) {
		e->state = STATE_THERE;
		log_in(t);
		return;
	}
	t->alive[i] = t->alive[--t->alive_count];
	if (rv != CKR_OK) {
		failed(t, "destroy", e->kind, rv);
		return;
	}
	e->state = STATE_GONE;
	t->journal->destroyed++;
}

/* A public object is seen whether or not the other thread has just logged out. */
static void find_one(struct thread *t)
{
	uint32_t number = t->journal->count ? roll(t, t->journal->count) : 0;
	struct entry *e = &t->journal->entry[number];
	CK_OBJECT_HANDLE handle[2] = {0};
	CK_ULONG found = 0;
	CK_RV rv = CKR_OK;

	if (t->alive_count && roll(t, 2)) {
		number = t->alive[roll(t, t->alive_count)];
		e = &t->journal->entry[number];
	}
	if (e->state != STATE_THERE && e->state != STATE_GONE)
		return;
	rv = find_entry(t->session, t->number, number, handle, &found);
	if (rv != CKR_OK) {
		failed(t, "find", e->kind, rv);
		return;
	}
	t->journal->found++;
	if (e->state == STATE_GONE && found)
		wrong(t, "destroyed and found", number, found);
	else if (e->state == STATE_THERE && (e->kind == KIND_PUBLIC_DATA || found) &&
		 (found != 1 || handle[0] != e->handle))
		wrong(t, "created and not found", number, found);
}

static void log_out(struct thread *t) { (void)p11->C_Logout(t->session); }

static void step(struct thread *t)
{
	enum { DESTROY = 3 };
	static const struct {
		unsigned below;
		const char *name;
		void (*run)(struct thread *t);
	} work[] = {{1, "logout", log_out},	 {8, "login", log_in},		{40, "find", find_one},
		    {66, "destroy", destroy_one}, {80, "create", create_data}, {92, "generate", create_aes},
		    {100, "generate pair", create_ec}};
	unsigned choice = roll(t, 100), i = 0;
	int64_t before = 0;

	while (choice >= work[i].below)
		i++;
	/* Neither too many nor none to destroy. */
	if (i >= DESTROY && (t->alive_count >= ALIVE_MAX || (i == DESTROY && !t->alive_count)))
		i = t->alive_count ? DESTROY : DESTROY + 1;
	before = now_ms();
	t->apart_ms = 0;
	work[i].run(t);
	took(t, work[i].name, now_ms() - before - t->apart_ms);
}

static void *thread_main(void *arg)
{
	struct thread *t = arg;
	CK_RV rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &t->session);

	if (rv != CKR_OK) {
		printf("# %u: open session: 0x%lx\n", t->number, rv);
		t->journal->wrong++;
		return NULL;
	}
	log_in(t);
	while (!shared->stop && t->journal->count + 2 < ENTRIES) {
		step(t);
		shared->calls++;
	}
	return NULL;
}

static int process_main(const char *module, unsigned number, unsigned seed)
{
	struct thread thread[THREADS] = {{0}};
	pthread_t id[THREADS];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!load(module))
		return 1;
	for (unsigned i = 0; i < THREADS; i++) {
		thread[i].number = number * THREADS + i;
		thread[i].seed = seed + thread[i].number;
		thread[i].journal = &shared->journal[thread[i].number];
		if (pthread_create(&id[i], NULL, thread_main, &thread[i]))
			return 1;
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(id[i], NULL);
	fflush(stdout);
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 1;
}

/* ---- before and after ---- */

static int set_up(const char *module)
{
	CK_SLOT_ID slots[4];
	CK_ULONG count = 4;
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE session = 0;
	bool good = load(module) && p11->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK && count >= 1;

	memset(label, ' ', sizeof(label));
	memcpy(label, "death", 5);
	if (!good || p11->C_InitToken(slots[0], (CK_UTF8CHAR_PTR)SO_PIN, sizeof(SO_PIN) - 1, label) != CKR_OK ||
	    p11->C_OpenSession(slots[0], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) != CKR_OK ||
	    p11->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR)SO_PIN, sizeof(SO_PIN) - 1) != CKR_OK ||
	    p11->C_InitPIN(session, (CK_UTF8CHAR_PTR)USER_PIN, sizeof(USER_PIN) - 1) != CKR_OK)
		return 0;
	p11->C_Finalize(NULL);
	return (int)slots[0];
}

/* The object's own use: what was acknowledged is not only listed. */
static bool usable(CK_SESSION_HANDLE session, unsigned thread, uint32_t number, CK_OBJECT_HANDLE handle)
{
	enum kind kind = shared->journal[thread].entry[number].kind;
	CK_MECHANISM mechanism = {kind == KIND_AES ? CKM_AES_ECB : CKM_ECDSA, NULL, 0};
	uint8_t in[32] = {1}, out[128];
	CK_ULONG size = sizeof(out);
	CK_ATTRIBUTE value = {CKA_VALUE, out, sizeof(out)};
	char label[LABEL_SIZE];

	switch (kind) {
	case KIND_EC_PRIVATE:
		return p11->C_SignInit(session, &mechanism, handle) == CKR_OK &&
		       p11->C_Sign(session, in, sizeof(in), out, &size) == CKR_OK && size == 64;
	case KIND_AES:
		return p11->C_EncryptInit(session, &mechanism, handle) == CKR_OK &&
		       p11->C_Encrypt(session, in, sizeof(in), out, &size) == CKR_OK && size == sizeof(in);
	case KIND_EC_PUBLIC:
		value.type = CKA_EC_POINT;
		return p11->C_GetAttributeValue(session, handle, &value, 1) == CKR_OK && value.ulValueLen == 67;
	case KIND_PUBLIC_DATA:
	case KIND_PRIVATE_DATA:
		break;
	}
	label_of(thread, number, kind, label);
	return p11->C_GetAttributeValue(session, handle, &value, 1) == CKR_OK &&
	       value.ulValueLen == strlen(label) && !memcmp(out, label, strlen(label));
}

struct census {
	unsigned missing, revived, doubled, moved, useless, halves;
	CK_ULONG present;
	unsigned maybe, maybe_present;
};

static CK_ULONG census_entry(CK_SESSION_HANDLE session, unsigned thread, uint32_t number, struct census *c)
{
	const struct entry *e = &shared->journal[thread].entry[number];
	CK_OBJECT_HANDLE handle[2] = {0};
	CK_ULONG found = 0;
	CK_RV rv = find_entry(session, thread, number, handle, &found);

	if (rv != CKR_OK) {
		printf("# find %u-%u: 0x%lx\n", thread, number, rv);
		c->missing++;
		return 0;
	}
	c->present += found;
	c->doubled += found > 1;
	c->missing += e->state == STATE_THERE && !found;
	c->revived += e->state == STATE_GONE && found;
	c->moved += e->state == STATE_THERE && found && handle[0] != e->handle;
	c->useless += found && !usable(session, thread, number, handle[0]);
	c->maybe += e->state == STATE_MAYBE;
	c->maybe_present += e->state == STATE_MAYBE && found;
	return found;
}

static void take_census(CK_SESSION_HANDLE session, struct census *c)
{
	for (unsigned thread = 0; thread < PROCESSES * THREADS; thread++) {
		const struct journal *j = &shared->journal[thread];
		CK_ULONG before = 0;

		for (uint32_t n = 0; n < j->count; n++) {
			CK_ULONG found = census_entry(session, thread, n, c);

			/* A pair that was never acknowledged is there as a whole or not at all. */
			if (j->entry[n].kind == KIND_EC_PRIVATE && !j->entry[n].handle && found != before)
				c->halves++;
			before = found;
		}
	}
}

static int inspect(const char *module)
{
	static CK_OBJECT_HANDLE all[PROCESSES * THREADS * ENTRIES];
	CK_SESSION_HANDLE session = 0;
	struct census c = {0};
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE token = {CKA_TOKEN, &yes, sizeof(yes)};
	CK_ULONG count = 0;

	ok(load(module) && p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) == CKR_OK &&
		   p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)USER_PIN, sizeof(USER_PIN) - 1) == CKR_OK,
	   "the token takes a login");
	take_census(session, &c);
	ok(!c.missing, "each acknowledged object is there (%u are not)", c.missing);
	ok(!c.revived, "no destroyed one is (%u are)", c.revived);
	ok(!c.doubled, "none was made twice (%u were)", c.doubled);
	ok(!c.moved, "each has its handle (%u have another)", c.moved);
	ok(!c.useless, "each has its value, or works as a key (%u do not)", c.useless);
	ok(!c.halves, "no half of a pair is there alone (%u are)", c.halves);
	if (find(session, &token, 1, all, sizeof(all) / sizeof(*all), &count) != CKR_OK)
		count = CK_UNAVAILABLE_INFORMATION;
	ok(count == c.present, "nothing else is there (%lu objects, %lu of them known)", count, c.present);
	printf("# %u calls were not acknowledged on an object; %u of these are there\n", c.maybe, c.maybe_present);
	fflush(stdout);
	return 0;
}

/* ---- the killer ---- */

/* Of one that is not dead and waiting to be reaped; else 0. */
static pid_t parent_of(pid_t pid)
{
	char path[64], state = 'Z';
	long parent = 0;
	FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%*d (%*[^)]) %c %ld", &state, &parent) != 2 || state == 'Z')
		parent = 0;
	if (f)
		fclose(f);
	return (pid_t)parent;
}

static bool is_daemon(pid_t pid)
{
	char path[64], name[16] = "";
	FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%ld/comm", (long)pid);
	f = fopen(path, "re");
	if (f && !fgets(name, sizeof(name), f))
		name[0] = '\0';
	if (f)
		fclose(f);
	return !strncmp(name, "keyclaved", 9);
}

/* A daemon is started as nobody's child; we are the reaper of all that our processes leave behind. */
static bool daemon_find(pid_t *keeper, pid_t *worker)
{
	DIR *proc = opendir("/proc");
	struct dirent *d = NULL;

	*keeper = *worker = 0;
	while (proc && (d = readdir(proc))) {
		pid_t pid = (pid_t)atol(d->d_name);

		if (pid > 1 && parent_of(pid) == getpid() && is_daemon(pid))
			*keeper = pid;
	}
	if (proc)
		rewinddir(proc);
	while (*keeper && proc && (d = readdir(proc))) {
		pid_t pid = (pid_t)atol(d->d_name);

		if (pid > 1 && parent_of(pid) == *keeper)
			*worker = pid;
	}
	if (proc)
		closedir(proc);
	return *keeper && *worker;
}

static pid_t child(const char *module, unsigned number, unsigned seed)
{
	pid_t pid = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(process_main(module, number, seed));
	return pid;
}

enum victim { VICTIM_WORKER, VICTIM_BOTH, VICTIM_KEEPER, VICTIMS };

/* False: there is no daemon just now. */
static bool kill_daemon(enum victim victim)
{
	pid_t keeper = 0, worker = 0;

	if (!daemon_find(&keeper, &worker))
		return false;
	if (victim != VICTIM_WORKER)
		kill(keeper, SIGKILL);
	if (victim != VICTIM_KEEPER)
		kill(worker, SIGKILL);
	return true;
}

static enum victim choose(unsigned *seed)
{
	unsigned side = (unsigned)rand_r(seed) % 16;

	return side == 0 ? VICTIM_KEEPER : side <= 2 ? VICTIM_BOTH : VICTIM_WORKER;
}

/*
 * To any moment: while the daemon comes up and logins are resumed, or after some calls. Some have to get
 * through, or nothing would be acknowledged.
 */
static void wait_for_work(unsigned *seed)
{
	unsigned calls = shared->calls + (unsigned)rand_r(seed) % 40;
	int64_t end = now_ms() + 10000; /* on a busy machine; else it takes as long as a worker starts */

	poll(NULL, 0, rand_r(seed) % 50);
	if (rand_r(seed) % 4 == 0)
		return;
	while (now_ms() < end && (int)(calls - shared->calls) > 0)
		poll(NULL, 0, 1);
}

static unsigned kill_rounds(unsigned rounds, unsigned seconds, unsigned seed, const pid_t pid[PROCESSES])
{
	int64_t begun = now_ms(), end = begun + (int64_t)seconds * 1000;
	unsigned kills[VICTIMS] = {0}, round = 0;
	bool gone = false;

	while (round < rounds && now_ms() < end && !gone) {
		enum victim victim = choose(&seed);
		pid_t dead = 0;

		wait_for_work(&seed);
		if (kill_daemon(victim)) {
			kills[victim]++;
			round++;
		}
		while ((dead = waitpid(-1, NULL, WNOHANG)) > 0)
			for (unsigned i = 0; i < PROCESSES; i++)
				gone |= dead == pid[i];
	}
	ok(!gone, "the processes live on");
	printf("# %u rounds in %.1f s: %u times the worker was killed, %u times both, %u times the keeper\n", round,
	       (double)(now_ms() - begun) / 1000, kills[VICTIM_WORKER], kills[VICTIM_BOTH],
	       kills[VICTIM_KEEPER]);
	return round;
}

static bool finish(pid_t pid)
{
	int64_t end = now_ms() + 20000;
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() > end) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return false;
		}
		poll(NULL, 0, 10);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* There times say nothing, and test_death.sh sets a longer connect-timeout. */
static bool in_sanitizer_build(void)
{
	const char *sanitizers = getenv("KC_SANITIZERS");

	return sanitizers && *sanitizers;
}

static void report(double seconds, unsigned rounds)
{
	struct journal sum = {.count = 0};

	for (unsigned i = 0; i < PROCESSES * THREADS; i++) {
		const struct journal *j = &shared->journal[i];

		sum.created += j->created;
		sum.destroyed += j->destroyed;
		sum.found += j->found;
		sum.logins += j->logins;
		sum.unanswered += j->unanswered;
		sum.wrong += j->wrong;
		sum.slowest = j->slowest_ms > sum.slowest_ms ? j->slowest : sum.slowest;
		sum.slowest_ms = j->slowest_ms > sum.slowest_ms ? j->slowest_ms : sum.slowest_ms;
	}
	printf("# %llu objects created, %llu destroyed, %llu finds, %llu logins: %.0f calls a second; "
	       "the slowest, a %s, took %lld ms\n",
	       sum.created, sum.destroyed, sum.found, sum.logins,
	       (double)(sum.created + sum.destroyed + sum.found + sum.logins) / seconds,
	       sum.slowest ? sum.slowest : "call", (long long)sum.slowest_ms);
	/* By the round, since a slow machine plays fewer of them. */
	ok(sum.created > 2 * rounds && sum.destroyed > rounds && sum.found > rounds && sum.logins > 0,
	   "work was done");
	ok(!sum.wrong, "no answer was wrong (%llu were)", sum.wrong);
	ok(in_sanitizer_build() || sum.slowest_ms < SLOWEST_MS, "no call waited twice for a daemon that was gone");
	ok(sum.unanswered * 20 < shared->calls, "the daemon was back in time: %llu of %u calls got no answer",
	   sum.unanswered, shared->calls);
}

/* FUNCTION in a process of its own: the module is loaded and gone with it. */
static int apart(int (*function)(const char *), const char *module)
{
	int status = 0;
	pid_t pid = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(function(module));
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[2]) : 0;
	unsigned seconds = argc > 3 ? (unsigned)atoi(argv[3]) : 0;
	unsigned seed = argc > 4 ? (unsigned)atoi(argv[4]) : (unsigned)time(NULL);
	unsigned done = 0;
	pid_t pid[PROCESSES];
	int64_t begun = 0;
	int number = 0;

	if (!rounds || !seconds)
		return 2;
	printf("# seed %u\n", seed);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	number = apart(set_up, argv[1]);
	if (!ok(number > 0, "a token is made"))
		return 1;
	slot = (CK_SLOT_ID)number;
	begun = now_ms();
	for (unsigned i = 0; i < PROCESSES; i++)
		pid[i] = child(argv[1], i, seed);
	done = kill_rounds(rounds, seconds, seed, pid);
	shared->stop = true;
	for (unsigned i = 0; i < PROCESSES; i++)
		ok(finish(pid[i]), "process %u ends well", i);
	ok(done >= rounds / 4 + 1, "%u rounds were played", done);
	report((double)(now_ms() - begun) / 1000, done);
	/* Nothing may live in a worker's memory only. */
	(void)kill_daemon(VICTIM_BOTH);
	ok(apart(inspect, argv[1]) == 0, "the token is whole");
	printf("1..%u\n", shared->tests);
	return shared->failures ? 1 : 0;
}
