# SPDX-License-Identifier: Apache-2.0
# What all tests share: the runner of automake's log driver and the shell tests' library.
EXTRA_DIST += %D%/run-test %D%/tap.sh
EXTRA_DIST += %D%/scratch.h %D%/captured_log.h
