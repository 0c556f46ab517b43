# SPDX-License-Identifier: Apache-2.0
# platform, level 1. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-platform.a
KC_LIBS += %D%/libkc-platform.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_platform_a_SOURCES = \
	%D%/hkdf.c %D%/hkdf.h \
	%D%/notee.c \
	%D%/platform.c %D%/platform.h \
	%D%/platform_ops.h
