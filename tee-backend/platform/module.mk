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
	%D%/tpm_approval.c %D%/tpm_approval.h \
	%D%/tpm_pcr.c %D%/tpm_pcr.h \
	%D%/tsm.c %D%/tsm.h

# The platform tpm, where tpm2-tss is.
if HAVE_TPM
KC_EXTERNAL_LIBS += $(TSS2_LIBS)
%C%_libkc_platform_a_SOURCES += \
	%D%/tpm.c \
	%D%/tpm_attest.c %D%/tpm_attest.h \
	%D%/tpm_context.c %D%/tpm_context.h \
	%D%/tpm_counter.c %D%/tpm_counter.h \
	%D%/tpm_ek.c %D%/tpm_ek.h \
	%D%/tpm_floor.c %D%/tpm_floor.h \
	%D%/tpm_mix.c %D%/tpm_mix.h \
	%D%/tpm_nv.c %D%/tpm_nv.h \
	%D%/tpm_pcr_read.c %D%/tpm_pcr_read.h \
	%D%/tpm_policy.c %D%/tpm_policy.h \
	%D%/tpm_root.c %D%/tpm_root.h \
	%D%/tpm_seal.c %D%/tpm_seal.h \
	%D%/vtpm.c \
	%D%/vtpm_binding.c %D%/vtpm_binding.h \
	%D%/vtpm_challenge.c %D%/vtpm_challenge.h
endif
