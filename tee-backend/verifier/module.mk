# SPDX-License-Identifier: Apache-2.0
# verifier, level 1: evidence and a policy to a verdict.
noinst_LIBRARIES += %D%/libkc-verifier.a
KC_LIBS += %D%/libkc-verifier.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_verifier_a_SOURCES = \
	%D%/claims.c %D%/claims.h \
	%D%/cmw.c %D%/cmw.h \
	%D%/notee.c %D%/notee.h \
	%D%/verifier.c %D%/verifier.h
