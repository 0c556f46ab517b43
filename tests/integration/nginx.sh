#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 300
# nginx with its key in the token, by a PEM reference, and workers that run as nobody: TLS 1.3 handshakes go on while
# the daemon's worker is killed, while the whole service stops and starts, and while another program logs in and out.
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
		log_format handshake '\$ssl_protocol \$ssl_session_reused \$status';
		access_log $T/nginx/access.log handshake;
		client_body_temp_path $T/nginx/body; proxy_temp_path $T/nginx/proxy; fastcgi_temp_path $T/nginx/fastcgi;
		uwsgi_temp_path $T/nginx/uwsgi; scgi_temp_path $T/nginx/scgi;
		keepalive_timeout 0;
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
# handshakes COUNT [NAME]: so many new connections, 40 a second, each from the start; a line for each in $T/NAME. A
# request that fails is not tried again.
handshakes() {
	curl -sS -m 60 --rate 40/s --tlsv1.3 --no-sessionid --cacert "$T/ca.pem" --resolve "localhost:$port:127.0.0.1" \
		-o /dev/null -w '%{http_code} %{ssl_verify_result} %{time_total} %{errormsg}\n' "https://localhost:$port/[1-$1]" \
		>"$T/${2:-handshakes}" 2>/dev/null
}
# good NAME...: how many of those went well, so far.
good() { (cd "$T" && cat "$@" 2>/dev/null) | grep -c '^200 0 '; }
failed() { grep -vc "^200 0 " "$T/handshakes"; }
explain() {
	grep -hv '^200 0 ' "$T/first" "$T/second" "$T/handshakes" 2>/dev/null | sort | uniq -c | sed 's/^/#   /'
	diag_file "$T/nginx/error.log" 10
}

handshakes 1
is "a page" "$(good handshakes)" 1

worker() { tr -d ' ' <"/proc/$keeper/task/$keeper/children"; }
kill_worker() { kill -9 "$(worker)" 2>/dev/null && kills=$((kills + 1)); }
stop_service() {
	kill "$keeper" && wait_for_exit "$keeper" 30
}
start_service() {
	host pkcs11-tool --module "$KC_MODULE" -L >"$T/list" 2>&1
	keeper=$(tap_keeper)
}
keeper=$(tap_keeper)
check "the keeper and its worker are found" test -n "$(worker)"

# ---- the worker is killed, and the whole service started again, while the handshakes go on ----
kills=0 restarts=0 round=0 seen=0
handshakes 250 first &
first=$!
handshakes 250 second &
second=$!
while kill -0 $first 2>/dev/null || kill -0 $second 2>/dev/null; do
	# Once those that waited for the last one are through, the next one.
	now=$(wc -l <"$T/nginx/access.log")
	if [ $((now - seen)) -lt 25 ]; then
		sleep 0.1
		continue
	fi
	seen=$now
	if [ $((++round % 4)) -eq 3 ]; then
		stop_service
		start_service
		restarts=$((restarts + 1))
	else
		kill_worker
	fi
done
wait $first $second
diag "the slowest took $(cut -d" " -f 3 "$T/first" "$T/second" | sort -n | tail -n 1) s"
is "500 handshakes, $kills times a killed worker, $restarts restarts: none failed" "$(good first second)" 500 || explain
check "the worker was killed at least five times" [ "$kills" -ge 5 ]
check "the service started again at least twice" [ "$restarts" -ge 2 ]

# ---- the service stops and is started again while nobody asks for it ----
stop_service
is "the service is down" "$(tap_keeper)" ""
start_service
handshakes 25
is "handshakes after a restart: none failed" "$(failed)" 0 || explain

# ---- another program logs in and out of the same token ----
(for _ in 1 2 3 4; do p11tool_on --token-label kc --login --pin $PIN -O; done) >/dev/null 2>&1 &
other=$!
handshakes 50
is "handshakes beside logins and logouts of another program: none failed" "$(failed)" 0 || explain
wait $other
kill_worker
handshakes 10
is "its logouts cost nginx no ticket: after a crash, none failed" "$(failed)" 0 || explain
stop_service
start_service
handshakes 10
is "nor after a restart" "$(failed)" 0 || explain

kill -0 $nginx_pid
is "nginx was never started again" $? 0
is "nginx counts them all, each a full TLS 1.3 handshake" "$(sort "$T/nginx/access.log" | uniq -c | sed 's/^ *//')" \
	"596 TLSv1.3 . 200"
is "its log has no complaint" "$(grep -ciE 'emerg|crit|keyclave' "$T/nginx/error.log")" 0 ||
	diag_file "$T/nginx/error.log" 10
done_testing
