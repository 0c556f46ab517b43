# SPDX-License-Identifier: Apache-2.0
# client, level 3. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-client.a
KC_LIBS += %D%/libkc-client.a
%C%_libkc_client_a_SOURCES = \
	%D%/client.c %D%/client.h \
	%D%/connection.c %D%/connection.h \
	%D%/descriptor.c %D%/descriptor.h %D%/descriptor_cache.h \
	%D%/forked.c %D%/forked.h \
	%D%/internal.h \
	%D%/membership.c %D%/membership.h \
	%D%/patience.c %D%/patience.h \
	%D%/pool.c %D%/pool.h \
	%D%/remote.c %D%/remote.h \
	%D%/slot_local.c %D%/slot_local.h \
	%D%/start.c %D%/start.h

# pkcs11: URIs, in a library of their own: the PKCS#11 module never links p11-kit (DESIGN section 7, rule 14).
noinst_LIBRARIES += %D%/libkc-uri.a
KC_LIBS += %D%/libkc-uri.a
KC_EXTERNAL_LIBS += $(P11KIT_LIBS)
%C%_libkc_uri_a_SOURCES = %D%/uri.c %D%/uri.h
