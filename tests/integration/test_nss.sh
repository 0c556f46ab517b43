#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# NSS with the module in its database: modutil adds it, certutil makes a key and a certificate in the token, selfserv
# serves TLS with it, cmsutil signs and decrypts, pk12util takes a pair in.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

need modutil certutil selfserv cmsutil pk12util tstclnt curl
[ -z "${KC_SANITIZER_PRELOAD:-}" ] || skip_all "NSS's programs are not run under a sanitizer"
keyclave_env
make_token nss || bail_out "no token"
echo "$PIN" >"$T/pin"
printf 'nss:%s\n' "$PIN" >"$T/passwords"
head -c 64 /dev/urandom >"$T/noise"
echo "a message that is signed and hidden" >"$T/message"
db=$T/db
mkdir "$db"
check "certutil -N" certutil -N -d "sql:$db" --empty-password
check "modutil -add" modutil -dbdir "sql:$db" -force -add keyclave -libfile "$KC_MODULE"
check_output "modutil -list shows the token" 'token: nss' modutil -dbdir "sql:$db" -list
cu() { certutil -d "sql:$db" -f "$T/pin" "$@"; }

# ---- keys and certificates ----
certificate() { # certificate NAME OPTION...
	local name=$1
	shift
	# -2: a CA, of any length, critical: NSS takes no other certificate that signed itself
	printf 'y\n-1\ny\n' | cu -S -h nss -n "$name" -s "CN=localhost,O=$name" -x -t "CT,C,C" -z "$T/noise" -8 localhost -v 12 \
		-m "$RANDOM" -2 --keyUsage digitalSignature,keyEncipherment,certSigning "$@"
}
check "certutil -S, an RSA key in the token" certificate rsa -k rsa -g 2048 -Z SHA256
check "certutil -S, an EC key" certificate ec -k ec -q nistp256 -Z SHA256
check_output "certutil -K lists them" 'nss:rsa' cu -K -h nss
check_output "certutil -L too" 'nss:ec' cu -L -h nss
check_output "pkcs11-tool sees the private keys" 'Private Key Object; EC' p11tool_on --token-label nss --login --pin "$PIN" -O
is "both, never extractable" "$(grep -c 'never extractable' "$T/out")" 2
for name in rsa ec; do
	cu -L -h nss -n "nss:$name" -a >"$T/$name.pem" 2>"$T/err"
	check "the signature of $name is good" plain verify -CAfile "$T/$name.pem" -check_ss_sig "$T/$name.pem"
done

# ---- CMS ----
for name in rsa ec; do
	check "cmsutil -S with $name" cmsutil -S -d "sql:$db" -f "$T/passwords" -N "nss:$name" -i "$T/message" -o "$T/cms"
	check "it is good" plain cms -verify -in "$T/cms" -inform DER -CAfile "$T/$name.pem" -purpose any -out "$T/back"
	same_file "as it was" "$T/back" "$T/message"
done
plain cms -encrypt -binary -nostream -aes-256-cbc -in "$T/message" -outform DER -out "$T/cms" "$T/rsa.pem" 2>"$T/err" || diag_file "$T/err"
check "cmsutil -D" cmsutil -D -d "sql:$db" -f "$T/passwords" -i "$T/cms" -o "$T/back"
same_file "as it was" "$T/back" "$T/message"

# ---- import ----
plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/soft.key" -out "$T/soft.pem" \
	-subj /CN=imported 2>"$T/err"
plain pkcs12 -export -inkey "$T/soft.key" -in "$T/soft.pem" -name imported -passout pass:p12 -out "$T/soft.p12" \
	-certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES
check "pk12util -i" pk12util -i "$T/soft.p12" -d "sql:$db" -h nss -K "$PIN" -W p12
check_output "the key is there" 'imported' cu -K -h nss
check "it is trusted" cu -M -n nss:imported -h nss -t C,C,C
check "it signs" cmsutil -S -d "sql:$db" -f "$T/passwords" -N nss:imported -i "$T/message" -o "$T/cms"
check "well" plain cms -verify -in "$T/cms" -inform DER -CAfile "$T/soft.pem" -purpose any -out "$T/back"
check "certutil -F deletes a key and its certificate" cu -F -n nss:imported -h nss
is "it is gone" "$(cu -K -h nss 2>/dev/null | grep -c imported)" 0

