# SPDX-License-Identifier: Apache-2.0
# transport, level 1. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-transport.a
KC_LIBS += %D%/libkc-transport.a
%C%_libkc_transport_a_SOURCES = \
	%D%/activation.c %D%/activation.h \
	%D%/channel.c %D%/channel.h \
	%D%/channel_fds.c %D%/channel_fds.h \
	%D%/dialer.c %D%/dialer.h \
	%D%/endpoint.c %D%/endpoint.h \
	%D%/frame.c %D%/frame.h \
	%D%/packet.c %D%/packet.h \
	%D%/result.c %D%/result.h \
	%D%/spin.c %D%/spin.h \
	%D%/stream_socket.c %D%/stream_socket.h \
	%D%/unix_socket.c %D%/unix_socket.h

# An archive of its own, for only what loads libssl links it.
noinst_LIBRARIES += %D%/libkc-tls.a
KC_LIBS += %D%/libkc-tls.a
KC_EXTERNAL_LIBS += $(LIBSSL_LIBS)
%C%_libkc_tls_a_SOURCES = %D%/tls.c %D%/tls.h
