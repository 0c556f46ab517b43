# SPDX-License-Identifier: Apache-2.0
# transport, level 1. The form of this fragment is in the top Makefile.am; while there is no .c file, the
# library is not declared and headers stand in noinst_HEADERS.
noinst_HEADERS += \
	%D%/channel.h \
	%D%/endpoint.h \
	%D%/frame.h \
	%D%/packet.h \
	%D%/result.h \
	%D%/unix_socket.h
