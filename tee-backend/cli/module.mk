# SPDX-License-Identifier: Apache-2.0
# cli, level 6: the program keyclave:
#	bin_PROGRAMS += %D%/keyclave
#	%C%_keyclave_SOURCES = ...
#	%C%_keyclave_LDADD = (its folders' libraries, upper first) (external LIBS)
