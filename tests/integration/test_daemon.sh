#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 240
# keyclaved as a process: start, one instance, its sandbox, who is let in, what a killed worker and a
# whole restart leave as it was, idle exit, socket activation.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
keyclave_env
peer=$KC_BUILDDIR/tests/integration/daemon_peer
need "$KC_DAEMON" "$peer"
socket=$T/state/run/keyclave.sock
chmod 0711 "$T"

# start [COMMAND...]: the daemon in the background, its log in $T/log.
start() {
	"$@" "$KC_DAEMON" --log-level=debug >>"$T/log" 2>&1 &
	keeper=$!
	wait_for_socket "$socket" && wait_until 10 "$peer" hello "$socket"
}
worker() { pgrep -P "$keeper" | head -n 1; }
stop() { kill "$keeper" && wait "$keeper"; }

# ---- options ----
check_output "--help lists the options" '--state-dir=DIR' "$KC_DAEMON" --help
check_output "--version" '^keyclaved [0-9]' "$KC_DAEMON" --version
check_status "an unknown option is a usage error" 64 "$KC_DAEMON" --nonsense
check_status "so is an argument" 64 "$KC_DAEMON" argument
check_status "the worker's option is not for others" 64 "$KC_DAEMON" --worker-socket=2
echo 'nonsense' >"$T/bad.conf"
check_status "a bad configuration says so" 78 "$KC_DAEMON" --config="$T/bad.conf"
printf '[daemon]\nallow-uids = no-such-user\n' >"$T/bad.conf"
check_status "and so does a user that does not exist" 78 "$KC_DAEMON" --config="$T/bad.conf"
cp "$T/err" "$T/said"
check_output "by name" 'no user no-such-user' cat "$T/said"

# ---- start ----
check "it starts" start
is "the state directory can be passed through" "$(stat -c %a "$T/state")" 711
is "the socket's directory can be entered" "$(stat -c %a "$T/state/run")" 755
is "the socket is for everybody" "$(stat -c %a "$socket")" 666
is "the store is not" "$(stat -c %a "$T/state/store")" 700
check_output "hello is answered" 'hello: 0x0' "$peer" hello "$socket"
check_status "a second daemon is refused" 69 "$KC_DAEMON"
cp "$T/err" "$T/said"
check_output "and says why" 'another keyclaved serves' cat "$T/said"
check "the first one still serves" "$peer" hello "$socket"
check_output "a token is made" 'init: 0x0' "$peer" init "$socket"

