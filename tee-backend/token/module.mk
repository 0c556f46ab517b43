# SPDX-License-Identifier: Apache-2.0
# token, level 4. The form of this fragment is in the top Makefile.am; while there is no .c file, the
# library is not declared and headers stand in noinst_HEADERS.
noinst_HEADERS += \
	%D%/object.h \
	%D%/token.h
