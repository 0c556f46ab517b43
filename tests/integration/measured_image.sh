#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 5400
# A virtual machine whose TPM says which keyclaved runs in it (scripts/measured-image, docs/measured-boot.md): built, booted by
# QEMU without KVM, with OVMF and swtpm. Evidence is good under the policy that was computed from the image's file; another
# keyclaved, another command line and registers that the guest wrote itself are refused; the store opens for its image only; with
# IMA the list names keyclaved's digest.
#	KC_IMAGE_BOOT=SECONDS   how long one boot may take (600); each is tried twice
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
need qemu-system-x86_64 swtpm swtpm_setup mksquashfs veritysetup dmsetup busybox mcopy mkfs.vfat mkfs.ext4 debugfs sfdisk depmod \
	cpio python3 openssl
code=/usr/share/OVMF/OVMF_CODE_4M.fd
[ -r "$code" ] || skip_all "no OVMF (package ovmf)"
[ -r /usr/lib/systemd/boot/efi/linuxx64.efi.stub ] || skip_all "no EFI stub (package systemd-boot-efi)"
limit=${KC_IMAGE_BOOT:-600}
qemu=
swtpm=
at_exit 'power_off'
k() { timeout 60 "$KC_CLI" "$@"; }
uki() { python3 "$KC_SRCDIR/scripts/uki" "$@"; }
value() { python3 -c "import json,sys; print(json.load(open(sys.argv[1]))$2)" "$1"; }

# ---- the machine ----
power_off() {
	[ -z "$qemu" ] || { kill -9 "$qemu" && wait "$qemu"; } 2>/dev/null
	[ -z "$swtpm" ] || { kill "$swtpm" && wait "$swtpm"; } 2>/dev/null
	qemu=
	swtpm=
}
# new_tpm FOLDER: its bank is SHA-256 alone, as of physical ones that are set up well.
new_tpm() {
	mkdir -p "$1"
	swtpm_setup --tpm2 --tpmstate "$1" --pcr-banks sha256 --overwrite >"$T/swtpm_setup" 2>&1 || bail_out "swtpm_setup: $(cat "$T/swtpm_setup")"
}
new_state() {
	rm -f "$1"
	truncate -s 16M "$1"
	mkfs.ext4 -q -F -L keyclave-state "$1" || bail_out "mkfs.ext4"
}
# power_on DISK STATE TPM [OPTION OF QEMU...]
power_on() {
	local disk=$1 state=$2 tpm=$3
	shift 3
	rm -f "$T/console" "$T/attest" "$T/tpm.sock"
	cp "${code%CODE_4M.fd}VARS_4M.fd" "$T/vars"
	swtpm socket --tpm2 --tpmstate "dir=$tpm" --ctrl "type=unixio,path=$T/tpm.sock" >>"$T/swtpm" 2>&1 &
	swtpm=$!
	wait_for_socket "$T/tpm.sock" || bail_out "swtpm: $(cat "$T/swtpm")"
	qemu-system-x86_64 -accel tcg -machine q35 -cpu max -smp 1 -m 512 -nodefaults -no-user-config -display none -no-reboot \
		-serial "file:$T/console" \
		-drive "if=pflash,format=raw,unit=0,readonly=on,file=$code" -drive "if=pflash,format=raw,unit=1,file=$T/vars" \
		-drive "if=virtio,format=raw,snapshot=on,file=$disk" -drive "if=virtio,format=raw,file=$state" \
		-chardev "socket,id=tpm,path=$T/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-crb,tpmdev=tpm0 \
		-device virtio-serial-pci -chardev "socket,id=attest,path=$T/attest,server=on,wait=off" \
		-device virtserialport,chardev=attest,name=keyclave.attest "$@" >"$T/qemu" 2>&1 &
	qemu=$!
}
# says PATTERN: the console does, before the time is up and the machine off.
says() {
	local until=$((SECONDS + limit))
	while ! grep -aEq "$1" "$T/console" 2>/dev/null; do
		[ $SECONDS -lt $until ] || return 1
		if ! kill -0 "$qemu" 2>/dev/null; then
			grep -aEq "$1" "$T/console" 2>/dev/null
			return
		fi
		sleep 1
	done
}
# boots NAME PATTERN ARGUMENTS OF power_on...: a check; twice tried.
boots() {
	local name=$1 pattern=$2 began=$SECONDS
	shift 2
	for try in 1 2; do
		power_off
		power_on "$@"
		if says "$pattern"; then
			ok "$name"
			diag "$((SECONDS - began)) s"
			return 0
		fi
		diag "try $try: not within $limit s"
		diag_file "$T/console"
		diag_file "$T/qemu" 5
	done
	not_ok "$name (expected on the console: $pattern)"
}
# evidence FILE [URI]: of the machine that runs, with a new nonce in $nonce.
evidence() {
	nonce=$(openssl rand -hex 32)
	timeout 300 python3 - "$T/attest" "$nonce" "$@" <<-'END'
		import base64, socket, sys
		port, nonce, file = sys.argv[1:4]
		s = socket.socket(socket.AF_UNIX)
		s.connect(port)
		s.sendall(" ".join([nonce] + sys.argv[4:]).encode() + b"\n")
		answer = b""
		while not answer.endswith(b"\n"):
		    got = s.recv(65536)
		    if not got:
		        sys.exit("the machine hung up")
		    answer += got
		word, _, rest = answer.decode().strip().partition(" ")
		if word != "ok":
		    sys.exit(answer.decode())
		open(file, "wb").write(base64.b64decode(rest))
	END
}
# policy FILE FROM EXPRESSION: a copy, changed by Python on p, its section "tpm" being t.
policy() {
	python3 -c "
import json, sys
p = json.load(open(sys.argv[2]))
t = p['tpm']
$3
json.dump(p, open(sys.argv[1], 'w'))" "$1" "$2"
}
verify() {
	local policy=$1 file=$2
	shift 2
	k verify --nonce "$nonce" --policy "$policy" "$@" "$file"
}
# refused NAME PATTERN POLICY FILE [OPTION...]: by status 1 and with these words.
refused() {
	local name=$1 pattern=$2
	shift 2
	tap_run verify "$@"
	if [ "$tap_status" -eq 1 ] && cat "$T/out" "$T/err" | grep -Eq -- "$pattern"; then ok "$name"; else
		not_ok "$name (expected: refused, $pattern)"
		tap_explain verify "$@"
	fi
}

