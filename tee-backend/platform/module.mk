# SPDX-License-Identifier: Apache-2.0
# platform, level 1. The form of this fragment is in the top Makefile.am.
noinst_LTLIBRARIES += %D%/libkc-platform.la
KC_LIBS += %D%/libkc-platform.la
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_platform_la_SOURCES = \
	%D%/hkdf.c %D%/hkdf.h \
	%D%/notee.c \
	%D%/platform.c %D%/platform.h \
	%D%/platform_ops.h
