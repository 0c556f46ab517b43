#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tap-timeout: 180
# A daemon with more busy connections than threads: who comes is served, SIGTERM drains all the same, and a thread that
# stayed with a connection costs nothing once that is idle.
. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
keyclave_env
peer=$KC_BUILDDIR/tests/integration/daemon_peer
need "$KC_DAEMON" "$peer"
socket=$T/state/run/keyclave.sock

start() {
	"$KC_DAEMON" >>"$T/log" 2>&1 &
	keeper=$!
	wait_for_socket "$socket" && wait_until 10 "$peer" hello "$socket"
}
worker() { pgrep -P "$keeper" | head -n 1; }
stop() { kill "$keeper" && wait "$keeper"; }

# Ticks of CPU time that the worker has used.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$(worker)/stat"; }

for threads in 1 2 3 8; do
	printf '[daemon]\nthreads = %s\n' "$threads" >"$T/keyclave.conf"
	check "it starts with $threads threads" start
	# Else what is read below may be what the round before has left: the child opens the file when it comes to it.
	rm -f "$T/crowd"
	"$peer" crowd "$socket" $((threads * 2)) >"$T/crowd" &
	crowd=$!
	wait_until 60 grep -q slowest "$T/crowd"
	ms=$(sed -n 's/slowest: //p' "$T/crowd")
	# Two stays and what the machine's other work takes; who starves waits for ever.
	if [ "${ms:--1}" -ge 0 ] && [ "$ms" -le 2000 ]; then ok "newcomers are served ($ms ms)"; else
		not_ok "newcomers are served (${ms:-never})"
	fi
	began=$SECONDS
	stop
	is "SIGTERM ends it well" "$?" 0
	if [ $((SECONDS - began)) -le 4 ]; then ok "soon"; else not_ok "soon ($((SECONDS - began)) s)"; fi
	check "each connection was answered to its end" wait "$crowd"
done

: >"$T/keyclave.conf"
check "it starts" start
mkfifo "$T/in"
"$peer" idle "$socket" 20 <"$T/in" >"$T/idle" &
idle=$!
exec 3>"$T/in"
wait_until 20 grep -q idle "$T/idle"
sleep 0.3
before=$(ticks)
sleep 2
used=$(($(ticks) - before))
if [ "$used" -le 2 ]; then ok "idle connections cost no CPU ($used ticks in 2 s)"; else
	not_ok "idle connections cost no CPU ($used ticks in 2 s)"
fi
exec 3>&-
wait "$idle"
stop

printf '[daemon]\nidle-exit = 1\n' >"$T/keyclave.conf"
check "with idle-exit it starts" start
check "and ends after its last request" wait_for_exit "$keeper" 20
done_testing