# ---- images ----
stage=$T/stage
make -s -C "$KC_BUILDDIR" install DESTDIR="$stage" >"$T/install" 2>&1 || bail_out "make install: $(tail -n 3 "$T/install")"
mkdir -p "$T/add/etc/keyclave"
cat >"$T/add/etc/keyclave/start" <<'END'
#!/bin/sh
# The application: a token and a key, when there are none.
if ! keyclave status --json | grep -q '"measured"'; then
	head -c 16 /dev/urandom | xxd -p >/run/so-pin
	keyclave init --label measured --so-pin-file /run/so-pin --generate-pin /run/pin &&
		keyclave keygen --type ec:P-256 --label web --pin-file /run/pin --token pkcs11:token=measured
	echo "application: a new token"
fi
echo "application: ready"
END
chmod 755 "$T/add/etc/keyclave/start"
# image NAME [OPTION...]
image() {
	local name=$1
	shift
	"$KC_SRCDIR/scripts/measured-image" --output "$T/$name" --add "$T/add" "$@" >"$T/build" 2>&1
}
if ! image good --stage "$stage"; then
	grep -Eq 'apt-get|apt-cache|missing:' "$T/build" && skip_all "$(tail -n 1 "$T/build")"
	not_ok "the image is built"
	diag_file "$T/build"
	done_testing
fi
ok "the image is built"
check "its digest of keyclaved is in the manifest" grep -Eq '^keyclaved sha256:[0-9a-f]{64}$' "$T/good/manifest.txt"
check "a second build" image again --stage "$stage"
for file in keyclave.efi root.img disk.raw policy.json manifest.txt; do
	same_file "which gives the same $file" "$T/again/$file" "$T/good/$file"
