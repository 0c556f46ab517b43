# SPDX-License-Identifier: Apache-2.0
# enclaved, level 6: the daemon keyclaved, its units. All but main.c is a library, for the tests' sake.
noinst_LIBRARIES += %D%/libkc-enclaved.a
KC_LIBS += %D%/libkc-enclaved.a
KC_EXTERNAL_LIBS += $(SECCOMP_LIBS)
%C%_libkc_enclaved_a_SOURCES = \
	%D%/allow.c %D%/allow.h \
	%D%/accepted.c %D%/accepted.h \
	%D%/controls.c %D%/controls.h \
	%D%/handover.c %D%/handover.h \
	%D%/keeper.c %D%/keeper.h \
	%D%/offer.c %D%/offer.h \
	%D%/notify.c %D%/notify.h \
	%D%/remote.c %D%/remote.h \
	%D%/sandbox.c %D%/sandbox.h \
	%D%/server.c %D%/server.h \
	%D%/state.c %D%/state.h \
	%D%/worker.c %D%/worker.h

sbin_PROGRAMS += %D%/keyclaved
%C%_keyclaved_SOURCES = %D%/main.c
%C%_keyclaved_LDADD = %D%/libkc-enclaved.a \
	tee-backend/service/libkc-service.a tee-backend/token/libkc-token.a \
	tee-backend/keys/libkc-keys.a tee-backend/protocol/libkc-protocol.a \
	tee-backend/crypto/libkc-crypto.a tee-backend/kms/libkc-kms.a tee-backend/blobstore/libkc-blobstore.a \
	tee-backend/platform/libkc-platform.a tee-backend/verifier/libkc-verifier.a \
	tee-backend/transport/libkc-tls.a tee-backend/transport/libkc-transport.a \
	tee-backend/mechanism/libkc-mechanism.a tee-backend/common/libkc-common.a \
	$(LIBSSL_LIBS) $(LIBCRYPTO_LIBS) $(NETTLE_LIBS) $(SQLITE_LIBS) $(SECCOMP_LIBS) $(TSS2_LIBS) $(JANSSON_LIBS) $(LIBCBOR_LIBS) $(INIH_LIBS)

# The first program of an enclave image (make enclave-image), which alone has a use for it.
EXTRA_PROGRAMS += %D%/keyclave-init
%C%_keyclave_init_SOURCES = %D%/init.c
%C%_keyclave_init_LDADD =
CLEANFILES += %D%/keyclave-init

nodist_systemdunit_DATA += %D%/keyclaved.socket %D%/keyclaved.service
dist_udevrules_DATA += %D%/70-keyclave.rules
dist_sysusersd_DATA += %D%/keyclave.sysusers.conf
nodist_tmpfilesd_DATA += %D%/keyclave.tmpfiles.conf
EXTRA_DIST += %D%/keyclaved.socket.in %D%/keyclaved.service.in %D%/keyclave.tmpfiles.conf.in
