# SPDX-License-Identifier: Apache-2.0
# guest: what tests that boot a guest share (guest.sh), and what runs in it. Nothing of it is installed.
EXTRA_DIST += %D%/build %D%/guest.sh %D%/init.sh

check_PROGRAMS += %D%/nsm_guest
%C%_nsm_guest_SOURCES = %D%/nsm_guest.c
