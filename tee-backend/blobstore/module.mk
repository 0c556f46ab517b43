# SPDX-License-Identifier: Apache-2.0
# blobstore, level 2. The form of this fragment is in the top Makefile.am; while there is no .c file, the
# library is not declared and headers stand in noinst_HEADERS.
noinst_HEADERS += \
	%D%/blobstore.h
