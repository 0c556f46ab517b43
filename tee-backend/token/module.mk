# SPDX-License-Identifier: Apache-2.0
# token, level 4. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-token.a
KC_LIBS += %D%/libkc-token.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_token_a_SOURCES = \
	%D%/batch.c %D%/batch.h \
	%D%/commit.c %D%/commit.h \
	%D%/commit_stage.c \
	%D%/counter.c %D%/counter.h \
	%D%/damage.c %D%/damage.h \
	%D%/derivation.c %D%/derivation.h \
	%D%/discard.c %D%/discard.h \
	%D%/ended.c %D%/ended.h \
	%D%/evidence.c \
	%D%/index.c %D%/index.h \
	%D%/internal.h \
	%D%/migration.c \
	%D%/object.c %D%/object.h \
	%D%/object_change.c \
	%D%/object_key.c %D%/object_key.h \
	%D%/object_make.c \
	%D%/object_permits.c \
	%D%/object_rules.c %D%/object_rules.h \
	%D%/object_state.h \
	%D%/objects.c %D%/objects.h \
	%D%/once.c %D%/once.h \
	%D%/pin.c %D%/pin.h \
	%D%/record.c %D%/record.h \
	%D%/token.c %D%/token.h \
	%D%/token_load.c \
	%D%/token_pin.c \
	%D%/token_store.c
