/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Benchmark of PKCS#11 modules against libcrypto in the same process. Each row of the table is measured in turns:
 * libcrypto, each module, libcrypto, ... so that a change of the machine's load meets all alike. What is
 * printed is the median of the runs; a ratio is the median of the runs' ratios. tests/bench/run.sh sets it up.
 */
#include "config.h"

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define MODULES_MAX 3
#define THREADS_MAX 16
#define RUNS_MAX 99
#define SAMPLES_MAX 400000 /* latencies of one thread and run; the rest is counted only */

static const struct row rows[] = {
	{"sign RSA-2048", WORK_RSA, 0},
	{"sign P-256", WORK_P256, 0},
	{"sign Ed25519", WORK_ED25519, 0},
	{"AES-GCM 1 KiB", WORK_GCM, 1024},
	{"AES-GCM 16 KiB", WORK_GCM, 16384},
	{"HMAC-SHA-256 1 KiB", WORK_HMAC, 1024},
	{"random 32 bytes", WORK_RANDOM, 32},
	{"find by label", WORK_FIND, 0},
	{"make P-256 token key", WORK_KEYGEN, 0},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* Implementation 0 is libcrypto. */
struct bench {
	const char *name[MODULES_MAX + 1];
	const char *path[MODULES_MAX + 1];
	struct module *module[MODULES_MAX + 1];
	unsigned count;
	const char *token, *pin;
	const char *only;
	unsigned runs, ms, objects;
	unsigned threads[4], thread_counts;
	bool json;
};

struct figures {
	double rate[RUNS_MAX], p50[RUNS_MAX], p99[RUNS_MAX], ratio[RUNS_MAX];
	bool there;
};

/* ---- one run ---- */

struct worker {
	struct raw *raw;
	struct job *job;
	pthread_barrier_t *barrier;
	int64_t for_ns;
	uint32_t *sample; /* ns */
	size_t samples;
	uint64_t count;
	int64_t begun, ended;
	bool failed;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool work_once(const struct worker *w)
{
	return w->raw ? raw_do(w->raw) : job_do(w->job);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	int64_t before = 0, now = 0;

	/* What is done once only: a connection, a key's description, an algorithm's fetch. */
	for (int i = 0; i < 3 && !w->failed; i++)
		w->failed = !work_once(w);
	pthread_barrier_wait(w->barrier);
	now = w->begun = now_ns();
	while (!w->failed && now - w->begun < w->for_ns) {
		before = now;
		w->failed = !work_once(w);
		now = now_ns();
		if (w->samples < SAMPLES_MAX)
			w->sample[w->samples++] = (uint32_t)(now - before < UINT32_MAX ? now - before : UINT32_MAX);
		w->count++;
	}
	w->ended = now;
	return NULL;
}

static int compare_samples(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void summarise(const struct worker *w, unsigned threads, uint32_t *all, struct figures *f, unsigned run)
{
	size_t count = 0;

	f->rate[run] = 0;
	for (unsigned i = 0; i < threads; i++) {
		memcpy(all + count, w[i].sample, w[i].samples * sizeof(*all));
		count += w[i].samples;
		f->rate[run] += (double)w[i].count * 1e9 / (double)(w[i].ended - w[i].begun);
	}
	qsort(all, count, sizeof(*all), compare_samples);
	f->p50[run] = all[count / 2] / 1e3;
	f->p99[run] = all[count - 1 - count / 100] / 1e3;
}

/* False: the implementation has no such row. A failure ends the program. */
static bool measure(const struct bench *b, unsigned which, const struct row *row, unsigned threads, unsigned run,
		    struct figures *f)
{
	static uint32_t all[THREADS_MAX * SAMPLES_MAX], sample[THREADS_MAX][SAMPLES_MAX];
	struct worker w[THREADS_MAX] = {{0}};
	pthread_t id[THREADS_MAX];
	pthread_barrier_t barrier;
	bool there = true, failed = false;

	pthread_barrier_init(&barrier, NULL, threads);
	for (unsigned i = 0; i < threads; i++) {
		w[i].barrier = &barrier;
		w[i].for_ns = (int64_t)b->ms * 1000000;
		w[i].sample = sample[i];
		if (which == 0)
			w[i].raw = raw_new(row);
		else
			w[i].job = job_new(b->module[which], row, i);
		there = there && (w[i].raw || w[i].job);
	}
	for (unsigned i = 0; there && i < threads; i++)
		if (pthread_create(&id[i], NULL, worker_main, &w[i]))
			exit(1);
	for (unsigned i = 0; there && i < threads; i++) {
		pthread_join(id[i], NULL);
		failed = failed || w[i].failed;
	}
	if (failed) {
		fprintf(stderr, "bench: %s fails at %s\n", b->name[which], row->name);
		exit(1);
	}
	if (there)
		summarise(w, threads, all, f, run);
	for (unsigned i = 0; i < threads; i++) {
		raw_free(&w[i].raw);
		job_free(&w[i].job);
	}
	pthread_barrier_destroy(&barrier);
	return there;
}

/* ---- the table ---- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(const double *values, unsigned count)
{
	double sorted[RUNS_MAX];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), compare_doubles);
	return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static void ratio_of(struct figures *f, const struct figures *to, unsigned runs, double *ratio)
{
	*ratio = 0;
	if (!f->there || !to->there)
		return;
	for (unsigned i = 0; i < runs; i++)
		f->ratio[i] = f->rate[i] / to->rate[i];
	*ratio = median(f->ratio, runs);
}

static void print_ratio(const struct bench *b, const char *to, double ratio)
{
	if (b->json && ratio > 0)
		printf(", \"to %s\": %.3f", to, ratio);
	else if (!b->json && ratio > 0)
		printf(" %9.2f", ratio);
	else if (!b->json)
		printf(" %9s", "-");
}

static void print_figures(const struct bench *b, const struct row *row, unsigned threads, struct figures *f)
{
	static bool more;

	for (unsigned i = 0; i < b->count; i++) {
		double rate = median(f[i].rate, b->runs), p50 = median(f[i].p50, b->runs),
		       p99 = median(f[i].p99, b->runs);

		if (!f[i].there)
			continue;
		if (b->json)
			printf("%s\n    {\"row\": \"%s\", \"threads\": %u, \"module\": \"%s\", \"per second\": %.1f, "
			       "\"p50 us\": %.2f, \"p99 us\": %.2f",
			       more ? "," : "", row->name, threads, b->name[i], rate, p50, p99);
		else
			printf("%-21s %7u  %-10s %10.0f %10.1f %10.1f", row->name, threads, b->name[i], rate, p50, p99);
		more = true;
		for (unsigned to = 0; to < b->count; to++) {
			double ratio = 0;

			if (to == 1 && b->count > 2)
				continue; /* the module in question */
			if (to != i)
				ratio_of(&f[i], &f[to], b->runs, &ratio);
			print_ratio(b, b->name[to], ratio);
		}
		printf(b->json ? "}" : "\n");
	}
	fflush(stdout);
}