# ---- sandbox ----
w=$(worker)
check_output "no new privileges" 'NoNewPrivs:[[:space:]]1' cat "/proc/$w/status"
check_output "no core dumps" 'Max core file size +0 +0 ' cat "/proc/$w/limits"
check_output "none of the keeper either" 'Max core file size +0 +0 ' cat "/proc/$keeper/limits"
case " ${KC_SANITIZERS:-} " in
*" asan "* | *" tsan "*) skip "seccomp" "a build with a sanitizer" ;;
*)
	check_output "seccomp filters" 'Seccomp:[[:space:]]2' cat "/proc/$w/status"
	bad=0
	for task in "/proc/$w/task"/*; do
		grep -q 'Seccomp:[[:space:]]2' "$task/status" || bad=1
	done
	is "in every thread" "$bad" 0
	;;
esac

# ---- who is let in ----
ms=$("$peer" silent "$socket")
if [ "${ms:-0}" -ge 900 ] && [ "$ms" -le 5000 ]; then ok "a silent connection is dropped after a second ($ms ms)"; else
	not_ok "a silent connection is dropped after a second (${ms:-never})"
fi
ms=$("$peer" silent "$socket" flood)
if [ "${ms:-9999}" -le 900 ]; then ok "more than 1 KiB before hello ends it at once"; else
	not_ok "more than 1 KiB before hello ends it at once (${ms:-never})"
fi
if [ "$(id -u)" -eq 0 ]; then
	check_output "a uid that is on no list is refused" 'hello: 0x1b' \
		sh -c 'setpriv --reuid=65534 --regid=65534 --clear-groups "$1" hello "$2" || true' - "$peer" "$socket"
	check_output "its child may join by the control socket" 'by control: 0x0' "$peer" control "$socket"
else
	skip "a uid that is on no list is refused" "needs root"
	skip "its child may join by the control socket" "needs root"
fi

# ---- many connections ----
threads=$(ls "/proc/$w/task" | wc -l)
mkfifo "$T/in"
"$peer" idle "$socket" 1000 <"$T/in" >"$T/idle" &
idle=$!
exec 3>"$T/in"
check "1,000 connections" wait_until 60 grep -q idle "$T/idle"
is "cost no thread" "$(ls "/proc/$w/task" | wc -l)" "$threads"
check "others are served meanwhile" "$peer" hello "$socket"
exec 3>&-
if wait "$idle"; then ok "and each of them still serves"; else not_ok "and each of them still serves"; fi

# ---- a killed worker, a restart ----
coproc session { exec "$peer" session "$socket"; }
session_pid=$session_PID
answer() { IFS= read -r -t 60 line <&"${session[0]}" && echo "$line"; }
is "a session" "$(answer)" "session: 0x0"
echo >&"${session[1]}"
is "signs" "$(answer)" "sign: 0x0"
kill -9 "$(worker)"
echo >&"${session[1]}"
is "its login outlives the worker" "$(answer)" "sign again: 0x0"
check_output "which is told of" 'killed by signal 9' cat "$T/log"
isnt_w=$(worker)
if [ "$isnt_w" != "$w" ]; then ok "there is another worker"; else not_ok "there is another worker"; fi
for _ in 1 2 3; do
	kill -9 "$(worker)"
	echo >&"${session[1]}"
	last=$(answer)
done
is "again and again" "$last" "sign again: 0x0"

# What a worker has told its keeper stands, also if both found no time for more.
contexts() { find "/proc/$keeper/fd" -lname 'socket:*' | wc -l; }
before=$(contexts)
kill -STOP "$keeper"
mkfifo "$T/wait"
for i in 1 2 3 4; do "$peer" hold "$socket" <"$T/wait" >"$T/context$i" & done
exec 4>"$T/wait"
check "four contexts while the keeper is asleep" wait_until 30 eval '[ "$(cat "$T"/context* | grep -c "hold: 0x0")" -eq 4 ]'
w=$(worker)
kill -9 "$w"
wait_until 10 grep -q ') Z ' "/proc/$w/stat"
kill -CONT "$keeper"
check "a new worker serves" wait_until 30 "$peer" hello "$socket"
is "the keeper has the control socket of each" "$(contexts)" $((before + 4))
exec 4>&-
stop
is "SIGTERM ends it well" "$?" 0
check_fails "the socket is gone" test -e "$socket"
check "it starts anew" start
echo >&"${session[1]}"
is "the login outlives the daemon" "$(answer)" "sign again: 0x0"
eval "exec ${session[1]}>&-"
wait "$session_pid" 2>/dev/null

coproc thief { exec "$peer" thief "$socket"; }
thief_pid=$thief_PID
IFS= read -r -t 60 line <&"${thief[0]}"
is "another logs out" "$line" "logout: 0x0"
kill -9 "$(worker)"
echo >&"${thief[1]}"
IFS= read -r -t 60 line <&"${thief[0]}"
is "its ticket is no good to the next worker either" "$line" "resume: 0x101"
stop
check "when all of it was started again" start
echo >&"${thief[1]}"
IFS= read -r -t 60 line <&"${thief[0]}"
is "it is no good either" "$line" "resume: 0x101"
eval "exec ${thief[1]}>&-"
wait "$thief_pid" 2>/dev/null

# ---- SIGTERM drains ----
"$peer" busy "$socket" >"$T/busy" &
busy=$!
wait_until 30 grep -q busy "$T/busy"
sleep 0.1
stop
is "with a request under way too" "$?" 0
wait "$busy"
check_output "which is answered" 'generate: 0x0' cat "$T/busy"

# ---- idle exit ----
printf '[daemon]\nidle-exit = 3\n' >"$T/keyclave.conf"
check "with idle-exit" start
mkfifo "$T/in2"
"$peer" hold "$socket" <"$T/in2" >"$T/hold" &
hold=$!
exec 3>"$T/in2"
wait_until 20 grep -q hold "$T/hold"
sleep 4.5
check "it stays while somebody has session objects" kill -0 "$keeper"
exec 3>&-
wait "$hold"
check_output "which are there" 'sign: 0x0' cat "$T/hold"
check "then it ends" wait_for_exit "$keeper" 20
wait "$keeper"
is "well" "$?" 0
check_fails "without a socket" test -e "$socket"
check_output "and says so" 'nothing to do for 3 s' cat "$T/log"
(flock 9; exec sleep 8) 9>"$T/state/start.lock" &
lock=$!
check "while a client starts a daemon" start
sleep 4.5
check "it does not go" kill -0 "$keeper"
wait "$lock"
check "but when that is over" wait_for_exit "$keeper" 20
: >"$T/keyclave.conf"

# ---- the manager ----
"$peer" notified "$T/notify" >"$T/notified" &
notified=$!
wait_until 5 test -S "$T/notify"
export NOTIFY_SOCKET=$T/notify
check "started by a service manager" start
unset NOTIFY_SOCKET
wait "$notified"
is "it tells that it is ready" "$(cat "$T/notified")" "READY=1"
stop

if command -v systemd-socket-activate >/dev/null; then
	printf '[daemon]\nidle-exit = 1\n' >"$T/keyclave.conf"
	systemd-socket-activate -E KEYCLAVE_CONF -E KEYCLAVE_STATE_DIR -l "$T/activated" "$KC_DAEMON" --log-level=debug >>"$T/log" 2>&1 &
	activate=$!
	at_exit "kill $activate 2>/dev/null"
	check "it serves a socket that it was given" wait_until 10 "$peer" hello "$T/activated"
	check "and leaves it behind" wait_for_exit "$activate" 20
	check "for the next one" test -S "$T/activated"
	: >"$T/keyclave.conf"
else
	skip "socket activation" "systemd-socket-activate is not there"
fi

# ---- as an ordinary user ----
if [ "$(id -u)" -eq 0 ]; then
	mkdir "$T/nobody" && chown 65534:65534 "$T/nobody"
	export KEYCLAVE_STATE_DIR=$T/nobody/state
	socket=$T/nobody/state/run/keyclave.sock
	check "it runs as nobody" start setpriv --reuid=65534 --regid=65534 --clear-groups
	w=$(pgrep -P "$keeper" | head -n 1)
	is "its memory is root's: it is not dumpable" "$(stat -c %u "/proc/$w/mem")" 0
	is "nor is the keeper" "$(stat -c %u "/proc/$keeper/mem")" 0
	check_output "root is let in" 'hello: 0x0' "$peer" hello "$socket"
	printf '[daemon]\nallow-uids = 4711\n' >"$T/keyclave.conf"
	chmod 644 "$T/keyclave.conf"
	stop
	start setpriv --reuid=65534 --regid=65534 --clear-groups
	check_output "and who is on the list" 'hello: 0x0' \
		setpriv --reuid=4711 --regid=4711 --clear-groups "$peer" hello "$socket"
	check_output "but not who is not" 'hello: 0x1b' \
		sh -c 'setpriv --reuid=4712 --regid=4712 --clear-groups "$1" hello "$2" || true' - "$peer" "$socket"
	stop
	chmod 0777 "$T/nobody/state"
	check_status "a state directory that others may write to is refused" 78 \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$KC_DAEMON"
else
	skip "as an ordinary user" "needs root"
fi
check_fails "no fault in the log" daemon_faults "$T/log"
check_fails "nor a PIN" grep -q 12345678 "$T/log"
done_testing
