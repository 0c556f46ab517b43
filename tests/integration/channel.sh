#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# The attested channel (security rule 2): keyclaved on an emulated SEV-SNP serves pkcs11-tool and openssl over TCP, with TLS
# whose other end has shown evidence. Then whoever is not that enclave tries to be it, and whoever may not use it tries to.
if [ "${KC_CHANNEL_INSIDE:-}" != yes ]; then
	export KC_CHANNEL_INSIDE=yes
	if [ "$(id -u)" -eq 0 ]; then
		exec unshare -m --propagation private bash "$0" "$@"
	fi
	exec unshare -Urm --propagation private bash "$0" "$@"
fi
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
emulators=$KC_BUILDDIR/tests/emulators
[ -x "$emulators/emulate-sev-guest" ] || skip_all "the emulators are not built (libfuse3)"
(exec 3<>/dev/fuse) 2>/dev/null || skip_all "/dev/fuse cannot be opened"
need openssl python3 pkcs11-tool
[ -z "${KC_SANITIZERS:-}" ] || skip_all "pkcs11-tool cannot load a module with libssl and a sanitizer besides its own"
k() { timeout 60 "$KC_CLI" "$@"; }
plain() { env -u OPENSSL_MODULES -u OPENSSL_CONF openssl "$@"; }
root=$T/root
control=$T/control
authority=$T/ca
export OPENSSL_MODULES=$KC_BUILDDIR/ossl-provider
export KEYCLAVE_CHANNEL_LIBRARY=$KC_BUILDDIR/tee-backend/protocol/keyclave-tls.so
mkdir -p "$authority"
keeper=

: >"$control"
emulate() { # PROGRAM WHERE [OPTION]
	mkdir -p "$root/$2"
	"$emulators/$1" "$root/$2" --control="$control" --ca="$authority" ${3:+"$3"} >>"$T/emulators" 2>&1 &
	at_exit "kill $! 2>/dev/null"
	wait_until 20 mountpoint -q "$root/$2" || bail_out "$1: $(cat "$T/emulators")"
}
emulate emulate-sev-guest dev
emulate emulate-tsm sys --kind=sev

# ---- who the clients are ----
authority_of() { # NAME
	plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -days 5 \
		-keyout "$T/$1.key" -out "$T/$1.pem" 2>"$T/err" || bail_out "$(cat "$T/err")"
}
client_of() { # AUTHORITY NAME
	plain req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$T/$2.key" -out "$T/$2.csr" 2>"$T/err" &&
		plain x509 -req -in "$T/$2.csr" -CA "$T/$1.pem" -CAkey "$T/$1.key" -days 5 -out "$T/$2.pem" 2>"$T/err" ||
		bail_out "$(cat "$T/err")"
}
authority_of clients
authority_of strangers
client_of clients alice
client_of clients bob
client_of strangers mallory

# ---- the daemon ----
port=$((20000 + RANDOM % 20000))
server_conf=$T/server.conf
configure() { # [LISTEN] [CLIENTS] [PLATFORM]
	cat >"$server_conf" <<-CNF
		[keyclave]
		state-dir = $T/enclave
		[daemon]
		platform = ${3:-sev-snp}
		listen = ${1:-tcp:127.0.0.1:$port}
		channel-clients = ${2-$T/clients.pem}
		[token]
		weak-pin = allow
		login-tickets = on
		[platform]
		platform-root = $root
		device-timeout = 2s
		snp-launch = measured-kernel
	CNF
}
daemon() { env -u KEYCLAVE_STATE_DIR -u KEYCLAVE_ENDPOINT KEYCLAVE_CONF="$server_conf" timeout "${1:-300}" "$KC_DAEMON" >>"$T/log" 2>&1; }
listening() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
start() {
	: >"$T/log"
	env -u KEYCLAVE_STATE_DIR -u KEYCLAVE_ENDPOINT KEYCLAVE_CONF="$server_conf" "$KC_DAEMON" >>"$T/log" 2>&1 &
	keeper=$!
	wait_until 30 listening || bail_out "$(cat "$T/log")"
}
stop() {
	kill "$keeper" 2>/dev/null
	wait "$keeper" 2>/dev/null
	keeper=
}
at_exit '[ -z "$keeper" ] || kill "$keeper"'

