# SPDX-License-Identifier: Apache-2.0
# crypto, level 2. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-crypto.a
KC_LIBS += %D%/libkc-crypto.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS) $(NETTLE_LIBS)
# Nothing that a later libcrypto may drop.
%C%_libkc_crypto_a_CPPFLAGS = $(AM_CPPFLAGS) -DOPENSSL_NO_DEPRECATED
%C%_libkc_crypto_a_SOURCES = \
	%D%/aes.c \
	%D%/aes_mode.c %D%/aes_mode.h \
	%D%/bignum.c %D%/bignum.h \
	%D%/context.c %D%/context.h \
	%D%/curve25519.c %D%/curve25519.h \
	%D%/der.c %D%/der.h \
	%D%/digest.c %D%/digest.h \
	%D%/digest_state.c %D%/digest_state.h \
	%D%/ec.c \
	%D%/ec_key.c %D%/ec_key.h \
	%D%/ecdh.c %D%/ecdh.h \
	%D%/eddsa.c \
	%D%/family.c %D%/family.h \
	%D%/hmac.c \
	%D%/kdf.c \
	%D%/key.c %D%/key.h \
	%D%/key_format.c %D%/key_format.h \
	%D%/library.c %D%/library.h \
	%D%/operate.c %D%/operate.h \
	%D%/pkey.c %D%/pkey.h \
	%D%/private_key.c %D%/private_key.h \
	%D%/rsa.c %D%/rsa.h \
	%D%/rsa_components.c %D%/rsa_components.h \
	%D%/rsa_key.c %D%/rsa_key.h \
	%D%/rsa_padding.c %D%/rsa_padding.h \
	%D%/secret.c %D%/secret.h \
	%D%/stream.c %D%/stream.h \
	%D%/xdh.c
