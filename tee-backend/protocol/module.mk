# SPDX-License-Identifier: Apache-2.0
# protocol, level 2. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-protocol.a
KC_LIBS += %D%/libkc-protocol.a
%C%_libkc_protocol_a_SOURCES = \
	%D%/cddl.c %D%/cddl.h \
	%D%/codec.c %D%/codec.h \
	%D%/field.h \
	%D%/message.h \
	%D%/parameter.c %D%/parameter.h \
	%D%/request.c %D%/request.h
