# SPDX-License-Identifier: Apache-2.0
# ossl-provider, level 6: keyclave.so, the OpenSSL 3 provider.
opensslmodule_PROGRAMS += %D%/keyclave.so
%C%_keyclave_so_SOURCES = \
	%D%/algorithms.c %D%/algorithms.h \
	%D%/asym_cipher.c %D%/asym_cipher.h \
	%D%/decoder.c %D%/decoder.h \
	%D%/encoder.c %D%/encoder.h \
	%D%/generate.c %D%/generate.h \
	%D%/keyexch.c %D%/keyexch.h \
	%D%/keymgmt.c %D%/keymgmt.h \
	%D%/pin.c %D%/pin.h \
	%D%/pkey.c %D%/pkey.h \
	%D%/provider.c %D%/provider.h \
	%D%/reference.c %D%/reference.h \
	%D%/refusal.c %D%/refusal.h \
	%D%/signature.c %D%/signature.h \
	%D%/signature_algorithm.c \
	%D%/signature_params.c \
	%D%/signature_sign.c \
	%D%/signature_verify.c \
	%D%/store.c %D%/store.h
%C%_keyclave_so_LDFLAGS = $(KC_MODULE_LINK) \
	-Wl,--version-script=$(top_srcdir)/%D%/keyclave.map
%C%_keyclave_so_LDADD = \
	tee-backend/client/libkc-uri.a \
	tee-backend/client/libkc-client.a \
	tee-backend/protocol/libkc-protocol.a \
	tee-backend/transport/libkc-transport.a \
	tee-backend/mechanism/libkc-mechanism.a \
	tee-backend/common/libkc-common.a \
	$(LIBCRYPTO_LIBS) $(P11KIT_LIBS) $(LIBCBOR_LIBS) $(INIH_LIBS)
EXTRA_%C%_keyclave_so_DEPENDENCIES = %D%/keyclave.map
EXTRA_DIST += %D%/keyclave.map
