# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A guest for tests (after tap.sh): QEMU with a Nitro security module and Linux's own driver for it, without KVM.
# What tests/guest/build made is used; a test that asks for it is skipped where it is not there.
KC_GUEST_CACHE=${KEYCLAVE_GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/keyclave/guest}
KC_QEMU=$KC_GUEST_CACHE/qemu/qemu-system-x86_64
KC_GUEST_KERNEL=$KC_GUEST_CACHE/kernel/vmlinuz
# What is in the guest's initramfs, as scripts/initramfs takes it.
guest_files=()

guest_need() {
	local why
	why=$(bash "$KC_SRCDIR/tests/guest/build" --cached) || skip_all "${why#guest/build: }"
	[ -e /usr/share/seabios/bios-microvm.bin ] || skip_all "seabios is not installed"
	[ -z "$KC_SANITIZERS" ] || skip_all "a guest is too slow for a sanitizer"
}
# guest_program PATH FILE: with the libraries that the host's loader finds for it.
guest_program() {
	local library
	guest_files+=("$1=$2")
	while read -r library; do
		guest_files+=("/lib/${library##*/}=$library")
	done < <(ldd "$2" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p')
}
guest_file() { guest_files+=("$1=$2"); }
# guest_host PROGRAM...: the host's own.
guest_host() {
	local program
	for program; do
		guest_program "/bin/$program" "$(command -v "$program")"
	done
}
# guest_initramfs OUT TEST-SCRIPT: with what a shell needs.
guest_initramfs() {
	local module
	guest_host bash mount insmod mkdir sync sleep cat
	guest_files+=("/lib64/ld-linux-x86-64.so.2=/lib64/ld-linux-x86-64.so.2")
	guest_file /test.sh "$2"
	for module in "$KC_GUEST_CACHE"/kernel/*.ko; do
		guest_file "/modules/${module##*/}" "$module"
	done
	chmod 0755 "$T" 2>/dev/null
	"$KC_SRCDIR/scripts/initramfs" "$1" "/init:755=$KC_SRCDIR/tests/guest/init.sh" "${guest_files[@]}"
}
# guest_qemu SECONDS CONSOLE ARGUMENTS...: once. tsc_early_khz: else the kernel measures the clock against an
# emulated timer, and hangs now and then.
guest_qemu() {
	local seconds=$1 console=$2
	shift 2
	timeout -k 5 "$seconds" "$KC_QEMU" -L "$KC_GUEST_CACHE/qemu" -L /usr/share/seabios -accel tcg -cpu max -m 512 -no-reboot -nodefaults \
		-display none -serial "file:$console" "$@" </dev/null >"$console.qemu" 2>&1
}
guest_cmdline='console=ttyS0 quiet loglevel=1 reboot=t panic=-1 tsc_early_khz=2000000 random.trust_cpu=on'
# guest_boot INITRAMFS OUT [SECONDS]: what the test script said goes to OUT; the result is its exit status. A guest that
# says nothing in time is started once more.
guest_boot() {
	local try status
	for try in 1 2 3; do
		guest_qemu "${3:-120}" "$2.console" -M microvm,pic=on,pit=on,rtc=on -kernel "$KC_GUEST_KERNEL" \
			-initrd "$1" -append "$guest_cmdline" -device virtio-nsm-device
		tr -d '\r' <"$2.console" 2>/dev/null | sed -n '/^guest: begin$/,/^guest: end /p' >"$2"
		status=$(sed -n 's/^guest: end \([0-9]*\)$/\1/p' "$2")
		[ -z "$status" ] || return "$status"
		diag "the guest did not come up in time, try $try"
		diag_file "$2.console" 15
		diag_file "$2.console.qemu" 5
	done
	return 99
}
# guest_results OUT: "ok - NAME" and "not ok - NAME" of the guest become the test's own; other lines comments.
guest_results() {
	local line
	while IFS= read -r line; do
		case $line in
		'ok - '*) ok "in the guest: ${line#ok - }" ;;
		'not ok - '*) not_ok "in the guest: ${line#not ok - }" ;;
		'guest: '*) ;;
		*) diag "$line" ;;
		esac
	done <"$1"
}
