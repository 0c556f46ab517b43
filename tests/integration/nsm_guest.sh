#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 900
# Our code on Linux's own driver for the Nitro security module, in a guest of QEMU: the module's requests, and keyclaved
# on the platform nitro with a token, a key and its evidence, which that module does not sign, so that it is refused.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/guest/guest.sh" || exit 99
guest_need
need xz python3 ldd base64

cat >"$T/inside" <<'END'
result() { if [ "$2" = 0 ]; then echo "ok - $1"; else echo "not ok - $1"; fi; }
nsm_guest
result "the test of nsm.c" $?
[ -c /dev/nsm ]
result "/dev/nsm is a device" $?
mkdir /sys/kernel/config/tsm/report/x 2>/tmp/tsm
grep -q 'No such device' /tmp/tsm
result "configfs-tsm is there, without a TEE behind it" $?
export KEYCLAVE_CONF=/keyclave.conf KEYCLAVE_STATE_DIR=/run/keyclave
keyclaved >/tmp/log 2>&1 &
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	keyclave status >/tmp/status 2>&1 && break
	sleep 0.5
done
grep -q 'platform auto: nitro, for /dev/nsm is there' /tmp/log
result "keyclaved finds the platform nitro" $?
echo 0123456789abcdef0123456789abcdef >/tmp/so-pin
keyclave init --label t --so-pin-file /tmp/so-pin --generate-pin /tmp/pin
result "a token is made" $?
keyclave keygen --type ec:P-256 --label web --pin-file /tmp/pin --token pkcs11:token=t
result "a key" $?
keyclave attest --nonce 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff --pin-file /tmp/pin --out /tmp/e 'pkcs11:token=t;object=web;type=private'
result "its evidence" $?
keyclave status --json | grep -q '"platform": *"nitro"'
result "status names the platform" $?
echo "evidence: $(base64 -w 0 /tmp/e)"
grep -v 'session\|worker' /tmp/log
END
guest_host grep base64 rm
guest_program /bin/nsm_guest "$KC_BUILDDIR/tests/guest/nsm_guest"
guest_program /bin/keyclaved "$KC_DAEMON"
guest_program /bin/keyclave "$KC_CLI"
printf '[daemon]\nplatform = auto\n' >"$T/keyclave.conf"
guest_file /keyclave.conf "$T/keyclave.conf"
check "an initramfs" guest_initramfs "$T/initramfs" "$T/inside"
check "the guest ran to its end" guest_boot "$T/initramfs" "$T/said"
guest_results <(grep -v '^evidence: ' "$T/said")
sed -n 's/^evidence: //p' "$T/said" | base64 -d >"$T/evidence"
nonce=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
check_status "the evidence is refused here" 1 "$KC_CLI" verify --nonce $nonce --allow any-measurement "$T/evidence"
is "and it says why" "$(cat "$T/out" "$T/err" | grep -c 'other than ES384')" 1
done_testing