# ---- a client, elsewhere ----
policy=$T/policy.json
client() { # NAME [POLICY]
	cat >"$T/client.conf" <<-CNF
		[keyclave]
		endpoint = ${endpoint:-tcp:localhost:$port}
		[client]
		channel-policy = ${2:-$policy}
		channel-trust-root = $authority/ark.pem
		${1:+channel-certificate = $T/$1.pem}
		${1:+channel-key = $T/$1.key}
	CNF
	export KEYCLAVE_CONF=$T/client.conf
	unset KEYCLAVE_STATE_DIR KEYCLAVE_ENDPOINT
}
# says NAME PATTERN COMMAND...: it fails, and says why.
says() {
	local name=$1 pattern=$2
	shift 2
	if "$@" >"$T/said" 2>&1; then
		not_ok "$name: it did not fail"
		diag_file "$T/said"
	elif grep -Eq -- "$pattern" "$T/said"; then
		ok "$name"
	else
		not_ok "$name ($pattern)"
		diag_file "$T/said"
	fi
}
json() { # EXPRESSION COMMAND...: of its JSON, d
	local expression=$1
	shift
	"$@" --json 2>/dev/null | python3 -c "import json,sys; d=json.load(sys.stdin); print($expression)"
}
tool() { pkcs11-tool --module "$KC_MODULE" "$@"; }
echo 48151623 >"$T/pin"
echo 12345678 >"$T/so-pin"

# ---- what is refused at start ----

configure "" ""
check_fails "TCP without channel-clients is refused" daemon 60
check_output "and says what to set" 'only to clients with a certificate' cat "$T/log"
configure "" "$T/clients.pem" notee
sed -i "s|^state-dir = .*|state-dir = $T/laptop|" "$server_conf"
: >"$T/log"
check_fails "a platform that is no TEE serves nobody remote" daemon 60
check_output "and says so" 'notee serves local programs only' cat "$T/log"

# ---- first contact: the measurement is pinned, no token is there yet ----
configure
start
cat >"$policy" <<-JSON
	{"version": 1, "platforms": ["sev-snp"], "allow": ["any-measurement", "any-identity", "no-revocation"]}
JSON
client alice
check "a token is made over the channel" k init --label far --so-pin-file "$T/so-pin" --pin-file "$T/pin"
identity=$(json 'd["tokens"][0]["identity"]' k status)
check "a key is made in the enclave" k keygen --type ec:P-256 --label web --pin-file "$T/pin" --token pkcs11:token=far
check "its evidence is read" k attest --nonce 00112233445566778899 --pin-file "$T/pin" --out "$T/evidence" \
	'pkcs11:token=far;object=web;type=private'
measurement=$(json 'd["facts"]["measurement"]' k verify --nonce 00112233445566778899 --any-identity --allow any-measurement \
	--allow no-revocation --trust-root "$authority/ark.pem" "$T/evidence")
cat >"$policy" <<-JSON
	{"version": 1, "platforms": ["sev-snp"], "allow": ["no-revocation"], "identity": ["hex:$identity"],
	 "sev-snp": {"measurement": ["$measurement"]}}
JSON

# ---- ordinary programs ----
echo hello >"$T/data"
check_output "pkcs11-tool lists what is there" 'web' tool --token-label far --login --pin 48151623 -O
check "pkcs11-tool signs" tool --token-label far --login --pin 48151623 --sign -m ECDSA-SHA256 --label web -i "$T/data" \
	-o "$T/signature" --signature-format openssl
tool --token-label far --read-object --type pubkey --label web -o "$T/web.der" >"$T/err" 2>&1
check_output "and the signature is good" 'Verified OK' plain dgst -sha256 -verify "$T/web.der" -keyform DER \
	-signature "$T/signature" "$T/data"
check "openssl signs through the provider" openssl dgst -provider keyclave -provider default -sha256 \
	-sign 'pkcs11:token=far;object=web;type=private?pin-value=48151623' -out "$T/signature" "$T/data"
