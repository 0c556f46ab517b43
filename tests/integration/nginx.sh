#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 900
# nginx with its key in the token, by a PEM reference, and workers that run as nobody: TLS 1.3 handshakes go on while
# the daemon's worker is killed, while the service stops and starts, and while another program logs in and out.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
. "$KC_SRCDIR/tests/integration/openssl_lib.sh" || exit 99

need nginx curl
need_root
[ -z "${KC_SANITIZER_PRELOAD:-}" ] || skip_all "nginx is not run under a sanitizer"
openssl_setup p256
make_ca
certify p256
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
mkdir -p "$T/nginx"
cat >"$T/nginx/nginx.conf" <<-CNF
	user nobody nogroup;
	worker_processes 2;
	pid $T/nginx/pid;
	error_log $T/nginx/error.log info;
	daemon off;
	env OPENSSL_CONF; env OPENSSL_MODULES; env KEYCLAVE_STATE_DIR; env KEYCLAVE_DAEMON; env KEYCLAVE_CONF;
	events { worker_connections 256; }
	http {
		access_log off;
		client_body_temp_path $T/nginx/body; proxy_temp_path $T/nginx/proxy; fastcgi_temp_path $T/nginx/fastcgi;
		uwsgi_temp_path $T/nginx/uwsgi; scgi_temp_path $T/nginx/scgi;
		server {
			listen 127.0.0.1:$port ssl;
			ssl_certificate $T/p256.crt;
			ssl_certificate_key $T/p256.pem;
			ssl_protocols TLSv1.3;
			ssl_session_tickets off;
			ssl_session_cache off;
			return 200 "served\n";
		}
	}
CNF
OPENSSL_CONF=$T/openssl.cnf background nginx -c "$T/nginx/nginx.conf" -e "$T/nginx/error.log" 2>"$T/nginx/stderr"
nginx_pid=$background_pid
wait_for_port "$port" 20 || {
	diag_file "$T/nginx/stderr"
	diag_file "$T/nginx/error.log"
	bail_out "nginx does not listen"
}
fetch() { curl -s -m 20 --tls13-ciphers TLS_AES_128_GCM_SHA256 --cacert "$T/ca.pem" "https://localhost:$port/" --resolve "localhost:$port:127.0.0.1"; }
is "a page" "$(fetch)" served

# handshakes COUNT: how many of them failed.
handshakes() {
	local i bad=0
	for ((i = 0; i < $1; i++)); do
		[ "$(fetch)" = served ] || bad=$((bad + 1))
	done
	echo $bad
}
# The daemon's worker is the child of its keeper.
daemon_pids() {
	local pid
	for pid in $(tap_daemon_pids); do
		case $(readlink "/proc/$pid/exe" 2>/dev/null) in *keyclaved*) echo "$pid" ;; esac
	done
}
worker() {
	local pid
	for pid in $(daemon_pids); do
		daemon_pids | grep -qx "$(awk '{ print $4 }' "/proc/$pid/stat" 2>/dev/null)" && echo "$pid" && return
	done
}

stop_service() {
	local pid
	for pid in $(daemon_pids); do
		kill "$pid" 2>/dev/null
		wait_for_exit "$pid" 20
	done
}

# ---- the worker is killed while the handshakes go on ----
handshakes 250 >"$T/bad1" &
first=$!
handshakes 250 >"$T/bad2" &
second=$!
kills=0
while kill -0 $first 2>/dev/null || kill -0 $second 2>/dev/null; do
	pid=$(worker)
	[ -n "$pid" ] && kill -9 "$pid" 2>/dev/null && kills=$((kills + 1))
	sleep 5
done
wait $first $second
is "500 handshakes, $kills times without a worker: none failed" "$(($(<"$T/bad1") + $(<"$T/bad2")))" 0
check "the worker was killed at least twice" [ "$kills" -ge 2 ]

# ---- the whole service stops, and is started again ----
stop_service
is "the service is down" "$(daemon_pids)" ""
host pkcs11-tool --module "$KC_MODULE" -L >/dev/null 2>&1 # starts it again
is "20 handshakes after a restart: none failed" "$(handshakes 20)" 0
kill -0 $nginx_pid
is "nginx was not started again" $? 0

# ---- another program logs in and out of the same token ----
(for i in 1 2 3 4 5 6 7 8 9 10; do p11tool_on --token-label kc --login --pin $PIN -O; done) >/dev/null 2>&1 &
other=$!
is "handshakes beside logins and logouts of another program: none failed" "$(handshakes 40)" 0
wait $other
pid=$(worker)
[ -n "$pid" ] && kill -9 "$pid"
is "its logouts cost nginx no ticket: after a crash, none failed" "$(handshakes 20)" 0
stop_service
host pkcs11-tool --module "$KC_MODULE" -L >/dev/null 2>&1
is "nor after a restart" "$(handshakes 20)" 0
is "nginx's log has no complaint" "$(grep -ciE 'emerg|crit|keyclave' "$T/nginx/error.log")" 0 ||
	diag_file "$T/nginx/error.log" 10
done_testing
