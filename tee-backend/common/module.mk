# SPDX-License-Identifier: Apache-2.0
# common, level 0. The form of this fragment is in the top Makefile.am; while there is no .c file, the
# library is not declared and headers stand in noinst_HEADERS.
noinst_HEADERS += \
	%D%/buffer.h \
	%D%/cbor_reader.h \
	%D%/cbor_writer.h \
	%D%/log.h \
	%D%/memory.h \
	%D%/settings.h
