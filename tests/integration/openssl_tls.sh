#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 1200
# TLS with keys in the token: s_server and s_client for TLS 1.3 and 1.2, RSA key exchange among them, and client
# certificates, in both provider orders. The other side is openssl without us, and ephemeral keys are software's.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

need curl
openssl_setup rsa rsapss p256 p384 ed25519
make_ca
for kind in rsa rsapss p256 p384 ed25519; do certify $kind; done
objects() { p11tool_on --token-label kc --login --pin $PIN -O 2>/dev/null | grep -c '^Private Key Object'; }
before=$(objects)

# serve KIND OPTION...: until stop_server.
serve() {
	local kind=$1
	shift
	port=$(free_port)
	background ossl s_server -accept "127.0.0.1:$port" -cert "$T/$kind.crt" -key "$(uri "$kind")" -www \
		-CAfile "$T/ca.pem" "$@" >"$T/server.log" 2>&1 </dev/null
	wait_for_port "$port" || diag_file "$T/server.log"
}
stop_server() { stop_background "$background_pid"; }
# connect NAME PATTERN OPTION...
connect() {
	local name=$1 pattern=$2
	shift 2
	check_output "$name ($tag)" "$pattern" plain s_client -connect "127.0.0.1:$port" -CAfile "$T/ca.pem" \
		-verify_return_error -brief "$@" || diag_file "$T/server.log" 10
}

servers() {
	local kind
	for kind in rsa rsapss p256 p384 ed25519; do
		serve $kind
		connect "TLS 1.3 with $kind" 'Protocol version: TLSv1.3' -tls1_3
		[ $kind = ed25519 ] || connect "TLS 1.2 with $kind" 'Protocol version: TLSv1.2' -tls1_2
		stop_server
	done
	serve rsa
	for cipher in AES128-SHA AES256-GCM-SHA384; do
		connect "RSA key exchange, $cipher" "Ciphersuite: $cipher" -tls1_2 -cipher "$cipher:@SECLEVEL=0"
	done
	connect "PKCS #1 signature in TLS 1.2" 'Signature type: (RSA|rsa_pkcs1_sha256)$' -tls1_2 -sigalgs RSA+SHA256
	connect "resumption's first half" 'TLSv1.3' -tls1_3 -sess_out "$T/session"
	stop_server
}

clients() {
	local kind
	port=$(free_port)
	background plain s_server -accept "127.0.0.1:$port" -cert "$T/soft.crt" -key "$T/soft.key" -www \
		-CAfile "$T/ca.pem" -Verify 2 -verify_return_error >"$T/server.log" 2>&1 </dev/null
	wait_for_port "$port"
	for kind in rsa p256 ed25519; do
		for version in tls1_3 tls1_2; do
			printf 'GET / HTTP/1.0\r\n\r\n' >"$T/get"
			host openssl s_client -provider "${order[0]}" -provider "${order[1]}" -connect "127.0.0.1:$port" \
				-CAfile "$T/ca.pem" -verify_return_error -cert "$T/$kind.crt" -key "$(uri $kind)" -$version \
				-ign_eof <"$T/get" >"$T/page" 2>&1
			check_output "client certificate with $kind, $version ($tag)" 'HTTP/1.0 200 ok' cat "$T/page" ||
				diag_file "$T/page" 10
		done
	done
	# curl before 8.12 takes no URI: the reference's file does.
	cat >"$T/curl.cnf" <<-CNF
		openssl_conf = init
		[init]
		providers = both
		[both]
		${order[0]} = ${order[0]}_section
		${order[1]} = ${order[1]}_section
		[default_section]
		activate = 1
		[keyclave_section]
		activate = 1
		pin-source = file:$T/pin
	CNF
	for kind in rsa p256 ed25519; do
		for version in --tlsv1.3 '--tls-max 1.2'; do
			if [ -n "${KC_SANITIZERS:-}" ]; then
				skip "curl --cert --key with $kind, $version ($tag)" \
					"with a sanitizer preloaded curl hangs in setlocale(3) at times, before it has loaded anything"
				continue
			fi
			# shellcheck disable=SC2086 # two words
			check_output "curl --cert --key with $kind, $version ($tag)" 'New, TLSv1\.[23]' host env \
				OPENSSL_CONF="$T/curl.cnf" curl -sS -m 20 $version --cacert "$T/ca.pem" --cert "$T/$kind.crt" \
				--key "$T/$kind.pem" --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/"
		done
	done
	check_fails "curl without a certificate is refused" curl -sS -m 20 --cacert "$T/ca.pem" \
		--resolve "localhost:$port:127.0.0.1" "https://localhost:$port/"
	stop_server
}

plain req -new -newkey rsa:2048 -nodes -keyout "$T/soft.key" -subj /CN=soft -out "$T/soft.csr" 2>"$T/err"
printf 'subjectAltName=DNS:localhost\n' >"$T/ext"
plain x509 -req -in "$T/soft.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -days 5 -extfile "$T/ext" -out "$T/soft.crt" 2>"$T/err"
in_both_orders servers
in_both_orders clients
is "no handshake left a key in the token" "$(objects)" "$before"
done_testing