done
rm -rf "$T/again"
# One byte of a text in keyclaved is another: it still runs.
cp -a "$stage" "$T/stage.changed"
python3 - "$(find "$T/stage.changed" -name keyclaved -path '*sbin*')" <<'END' || bail_out "no byte to change"
import sys
data = open(sys.argv[1], "rb").read()
text = b"nothing was measured into it"
assert text in data
open(sys.argv[1], "wb").write(data.replace(text, b"Nothing" + text[7:], 1))
END
check "an image with it is built" image changed --stage "$T/stage.changed"
differ() { ! cmp -s "$1" "$2"; }
check "it has another root hash" differ "$T/good/roothash" "$T/changed/roothash"
check "and another PCR 11" test "$(value "$T/good/pcrs.json" '["pcr11"]')" != "$(value "$T/changed/pcrs.json" '["pcr11"]')"
check_fails "what is no UKI is not measured" uki measure /usr/share/OVMF/OVMF_VARS_4M.fd
check_fails "nor what has another loader" uki measure "$(ls /usr/lib/systemd/boot/efi/systemd-bootx64.efi)"

# ---- the good one ----
new_tpm "$T/tpm"
new_state "$T/state"
boots "the image boots and makes a token" 'application: ready' "$T/good/disk.raw" "$T/state" "$T/tpm"
check "evidence of the key comes out, with a nonce" evidence "$T/evidence" 'pkcs11:token=measured;object=web;type=public'
refused "it is refused while nobody vouches for the TPM's key" 'nobody vouches' "$T/good/policy.json" "$T/evidence"
k verify --nonce "$nonce" --policy "$T/good/policy.json" --allow host-vtpm --json "$T/evidence" >"$T/first.json" 2>"$T/err" ||
	diag_file "$T/first.json"
ak=$(value "$T/first.json" '["facts"]["ak-name"]')
identity=$(value "$T/first.json" '["claims"]["identity"]')
policy "$T/policy" "$T/good/policy.json" "t['ak-name'] = '$ak'"
check_output "with it pinned, the computed PCR values are those of the machine" good verify "$T/policy" "$T/evidence" --generated
check_output "the firmware's event log was replayed" 'event log.*replays' verify "$T/policy" "$T/evidence"
is "PCR 4 as computed" "hex:$(value "$T/first.json" '["facts"]["pcr4"]' | sed 's/^hex://')" "$(value "$T/policy" '["tpm"]["pcr4"]')"
is "PCR 11 as computed" "hex:$(value "$T/first.json" '["facts"]["pcr11"]' | sed 's/^hex://')" "$(value "$T/policy" '["tpm"]["pcr11"]')"
policy "$T/changed.policy" "$T/changed/policy.json" "t['ak-name'] = '$ak'"
refused "it is not the changed image" 'pcr4' "$T/changed.policy" "$T/evidence"
# Security rule 5: what was booted can write PCR 11 itself.
policy "$T/late" "$T/policy" "[t.pop(n) for n in ('pcr4', 'pcr12', 'pcr13')]"
refused "PCR 11 alone is no measurement" 'pcr11 is self-reported' "$T/late" "$T/evidence"
check_output "allowed, it is marked" 'SELF-REPORTED' verify "$T/late" "$T/evidence" --allow self-reported

boots "the image boots again" 'application: ready' "$T/good/disk.raw" "$T/state" "$T/tpm"
check_fails "its store opened: no new token was made" grep -aq 'application: a new token' "$T/console"
check "evidence of the second boot" evidence "$T/evidence2"
check_output "is good, of the same token" good verify "$T/policy" "$T/evidence2" --identity "$identity"

# ---- the attacks ----
boots "the changed image does not open its store" 'another state: PCR' "$T/changed/disk.raw" "$T/state" "$T/tpm"
check "the log names PCR 11" grep -aEq 'PCR11 \(sha256\) differs' "$T/console"
check_fails "nor does it serve" grep -aq 'keyclaved serves' "$T/console"
new_state "$T/state2"
boots "with a store of its own the changed image serves" 'application: ready' "$T/changed/disk.raw" "$T/state2" "$T/tpm"
check "its evidence" evidence "$T/evidence3"
refused "is refused by name: PCR 4" 'pcr4' "$T/policy" "$T/evidence3"
policy "$T/pcr11" "$T/policy" "t.pop('pcr4')"
refused "and PCR 11" 'pcr11' "$T/pcr11" "$T/evidence3"
check_output "and good as what it is" good verify "$T/changed.policy" "$T/evidence3"

