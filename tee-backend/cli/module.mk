# SPDX-License-Identifier: Apache-2.0
# cli, level 6: the program keyclave, a client like any other.
bin_PROGRAMS += %D%/keyclave
%C%_keyclave_SOURCES = \
	%D%/appraise.c %D%/appraise.h \
	%D%/certificate.c %D%/certificate.h \
	%D%/certify.c %D%/certify.h \
	%D%/cli.h \
	%D%/cmd_attest.c \
	%D%/cmd_cert.c \
	%D%/cmd_csr.c \
	%D%/cmd_delete.c \
	%D%/cmd_derive.c \
	%D%/cmd_import.c \
	%D%/cmd_init.c \
	%D%/cmd_keygen.c \
	%D%/cmd_list.c \
	%D%/cmd_measure.c \
	%D%/cmd_migrate.c \
	%D%/cmd_pin.c \
	%D%/cmd_policy.c \
	%D%/cmd_rotate_root.c \
	%D%/cmd_status.c \
	%D%/cmd_tpm_policy.c \
	%D%/cmd_uri.c \
	%D%/cmd_verify.c \
	%D%/eif.c %D%/eif.h \
	%D%/import_kms.c %D%/import_kms.h \
	%D%/main.c \
	%D%/print.c \
	%D%/secret.c \
	%D%/target.c
%C%_keyclave_LDADD = \
	tee-backend/client/libkc-uri.a tee-backend/client/libkc-client.a \
	tee-backend/protocol/libkc-protocol.a tee-backend/verifier/libkc-verifier.a \
	tee-backend/platform/libkc-platform.a tee-backend/transport/libkc-transport.a \
	tee-backend/mechanism/libkc-mechanism.a tee-backend/common/libkc-common.a \
	$(LIBCRYPTO_LIBS) $(P11KIT_LIBS) $(JANSSON_LIBS) $(LIBCBOR_LIBS) $(INIH_LIBS)
