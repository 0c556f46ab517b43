# SPDX-License-Identifier: Apache-2.0
# kms, level 2. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-kms.a
KC_LIBS += %D%/libkc-kms.a
KC_EXTERNAL_LIBS += $(LIBSSL_LIBS) $(JANSSON_LIBS) $(LIBCRYPTO_LIBS)
%C%_libkc_kms_a_SOURCES = \
	%D%/arn.c %D%/arn.h \
	%D%/aws.c \
	%D%/aws_answer.c %D%/aws_answer.h \
	%D%/base64.c %D%/base64.h \
	%D%/cms.c %D%/cms.h \
	%D%/credentials.c %D%/credentials.h \
	%D%/http.c %D%/http.h \
	%D%/http_answer.c %D%/http_answer.h \
	%D%/kms.c %D%/kms.h \
	%D%/kms_ops.h \
	%D%/roots.c %D%/roots.h \
	%D%/sigv4.c %D%/sigv4.h
