# SPDX-License-Identifier: Apache-2.0
# blobstore, level 2. The form of this fragment is in the top Makefile.am.
noinst_LTLIBRARIES += %D%/libkc-blobstore.la
KC_LIBS += %D%/libkc-blobstore.la
KC_EXTERNAL_LIBS += $(SQLITE_LIBS)
%C%_libkc_blobstore_la_SOURCES = \
	%D%/blobstore.c %D%/blobstore.h \
	%D%/engine.h \
	%D%/folder.c %D%/folder.h \
	%D%/memory.c \
	%D%/sqlite.c
