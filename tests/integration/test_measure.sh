#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# keyclave measure: the PCRs of an enclave image file by AWS's definition, computed here in another language; a damaged or
# ambiguous file is refused. PCR2 of an image with one ramdisk is a value that everybody's such images have.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
need python3 openssl
measure() { "$KC_CLI" measure "$@"; }
head -c 70001 /dev/urandom >"$T/kernel"
head -c 30011 /dev/urandom >"$T/boot"
head -c 4096 /dev/urandom >"$T/app"
: >"$T/none"
eif() { "$KC_SRCDIR/scripts/eif" --kernel "$T/kernel" --cmdline "$1" --output "$2" "${@:3}"; }

# independent CMDLINE RAMDISK...: AWS's definition.
cat >"$T/independent.py" <<'END'
import hashlib, sys
cmdline, files = sys.argv[2].encode(), [open(f, "rb").read() for f in [sys.argv[1]] + sys.argv[3:]]
extend = lambda data: hashlib.sha384(bytes(48) + hashlib.sha384(data).digest()).hexdigest()
kernel, boot, apps = files[0], files[1], b"".join(files[2:])
print("pcr0:", extend(kernel + cmdline + boot + apps))
print("pcr1:", extend(kernel + cmdline + boot))
print("pcr2:", extend(apps))
END
independent() { python3 "$T/independent.py" "$T/kernel" "$@"; }

check "an image with two ramdisks" eif 'console=ttyS0 a=b' "$T/two.eif" --ramdisk "$T/boot" --ramdisk "$T/app"
is "its PCRs" "$(measure "$T/two.eif" | grep '^pcr')" "$(independent 'console=ttyS0 a=b' "$T/boot" "$T/app")"
check "an image with one ramdisk" eif 'x' "$T/one.eif" --ramdisk "$T/boot"
is "its PCRs" "$(measure "$T/one.eif" | grep '^pcr')" "$(independent 'x' "$T/boot")"
# As in every output of AWS's tools for an image whose application is in its first ramdisk.
is "PCR2 of an image without an application" "$(measure "$T/one.eif" | sed -n 's/^pcr2: //p')" \
	21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a
check "three ramdisks" eif 'x' "$T/three.eif" --ramdisk "$T/boot" --ramdisk "$T/app" --ramdisk "$T/kernel"
is "are joined in PCR2" "$(measure "$T/three.eif" | grep '^pcr')" "$(independent 'x' "$T/boot" "$T/app" "$T/kernel")"
check "the same image again" eif 'x' "$T/again.eif" --ramdisk "$T/boot"
same_file "is the same file" "$T/again.eif" "$T/one.eif"
is "as JSON" "$(measure "$T/two.eif" --json | python3 -c 'import json,sys; d=json.load(sys.stdin); print(len(d["pcr0"]), d["ramdisks"])')" \
	"96 2"

# A signed image: AWS's signature section, with a certificate of our own.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout "$T/key" -out "$T/cert.pem" -days 1 -subj /CN=t \
	2>/dev/null
cat >"$T/change.py" <<'END'
# change.py IN OUT WHAT [ARGUMENT]: an image that is changed, with a checksum that is right again unless that is the change.
import struct, sys, zlib
data, what = bytearray(open(sys.argv[1], "rb").read()), sys.argv[3]
count, = struct.unpack_from(">H", data, 26)
fix = True
def head(major, n):
    return bytes([major << 5 | n]) if n < 24 else bytes([major << 5 | 24, n]) if n < 256 else bytes([major << 5 | 25]) + struct.pack(">H", n)
def add(kind, section):
    global data
    struct.pack_into(">Q", data, 28 + 8 * count, len(data))
    struct.pack_into(">Q", data, 284 + 8 * count, len(section))
    struct.pack_into(">H", data, 26, count + 1)
    data += struct.pack(">HHQ", kind, 0, len(section)) + section
