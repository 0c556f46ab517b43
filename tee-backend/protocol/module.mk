# SPDX-License-Identifier: Apache-2.0
# protocol, level 2. The form of this fragment is in the top Makefile.am; while there is no .c file, the
# library is not declared and headers stand in noinst_HEADERS.
noinst_HEADERS += \
	%D%/codec.h \
	%D%/message.h \
	%D%/request.h
