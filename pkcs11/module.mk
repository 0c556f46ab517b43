# SPDX-License-Identifier: Apache-2.0
# pkcs11, level 6: keyclave-pkcs11.so, its p11-kit module file and pkg-config file. The module:
#	pkcs11module_LTLIBRARIES += %D%/keyclave-pkcs11.la
#	%C%_keyclave_pkcs11_la_SOURCES = ...
#	%C%_keyclave_pkcs11_la_LDFLAGS = $(KC_MODULE_LINK) \
#		-Wl,--version-script=$(top_srcdir)/%D%/keyclave-pkcs11.map
#	%C%_keyclave_pkcs11_la_LIBADD = (client, protocol, transport, mechanism, common) \
#		$(LIBCBOR_LIBS) $(NETTLE_LIBS) $(INIH_LIBS)
#	EXTRA_%C%_keyclave_pkcs11_la_DEPENDENCIES = %D%/keyclave-pkcs11.map
#	EXTRA_DIST += %D%/keyclave-pkcs11.map
nodist_p11kitmodule_DATA += %D%/keyclave.module
nodist_pkgconfig_DATA += %D%/keyclave.pc
EXTRA_DIST += %D%/keyclave.module.in %D%/keyclave.pc.in
