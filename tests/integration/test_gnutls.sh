#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 200
# GnuTLS with the module: certtool certifies a token key, gnutls-serv serves with it, gnutls-cli shows it as a client, in TLS
# 1.3 and 1.2; the other side is openssl without us.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

need gnutls-serv gnutls-cli certtool curl
[ -z "${KC_SANITIZER_PRELOAD:-}" ] || skip_all "GnuTLS's programs are not run under a sanitizer"
openssl_setup rsa p256 ed25519
make_ca
certify rsa
certify p256
certify ed25519
gnutls() { local program=$1; shift; GNUTLS_PIN=$PIN "$program" --provider "$KC_MODULE" "$@"; }

printf 'cn = token CA\nca\ncert_signing_key\nexpiration_days = 10\nserial = 7\n' >"$T/template"
for kind in rsa p256 ed25519; do
	check "certtool --generate-self-signed with $kind" gnutls certtool --generate-self-signed --template "$T/template" \
		--load-privkey "pkcs11:token=kc;object=$kind;type=private" --outfile "$T/self.pem"
	check "its signature is good" plain verify -CAfile "$T/self.pem" -check_ss_sig "$T/self.pem"
done

serve() { # serve KIND OPTION...
	local kind=$1
	shift
	port=$(free_port)
	background gnutls gnutls-serv --port "$port" --http --x509certfile "$T/$kind.crt" --disable-client-cert \
		--x509keyfile "pkcs11:token=kc;object=$kind;type=private" "$@" >"$T/server.log" 2>&1
	wait_for_port "$port" 20 || diag_file "$T/server.log"
}
fetch() { curl -sS -m 20 --cacert "$T/ca.pem" --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/" "$@"; }
for kind in rsa p256 ed25519; do
	serve $kind
	check_output "gnutls-serv with $kind, TLS 1.3" 'Session|session' fetch --tlsv1.3
	[ $kind = ed25519 ] || check_output "TLS 1.2" 'Session|session' fetch --tls-max 1.2
	if [ $kind = rsa ]; then
		check "the daemon's worker is killed" kill -9 "$(tap_worker)"
		check_output "it serves on" 'Session|session' fetch --tlsv1.3
	fi
	stop_background "$background_pid"
done

plain req -new -newkey rsa:2048 -nodes -keyout "$T/soft.key" -subj /CN=localhost -out "$T/soft.csr" 2>"$T/err"
printf 'subjectAltName=DNS:localhost\n' >"$T/ext"
plain x509 -req -in "$T/soft.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -days 5 -extfile "$T/ext" -out "$T/soft.crt" 2>"$T/err"
port=$(free_port)
background openssl s_server -accept "127.0.0.1:$port" -cert "$T/soft.crt" -key "$T/soft.key" -www -CAfile "$T/ca.pem" \
	-Verify 2 -verify_return_error >"$T/server.log" 2>&1 </dev/null
wait_for_port "$port"
client() { # client KIND PRIORITY
	printf 'GET / HTTP/1.0\r\n\r\n' | GNUTLS_PIN=$PIN timeout 20 gnutls-cli --provider "$KC_MODULE" --x509cafile "$T/ca.pem" \
		--x509certfile "$T/$1.crt" --x509keyfile "pkcs11:token=kc;object=$1;type=private" --priority "$2" \
		--sni-hostname localhost --verify-hostname localhost -p "$port" 127.0.0.1
}
for kind in rsa p256 ed25519; do
	for version in 1.3 1.2; do
		check_output "gnutls-cli with a certificate, $kind, TLS $version" '200 ok' client $kind \
			"NORMAL:-VERS-ALL:+VERS-TLS$version"
	done
done
done_testing
