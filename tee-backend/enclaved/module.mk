# SPDX-License-Identifier: Apache-2.0
# enclaved, level 6: the daemon keyclaved, its units. The program:
#	sbin_PROGRAMS += %D%/keyclaved
#	%C%_keyclaved_SOURCES = ...
#	%C%_keyclaved_LDADD = (its folders' libraries, upper first) (external LIBS)
nodist_systemdunit_DATA += %D%/keyclaved.socket %D%/keyclaved.service
dist_sysusersd_DATA += %D%/keyclave.sysusers.conf
nodist_tmpfilesd_DATA += %D%/keyclave.tmpfiles.conf
EXTRA_DIST += %D%/keyclaved.socket.in %D%/keyclaved.service.in %D%/keyclave.tmpfiles.conf.in
