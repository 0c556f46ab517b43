# SPDX-License-Identifier: Apache-2.0
# conformance: shell tests (TAP through tests/lib/tap.sh) and the programs that they run.
#	conformance_tests += %D%/test_<what>.sh         in make check
#	long_tests += %D%/test_<what>.sh         in make check-long only
#	EXTRA_DIST += %D%/test_<what>.sh
#	check_PROGRAMS += %D%/<program>

# The differential suite: the same calls against SoftHSM2 and against our module.
check_PROGRAMS += %D%/conformance
%C%_conformance_SOURCES = \
	%D%/attribute.c %D%/cipher.c %D%/conformance.h %D%/digest.c %D%/dual.c %D%/every_call.c %D%/find.c %D%/general.c \
	%D%/key.c %D%/object.c %D%/pin.c %D%/record.c %D%/record.h %D%/recover.c %D%/runner.c %D%/sample.c %D%/sample.h \
	%D%/sample_values.c %D%/session.c %D%/sign.c %D%/slot.c %D%/version3.c \
	%D%/wrap.c
%C%_conformance_LDADD =
conformance_tests += %D%/differential.sh
conformance_tests += %D%/expected.sh
EXTRA_DIST += %D%/differential.sh %D%/differences.txt %D%/expected.sh %D%/expected.txt %D%/lines.sh

# The interfaces of 3.0, the module's dependencies and its exported names.
check_PROGRAMS += %D%/interface
%C%_interface_SOURCES = %D%/interface.c
%C%_interface_LDADD =
conformance_tests += %D%/test_interface.sh
EXTRA_DIST += %D%/test_interface.sh
