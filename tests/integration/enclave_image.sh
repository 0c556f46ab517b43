#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 3000
# The enclave image: made twice, of copies of the source in two folders, it is the same file; and it starts: keyclaved,
# as the only program, finds the security module in a guest.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/guest/guest.sh" || exit 99
guest_need
need cmake python3 pkg-config
libraries=${KEYCLAVE_ENCLAVE_LIBRARIES:-$KC_GUEST_CACHE/libraries}
"$KC_SRCDIR/scripts/enclave-libraries" "$libraries" libcbor >"$T/libraries" 2>&1 || skip_all "$(tail -n 1 "$T/libraries")"
kernel=$KC_GUEST_CACHE/kernel

# image COPY BUILD OUT: of a copy of the source, whose files are of now.
image() {
	mkdir -p "$1"
	(cd "$KC_SRCDIR" && tar -cf - --exclude=./.git --exclude='./b' --exclude='./b-*' --exclude='*.o' --exclude='*.a' .) | tar -C "$1" -xmf -
	# Not twice what autoconf made, if times say that it is old.
	(cd "$1" && touch aclocal.m4 && sleep 1 && touch config.h.in configure && find . -name Makefile.in -exec touch {} +)
	"$1/scripts/enclave-image" --kernel "$kernel/vmlinuz" --module "$kernel/virtio_mmio.ko" --module "$kernel/nsm.ko" \
		--cmdline "$guest_cmdline" --libraries "$libraries" --build "$2" --output "$3"
}
check "an image" image "$T/a" "$T/a/b" "$T/one.eif"
cp "$T/out" "$T/said"
check "an image made elsewhere" image "$T/another/folder" "$T/somewhere/else" "$T/two.eif"
same_file "is the same file" "$T/two.eif" "$T/one.eif"
check_output "it prints PCR0" '^pcr0: [0-9a-f]{96}$' cat "$T/said"
check_output "its size" '^image bytes: [0-9]+$' cat "$T/said"
check_output "and the lines of code inside" '^lines of code inside: [0-9]+ in [0-9]+ files' cat "$T/said"
is "keyclaved is one static program" "$(ldd "$T/a/b/keyclaved" 2>&1 | tr -d '\t')" "statically linked"
# As a Nitro parent would: both ramdisks after one another.
cat "$T/a/b/boot.cpio.gz" "$T/a/b/application.cpio.gz" >"$T/initrd"
started() {
	local try
	for try in 1 2 3; do
		guest_qemu 40 "$T/console" -M microvm,pic=on,pit=on,rtc=on -kernel "$kernel/vmlinuz" -initrd "$T/initrd" \
			-append "$guest_cmdline" -device virtio-nsm-device
		grep -q 'platform nitro' "$T/console" && return 0
		diag "it did not come up in time, try $try"
	done
	diag_file "$T/console" 15
	return 1
}
check "it starts in a guest" started
check_output "without a complaint of its own" '^1$' sh -c '! grep "keyclave-init: /" "$1" && echo 1' sh "$T/console"
check_output "keyclaved uses the security module" 'platform nitro: an enclave has no sealing key' cat "$T/console"
done_testing
