# SPDX-License-Identifier: Apache-2.0
# Unit tests: one cmocka program per product file, test_<folder>_<file>.c. A program's block:
#
#	unit_programs += %D%/test_common_buffer
#	%C%_test_common_buffer_SOURCES = %D%/test_common_buffer.c
#
# It links all folders (LDADD in the top Makefile.am). Data files go to %D%/data/ and EXTRA_DIST, and are
# found by the environment variable KC_SRCDIR.
if HAVE_CMOCKA
# cmocka.h with the headers that it wants before it, for all of them.
EXTRA_DIST += %D%/cmocka_test.h

unit_programs += %D%/test_common_buffer
%C%_test_common_buffer_SOURCES = %D%/test_common_buffer.c
%C%_test_common_buffer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=free

unit_programs += %D%/test_common_private_file
%C%_test_common_private_file_SOURCES = %D%/test_common_private_file.c

unit_programs += %D%/test_common_memory
%C%_test_common_memory_SOURCES = %D%/test_common_memory.c

unit_programs += %D%/test_common_memory_arena
%C%_test_common_memory_arena_SOURCES = %D%/test_common_memory_arena.c
%C%_test_common_memory_arena_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=mmap,--wrap=munmap,--wrap=abort

unit_programs += %D%/test_common_cbor_reader
%C%_test_common_cbor_reader_SOURCES = %D%/test_common_cbor_reader.c

unit_programs += %D%/test_common_cbor_writer
%C%_test_common_cbor_writer_SOURCES = %D%/test_common_cbor_writer.c
%C%_test_common_cbor_writer_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc

unit_programs += %D%/test_common_hex
%C%_test_common_hex_SOURCES = %D%/test_common_hex.c

unit_programs += %D%/test_common_log
%C%_test_common_log_SOURCES = %D%/test_common_log.c

unit_programs += %D%/test_common_settings
%C%_test_common_settings_SOURCES = %D%/test_common_settings.c

# token; its programs pay less for scrypt (token_fixture.c).
kc_token_ldflags = $(AM_LDFLAGS) -Wl,--wrap=EVP_PBE_scrypt
unit_programs += %D%/test_token_commit
%C%_test_token_commit_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_commit_SOURCES = %D%/test_token_commit.c %D%/token_fixture.c %D%/token_fixture.h

unit_programs += %D%/test_token_counter
%C%_test_token_counter_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_counter_SOURCES = %D%/test_token_counter.c %D%/token_fixture.c %D%/token_fixture.h

unit_programs += %D%/test_token_memory
%C%_test_token_memory_SOURCES = %D%/test_token_memory.c %D%/token_fixture.c %D%/token_fixture.h
%C%_test_token_memory_LDFLAGS = $(kc_token_ldflags) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray

unit_programs += %D%/test_token_ended
%C%_test_token_ended_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_ended_SOURCES = %D%/test_token_ended.c %D%/token_fixture.c %D%/token_fixture.h

unit_programs += %D%/test_token_load
%C%_test_token_load_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_load_SOURCES = %D%/test_token_load.c %D%/token_fixture.c %D%/token_fixture.h

unit_programs += %D%/test_token_pin
%C%_test_token_pin_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_pin_SOURCES = %D%/test_token_pin.c %D%/token_fixture.c %D%/token_fixture.h

unit_programs += %D%/test_token_object
%C%_test_token_object_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_object_SOURCES = \
	%D%/test_token_object.c %D%/token_fixture.c %D%/token_fixture.h %D%/token_kinds.c %D%/token_kinds.h

unit_programs += %D%/test_token_object_make
%C%_test_token_object_make_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_object_make_SOURCES = \
	%D%/test_token_object_make.c %D%/token_fixture.c %D%/token_fixture.h %D%/token_kinds.c %D%/token_kinds.h

unit_programs += %D%/test_token_once
%C%_test_token_once_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_once_SOURCES = %D%/test_token_once.c %D%/token_fixture.c %D%/token_fixture.h

unit_programs += %D%/test_token_record
%C%_test_token_record_SOURCES = %D%/test_token_record.c

unit_programs += %D%/test_token_store
%C%_test_token_store_LDFLAGS = $(kc_token_ldflags)
%C%_test_token_store_SOURCES = %D%/test_token_store.c %D%/token_fixture.c %D%/token_fixture.h

