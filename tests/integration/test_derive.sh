#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# keyclave derive, and the same by PKCS#11: one label, one key, after a restart too; another label, length or token
# another; nothing leaves a token that lets nothing out.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need python3
k() { timeout 60 "$KC_CLI" "$@"; }
json() {
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
keeper=
at_exit '[ -z "$keeper" ] || kill "$keeper" 2>/dev/null'
start() {
	"$KC_DAEMON" >>"$T/log" 2>&1 &
	keeper=$!
	wait_until 30 k status
}
stop() {
	kill "$keeper" 2>/dev/null
	wait "$keeper" 2>/dev/null
	keeper=
}
configure() { printf '[daemon]\nplatform = notee\n[token]\nextractable = %s\n' "$1" >"$KEYCLAVE_CONF"; }
# derive LABEL [OPTION...]: the key in hexadecimal
derive() {
	local label=$1
	shift
	json 'd["key"]' k derive --label "$label" --pin-file "$T/pin" "$@" "pkcs11:token=${token:-t}"
}
# By PKCS#11, as a program would: handles of the root by template, C_DeriveKey, the value of what comes of it.
cat >"$T/derive.py" <<'END'
import ctypes as c, sys
U, P = c.c_ulong, c.c_void_p
class Attribute(c.Structure): _fields_ = [("type", U), ("value", P), ("size", U)]
class Mechanism(c.Structure): _fields_ = [("type", U), ("parameter", P), ("size", U)]
class Hkdf(c.Structure):
    _fields_ = [("extract", c.c_ubyte), ("expand", c.c_ubyte), ("hash", U), ("salt_type", U), ("salt", P),
                ("salt_size", U), ("salt_key", U), ("info", P), ("info_size", U)]
class Data(c.Structure): _fields_ = [("type", U), ("value", P), ("size", U)]
class Counter(c.Structure): _fields_ = [("little", c.c_ubyte), ("bits", U)]
class Kdf(c.Structure): _fields_ = [("prf", U), ("count", U), ("data", P), ("more_count", U), ("more", P)]
module, pin, kind, label = sys.argv[1], *(a.encode() for a in sys.argv[2:5])
keep = []
def ok(rv, what):
    if rv: sys.exit(f"{what}: {rv:#x}")
def pointer(data):
    keep.append(c.create_string_buffer(data, len(data)))
    return c.cast(keep[-1], P)
def attributes(*pairs):
    return (Attribute * len(pairs))(*[(t, pointer(v), len(v)) for t, v in pairs])
number = lambda n: n.to_bytes(8, "little")
m = c.CDLL(module)
ok(m.C_Initialize(None), "C_Initialize")
slots, count, session = (U * 8)(), U(8), U()
ok(m.C_GetSlotList(c.c_ubyte(1), slots, c.byref(count)), "C_GetSlotList")
ok(m.C_OpenSession(U(slots[0]), U(6), None, None, c.byref(session)), "C_OpenSession")
ok(m.C_Login(session, U(1), pin, U(len(pin))), "C_Login")
def find(*pairs):
    found, n = (U * 8)(), U()
    ok(m.C_FindObjectsInit(session, attributes(*pairs), U(len(pairs))), "C_FindObjectsInit")
    ok(m.C_FindObjects(session, found, U(8), c.byref(n)), "C_FindObjects")
    ok(m.C_FindObjectsFinal(session), "C_FindObjectsFinal")
    return found[:n.value]
secret = (0, number(4))
root, = find(secret, (3, b"keyclave-root"))
assert root not in find(secret) + find((3, b"keyclave-root")) + find(), "it is listed"
if kind == b"hkdf":
    p = Hkdf(1, 1, 0x250, 1, None, 0, 0, pointer(label), len(label))
    mechanism = Mechanism(0x402a, c.cast(c.byref(p), P), c.sizeof(p))
else:
    counter = Counter(0, 32)
    data = (Data * 2)((1, c.cast(c.byref(counter), P), c.sizeof(counter)), (4, pointer(label), len(label)))
    p = Kdf(0x251, 2, c.cast(data, P), 0, None)
    mechanism = Mechanism(0x3ac, c.cast(c.byref(p), P), c.sizeof(p))
key, value = U(), c.create_string_buffer(64)
asked = attributes(secret, (0x100, number(0x10)), (0x161, number(32)), (1, b"\0"), (0x103, b"\0"), (0x162, b"\1"))
ok(m.C_DeriveKey(session, c.byref(mechanism), U(root), asked, U(len(asked)), c.byref(key)), "C_DeriveKey")
got = (Attribute * 1)((0x11, c.cast(value, P), 64))
ok(m.C_GetAttributeValue(session, key, got, U(1)), "C_GetAttributeValue")
print(value.raw[:got[0].size].hex())
got = (Attribute * 1)((0x11, c.cast(value, P), 64))
assert m.C_GetAttributeValue(session, U(root), got, U(1)) == 0x11, "the root's value can be read"
assert m.C_DestroyObject(session, U(root)) == 0x1b, "the root can be destroyed"
ok(m.C_Finalize(None), "C_Finalize")
END
program() { host timeout 60 python3 "$T/derive.py" "$KC_MODULE" "$PIN" "$@"; }

# fails_saying NAME PATTERN COMMAND...
fails_saying() {
	local name=$1 pattern=$2
	shift 2
	if ! "$@" >"$T/said" 2>&1 && grep -q -- "$pattern" "$T/said"; then ok "$name"; else
		not_ok "$name"
		diag_file "$T/said"
	fi
}
like() {
	if [[ $2 =~ $3 ]]; then ok "$1"; else not_ok "$1 ($2)"; fi
}

configure allow
check "the daemon starts" start
make_token t
key=$(derive disk)
like "derive prints 256 bits" "$key" '^[0-9a-f]{64}$'
is "the same label, the same key" "$(derive disk)" "$key"
other=$(derive disk2)
check "another label, another key" test "$other" != "$key"
half=$(derive disk --type generic:128)
check "another length is no beginning of it" test "$half" != "${key:0:32}"
is "an AES key of a label has the same bytes" "$(derive disk --type aes:256)" "$key"
is "C_DeriveKey with HKDF gives it too" "$(program hkdf disk)" "$key"
counter=$(program counter disk)
like "SP 800-108 gives a key" "$counter" '^[0-9a-f]{64}$'
check "which is another" test "$counter" != "$key"
check "--out writes a file" k derive --label disk --out "$T/key" --pin-file "$T/pin" pkcs11:token=t
is "of the key's bytes" "$(od -An -v -tx1 "$T/key" | tr -d ' \n')" "$key"
is "for its owner alone" "$(stat -c %a "$T/key")" 600
check_fails "and writes over none" k derive --label disk --out "$T/key" --pin-file "$T/pin" pkcs11:token=t
check_output "--object keeps it in the token" 'object=kept' k derive --label disk --object kept --type aes:256 \
	--pin-file "$T/pin" pkcs11:token=t
check_output "a URI names the root" 'object=keyclave-root' k list --pin-file "$T/pin" \
	'pkcs11:token=t;object=keyclave-root;type=secret-key'
is "a listing does not" "$(json 'len([o for o in d["objects"] if o["label"]=="keyclave-root"])' k list --pin-file \
	"$T/pin" pkcs11:token=t)" 0
fails_saying "notee measures nothing to bind to" 'measures nothing' k derive --label disk --bind-measurement --pin-file \
	"$T/pin" pkcs11:token=t
check_status "a label is needed" 2 k derive --pin-file "$T/pin" pkcs11:token=t
check_status "and a type that can be derived" 2 k derive --label x --type rsa:2048 --pin-file "$T/pin" pkcs11:token=t

stop
check "the daemon starts again" start
is "the same key after a restart" "$(derive disk)" "$key"
is "for programs too" "$(program counter disk)" "$counter"
make_token u
other=$(token=u derive disk)
check "another token, another key" test "$other" != "$key"

stop
configure refuse
check "the daemon starts, letting no key out" start
fails_saying "it says so" 'extractable = refuse' k derive --label disk --pin-file "$T/pin" pkcs11:token=t
fails_saying "programs get none either" "C_DeriveKey: 0x13" program hkdf disk
check "a key in the token is made" k derive --label disk --object stays --pin-file "$T/pin" pkcs11:token=t
stop
done_testing
