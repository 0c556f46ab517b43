# SPDX-License-Identifier: Apache-2.0
# mechanism, level 1. The form of this fragment is in the top Makefile.am; while there is no .c file, the
# library is not declared and headers stand in noinst_HEADERS.
include_HEADERS += %D%/keyclave.h
noinst_HEADERS += \
	%D%/attribute.h \
	%D%/cryptoki.h \
	%D%/attribute_set.h \
	%D%/mechanism.h