unit_programs += %D%/test_transport_frame
%C%_test_transport_frame_SOURCES = %D%/test_transport_frame.c
%C%_test_transport_frame_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=memory_secret_new

unit_programs += %D%/test_transport_packet
%C%_test_transport_packet_SOURCES = %D%/test_transport_packet.c

unit_programs += %D%/test_transport_spin
%C%_test_transport_spin_SOURCES = %D%/test_transport_spin.c
%C%_test_transport_spin_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=clock_gettime,--wrap=sched_yield

unit_programs += %D%/test_transport_tls
%C%_test_transport_tls_SOURCES = %D%/test_transport_tls.c

unit_programs += %D%/test_transport_unix_socket
%C%_test_transport_unix_socket_SOURCES = %D%/test_transport_unix_socket.c

unit_programs += %D%/test_blobstore_engines
%C%_test_blobstore_engines_SOURCES = %D%/test_blobstore_engines.c
# What tests of the protocol's two ends share.
unit_programs += %D%/test_protocol_codec
%C%_test_protocol_codec_SOURCES = %D%/test_protocol_codec.c %D%/message_sample.c %D%/message_sample.h

unit_programs += %D%/test_mechanism_attribute
%C%_test_mechanism_attribute_SOURCES = %D%/test_mechanism_attribute.c

unit_programs += %D%/test_mechanism_attribute_rows
%C%_test_mechanism_attribute_rows_SOURCES = \
	%D%/test_mechanism_attribute_rows.c %D%/constants.c %D%/constants.h

unit_programs += %D%/test_mechanism_attribute_set
%C%_test_mechanism_attribute_set_SOURCES = %D%/test_mechanism_attribute_set.c

unit_programs += %D%/test_mechanism_attribute_template
%C%_test_mechanism_attribute_template_SOURCES = %D%/test_mechanism_attribute_template.c

unit_programs += %D%/test_mechanism_attribute_usage
%C%_test_mechanism_attribute_usage_SOURCES = %D%/test_mechanism_attribute_usage.c

unit_programs += %D%/test_mechanism_mechanism
%C%_test_mechanism_mechanism_SOURCES = %D%/test_mechanism_mechanism.c

unit_programs += %D%/test_mechanism_mechanism_curve
%C%_test_mechanism_mechanism_curve_SOURCES = %D%/test_mechanism_mechanism_curve.c

unit_programs += %D%/test_mechanism_mechanism_rows
%C%_test_mechanism_mechanism_rows_SOURCES = \
	%D%/test_mechanism_mechanism_rows.c %D%/constants.c %D%/constants.h

unit_programs += %D%/test_mechanism_native
%C%_test_mechanism_native_SOURCES = %D%/test_mechanism_native.c

unit_programs += %D%/test_mechanism_page
%C%_test_mechanism_page_SOURCES = %D%/test_mechanism_page.c

unit_programs += %D%/test_keys_seal
%C%_test_keys_seal_SOURCES = %D%/test_keys_seal.c

unit_programs += %D%/test_keys_hpke
%C%_test_keys_hpke_SOURCES = %D%/test_keys_hpke.c

unit_programs += %D%/test_keys_hierarchy
%C%_test_keys_hierarchy_SOURCES = %D%/test_keys_hierarchy.c

unit_programs += %D%/test_platform_notee
%C%_test_platform_notee_SOURCES = %D%/test_platform_notee.c

unit_programs += %D%/test_platform_platform
%C%_test_platform_platform_SOURCES = %D%/test_platform_platform.c

unit_programs += %D%/test_platform_hkdf
%C%_test_platform_hkdf_SOURCES = %D%/test_platform_hkdf.c

