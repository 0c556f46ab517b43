# SPDX-License-Identifier: Apache-2.0
# token, level 4. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-token.a
KC_LIBS += %D%/libkc-token.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_token_a_SOURCES = \
	%D%/evidence.c \
	%D%/internal.h \
	%D%/object.c %D%/object.h \
	%D%/object_change.c \
	%D%/object_key.c %D%/object_key.h \
	%D%/object_make.c \
	%D%/object_permits.c \
	%D%/object_rules.c %D%/object_rules.h \
	%D%/object_state.h \
	%D%/token.h
