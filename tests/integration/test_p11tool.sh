#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# GnuTLS: p11tool lists, tests and generates; certtool makes a request with a token key; a TLS server uses one.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/token.sh" || exit 99
need p11tool certtool gnutls-serv openssl
make_token
"$KC_CLI" keygen --type rsa:2048 --label rsa --id 01 --pin-file "$T/pin" >/dev/null || bail_out "keygen"
"$KC_CLI" keygen --type ec:P-256 --label ec --id 02 --pin-file "$T/pin" >/dev/null || bail_out "keygen"

p11() { host timeout 60 p11tool --provider "$KC_MODULE" --login --set-pin $PIN "$@"; }
check_output "--list-all --login" "token=t;id=%02;object=ec;type=private" p11 --list-all "pkcs11:token=t"
check_output "--test-sign RSA" "public key in the token... ok" p11 --test-sign "pkcs11:token=t;object=rsa;type=private"
check_output "--test-sign EC" "public key in the token... ok" p11 --test-sign "pkcs11:token=t;object=ec;type=private"
check_output "--list-mechanisms" "CKM_ECDSA" p11 --list-mechanisms "pkcs11:token=t"
check "--generate-privkey" p11 --generate-privkey=ecdsa --curve=secp384r1 --label gen --outfile "$T/gen.pem" "pkcs11:token=t"
check_output "--export-pubkey" "BEGIN PUBLIC KEY" p11 --export-pubkey "pkcs11:token=t;object=gen;type=private"

# certtool and gnutls-serv take the module from p11-kit; a module file of our own says which.
mkdir -p "$T/modules"
echo "module: $KC_MODULE" >"$T/modules/keyclave.module"
cat >"$T/template" <<END
cn = "localhost"
dns_name = "localhost"
expiration_days = 10
signing_key
END
# With libasan preloaded certtool does its work, then waits for ever in libp11-kit's destructor (freelocale, whatever
# the module, SoftHSM2's too): there it is done when the certificate stands.
ct() {
	local status
	if [ -z "${KC_SANITIZER_PRELOAD:-}" ]; then
		timeout 60 certtool --provider "$KC_MODULE" "$@"
		return
	fi
	background host certtool --provider "$KC_MODULE" "$@"
	wait_until 60 grep -q 'END CERTIFICATE' "$T/cert.pem"
	status=$?
	stop_background "$background_pid"
	return $status
}
check "a certificate by certtool" ct --generate-self-signed --template "$T/template" \
	--load-privkey "pkcs11:token=t;object=ec;type=private?pin-value=$PIN" \
	--load-pubkey "pkcs11:token=t;object=ec;type=public" --outfile "$T/cert.pem"
check_output "openssl verifies it" OK openssl verify -CAfile "$T/cert.pem" "$T/cert.pem"

port=$(free_port)
background host gnutls-serv --provider "$KC_MODULE" --port "$port" --http --quiet \
	--x509certfile "$T/cert.pem" \
	--x509keyfile "pkcs11:token=t;object=ec;type=private?pin-value=$PIN" >"$T/serv.log" 2>&1
wait_for_port "$port" || diag_file "$T/serv.log"
handshake() { timeout 20 openssl s_client -connect "127.0.0.1:$port" -CAfile "$T/cert.pem" -verify_return_error "$@" </dev/null; }
check_output "TLS 1.3 with gnutls-serv" "Verification: OK|Verify return code: 0" handshake -tls1_3
check_output "TLS 1.2 with gnutls-serv" "Verification: OK|Verify return code: 0" handshake -tls1_2
done_testing