# The platforms' devices, against the emulators of tests/emulators.
unit_programs += %D%/test_platform_nsm
%C%_test_platform_nsm_SOURCES = %D%/test_platform_nsm.c %D%/emulator.c %D%/emulator.h
unit_programs += %D%/test_platform_sev_guest
%C%_test_platform_sev_guest_SOURCES = %D%/test_platform_sev_guest.c %D%/emulator.c %D%/emulator.h
unit_programs += %D%/test_platform_tsm
%C%_test_platform_tsm_SOURCES = %D%/test_platform_tsm.c %D%/emulator.c %D%/emulator.h
unit_programs += %D%/test_platform_sev_snp
%C%_test_platform_sev_snp_SOURCES = %D%/test_platform_sev_snp.c %D%/emulator.c %D%/emulator.h
unit_programs += %D%/test_platform_nitro
%C%_test_platform_nitro_SOURCES = %D%/test_platform_nitro.c %D%/emulator.c %D%/emulator.h
unit_programs += %D%/test_platform_tdx
%C%_test_platform_tdx_SOURCES = %D%/test_platform_tdx.c %D%/emulator.c %D%/emulator.h
EXTRA_DIST += %D%/test_platform_tpm.c %D%/test_platform_tpm_root.c %D%/tpm_bus.c %D%/tpm_bus.h
if HAVE_TPM
unit_programs += %D%/test_platform_tpm
%C%_test_platform_tpm_SOURCES = %D%/test_platform_tpm.c %D%/tpm_bus.c %D%/tpm_bus.h %D%/emulator.c %D%/emulator.h
unit_programs += %D%/test_platform_tpm_root
%C%_test_platform_tpm_root_SOURCES = %D%/test_platform_tpm_root.c %D%/tpm_bus.c %D%/tpm_bus.h %D%/emulator.c %D%/emulator.h
endif
unit_programs += %D%/test_platform_cert_table
%C%_test_platform_cert_table_SOURCES = %D%/test_platform_cert_table.c
%C%_test_platform_cert_table_LDADD = $(KC_SIGNERS) $(LDADD)

# Known answers; data/crypto_vectors.py prints data/crypto_vectors.json.
EXTRA_DIST += %D%/data/crypto_vectors.json %D%/data/crypto_vectors.py
unit_programs += %D%/test_crypto_rows
%C%_test_crypto_rows_SOURCES = %D%/test_crypto_rows.c %D%/crypto_sample.c %D%/crypto_sample.h
%C%_test_crypto_rows_LDADD = $(LDADD) $(JANSSON_LIBS)
unit_programs += %D%/test_blobstore_folder
%C%_test_blobstore_folder_SOURCES = %D%/test_blobstore_folder.c

unit_programs += %D%/test_blobstore_sqlite
%C%_test_blobstore_sqlite_SOURCES = %D%/test_blobstore_sqlite.c %D%/batch.c %D%/batch.h

unit_programs += %D%/test_blobstore_faults
%C%_test_blobstore_faults_SOURCES = %D%/test_blobstore_faults.c %D%/batch.c %D%/batch.h

# Vectors from outside the tree; skipped where they are not.
unit_programs += %D%/test_crypto_wycheproof
%C%_test_crypto_wycheproof_SOURCES = \
	%D%/test_crypto_wycheproof.c %D%/crypto_sample.c %D%/crypto_sample.h
%C%_test_crypto_wycheproof_LDADD = $(LDADD) $(JANSSON_LIBS)
unit_programs += %D%/test_crypto_digest_state
%C%_test_crypto_digest_state_SOURCES = %D%/test_crypto_digest_state.c
# The client against a daemon that misbehaves on request.
unit_programs += %D%/test_client_call
%C%_test_client_call_SOURCES = %D%/test_client_call.c %D%/peer.c %D%/peer.h
unit_programs += %D%/test_client_descriptor
%C%_test_client_descriptor_SOURCES = %D%/test_client_descriptor.c %D%/peer.c %D%/peer.h
unit_programs += %D%/test_client_fork
%C%_test_client_fork_SOURCES = %D%/test_client_fork.c %D%/peer.c %D%/peer.h
unit_programs += %D%/test_client_start
%C%_test_client_start_SOURCES = %D%/test_client_start.c %D%/peer.c %D%/peer.h

unit_programs += %D%/test_crypto_memory
%C%_test_crypto_memory_SOURCES = %D%/test_crypto_memory.c %D%/crypto_sample.c %D%/crypto_sample.h
unit_programs += %D%/test_client_uri
%C%_test_client_uri_SOURCES = %D%/test_client_uri.c

unit_programs += %D%/test_service_dispatch
%C%_test_service_dispatch_SOURCES = %D%/test_service_dispatch.c \
	%D%/service_fixture.c %D%/service_fixture.h %D%/message_sample.c %D%/message_sample.h

unit_programs += %D%/test_crypto_aes_mode
%C%_test_crypto_aes_mode_SOURCES = %D%/test_crypto_aes_mode.c %D%/crypto_sample.c %D%/crypto_sample.h

