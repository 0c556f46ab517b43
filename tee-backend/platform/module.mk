# SPDX-License-Identifier: Apache-2.0
# platform, level 1. The form of this fragment is in the top Makefile.am.
noinst_LIBRARIES += %D%/libkc-platform.a
KC_LIBS += %D%/libkc-platform.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS)
%C%_libkc_platform_a_SOURCES = \
	%D%/boot_log.c %D%/boot_log.h \
	%D%/cert_table.c %D%/cert_table.h \
	%D%/hkdf.c %D%/hkdf.h \
	%D%/nitro.c \
	%D%/notee.c \
	%D%/nsm.c %D%/nsm.h \
	%D%/nsm_message.c %D%/nsm_message.h \
	%D%/platform.c %D%/platform.h \
	%D%/platform_ops.h \
	%D%/retry.c %D%/retry.h \
	%D%/rtmr.c %D%/rtmr.h \
	%D%/sev_guest.c %D%/sev_guest.h \
	%D%/sev_snp.c \
	%D%/snp_mix.c %D%/snp_mix.h \
	%D%/snp_report.c %D%/snp_report.h \
	%D%/tdx.c \
	%D%/tsm.c %D%/tsm.h
