# SPDX-License-Identifier: Apache-2.0
# verifier, level 1: evidence and a policy to a verdict.
noinst_LIBRARIES += %D%/libkc-verifier.a
KC_LIBS += %D%/libkc-verifier.a
KC_EXTERNAL_LIBS += $(LIBCRYPTO_LIBS) $(JANSSON_LIBS)
%C%_libkc_verifier_a_SOURCES = \
	%D%/appraisal.c %D%/appraisal.h \
	%D%/chain.c %D%/chain.h \
	%D%/carrier.c %D%/carrier.h \
	%D%/claims.c %D%/claims.h \
	%D%/cmw.c %D%/cmw.h \
	%D%/cursor.c %D%/cursor.h \
	%D%/ecdsa.c %D%/ecdsa.h \
	%D%/endorsements.c %D%/endorsements.h \
	%D%/event_log.c %D%/event_log.h %D%/event_log_facts.c \
	%D%/nitro.c %D%/nitro.h \
	%D%/hcl.c %D%/hcl.h \
	%D%/ima_log.c %D%/ima_log.h \
	%D%/intel_json.c %D%/intel_json.h \
	%D%/intel_level.c %D%/intel_level.h \
	%D%/intel_pck.c %D%/intel_pck.h \
	%D%/intel_tcb.c %D%/intel_tcb.h \
	%D%/notee.c %D%/notee.h \
	%D%/platforms.c %D%/platforms.h \
	%D%/policy.c %D%/policy.h \
	%D%/report.c %D%/report.h \
	%D%/svsm.c %D%/svsm.h \
	%D%/tdx.c %D%/tdx.h \
	%D%/tdx_quote.c %D%/tdx_quote.h \
	%D%/tpm.c %D%/tpm.h \
	%D%/tpm_ek.c %D%/tpm_ek.h \
	%D%/tpm_certify.c %D%/tpm_certify.h \
	%D%/tpm_hash.c %D%/tpm_hash.h \
	%D%/tpm_public.c %D%/tpm_public.h \
	%D%/tpm_quote.c %D%/tpm_quote.h \
	%D%/sev_snp.c %D%/sev_snp.h \
	%D%/sev_snp_certificate.c %D%/sev_snp_certificate.h \
	%D%/vtpm.c %D%/vtpm.h \
	%D%/verifier.c %D%/verifier.h

# The public library. The number is that of its ABI.
sharedlib_PROGRAMS += %D%/libkeyclave-verify.so.0
%C%_libkeyclave_verify_so_0_SOURCES = %D%/keyclave-verify.c %D%/keyclave-verify.h
%C%_libkeyclave_verify_so_0_LDFLAGS = $(KC_LIBRARY_LINK) -Wl,-soname,libkeyclave-verify.so.0 \
	-Wl,--version-script=$(top_srcdir)/%D%/keyclave-verify.map
%C%_libkeyclave_verify_so_0_LDADD = \
	%D%/libkc-verifier.a tee-backend/common/libkc-common.a \
	$(LIBCRYPTO_LIBS) $(JANSSON_LIBS) $(LIBCBOR_LIBS)
EXTRA_%C%_libkeyclave_verify_so_0_DEPENDENCIES = %D%/keyclave-verify.map
include_HEADERS += %D%/keyclave-verify.h
nodist_pkgconfig_DATA += %D%/keyclave-verify.pc
EXTRA_DIST += %D%/keyclave-verify.map %D%/keyclave-verify.pc.in
install-exec-hook: install-sharedlibPROGRAMS
	cd '$(DESTDIR)$(libdir)' && ln -sf libkeyclave-verify.so.0 libkeyclave-verify.so
uninstall-hook:
	rm -f '$(DESTDIR)$(libdir)/libkeyclave-verify.so'
