# SPDX-License-Identifier: Apache-2.0
# verifier, level 1: evidence and a policy to a verdict.
noinst_LTLIBRARIES += %D%/libkc-verifier.la
KC_LIBS += %D%/libkc-verifier.la
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_verifier_la_SOURCES = \
	%D%/claims.c %D%/claims.h \
	%D%/cmw.c %D%/cmw.h \
	%D%/notee.c %D%/notee.h \
	%D%/verifier.c %D%/verifier.h