if what == "sign":
    numbers = lambda b: head(4, len(b)) + b"".join(head(0, x) for x in b)
    add(4, head(4, 1) + head(5, 2) + head(3, 19) + b"signing_certificate" + numbers(open(sys.argv[4], "rb").read()) +
        head(3, 9) + b"signature" + numbers(b"not checked"))
elif what == "garbage-signature": add(4, b"\x81\xa1\x00\x00")
elif what == "second-kernel": add(1, b"another")
elif what == "unknown": add(6, b"?")
elif what == "bit": data[int(sys.argv[4])] ^= 1; fix = False
elif what == "crc": fix = True; data[28 + 7] ^= 1
elif what == "size": data[284 + 7] ^= 1
elif what == "huge": struct.pack_into(">Q", data, 284, 2**63); struct.pack_into(">Q", data, 552, 2**63)
elif what == "count": struct.pack_into(">H", data, 26, 33)
elif what == "fewer": struct.pack_into(">H", data, 26, count - 1)
elif what == "none": struct.pack_into(">H", data, 26, 2); data = data[:struct.unpack_from(">Q", data, 28 + 16)[0]]
elif what == "version": struct.pack_into(">H", data, 4, 5)
elif what == "flags": struct.pack_into(">H", data, 6, 2)
elif what == "arm": struct.pack_into(">H", data, 6, 1)
elif what == "append": data += b"x"
elif what == "cut": data = data[:int(sys.argv[4])]; fix = len(data) >= 548
if fix:
    struct.pack_into(">I", data, 544, zlib.crc32(bytes(data[548:]), zlib.crc32(bytes(data[:544]))))
open(sys.argv[2], "wb").write(data)
END
change() { python3 "$T/change.py" "$T/two.eif" "$T/changed.eif" "$@"; }
# refused NAME WORDS CHANGE...
refused() {
	local name=$1 words=$2
	shift 2
	change "$@"
	tap_run "$KC_CLI" measure "$T/changed.eif"
	if [ $tap_status -eq 2 ] && grep -q "$words" "$T/err"; then ok "$name"; else
		not_ok "$name"
		tap_explain measure
	fi
}
change sign "$T/cert.pem"
openssl x509 -in "$T/cert.pem" -outform der -out "$T/cert.der"
is "PCR8 of a signed image" "$(measure "$T/changed.eif" | sed -n 's/^pcr8: //p')" \
	"$({ head -c 48 /dev/zero && openssl dgst -sha384 -binary "$T/cert.der"; } | openssl dgst -sha384 -r | cut -d ' ' -f 1)"
is "a signature changes no other PCR" "$(measure "$T/changed.eif" | grep '^pcr[012]')" "$(measure "$T/two.eif" | grep '^pcr')"
change arm
is "an image for Arm" "$(measure "$T/changed.eif" | sed -n 's/^architecture: //p')" aarch64
refused "a signature section that is none" 'signature section' garbage-signature
refused "two kernels" 'two sections of one type' second-kernel
refused "an unknown section" 'does not know' unknown
for at in 15 300 600 71000 100000; do
	refused "bit 0 of byte $at flipped" 'checksum' bit $at
done
refused "a section elsewhere" 'do not follow one another' crc
refused "a size that differs" "differs from the header's" size
refused "a size beyond all" 'cut short' huge
refused "33 sections" 'more than 32' count
refused "a section that the header does not name" 'follows its last section' fewer
refused "no ramdisk" 'without a kernel' none
refused "another version" 'version' version
refused "unknown flags" 'flags' flags
refused "something appended" 'follows its last section' append
refused "cut in its last section" 'cut short' cut 100000
refused "cut in its header" 'not an enclave image' cut 500
refused "nothing" 'not an enclave image' cut 0
check_status "a file that is not there" 2 "$KC_CLI" measure "$T/nothing"
check_status "no file" 2 "$KC_CLI" measure
done_testing
