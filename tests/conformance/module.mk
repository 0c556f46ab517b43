# SPDX-License-Identifier: Apache-2.0
# conformance: shell tests (TAP through tests/lib/tap.sh) and the programs that they run.
#	conformance_tests += %D%/test_<what>.sh         in make check
#	long_tests += %D%/test_<what>.sh         in make check-long only
#	EXTRA_DIST += %D%/test_<what>.sh
#	check_PROGRAMS += %D%/<program>
