# SPDX-License-Identifier: Apache-2.0
# Emulators of the kernel's interfaces, and what signs their evidence: a test authority of our own, in an archive that
# unit tests link too. Nothing here is installed.
check_LIBRARIES += %D%/libkc-signers.a
KC_SIGNERS = %D%/libkc-signers.a
%C%_libkc_signers_a_SOURCES = \
	%D%/nitro_signer.c %D%/nitro_signer.h \
	%D%/snp_signer.c %D%/snp_signer.h \
	%D%/tdx_signer.c %D%/tdx_signer.h \
	%D%/test_ca.c %D%/test_ca.h

# Emulators of the kernel's interfaces, as FUSE file systems that answer what the drivers answer. Never installed. Tests
# that use them are skipped where configure found no libfuse3, or where there is no /dev/fuse.
kc_emulator_sources = \
	%D%/control.c %D%/control.h \
	%D%/mount.c %D%/mount.h \
	%D%/signing.c %D%/signing.h
kc_device_sources = %D%/device.c %D%/device.h
kc_snp_sources = %D%/snp_firmware.c %D%/snp_firmware.h
EXTRA_DIST += $(kc_emulator_sources) $(kc_device_sources) $(kc_snp_sources)
EXTRA_DIST += %D%/emulate_nsm.c %D%/nsm_module.c %D%/nsm_module.h %D%/emulate_sev_guest.c %D%/emulate_tsm.c
EXTRA_DIST += %D%/emulate_tpm.c
EXTRA_DIST += %D%/make_hcl.c
EXTRA_DIST += %D%/tsm_entry.c %D%/tsm_entry.h %D%/tdx_module.c %D%/tdx_module.h
if HAVE_FUSE
kc_emulator_libs = $(KC_SIGNERS) tee-backend/common/libkc-common.a $(LIBCBOR_LIBS) $(LIBCRYPTO_LIBS) $(FUSE_LIBS)
kc_emulator_cflags = $(AM_CPPFLAGS) $(FUSE_CFLAGS)

check_PROGRAMS += %D%/emulate-nsm
%C%_emulate_nsm_CPPFLAGS = $(kc_emulator_cflags)
%C%_emulate_nsm_LDADD = $(kc_emulator_libs)
%C%_emulate_nsm_SOURCES = $(kc_emulator_sources) $(kc_device_sources) \
	%D%/emulate_nsm.c %D%/nsm_module.c %D%/nsm_module.h

check_PROGRAMS += %D%/emulate-sev-guest
%C%_emulate_sev_guest_CPPFLAGS = $(kc_emulator_cflags)
%C%_emulate_sev_guest_LDADD = $(kc_emulator_libs)
%C%_emulate_sev_guest_SOURCES = $(kc_emulator_sources) $(kc_device_sources) $(kc_snp_sources) \
	%D%/emulate_sev_guest.c

check_PROGRAMS += %D%/emulate-tsm
%C%_emulate_tsm_CPPFLAGS = $(kc_emulator_cflags)
%C%_emulate_tsm_LDADD = $(kc_emulator_libs)
%C%_emulate_tsm_SOURCES = $(kc_emulator_sources) $(kc_snp_sources) \
	%D%/emulate_tsm.c %D%/tsm_entry.c %D%/tsm_entry.h %D%/tdx_module.c %D%/tdx_module.h

check_PROGRAMS += %D%/emulate-tpm
%C%_emulate_tpm_CPPFLAGS = $(kc_emulator_cflags)
%C%_emulate_tpm_LDADD = $(kc_emulator_libs)
%C%_emulate_tpm_SOURCES = $(kc_emulator_sources) $(kc_device_sources) %D%/emulate_tpm.c

# Part of an emulated guest as well: what its paravisor writes into its vTPM.
check_PROGRAMS += %D%/make-hcl
%C%_make_hcl_CPPFLAGS = $(kc_emulator_cflags)
%C%_make_hcl_LDADD = $(kc_emulator_libs)
%C%_make_hcl_SOURCES = %D%/make_hcl.c %D%/control.c %D%/control.h %D%/signing.c %D%/signing.h $(kc_snp_sources) \
	%D%/tdx_module.c %D%/tdx_module.h
endif
