#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 240
# The platforms' unit tests as a user without rights: emulators and clients in a user namespace of theirs, with a
# /dev/fuse that is open to everybody, as it is on most machines.
if [ "${KC_PLATFORMS_INSIDE:-}" != yes ]; then
	export KC_PLATFORMS_INSIDE=yes
	[ "$(id -u)" -ne 0 ] || exec unshare -m --propagation private bash "$0" "$@"
fi
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
[ -x "$KC_BUILDDIR/tests/emulators/emulate-nsm" ] || skip_all "the emulators are not built (libfuse3)"
[ "$(id -u)" -eq 0 ] || skip_all "needs root to become nobody"
need setpriv
mkdir -m 0777 "$T/tmp"
mknod -m 0666 "$T/fuse" c 10 229 2>/dev/null || skip_all "no device node can be made here"
mount --bind "$T/fuse" /dev/fuse 2>/dev/null || skip_all "no /dev/fuse to put it over"
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env TMPDIR="$T/tmp" CMOCKA_MESSAGE_OUTPUT=TAP "$@"; }
as_nobody sh -c ': <>/dev/fuse' 2>/dev/null || skip_all "this system's file systems have no device nodes"
as_nobody unshare -Urm true 2>/dev/null || skip_all "no user namespaces"

for program in nsm sev_guest tsm sev_snp nitro tdx; do
	test=$KC_BUILDDIR/tests/unit/test_platform_$program
	[ -x "$test" ] || skip_all "no unit tests (cmocka)"
	check "test_platform_$program as nobody" as_nobody "$test"
	check_fails "test_platform_$program was not skipped" grep -q '^1\.\.0' "$T/out"
done
done_testing
