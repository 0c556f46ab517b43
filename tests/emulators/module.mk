# SPDX-License-Identifier: Apache-2.0
# Emulators of the kernel's interfaces, and what signs their evidence: a test authority of our own, in an archive that
# unit tests link too. Nothing here is installed.
check_LIBRARIES += %D%/libkc-signers.a
KC_SIGNERS = %D%/libkc-signers.a
%C%_libkc_signers_a_SOURCES = \
	%D%/test_ca.c %D%/test_ca.h
