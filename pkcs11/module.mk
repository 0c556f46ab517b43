# SPDX-License-Identifier: Apache-2.0
# pkcs11, level 6: keyclave-pkcs11.so, its p11-kit module file and pkg-config file. The module links
# libcbor, nettle and inih only (DESIGN section 7, rule 14).
pkcs11module_PROGRAMS += %D%/keyclave-pkcs11.so
%C%_keyclave_pkcs11_so_SOURCES = \
	%D%/cipher.c %D%/cipher.h \
	%D%/digest.c \
	%D%/dual.c \
	%D%/general.c \
	%D%/hash.c %D%/hash.h \
	%D%/key.c \
	%D%/login.c %D%/login.h \
	%D%/module.c %D%/module.h \
	%D%/object.c \
	%D%/operation.c %D%/operation.h \
	%D%/random.c \
	%D%/session.c %D%/session.h \
	%D%/sign.c %D%/sign.h \
	%D%/slot.c %D%/slot.h \
	%D%/text.c %D%/text.h \
	%D%/unsupported.c
%C%_keyclave_pkcs11_so_LDFLAGS = $(KC_MODULE_LINK) \
	-Wl,--version-script=$(top_srcdir)/%D%/keyclave-pkcs11.map
%C%_keyclave_pkcs11_so_LDADD = \
	tee-backend/client/libkc-client.a \
	tee-backend/protocol/libkc-protocol.a \
	tee-backend/transport/libkc-transport.a \
	tee-backend/mechanism/libkc-mechanism.a \
	tee-backend/common/libkc-common.a \
	$(LIBCBOR_LIBS) $(NETTLE_LIBS) $(INIH_LIBS)
EXTRA_%C%_keyclave_pkcs11_so_DEPENDENCIES = %D%/keyclave-pkcs11.map
EXTRA_DIST += %D%/keyclave-pkcs11.map

nodist_p11kitmodule_DATA += %D%/keyclave.module
nodist_pkgconfig_DATA += %D%/keyclave.pc
EXTRA_DIST += %D%/keyclave.module.in %D%/keyclave.pc.in
