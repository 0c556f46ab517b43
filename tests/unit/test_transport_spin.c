/* SPDX-License-Identifier: Apache-2.0 */
/* transport/spin.c on a clock of the test's own: when it spins, for how long, and when it leaves off. */
#include "config.h"

#include <sched.h>
#include <time.h>

#include "transport/spin.h"
#include "cmocka_test.h"

#define LIMIT_US 500

static int64_t now_ns = 1000000000000;
static unsigned yields;

int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	*time = (struct timespec){.tv_sec = now_ns / 1000000000, .tv_nsec = now_ns % 1000000000};
	return 0;
}

static int64_t yield_ns = 1000;

int __wrap_sched_yield(void);
int __wrap_sched_yield(void)
{
	now_ns += yield_ns;
	yields++;
	return 0;
}

/* A wait for what comes after ANSWER_US if it is looked for, and WAKE_US later if we sleep by then. True: it spun. */
static bool wait_once(struct spin *spin, int64_t answer_us, int64_t wake_us)
{
	int64_t answer = now_ns + answer_us * 1000;
	bool there = false;

	yields = 0;
	spin_begin(spin, LIMIT_US);
	while (!there && spin_again(spin))
		there = now_ns >= answer;
	if (!there)
		now_ns = (answer > now_ns ? answer : now_ns) + wake_us * 1000;
	spin_end(spin);
	return yields > 0;
}

static unsigned spun(struct spin *spin, unsigned waits, int64_t answer_us, int64_t wake_us)
{
	unsigned count = 0;

	for (unsigned i = 0; i < waits; i++)
		count += wait_once(spin, answer_us, wake_us);
	return count;
}

/* The first ones block, as many then spin: that is the comparison. */
static void compare(struct spin *spin, int64_t answer_us, int64_t wake_us)
{
	assert_int_equal(spun(spin, 16, answer_us, wake_us), 0);
	assert_int_equal(spun(spin, 16, answer_us, wake_us), 16);
}

static void test_pays(void **state)
{
	struct spin spin = {0};

	(void)state;
	compare(&spin, 330, 120);
	assert_int_equal(spun(&spin, 1024, 330, 120), 1024);
	/* It is compared again, and what has changed is noticed. */
	compare(&spin, 330, 5);
	assert_int_equal(spun(&spin, 1024, 330, 5), 0);
	compare(&spin, 20, 50);
	assert_int_equal(spun(&spin, 10, 20, 50), 10);
}

static void test_does_not_pay(void **state)
{
	struct spin spin = {0};

	(void)state;
	/* What is saved is less than a good part. */
	compare(&spin, 330, 20);
	assert_int_equal(spun(&spin, 1024, 330, 20), 0);
}

/* What never comes in time is spun for a few times only, and at ever longer intervals. */
static void test_in_vain(void **state)
{
	struct spin spin = {0};

	(void)state;
	for (unsigned rest = 64; rest <= 4096; rest *= 2) {
		assert_int_equal(spun(&spin, 16, 2000, 120), 0);
		assert_int_equal(spun(&spin, 4, 2000, 120), 4);
		assert_int_equal(spun(&spin, rest - 1, 2000, 120), 0);
	}
	/* Spins that pay bring the interval down again. */
	for (unsigned i = 0; i < 8; i++) {
		compare(&spin, 330, 120);
		assert_int_equal(spun(&spin, 1024, 330, 120), 1024);
	}
	compare(&spin, 330, 120);
	assert_int_equal(spun(&spin, 4, 2000, 120), 4);
	assert_int_equal(spun(&spin, 63, 330, 120), 0);
	compare(&spin, 330, 120);
	/* One that did not is no reason. */
	assert_true(wait_once(&spin, 2000, 120));
	assert_true(wait_once(&spin, 330, 120));
}

/* Others computed here while we gave way: at once no more. */
static void test_crowded(void **state)
{
	struct spin spin = {0};

	(void)state;
	compare(&spin, 330, 120);
	assert_int_equal(spun(&spin, 10, 330, 120), 10);
	yield_ns = 3000000;
	assert_true(wait_once(&spin, 330, 120));
	assert_int_equal(yields, 1);
	yield_ns = 1000;
	assert_int_equal(spun(&spin, 63, 330, 120), 0);
	/* Whereas a peer that computes here for a time is no reason. */
	compare(&spin, 330, 120);
	yield_ns = 330000;
	assert_int_equal(spun(&spin, 100, 330, 120), 100);
	yield_ns = 1000;
}

static void test_ends(void **state)
{
	struct spin spin = {0};

	(void)state;
	assert_int_equal(spun(&spin, 16, 700, 0), 0);
	assert_true(wait_once(&spin, 700, 0));
	assert_int_equal(yields, LIMIT_US);
}

/* One wait that took very long, of either kind, does not decide. */
static void test_outlier(void **state)
{
	struct spin spin = {0};

	(void)state;
	assert_int_equal(spun(&spin, 16, 330, 200), 0);
	assert_int_equal(spun(&spin, 15, 330, 200), 15);
	assert_true(wait_once(&spin, 5000000, 0));
	assert_int_equal(spun(&spin, 1024, 330, 200), 1024);
	assert_int_equal(spun(&spin, 15, 330, 5), 0);
	assert_false(wait_once(&spin, 5000000, 0));
	assert_int_equal(spun(&spin, 16, 330, 5), 16);
	assert_int_equal(spun(&spin, 1024, 330, 5), 0);
}

/* A wait that ended otherwise (a timeout, the connection's end) is not counted. */
static void test_given_up(void **state)
{
	struct spin spin = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		spin_begin(&spin, LIMIT_US);
		assert_false(spin_again(&spin));
		now_ns += 20000000;
	}
	compare(&spin, 330, 120);
	assert_int_equal(spun(&spin, 10, 330, 120), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pays),    cmocka_unit_test(test_does_not_pay), cmocka_unit_test(test_in_vain),
		cmocka_unit_test(test_crowded), cmocka_unit_test(test_ends),         cmocka_unit_test(test_outlier),
		cmocka_unit_test(test_given_up),
	};

	return cmocka_run_group_tests_name("transport/spin", tests, NULL, NULL);
}
