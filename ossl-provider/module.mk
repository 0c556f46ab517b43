# SPDX-License-Identifier: Apache-2.0
# ossl-provider, level 6: keyclave.so in OpenSSL's modules folder. The module:
#	opensslmodule_PROGRAMS += %D%/keyclave.so
#	%C%_keyclave_so_SOURCES = ...
#	%C%_keyclave_so_LDFLAGS = $(KC_MODULE_LINK) -Wl,--version-script=$(top_srcdir)/%D%/keyclave.map
#	%C%_keyclave_so_LDADD = (client, protocol, transport, mechanism, common) \
#		$(LIBCRYPTO_LIBS) $(P11KIT_LIBS) $(LIBCBOR_LIBS) $(NETTLE_LIBS) $(INIH_LIBS)
#	EXTRA_%C%_keyclave_so_DEPENDENCIES = %D%/keyclave.map
#	EXTRA_DIST += %D%/keyclave.map
