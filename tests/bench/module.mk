# SPDX-License-Identifier: Apache-2.0
# bench: one program, built by make check and run by hand through run.sh; its smoke test is in make check.
check_PROGRAMS += %D%/bench
%C%_bench_SOURCES = %D%/bench.c %D%/bench.h %D%/bench_module.c %D%/bench_raw.c
%C%_bench_LDADD = $(LIBCRYPTO_LIBS) -ldl
dist_noinst_SCRIPTS += %D%/run.sh
integration_tests += %D%/test_bench.sh
EXTRA_DIST += %D%/test_bench.sh
