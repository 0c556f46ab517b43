# SPDX-License-Identifier: Apache-2.0
# common, level 0. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-common.a
KC_LIBS += %D%/libkc-common.a
KC_EXTERNAL_LIBS += $(LIBCBOR_LIBS) $(INIH_LIBS)
%C%_libkc_common_a_SOURCES = \
	%D%/buffer.c %D%/buffer.h \
	%D%/cbor_reader.c %D%/cbor_reader.h \
	%D%/cbor_writer.c %D%/cbor_writer.h \
	%D%/hex.c %D%/hex.h \
	%D%/log.c %D%/log.h \
	%D%/memory.c %D%/memory.h \
	%D%/memory_arena.c %D%/memory_arena.h \
	%D%/private_file.c %D%/private_file.h \
	%D%/settings.c %D%/settings.h \
	%D%/settings_value.c %D%/settings_value.h \
	%D%/status.h
