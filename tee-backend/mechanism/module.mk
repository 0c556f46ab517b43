# SPDX-License-Identifier: Apache-2.0
# mechanism, level 1. The form of this fragment is in the top Makefile.am.
include_HEADERS += %D%/keyclave.h
noinst_LIBRARIES += %D%/libkc-mechanism.a
KC_LIBS += %D%/libkc-mechanism.a
%C%_libkc_mechanism_a_SOURCES = \
	%D%/attribute.c %D%/attribute.h \
	%D%/attribute_rows.c \
	%D%/attribute_set.c %D%/attribute_set.h \
	%D%/attribute_template.c %D%/attribute_template.h \
	%D%/attribute_usage.c %D%/attribute_usage.h \
	%D%/cryptoki.h \
	%D%/mechanism.c %D%/mechanism.h \
	%D%/mechanism_curve.c \
	%D%/mechanism_rows.c \
	%D%/native.c %D%/native.h