# ---- TLS ----
# NSS's servers sign with a copy of the key, a session object, which is gone when the daemon dies. A key that may not be
# copied is used itself, and outlives that.
if python=$(python_with PyKCS11); then
	cat >"$T/copyable.py" <<-'PYTHON'
		import sys
		from PyKCS11 import *
		lib = PyKCS11Lib()
		lib.load(sys.argv[1])
		slot = [s for s in lib.getSlotList(tokenPresent=True) if lib.getTokenInfo(s).label.strip() == 'nss'][0]
		session = lib.openSession(slot, CKF_RW_SESSION | CKF_SERIAL_SESSION)
		session.login(sys.argv[2])
		keys = session.findObjects([(CKA_CLASS, CKO_PRIVATE_KEY)])
		for key in keys:
		    session.setAttributeValue(key, [(CKA_COPYABLE, b'\0')])
		sys.exit(len(keys) != 2)
	PYTHON
	check "the keys may not be copied" "$python" "$T/copyable.py" "$KC_MODULE" "$PIN"
	copied=no
else
	copied=yes
fi
port=$(free_port)
background selfserv -d "sql:$db" -n nss:rsa -e nss:ec -p "$port" -f "$T/passwords" -V tls1.2:tls1.3 -H 1 \
	>"$T/server.log" 2>&1
wait_for_port "$port" 30 || diag_file "$T/server.log"
cat "$T/rsa.pem" "$T/ec.pem" >"$T/both.pem"
fetch() { curl -sS -m 20 --cacert "$T/both.pem" --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/" "$@"; }
check_output "selfserv serves TLS 1.3" 'HTTP' fetch --tlsv1.3 --http0.9
check_output "TLS 1.2 with the EC key" 'HTTP' fetch --tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256 --http0.9
check_output "TLS 1.2 with the RSA key" 'HTTP' fetch --tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256 --http0.9
check_output "RSA key exchange" 'HTTP' fetch --tls-max 1.2 --ciphers AES128-GCM-SHA256 --http0.9
check "the daemon's worker is killed" kill -9 "$(tap_worker)"
if [ $copied = no ]; then
	check_output "selfserv serves on" 'HTTP' fetch --tlsv1.3 --http0.9
else
	skip "selfserv serves on" "PyKCS11 is not there"
fi
stop_background "$background_pid"

# ---- TLS with a client's certificate ----
port=$(free_port)
make_ca
plain req -new -newkey rsa:2048 -nodes -keyout "$T/server.key" -subj /CN=localhost -out "$T/server.csr" 2>"$T/err"
printf 'subjectAltName=DNS:localhost\n' >"$T/ext"
plain x509 -req -in "$T/server.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -days 5 -extfile "$T/ext" -out "$T/server.crt" 2>"$T/err"
background openssl s_server -accept "127.0.0.1:$port" -cert "$T/server.crt" -key "$T/server.key" -www \
	-CAfile "$T/both.pem" -Verify 2 -verify_return_error >"$T/server.log" 2>&1 </dev/null
wait_for_port "$port"
cu -A -n ca -t CT,C,C -a -i "$T/ca.pem" >"$T/err" 2>&1
client() { timeout 20 tstclnt -4 -h localhost -p "$port" -d "sql:$db" -w "$PIN" -n "$1" -V "$2:$2" -Q; }
for name in nss:rsa nss:ec; do
	for version in tls1.2 tls1.3; do
		check "tstclnt with $name, $version" client $name $version
		wait_until 10 grep -q 'CN = localhost' "$T/server.log"
		check_output "the server has seen its certificate" 'verify return:1' cat "$T/server.log"
		: >"$T/server.log"
	done
done
check "modutil -delete" modutil -dbdir "sql:$db" -force -delete keyclave
done_testing