static void print_head(const struct bench *b)
{
	if (b->json) {
		printf("{\"runs\": %u, \"milliseconds a run\": %u, \"objects\": %u, \"figures\": [", b->runs, b->ms,
		       b->objects);
		return;
	}
	printf("%u runs of %u ms, %u objects; to ...: operations per second as a ratio to it\n\n", b->runs, b->ms,
	       b->objects);
	printf("%-21s %7s  %-10s %10s %10s %10s", "", "threads", "", "per s", "p50 us", "p99 us");
	for (unsigned i = 0; i < b->count; i++)
		if (i != 1 || b->count <= 2)
			printf(" to %-6.6s", b->name[i]);
	printf("\n");
}

static void bench_row(const struct bench *b, const struct row *row, unsigned threads)
{
	static struct figures f[MODULES_MAX + 1];

	for (unsigned i = 0; i < b->count; i++)
		f[i].there = true;
	for (unsigned run = 0; run < b->runs; run++)
		for (unsigned i = 0; i < b->count; i++)
			if (f[i].there)
				f[i].there = measure(b, i, row, threads, run, &f[i]);
	print_figures(b, row, threads, f);
}

/* ---- arguments ---- */

static int usage(void)
{
	fprintf(stderr,
		"usage: bench [--json] [--runs N] [--ms N] [--objects N] [--threads N[,N...]] [--only ROW]\n"
		"             --token LABEL --pin PIN --module NAME=PATH [--module NAME=PATH]\n");
	return 2;
}

static bool add_module(struct bench *b, char *argument)
{
	char *equals = strchr(argument, '=');

	if (!equals || b->count > MODULES_MAX)
		return false;
	*equals = 0;
	b->name[b->count] = argument;
	b->path[b->count++] = equals + 1;
	return true;
}

static bool set_threads(struct bench *b, const char *argument)
{
	char *end = NULL;

	b->thread_counts = 0;
	do {
		unsigned long n = strtoul(argument, &end, 10);

		if (end == argument || n < 1 || n > THREADS_MAX ||
		    b->thread_counts == sizeof(b->threads) / sizeof(b->threads[0]))
			return false;
		b->threads[b->thread_counts++] = (unsigned)n;
		argument = end + 1;
	} while (*end == ',');
	return *end == 0;
}

static bool parse(struct bench *b, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},          {"runs", required_argument, NULL, 'r'},
		{"ms", required_argument, NULL, 's'},      {"objects", required_argument, NULL, 'o'},
		{"threads", required_argument, NULL, 't'}, {"only", required_argument, NULL, 'y'},
		{"token", required_argument, NULL, 'l'},   {"pin", required_argument, NULL, 'p'},
		{"module", required_argument, NULL, 'm'},  {NULL, 0, NULL, 0},
	};
	bool good = true;
	int option = 0;

	while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			b->json = true;
		else if (option == 'r')
			b->runs = (unsigned)atoi(optarg);
		else if (option == 's')
			b->ms = (unsigned)atoi(optarg);
		else if (option == 'o')
			b->objects = (unsigned)atoi(optarg);
		else if (option == 'l')
			b->token = optarg;
		else if (option == 'p')
			b->pin = optarg;
		else if (option == 'y')
			b->only = optarg;
		else if (option == 't')
			good = set_threads(b, optarg);
		else
			good = option == 'm' && add_module(b, optarg);
	}
	return good && optind == argc && b->token && b->pin && b->count > 1 && b->runs >= 1 && b->runs <= RUNS_MAX &&
	       b->ms >= 1 && b->objects >= 1;
}

int main(int argc, char **argv)
{
	struct bench b = {.name = {"libcrypto"}, .count = 1, .runs = 5, .ms = 1000, .objects = 1000,
			  .threads = {1, 2}, .thread_counts = 2};

	if (!parse(&b, argc, argv))
		return usage();
	for (unsigned i = 1; i < b.count; i++) {
		b.module[i] = module_new(b.path[i], b.token, b.pin, b.objects);
		if (!b.module[i])
			return 1;
	}
	print_head(&b);
	for (size_t i = 0; i < ROWS; i++)
		for (unsigned t = 0; t < b.thread_counts; t++)
			if (!b.only || strstr(rows[i].name, b.only))
				bench_row(&b, &rows[i], b.threads[t]);
	if (b.json)
		printf("\n]}\n");
	for (unsigned i = 1; i < b.count; i++)
		module_free(&b.module[i]);
	return 0;
}