unit_programs += %D%/test_crypto_der
%C%_test_crypto_der_SOURCES = %D%/test_crypto_der.c %D%/crypto_sample.c %D%/crypto_sample.h

unit_programs += %D%/test_crypto_key
%C%_test_crypto_key_SOURCES = %D%/test_crypto_key.c %D%/crypto_sample.c %D%/crypto_sample.h

unit_programs += %D%/test_crypto_operate
%C%_test_crypto_operate_SOURCES = %D%/test_crypto_operate.c %D%/crypto_sample.c %D%/crypto_sample.h

unit_programs += %D%/test_crypto_stream
%C%_test_crypto_stream_SOURCES = %D%/test_crypto_stream.c %D%/crypto_sample.c %D%/crypto_sample.h

unit_programs += %D%/test_crypto_rsa_padding
%C%_test_crypto_rsa_padding_SOURCES = %D%/test_crypto_rsa_padding.c

unit_programs += %D%/test_service_context
%C%_test_service_context_SOURCES = %D%/test_service_context.c \
	%D%/service_fixture.c %D%/service_fixture.h

unit_programs += %D%/test_service_object
%C%_test_service_object_SOURCES = %D%/test_service_object.c \
	%D%/service_fixture.c %D%/service_fixture.h

unit_programs += %D%/test_service_derivation
%C%_test_service_derivation_SOURCES = %D%/test_service_derivation.c \
	%D%/service_fixture.c %D%/service_fixture.h

unit_programs += %D%/test_service_operate
%C%_test_service_operate_SOURCES = %D%/test_service_operate.c \
	%D%/service_fixture.c %D%/service_fixture.h

unit_programs += %D%/test_service_threads
%C%_test_service_threads_SOURCES = %D%/test_service_threads.c \
	%D%/service_fixture.c %D%/service_fixture.h

unit_programs += %D%/test_verifier_verifier
%C%_test_verifier_verifier_SOURCES = %D%/test_verifier_verifier.c

unit_programs += %D%/test_verifier_endorsements
%C%_test_verifier_endorsements_SOURCES = \
	%D%/test_verifier_endorsements.c %D%/evidence_sample.c %D%/evidence_sample.h

unit_programs += %D%/test_verifier_event_log
%C%_test_verifier_event_log_SOURCES = \
	%D%/test_verifier_event_log.c %D%/evidence_sample.c %D%/evidence_sample.h

# With an authority of the tests' own (tests/emulators).
kc_signed_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/emulators
unit_programs += %D%/test_verifier_chain
%C%_test_verifier_chain_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_verifier_chain_LDADD = $(KC_SIGNERS) $(LDADD)
%C%_test_verifier_chain_SOURCES = \
	%D%/test_verifier_chain.c %D%/evidence_sample.c %D%/evidence_sample.h

unit_programs += %D%/test_verifier_sev_snp
%C%_test_verifier_sev_snp_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_verifier_sev_snp_LDADD = $(KC_SIGNERS) $(LDADD)
%C%_test_verifier_sev_snp_SOURCES = %D%/test_verifier_sev_snp.c

unit_programs += %D%/test_verifier_nitro
%C%_test_verifier_nitro_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_verifier_nitro_LDADD = $(KC_SIGNERS) $(LDADD)
%C%_test_verifier_nitro_SOURCES = %D%/test_verifier_nitro.c

unit_programs += %D%/test_keys_migration
%C%_test_keys_migration_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_keys_migration_LDADD = $(KC_SIGNERS) $(LDADD)
%C%_test_keys_migration_SOURCES = %D%/test_keys_migration.c

# Genuine evidence, skipped where it is not on this machine.
unit_programs += %D%/test_verifier_sev_snp_samples
%C%_test_verifier_sev_snp_samples_SOURCES = \
	%D%/test_verifier_sev_snp_samples.c %D%/evidence_sample.c %D%/evidence_sample.h
unit_programs += %D%/test_verifier_nitro_samples
%C%_test_verifier_nitro_samples_SOURCES = \
	%D%/test_verifier_nitro_samples.c %D%/evidence_sample.c %D%/evidence_sample.h
unit_programs += %D%/test_verifier_tdx
%C%_test_verifier_tdx_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_verifier_tdx_LDADD = $(KC_SIGNERS) $(LDADD)
%C%_test_verifier_tdx_SOURCES = %D%/test_verifier_tdx.c %D%/tdx_fixture.c %D%/tdx_fixture.h \
	%D%/evidence_sample.c %D%/evidence_sample.h

