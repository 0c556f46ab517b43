#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 600
# Promises to a whole machine that no unit test can look at (DESIGN section 7, rules 6, 8, 9, 16 and 18; section 6, rules
# 7 and 12): who starts a daemon and who does not, strangers at the socket, what is left in the worker's memory, a store
# that was put back to an earlier day.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need python3 pkcs11-tool openssl
k() { timeout 60 "$KC_CLI" "$@"; }
socket=$T/state/run/keyclave.sock

# ---- rule 8: who only looks starts nothing and makes nothing ----
nothing() { [ ! -e "$T/state" ]; }
check_output "without a store there is the empty slot" "uninitialized" host timeout 60 pkcs11-tool --module "$KC_MODULE" -L
check "for which no daemon was started" nothing
check_output "nor for OpenSSL that loads the provider" "keyclave" host timeout 60 openssl list -providers -provider keyclave \
	-provider default
check "which looks at none of its keys" nothing
cat >"$T/both.cnf" <<END
openssl_conf = o
[o]
providers = p
[p]
keyclave = k
default = d
[k]
activate = 1
[d]
activate = 1
END
both() { host timeout 60 env OPENSSL_CONF="$T/both.cnf" openssl "$@"; }
check "nor for one whose openssl.cnf names it" both dgst -sha256 "$T/both.cnf"
check "that hashes a file" nothing
if command -v p11tool >/dev/null; then
	check "p11tool lists tokens" host timeout 60 p11tool --provider "$KC_MODULE" --list-tokens
	check "and starts none either" nothing
else
	skip "p11tool lists tokens" "not there"
	skip "and starts none either" "not there"
fi
make_token
check "a store is a reason" socket_listens "$socket"
tap_stop_daemons
check_output "a daemon that cannot be started is a token that is not present" "CKR_TOKEN_NOT_PRESENT|0xe0" \
	host sh -c 'KEYCLAVE_DAEMON=/nonexistent timeout 60 pkcs11-tool --module "$1" --login --pin 1 -O 2>&1 || true' - "$KC_MODULE"

# ---- rule 9: not as root under systemd, unless the state directory is the caller's own ----
# under_systemd COMMAND...: as if systemd ran here, with a /run and a /var/lib of our own.
under_systemd() {
	unshare --mount sh -c 'mount -t tmpfs none /run && mount -t tmpfs none /var/lib && mkdir -p /run/systemd/system \
		/var/lib/keyclave/store && chmod 711 /var/lib/keyclave && chmod 700 /var/lib/keyclave/store && "$@"' - "$@"
}
if [ "$(id -u)" -eq 0 ] && under_systemd true 2>/dev/null; then
	check_output "root under systemd starts none" "CKR_TOKEN_NOT_PRESENT|0xe0|No slot|error" host under_systemd env -u \
		KEYCLAVE_STATE_DIR sh -c 'timeout 60 pkcs11-tool --module "$1" --login --pin 1 -O 2>&1
			test ! -e /run/keyclave/keyclave.sock' - "$KC_MODULE"
	check "but with a state directory of his own" under_systemd "$KC_CLI" status
	tap_stop_daemons
else
	skip "root under systemd starts none" "needs root and a mount namespace"
	skip "but with a state directory of his own" "needs root and a mount namespace"
fi

# ---- rule 6: strangers ----
if [ "$(id -u)" -eq 0 ]; then
	k status >/dev/null
	# Connections of a uid that is on no list, which say nothing: most are closed at once, and others are served.
	cat >"$T/strangers.py" <<'END'
import os, select, socket, sys, time
if len(sys.argv) > 2:
    os.setgid(65534); os.setuid(65534)
every = []
for _ in range(60):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); every.append(s)
time.sleep(0.5)
closed = sum(1 for s in every if select.select([s], [], [], 0)[0] and s.recv(1) == b'')
print(closed)
sys.stdin.read()
END
	mkfifo "$T/go"
	python3 "$T/strangers.py" "$socket" stranger <"$T/go" >"$T/strangers" &
	strangers=$!
	exec 4>"$T/go"
	wait_until 20 test -s "$T/strangers"
	closed=$(cat "$T/strangers")
	if [ "${closed:-0}" -ge 20 ] && [ "$closed" -lt 60 ]; then ok "a stranger has few connections ($closed of 60 closed at once)"; else
		not_ok "a stranger has few connections (${closed:-none} of 60 closed at once)"
	fi
	check "others are served meanwhile" k status
	exec 4>&-
	wait "$strangers"
else
	skip "a stranger has few connections" "needs root"
	skip "others are served meanwhile" "needs root"
fi

# ---- rule 16: paths beyond the kernel's limit ----
deep=$T/$(printf 'a%.0s' {1..100})/$(printf 'b%.0s' {1..60})
mkdir -p "$deep"
check "a state directory whose socket's path is too long" env KEYCLAVE_STATE_DIR="$deep/state" "$KC_CLI" init --label deep \
	--so-pin-file "$T/so-pin" --pin-file "$T/pin"
