# SPDX-License-Identifier: Apache-2.0
# keys, level 3. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-keys.a
KC_LIBS += %D%/libkc-keys.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_keys_a_SOURCES = \
	%D%/binding.c %D%/binding.h \
	%D%/derive.c %D%/derive.h \
	%D%/head.c %D%/head.h \
	%D%/hierarchy.c %D%/hierarchy.h \
	%D%/hpke.c %D%/hpke.h \
	%D%/migration.c %D%/migration.h \
	%D%/migration_policy.c %D%/migration_policy.h \
	%D%/recovery.c %D%/recovery.h \
	%D%/rotate.c %D%/rotate.h \
	%D%/seal.c %D%/seal.h \
	%D%/slot.c %D%/slot.h \
	%D%/update.c %D%/update.h