unit_programs += %D%/test_verifier_tpm_ek
%C%_test_verifier_tpm_ek_SOURCES = %D%/test_verifier_tpm_ek.c
%C%_test_verifier_tpm_ek_LDADD = $(KC_SIGNERS) $(LDADD)
unit_programs += %D%/test_verifier_tpm
%C%_test_verifier_tpm_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_verifier_tpm_LDADD = $(KC_SIGNERS) $(LDADD) $(JANSSON_LIBS)
%C%_test_verifier_tpm_SOURCES = %D%/test_verifier_tpm.c %D%/tpm_fixture.c %D%/tpm_fixture.h \
	%D%/evidence_sample.c %D%/evidence_sample.h

unit_programs += %D%/test_verifier_vtpm
%C%_test_verifier_vtpm_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_verifier_vtpm_LDADD = $(KC_SIGNERS) $(LDADD) $(JANSSON_LIBS)
%C%_test_verifier_vtpm_SOURCES = %D%/test_verifier_vtpm.c %D%/tpm_fixture.c %D%/tpm_fixture.h \
	%D%/evidence_sample.c %D%/evidence_sample.h

unit_programs += %D%/test_verifier_tpm_genuine
%C%_test_verifier_tpm_genuine_LDADD = $(LDADD) $(JANSSON_LIBS)
%C%_test_verifier_tpm_genuine_SOURCES = %D%/test_verifier_tpm_genuine.c %D%/tpm_fixture.c %D%/tpm_fixture.h \
	%D%/evidence_sample.c %D%/evidence_sample.h

unit_programs += %D%/test_verifier_tdx_genuine
%C%_test_verifier_tdx_genuine_CPPFLAGS = $(kc_signed_cppflags)
%C%_test_verifier_tdx_genuine_LDADD = $(KC_SIGNERS) $(LDADD)
%C%_test_verifier_tdx_genuine_SOURCES = %D%/test_verifier_tdx_genuine.c %D%/tdx_fixture.c %D%/tdx_fixture.h \
	%D%/evidence_sample.c %D%/evidence_sample.h

unit_programs += %D%/test_verifier_policy
%C%_test_verifier_policy_SOURCES = %D%/test_verifier_policy.c

unit_programs += %D%/test_verifier_carrier
%C%_test_verifier_carrier_SOURCES = %D%/test_verifier_carrier.c

unit_programs += %D%/test_service_replay
%C%_test_service_replay_SOURCES = %D%/test_service_replay.c

unit_programs += %D%/test_service_hot
%C%_test_service_hot_SOURCES = %D%/test_service_hot.c %D%/service_fixture.c %D%/service_fixture.h
%C%_test_service_hot_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc \
	-Wl,--wrap=realloc -Wl,--wrap=memory_secret_new

unit_programs += %D%/test_kms_answers
%C%_test_kms_answers_SOURCES = %D%/test_kms_answers.c %D%/evidence_sample.c %D%/evidence_sample.h

# pkcs11: the module itself, loaded as a host program does, in front of a real daemon.
unit_programs += %D%/test_pkcs11_hash
%C%_test_pkcs11_hash_SOURCES = %D%/test_pkcs11_hash.c pkcs11/hash.c
%C%_test_pkcs11_hash_LDADD = $(LDADD) $(NETTLE_LIBS)

unit_programs += %D%/test_pkcs11_operation
%C%_test_pkcs11_operation_SOURCES = \
	%D%/test_pkcs11_operation.c %D%/module_fixture.c %D%/module_fixture.h
%C%_test_pkcs11_operation_LDADD = $(LDADD) -ldl

unit_programs += %D%/test_pkcs11_module
%C%_test_pkcs11_module_SOURCES = %D%/test_pkcs11_module.c %D%/module_fixture.c %D%/module_fixture.h
%C%_test_pkcs11_module_LDADD = $(LDADD) -ldl

unit_programs += %D%/test_pkcs11_login
%C%_test_pkcs11_login_SOURCES = %D%/test_pkcs11_login.c %D%/module_fixture.c %D%/module_fixture.h
%C%_test_pkcs11_login_LDADD = $(LDADD) -ldl
endif