check_output "and that one is good, too" 'Verified OK' plain dgst -sha256 -verify "$T/web.der" -keyform DER \
	-signature "$T/signature" "$T/data"
check "threads and forks" tool --token-label far --login --pin 48151623 --test-fork

# ---- a program that goes on: the worker dies, the daemon is started again, with its login kept ----
cat >"$T/signer.sh" <<-'SH'
	# Signs once for each line of its input, in one process of a provider's user.
	exec "$KC_BUILDDIR/tests/integration/provider_open"
SH
coproc signer { exec bash "$T/signer.sh" 2>"$T/signer.err"; }
# shellcheck disable=SC2154 # by coproc, which forgets it when the program has ended
program=$signer_PID
ask() {
	local line=
	echo "$*" >&"${signer[1]}"
	IFS= read -r -t 60 line <&"${signer[0]}"
	echo "$line"
}
is "a program opens a key over the channel" \
	"$(ask open 'pkcs11:token=far;object=web;type=private?pin-value=48151623')" ok
is "and signs" "$(ask sign)" ok
worker=$(pgrep -P "$keeper")
kill -9 "$worker"
is "its signature survives the death of the worker" "$(ask sign)" ok
stop
start
is "and a restart of the daemon, which has another TLS key then" "$(ask sign)" ok
eval "exec ${signer[1]}>&-"
wait "$program" 2>/dev/null

# ---- a restart: another TLS key, the same enclave ----
stop
start
check "after a restart the same client goes on" k list pkcs11:token=far
check_fails "no PIN is in the log" grep -q 48151623 "$T/log"

# ---- who may not use it ----
client ""
says "no certificate: refused before hello" 'evidence|TLS|certificate' k status
client mallory
says "a certificate of somebody else's authority: refused" 'evidence|TLS|certificate' k status
client alice
check "the right one is served" k status

# ---- who is not the enclave ----
other=$T/other.json
sed "s/\"hex:$identity\"/\"hex:$(printf '%064d' 1)\"/" "$policy" >"$other"
client alice "$other"
says "a daemon with other tokens is refused by name" 'not trusted.*token identity' k status
python3 - "$policy" "$other" <<-'PY'
	import json, sys
	policy = json.load(open(sys.argv[1]))
	policy["sev-snp"]["measurement"] = ["hex:" + "11" * 48]
	json.dump(policy, open(sys.argv[2], "w"))
PY
client alice "$other"
says "another measurement is refused by name" 'not trusted.*measurement' k status
says "pkcs11-tool gets no PIN across either" 'token not present|No slot|CKR_|not trusted|no slots' \
	tool --token-label far --login --pin 48151623 -O
printf '[keyclave]\nendpoint = tcp:localhost:%s\n' "$port" >"$T/client.conf"
says "without a policy nothing is trusted" 'channel-policy is not set' k status
client alice
sed -i '/trust-root/d' "$T/client.conf"
says "nor a root that is not pinned" 'not trusted' k status

# A man in the middle with a certificate of its own, who passes everything on.
python3 - "$port" $((port + 1)) "$T" <<-'PY' >"$T/middle.log" 2>&1 &
	import socket, ssl, sys, threading
	port, mine, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
	ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	ours.load_cert_chain(folder + "/strangers.pem", folder + "/strangers.key")
	theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	theirs.check_hostname = False
	theirs.verify_mode = ssl.CERT_NONE
	theirs.load_cert_chain(folder + "/bob.pem", folder + "/bob.key")
	listener = socket.create_server(("127.0.0.1", mine))
	seen = open(folder + "/seen", "wb")
	def pump(a, b):
	    try:
	        while data := a.recv(65536):
	            seen.write(data)
	            seen.flush()
	            b.sendall(data)
	    except OSError:
	        pass
	    finally:
	        b.close()
	while True:
	    plain, _ = listener.accept()
	    try:
	        client = ours.wrap_socket(plain, server_side=True)
	        server = theirs.wrap_socket(socket.create_connection(("127.0.0.1", port)))
	    except OSError:
	        continue
	    threading.Thread(target=pump, args=(client, server), daemon=True).start()
	    threading.Thread(target=pump, args=(server, client), daemon=True).start()