blocks=$(grep -ao 'rootblocks=[0-9]*' "$T/good/keyclave.efi" | head -n 1 | cut -d = -f 2)
new_state "$T/state2"
boots "the good image with a command line of the host's" 'application: ready' "$T/good/disk.raw" "$T/state2" "$T/tpm" \
	-kernel "$T/good/keyclave.efi" \
	-append "console=ttyS0 quiet roothash=$(<"$T/good/roothash") rootblocks=$blocks evil=1"
check "its evidence" evidence "$T/evidence4"
policy "$T/pcr12" "$T/policy" "t.pop('pcr4')"
refused "is refused by name: PCR 12" 'pcr12' "$T/pcr12" "$T/evidence4"
refused "by the whole policy too" 'pcr' "$T/policy" "$T/evidence4"

# Bytes of the root file system are others, its hash tree and root hash are not.
cp "$T/good/disk.raw" "$T/broken.raw"
python3 - "$T/broken.raw" "$T/good/root.img" <<'END' || bail_out "no root file system in the disk"
import sys
disk = open(sys.argv[1], "r+b")
image = open(sys.argv[2], "rb").read()
at = disk.read().index(image[:4096])
disk.seek(at + 96 + 64 * 1024)
disk.write(b"evil" * 4096)
END
boots "a root file system that was changed in place does not run" 'device-mapper: verity.*corrupt|STOPPED: the root' "$T/broken.raw" "$T/state2" "$T/tpm"
check_fails "nothing of it serves" grep -aq 'keyclaved serves' "$T/console"
power_off

# ---- IMA ----
check "an image with IMA is built" image ima --ima --stage "$stage"
policy "$T/ima.policy" "$T/ima/policy.json" "t['ak-name'] = '$ak'"
new_state "$T/state2"
boots "it boots" 'application: ready' "$T/ima/disk.raw" "$T/state2" "$T/tpm"
check "its evidence" evidence "$T/evidence5"
check_output "is good, and names keyclaved" good verify "$T/ima.policy" "$T/evidence5"
check_output "the list replays to PCR 10" 'measured files.*replays to PCR10' verify "$T/ima.policy" "$T/evidence5"
# Another keyclaved in the same image: boot loader, kernel and command line are equal, the list is not.
cp "$T/ima/disk.raw" "$T/ima.changed.raw"
path=$(cd "$stage" && find . -name keyclaved -path '*sbin*' -printf '/%P\n')
cp "$T/stage.changed$path" "$T/keyclaved"
strip --strip-all --remove-section=.note.gnu.build-id "$T/keyclaved"
cp "$T/ima/root.img" "$T/ima.root"
debugfs -w -f - "$T/ima.root" >"$T/debugfs" 2>&1 <<END
rm $path
write $T/keyclaved $path
sif $path mode 0100755
END
python3 - "$T/ima.changed.raw" "$T/ima/root.img" "$T/ima.root" <<'END' || bail_out "no root file system in the disk"
import sys
disk = open(sys.argv[1], "r+b")
old = open(sys.argv[2], "rb").read()
at = disk.read().index(old[:65536])
disk.seek(at)
disk.write(open(sys.argv[3], "rb").read())
END
new_state "$T/state2"
boots "another keyclaved boots there, too" 'application: ready' "$T/ima.changed.raw" "$T/state2" "$T/tpm"
check "its evidence" evidence "$T/evidence6"
refused "is refused by name: ima.keyclaved" 'ima.keyclaved' "$T/ima.policy" "$T/evidence6"
policy "$T/ima.any" "$T/ima.policy" "t.pop('ima.keyclaved')"
check_output "for the PCRs of the boot are the same" good verify "$T/ima.any" "$T/evidence6"
done_testing
