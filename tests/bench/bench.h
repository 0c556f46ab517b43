/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the benchmark share: the rows of its table, and the three calls by which each
 * implementation does a row's work in one thread.
 */
#ifndef KEYCLAVE_TESTS_BENCH_H
#define KEYCLAVE_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum work {
	WORK_RSA,     /* PKCS #1 v1.5 signature over a SHA-256 hash, RSA-2048 */
	WORK_P256,    /* ECDSA over a SHA-256 hash */
	WORK_ED25519, /* of 32 bytes */
	WORK_GCM,     /* AES-128-GCM encryption of .size bytes, a new IV each time */
	WORK_HMAC,    /* HMAC-SHA-256 of .size bytes */
	WORK_RANDOM,  /* .size bytes */
	WORK_FIND,    /* by label, among the objects of --objects */
	WORK_KEYGEN,  /* P-256 key pair, kept in the token */
};

struct row {
	const char *name;
	enum work work;
	size_t size;
};

#define BENCH_SIZE_MAX 16384
#define BENCH_LABEL "bench-%04u"

/* libcrypto in this process: algorithms fetched before, contexts reused. NULL: it has no such row. */
struct raw;
struct raw *raw_new(const struct row *row);
bool raw_do(struct raw *raw);
void raw_free(struct raw **raw);

/* A module: loaded, initialised, logged in, its keys and OBJECTS data objects made. NULL: was reported. */
struct module;
struct module *module_new(const char *path, const char *token, const char *pin, unsigned objects);
void module_free(struct module **module);

/* One thread's work on it. NULL: it has no such mechanism. */
struct job;
struct job *job_new(struct module *module, const struct row *row, unsigned thread);
bool job_do(struct job *job);
/* What the job made in the token goes with it. */
void job_free(struct job **job);

#endif
