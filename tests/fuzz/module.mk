# SPDX-License-Identifier: Apache-2.0
# Fuzz targets: fuzz_<what>.c has LLVMFuzzerTestOneInput, its seeds lie in corpus/<what>/. Without
# --enable-fuzzers a target is linked with replay.c and make check replays the seeds. A target's block:
#
#	fuzz_programs += %D%/fuzz_<what>
#	%C%_fuzz_<what>_SOURCES = %D%/fuzz_<what>.c $(fuzz_main)
#	%C%_fuzz_<what>_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
#	EXTRA_DIST += %D%/corpus/<what>
if ENABLE_FUZZERS
fuzz_main =
else
fuzz_main = %D%/replay.c
endif
EXTRA_DIST += %D%/replay.c
fuzz_tests += %D%/replay.sh
EXTRA_DIST += %D%/replay.sh

fuzz_programs += %D%/fuzz_request
%C%_fuzz_request_SOURCES = %D%/fuzz_request.c $(fuzz_main)
%C%_fuzz_request_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/request

fuzz_programs += %D%/fuzz_response
%C%_fuzz_response_SOURCES = %D%/fuzz_response.c $(fuzz_main)
%C%_fuzz_response_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/response

fuzz_programs += %D%/fuzz_cbor_reader
%C%_fuzz_cbor_reader_SOURCES = %D%/fuzz_cbor_reader.c $(fuzz_main)
%C%_fuzz_cbor_reader_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/cbor_reader

fuzz_programs += %D%/fuzz_head
%C%_fuzz_head_SOURCES = %D%/fuzz_head.c $(fuzz_main)
%C%_fuzz_head_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/head

fuzz_programs += %D%/fuzz_seal_open
%C%_fuzz_seal_open_SOURCES = %D%/fuzz_seal_open.c $(fuzz_main)
%C%_fuzz_seal_open_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/seal_open

fuzz_programs += %D%/fuzz_service
%C%_fuzz_service_SOURCES = %D%/fuzz_service.c $(fuzz_main)
%C%_fuzz_service_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/service

fuzz_programs += %D%/fuzz_key_decode
%C%_fuzz_key_decode_SOURCES = %D%/fuzz_key_decode.c $(fuzz_main)
%C%_fuzz_key_decode_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/key_decode

fuzz_programs += %D%/fuzz_evidence
%C%_fuzz_evidence_SOURCES = %D%/fuzz_evidence.c $(fuzz_main)
%C%_fuzz_evidence_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/evidence

fuzz_programs += %D%/fuzz_endorsements
%C%_fuzz_endorsements_SOURCES = %D%/fuzz_endorsements.c $(fuzz_main)
%C%_fuzz_endorsements_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/endorsements

fuzz_programs += %D%/fuzz_event_log
%C%_fuzz_event_log_SOURCES = %D%/fuzz_event_log.c $(fuzz_main)
%C%_fuzz_event_log_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/event_log

fuzz_programs += %D%/fuzz_chain
%C%_fuzz_chain_SOURCES = %D%/fuzz_chain.c $(fuzz_main)
%C%_fuzz_chain_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/chain

fuzz_programs += %D%/fuzz_sev_snp
%C%_fuzz_sev_snp_SOURCES = %D%/fuzz_sev_snp.c $(fuzz_main)
%C%_fuzz_sev_snp_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/sev_snp

fuzz_programs += %D%/fuzz_nitro
%C%_fuzz_nitro_SOURCES = %D%/fuzz_nitro.c $(fuzz_main)
%C%_fuzz_nitro_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/nitro
fuzz_programs += %D%/fuzz_tdx
%C%_fuzz_tdx_SOURCES = %D%/fuzz_tdx.c $(fuzz_main)
%C%_fuzz_tdx_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/tdx

fuzz_programs += %D%/fuzz_intel_level
%C%_fuzz_intel_level_SOURCES = %D%/fuzz_intel_level.c $(fuzz_main)
%C%_fuzz_intel_level_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/intel_level

fuzz_programs += %D%/fuzz_nsm_message
%C%_fuzz_nsm_message_SOURCES = %D%/fuzz_nsm_message.c $(fuzz_main)
%C%_fuzz_nsm_message_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/nsm_message

fuzz_programs += %D%/fuzz_cert_table
%C%_fuzz_cert_table_SOURCES = %D%/fuzz_cert_table.c $(fuzz_main)
%C%_fuzz_cert_table_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/cert_table

fuzz_programs += %D%/fuzz_snp_mix
%C%_fuzz_snp_mix_SOURCES = %D%/fuzz_snp_mix.c $(fuzz_main)
%C%_fuzz_snp_mix_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/snp_mix

fuzz_programs += %D%/fuzz_tpm
%C%_fuzz_tpm_SOURCES = %D%/fuzz_tpm.c $(fuzz_main)
%C%_fuzz_tpm_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/tpm

fuzz_programs += %D%/fuzz_hcl
%C%_fuzz_hcl_SOURCES = %D%/fuzz_hcl.c $(fuzz_main)
%C%_fuzz_hcl_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/hcl

fuzz_programs += %D%/fuzz_ima_log
%C%_fuzz_ima_log_SOURCES = %D%/fuzz_ima_log.c $(fuzz_main)
%C%_fuzz_ima_log_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/ima_log

fuzz_programs += %D%/fuzz_policy
%C%_fuzz_policy_SOURCES = %D%/fuzz_policy.c $(fuzz_main)
%C%_fuzz_policy_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/policy

fuzz_programs += %D%/fuzz_carrier
%C%_fuzz_carrier_SOURCES = %D%/fuzz_carrier.c $(fuzz_main)
%C%_fuzz_carrier_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/carrier

fuzz_programs += %D%/fuzz_tsm
%C%_fuzz_tsm_SOURCES = %D%/fuzz_tsm.c $(fuzz_main)
%C%_fuzz_tsm_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/tsm

fuzz_programs += %D%/fuzz_kms
%C%_fuzz_kms_SOURCES = %D%/fuzz_kms.c $(fuzz_main)
%C%_fuzz_kms_LDFLAGS = $(AM_LDFLAGS) $(KC_FUZZ_LDFLAGS)
EXTRA_DIST += %D%/corpus/kms
