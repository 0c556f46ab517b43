# SPDX-License-Identifier: Apache-2.0
# docs: pages in EXTRA_DIST; man pages: man_MANS += %D%/keyclaved.8 and EXTRA_DIST likewise.
EXTRA_DIST += %D%/store.md
EXTRA_DIST += %D%/architecture.md
EXTRA_DIST += %D%/evidence.md
EXTRA_DIST += %D%/protocol.md
man_MANS += %D%/keyclave.conf.5
EXTRA_DIST += %D%/keyclave.conf.5
EXTRA_DIST += %D%/mechanisms.md
man_MANS += %D%/keyclaved.8
EXTRA_DIST += %D%/keyclaved.8
man_MANS += %D%/keyclave.1
EXTRA_DIST += %D%/keyclave.1
man_MANS += %D%/provider-keyclave.7
EXTRA_DIST += %D%/provider-keyclave.7
EXTRA_DIST += %D%/benchmarks.md
man_MANS += %D%/libkeyclave-verify.3
EXTRA_DIST += %D%/libkeyclave-verify.3
