# SPDX-License-Identifier: Apache-2.0
# protocol, level 2. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-protocol.a
KC_LIBS += %D%/libkc-protocol.a
%C%_libkc_protocol_a_SOURCES = \
	%D%/attested.h \
	%D%/cddl.c %D%/cddl.h \
	%D%/codec.c %D%/codec.h \
	%D%/field.h \
	%D%/message.h \
	%D%/parameter.c %D%/parameter.h \
	%D%/request.c %D%/request.h

# What client/ loads for a remote endpoint.
channelobject_PROGRAMS += %D%/keyclave-tls.so
%C%_keyclave_tls_so_SOURCES = %D%/attested.c
%C%_keyclave_tls_so_LDFLAGS = $(KC_MODULE_LINK) -Wl,--version-script=$(top_srcdir)/%D%/keyclave-tls.map
%C%_keyclave_tls_so_LDADD = %D%/libkc-protocol.a \
	tee-backend/verifier/libkc-verifier.a \
	tee-backend/transport/libkc-tls.a tee-backend/transport/libkc-transport.a \
	tee-backend/mechanism/libkc-mechanism.a tee-backend/common/libkc-common.a \
	$(LIBSSL_LIBS) $(LIBCRYPTO_LIBS) $(JANSSON_LIBS) $(LIBCBOR_LIBS) $(INIH_LIBS)
EXTRA_%C%_keyclave_tls_so_DEPENDENCIES = %D%/keyclave-tls.map
EXTRA_DIST += %D%/keyclave-tls.map
