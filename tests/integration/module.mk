# SPDX-License-Identifier: Apache-2.0
# integration: shell tests (TAP through tests/lib/tap.sh) and the programs that they run.
#	integration_tests += %D%/test_<what>.sh         in make check
#	long_tests += %D%/test_<what>.sh         in make check-long only
#	EXTRA_DIST += %D%/test_<what>.sh
#	check_PROGRAMS += %D%/<program>

check_PROGRAMS += %D%/daemon_peer
%C%_daemon_peer_SOURCES = %D%/daemon_peer.c
integration_tests += %D%/test_daemon.sh %D%/test_crowd.sh
EXTRA_DIST += %D%/test_daemon.sh %D%/test_crowd.sh

check_PROGRAMS += %D%/client_recovery
%C%_client_recovery_SOURCES = %D%/client_recovery.c
integration_tests += %D%/test_client.sh
EXTRA_DIST += %D%/test_client.sh

EXTRA_DIST += %D%/token.sh
integration_tests += %D%/test_pkcs11_tool.sh %D%/test_p11tool.sh %D%/test_ssh.sh %D%/test_cli.sh
EXTRA_DIST += %D%/test_pkcs11_tool.sh %D%/test_p11tool.sh %D%/test_ssh.sh %D%/test_cli.sh

check_PROGRAMS += %D%/death
%C%_death_SOURCES = %D%/death.c
%C%_death_LDADD = -ldl
integration_tests += %D%/test_death.sh
long_tests += %D%/test_death_long.sh
EXTRA_DIST += %D%/death.sh %D%/test_death.sh %D%/test_death_long.sh

long_tests += %D%/test_evidence_long.sh
EXTRA_DIST += %D%/test_evidence_long.sh

# The OpenSSL provider, by the openssl command and by a program of its own.
EXTRA_DIST += %D%/openssl_lib.sh
check_PROGRAMS += %D%/provider_api
%C%_provider_api_SOURCES = %D%/provider_api.c
%C%_provider_api_LDADD = $(LIBCRYPTO_LIBS)
check_PROGRAMS += %D%/provider_open
%C%_provider_open_SOURCES = %D%/provider_open.c
%C%_provider_open_LDADD = $(LIBCRYPTO_LIBS)
check_PROGRAMS += %D%/provider_message
%C%_provider_message_SOURCES = %D%/provider_message.c
%C%_provider_message_LDADD = $(LIBCRYPTO_LIBS)
integration_tests += %D%/openssl_message.sh
EXTRA_DIST += %D%/openssl_message.sh
integration_tests += %D%/channel.sh
EXTRA_DIST += %D%/channel.sh
integration_tests += %D%/openssl_pin.sh
EXTRA_DIST += %D%/openssl_pin.sh
integration_tests += %D%/openssl_sign.sh %D%/openssl_decrypt.sh %D%/openssl_store.sh
integration_tests += %D%/openssl_genpkey.sh %D%/openssl_tls.sh %D%/openssl_api.sh
EXTRA_DIST += %D%/openssl_sign.sh %D%/openssl_decrypt.sh %D%/openssl_store.sh
EXTRA_DIST += %D%/openssl_genpkey.sh %D%/openssl_tls.sh %D%/openssl_api.sh
integration_tests += %D%/test_certify.sh
EXTRA_DIST += %D%/test_certify.sh
integration_tests += %D%/test_install.sh
EXTRA_DIST += %D%/test_install.sh
integration_tests += %D%/openssl_rows.sh
EXTRA_DIST += %D%/openssl_rows.sh
integration_tests += %D%/nginx.sh
EXTRA_DIST += %D%/nginx.sh
integration_tests += %D%/test_damage.sh
EXTRA_DIST += %D%/test_damage.sh
integration_tests += %D%/platforms.sh
EXTRA_DIST += %D%/platforms.sh %D%/independent.py
integration_tests += %D%/test_go_parsers.sh
EXTRA_DIST += %D%/test_go_parsers.sh %D%/parse_report.go %D%/parse_report.py
integration_tests += %D%/tpm.sh
EXTRA_DIST += %D%/tpm.sh
long_tests += %D%/tpm_recovery.sh %D%/tpm_versions.sh
EXTRA_DIST += %D%/swtpm.sh %D%/tpm_recovery.sh %D%/tpm_versions.sh
long_tests += %D%/vtpm.sh
EXTRA_DIST += %D%/vtpm.sh
integration_tests += %D%/test_rules.sh
EXTRA_DIST += %D%/test_rules.sh
integration_tests += %D%/migrate.sh
EXTRA_DIST += %D%/migrate.sh
integration_tests += %D%/platforms_unprivileged.sh
EXTRA_DIST += %D%/platforms_unprivileged.sh

# Programs of others, each skipped where it is not there.
integration_tests += %D%/test_java.sh %D%/test_nss.sh %D%/test_apache.sh %D%/test_gnutls.sh
EXTRA_DIST += %D%/test_java.sh %D%/test_nss.sh %D%/test_apache.sh %D%/test_gnutls.sh
integration_tests += %D%/test_evidence.sh
EXTRA_DIST += %D%/test_evidence.sh

integration_tests += %D%/test_derive.sh
EXTRA_DIST += %D%/test_derive.sh

# In a guest of QEMU (tests/guest).
guest_tests += %D%/nsm_guest.sh %D%/enclave_image.sh
EXTRA_DIST += %D%/nsm_guest.sh %D%/enclave_image.sh

integration_tests += %D%/test_measure.sh
EXTRA_DIST += %D%/test_measure.sh

# A machine without KVM takes minutes for each boot: check-long, and scripts/check --images.
long_tests += %D%/measured_image.sh
EXTRA_DIST += %D%/measured_image.sh
# AWS KMS, played by a program in Python.
integration_tests += %D%/kms.sh
EXTRA_DIST += %D%/kms.sh