PY
middle=$!
at_exit "kill $middle 2>/dev/null"
between() { (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; }
wait_until 10 between
endpoint=tcp:127.0.0.1:$((port + 1)) client alice
says "somebody in the middle is refused: the evidence is about another key" 'not trusted.*(public key|channel)' k status
says "and hears no PIN" '' tool --token-label far --login --pin 48151623 -O
check_fails "indeed" grep -qa 48151623 "$T/seen"
kill "$middle" 2>/dev/null
wait "$middle" 2>/dev/null

# A daemon that has genuine evidence to show, but of something else: a key of the same enclave.
python3 - $((port + 2)) "$T" <<-'PY' >"$T/player.log" 2>&1 &
	import socket, ssl, sys
	mine, folder = int(sys.argv[1]), sys.argv[2]
	ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	ours.load_cert_chain(folder + "/strangers.pem", folder + "/strangers.key")
	evidence = open(folder + "/evidence", "rb").read()
	body = b"\x83\x01\x00\x59" + len(evidence).to_bytes(2, "big") + evidence
	listener = socket.create_server(("127.0.0.1", mine))
	while True:
	    plain, _ = listener.accept()
	    try:
	        client = ours.wrap_socket(plain, server_side=True)
	        client.recv(1000)
	        client.sendall(len(body).to_bytes(4, "big") + body)
	        client.recv(1000)
	    except OSError:
	        pass
PY
player=$!
at_exit "kill $player 2>/dev/null"
plays() { (exec 3<>"/dev/tcp/127.0.0.1/$((port + 2))") 2>/dev/null; }
wait_until 10 plays
endpoint=tcp:127.0.0.1:$((port + 2)) client alice
says "evidence of a key does not pass for a channel's" 'not trusted.*purpose' k status
kill "$player" 2>/dev/null
wait "$player" 2>/dev/null

# ---- by a relay on this machine, which is no end of TLS ----
cat >"$T/relay.py" <<-'PY'
	import os, socket, sys, threading
	path, port = sys.argv[1], int(sys.argv[2])
	listener = socket.socket(socket.AF_UNIX)
	listener.bind(path)
	listener.listen()
	def pump(a, b):
	    try:
	        while data := a.recv(65536):
	            b.sendall(data)
	    except OSError:
	        pass
	    finally:
	        b.close()
	while True:
	    client, _ = listener.accept()
	    server = socket.create_connection(("127.0.0.1", port))
	    threading.Thread(target=pump, args=(client, server), daemon=True).start()
	    threading.Thread(target=pump, args=(server, client), daemon=True).start()
PY
python3 "$T/relay.py" "$T/relay.sock" "$port" &
relay=$!
at_exit "kill $relay 2>/dev/null"
wait_for_socket "$T/relay.sock"
endpoint=unix+tls:$T/relay.sock client alice
check "a relay is of use" tool --token-label far --login --pin 48151623 --sign -m ECDSA-SHA256 --label web -i "$T/data" \
	-o "$T/signature" --signature-format openssl
check_output "and what was signed behind it is good" 'Verified OK' plain dgst -sha256 -verify "$T/web.der" -keyform DER \
	-signature "$T/signature" "$T/data"
endpoint=unix+tls:$T/relay.sock client alice "$other"
says "to a relay too nothing is said that the policy does not cover" 'not trusted' k status
kill "$relay" 2>/dev/null
wait "$relay" 2>/dev/null

# ---- plain text ----
cat >"$T/plain.py" <<-'PY'
	import socket, sys
	s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
	s.settimeout(20)
	s.sendall(b"\x00\x00\x00\x04\x84\x01\x01\x00")
	answer = b""
	try:
	    while chunk := s.recv(100):
	        answer += chunk
	except OSError:
	    pass
	# A TLS alert at most.
	print("nothing" if not answer or answer[0] == 21 else answer)
PY
check_output "who speaks no TLS is served nothing" '^nothing$' python3 "$T/plain.py" "$port"

# ---- what a login is bound to ----
client alice
check "two clients with certificates of their own" k list pkcs11:token=far
client bob
check "are both served" k list pkcs11:token=far
stop
done_testing