check_output "serves the module too" "deep" host env KEYCLAVE_STATE_DIR="$deep/state" timeout 60 pkcs11-tool --module \
	"$KC_MODULE" -L

# ---- rule 18: what is left in the worker's memory ----
worker() { k --json status | python3 -c 'import json,sys; print(json.load(sys.stdin)["daemon"]["pid"])'; }
# in_memory PID HEX: how often these bytes are in the process's memory.
cat >"$T/in_memory.py" <<'END'
import re, sys
pid, wanted = sys.argv[1], bytes.fromhex(sys.argv[2])
found = 0
with open(f'/proc/{pid}/mem', 'rb') as mem:
    for line in open(f'/proc/{pid}/maps'):
        m = re.match(r'([0-9a-f]+)-([0-9a-f]+) rw', line)
        if not m:
            continue
        begin, end = (int(x, 16) for x in m.groups())
        try:
            mem.seek(begin)
            found += mem.read(end - begin).count(wanted)
        except (OSError, ValueError, OverflowError):
            pass
print(found)
END
in_memory() { python3 "$T/in_memory.py" "$@" 2>/dev/null; }
case $(id -u)/${KC_SANITIZERS:-} in
0/)
	p=(--pin-file "$T/pin" --token pkcs11:token=t)
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$T/r.pem" 2>/dev/null
	prime=$(openssl rsa -in "$T/r.pem" -text -noout 2>/dev/null |
		sed -n '/^prime1:/,/^prime2:/p' | grep -v prime | tr -d ' :\n' | sed 's/^00//')
	# As libcrypto keeps a number: words of the machine, the lowest first.
	reversed=$(echo "$prime" | fold -w 2 | tac | tr -d '\n')
	check "an RSA key is imported" k import --label r --id 01 "${p[@]}" "$T/r.pem"
	check "and used" host timeout 60 pkcs11-tool --module "$KC_MODULE" --token-label t --login --pin $PIN --sign -m SHA256-RSA-PKCS \
		--id 01 -i "$T/both.cnf" -o "$T/sig"
	w=$(worker)
	if [ "$(($(in_memory "$w" "$prime") + $(in_memory "$w" "$reversed")))" -gt 0 ]; then
		ok "it is in the worker's memory, where root can see it on this platform"
	else
		not_ok "it is in the worker's memory, where root can see it on this platform"
	fi
	check "the key is destroyed" k delete --all --pin-file "$T/pin" 'pkcs11:token=t;object=r'
	is "of its prime nothing is left" "$(in_memory "$w" "$prime")" 0
	is "in libcrypto's form neither" "$(in_memory "$w" "$reversed")" 0
	printf 'a-pin-of-%s-that-is-rare' $$ >"$T/rare"
	check "after one was set" k pin change --token pkcs11:token=t --old-pin-file "$T/pin" --new-pin-file "$T/rare"
	check "and used" k list --pin-file "$T/rare" 'pkcs11:token=t'
	is "nothing of it is left either" \
		"$(in_memory "$w" "$(od -An -tx1 "$T/rare" | tr -d ' \n')")" 0
	check "it is set back" k pin change --token pkcs11:token=t --old-pin-file "$T/rare" --new-pin-file "$T/pin"
	is "it is the same worker still" "$(worker)" "$w"
	;;
*) skip "what is left in the worker's memory" "needs root, and no sanitizer" ;;
esac
check_output "status says how much is locked" "locked memory" k status
check_output "and what could be swapped" "could be swapped" k status

# ---- section 6, rule 7: a whole store of yesterday is not noticed, and nobody is told otherwise ----
tap_stop_daemons
cp -a "$T/state/store" "$T/yesterday"
echo 654321 >"$T/pin2"
check "the PIN is changed" k pin change --token pkcs11:token=t --old-pin-file "$T/pin" --new-pin-file "$T/pin2"
check_fails "the old one is refused" k list --pin-file "$T/pin" 'pkcs11:token=t'
tap_stop_daemons
rm -rf "$T/state/store" && cp -a "$T/yesterday" "$T/state/store"
check "with the store of yesterday it is good again: that is rollback none" k list --pin-file "$T/pin" 'pkcs11:token=t'
check_output "status says so" "rollback protection: none" k status
check "the token's evidence" k attest --nonce 00112233445566778899 --out "$T/e" 'pkcs11:token=t'
check_output "says so too" "rollback.*none" k verify --nonce 00112233445566778899 --allow-notee --identity \
	"$(k --json status | python3 -c 'import json,sys; print(json.load(sys.stdin)["tokens"][0]["identity"])')" "$T/e"

# ---- section 6, rule 12: no store opens under another platform ----
tap_stop_daemons
rm -rf "$T/state/platform" # the key of the platform that it was made under
check_fails "without its platform's key the store is refused" k list --pin-file "$T/pin" 'pkcs11:token=t'
check "and left as it is" test -e "$T/state/store/keyclave.db"
done_testing
