#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 200
# Apache's mod_ssl with its keys in the token, by PEM references: Apache 2.4 asks an ENGINE for a pkcs11: URI, and reads a
# file by whatever provider can. Children run as nobody; the daemon's worker dies and comes back; a graceful restart.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

PATH=$PATH:/usr/sbin
need apache2 curl
need_root
modules=/usr/lib/apache2/modules
[ -e $modules/mod_ssl.so ] || skip_all "mod_ssl is not there"
[ -z "${KC_SANITIZER_PRELOAD:-}" ] || skip_all "Apache is not run under a sanitizer"
openssl_setup p256 rsa
make_ca
certify p256
certify rsa
cat >"$T/openssl.cnf" <<-CNF
	openssl_conf = init
	[init]
	providers = both
	[both]
	default = default_section
	keyclave = keyclave_section
	[default_section]
	activate = 1
	[keyclave_section]
	activate = 1
	pin-source = file:$T/pin
CNF
port=$(free_port)
mkdir -p "$T/www"
echo served >"$T/www/index.html"
cat >"$T/apache.conf" <<-CONF
	ServerRoot $T
	ServerName localhost
	PidFile $T/apache.pid
	DefaultRuntimeDir $T
	ErrorLog $T/error.log
	LogLevel info
	LoadModule mpm_event_module $modules/mod_mpm_event.so
	LoadModule authz_core_module $modules/mod_authz_core.so
	LoadModule dir_module $modules/mod_dir.so
	LoadModule ssl_module $modules/mod_ssl.so
	User nobody
	Group nogroup
	Listen 127.0.0.1:$port
	StartServers 2
	DocumentRoot $T/www
	KeepAlive Off
	SSLEngine on
	SSLSessionTickets off
	SSLCertificateFile $T/p256.crt
	SSLCertificateKeyFile $T/p256.pem
	SSLCertificateFile $T/rsa.crt
	SSLCertificateKeyFile $T/rsa.pem
	SSLCACertificateFile $T/ca.pem
	<Location "/client">
		SSLVerifyClient require
	</Location>
CONF
OPENSSL_CONF=$T/openssl.cnf background apache2 -f "$T/apache.conf" -DFOREGROUND >"$T/out.log" 2>&1
apache_pid=$background_pid
wait_for_port "$port" 30 || {
	diag_file "$T/out.log"
	diag_file "$T/error.log"
	bail_out "Apache does not listen"
}
fetch() { curl -sS -m 20 --cacert "$T/ca.pem" --resolve "localhost:$port:127.0.0.1" "https://localhost:$port/" "$@"; }
check_output "a page by TLS 1.3" '^served' fetch --tlsv1.3
check_output "by TLS 1.2, ECDSA" '^served' fetch --tls-max 1.2 --ciphers ECDHE-ECDSA-AES128-GCM-SHA256
check_output "by TLS 1.2, RSA" '^served' fetch --tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256
check_output "by TLS 1.2, RSA key exchange" '^served' fetch --tls-max 1.2 --ciphers AES128-GCM-SHA256
handshakes() {
	curl -sS -m 60 --rate 40/s --tlsv1.3 --no-sessionid --cacert "$T/ca.pem" --resolve "localhost:$port:127.0.0.1" \
		-o /dev/null -w '%{http_code}\n' "https://localhost:$port/?[1-$1]" 2>/dev/null | grep -c '^200$'
}
is "50 handshakes" "$(handshakes 50)" 50
check "the daemon's worker is killed" kill -9 "$(tap_worker)"
is "50 handshakes after that" "$(handshakes 50)" 50
kill -USR1 "$apache_pid"
wait_until 20 grep -q 'Graceful restart requested' "$T/error.log"
wait_until 20 eval '[ "$(grep -c "configured -- resuming" "$T/error.log")" -ge 2 ]'
is "50 handshakes after a graceful restart" "$(handshakes 50)" 50
is "no complaint in its log" "$(grep -ciE 'keyclave|:(emerg|crit|error)\]' "$T/error.log")" 0 || diag_file "$T/error.log" 10
done_testing
