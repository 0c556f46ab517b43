# SPDX-License-Identifier: Apache-2.0
# blobstore, level 2. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-blobstore.a
KC_LIBS += %D%/libkc-blobstore.a
KC_EXTERNAL_LIBS += $(SQLITE_LIBS)
%C%_libkc_blobstore_a_SOURCES = \
	%D%/blobstore.c %D%/blobstore.h \
	%D%/database.c %D%/database.h \
	%D%/engine.h \
	%D%/folder.c %D%/folder.h \
	%D%/memory.c \
	%D%/sqlite.c
