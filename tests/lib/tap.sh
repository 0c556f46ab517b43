# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The shell tests' library; a test begins with
#	. "${KC_SRCDIR:-.}/tests/lib/tap.sh" || exit 99
# and ends with done_testing (or begins with tap_plan N). A test that dies in between has no plan,
# which automake's driver counts as an error. Everything a test makes lies in $T, which goes at exit
# with the daemons that have files open in it.

set -u
tap_count=0
tap_planned=0
tap_failed=0
tap_exit_commands=()
tap_daemon_log=

# ---- paths of the build ----
# Set by make check; by hand, a test runs from the top of a tree that was built in place.
KC_SRCDIR=${KC_SRCDIR:-$PWD}
KC_BUILDDIR=${KC_BUILDDIR:-$KC_SRCDIR}
export KC_SRCDIR KC_BUILDDIR
KC_MODULE=$KC_BUILDDIR/pkcs11/keyclave-pkcs11.so
KC_PROVIDER_DIR=$KC_BUILDDIR/ossl-provider
KC_DAEMON=$KC_BUILDDIR/tee-backend/enclaved/keyclaved
KC_CLI=$KC_BUILDDIR/tee-backend/cli/keyclave
export KC_MODULE KC_PROVIDER_DIR KC_DAEMON KC_CLI

T=$(mktemp -d "${TMPDIR:-/tmp}/kc-test.XXXXXX") || exit 99
chmod 0755 "$T" # workers of another user have to reach the socket below it
export T

tap_cleanup() {
	local command
	for command in "${tap_exit_commands[@]}"; do
		eval "$command"
	done
	tap_stop_daemons
	rm -rf "$T"
}
trap tap_cleanup EXIT
trap 'exit 1' INT TERM HUP

# at_exit COMMAND: run in tap_cleanup, the last one first.
at_exit() { tap_exit_commands=("$1" "${tap_exit_commands[@]}"); }

# ---- results ----
tap_plan() {
	echo "1..$1"
	tap_planned=1
}
done_testing() {
	tap_daemon_check
	[ "$tap_planned" -eq 1 ] || echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ]
	exit
}
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}
bail_out() {
	echo "Bail out! $*"
	exit 1
}
ok() { echo "ok $((++tap_count)) - $*"; }
not_ok() {
	echo "not ok $((++tap_count)) - $*"
	tap_failed=$((tap_failed + 1))
	return 1
}
# skip NAME REASON
skip() { echo "ok $((++tap_count)) - $1 # SKIP ${2:-}"; }
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }
# diag_file FILE: its last lines.
diag_file() { tail -n "${2:-40}" "$1" 2>/dev/null | sed 's/^/#   /'; }

# ---- run and check; a command's output is shown when the check fails, and stays in $T/out, $T/err ----
tap_run() {
	"$@" >"$T/out" 2>"$T/err" </dev/null
	tap_status=$?
	return "$tap_status"
}
tap_explain() {
	diag "command: $*"
	diag "status: $tap_status"
	diag_file "$T/out"
	diag_file "$T/err"
}
# check NAME COMMAND...: it succeeds.
check() {
	local name=$1
	shift
	if tap_run "$@"; then ok "$name"; else
		not_ok "$name"
		tap_explain "$@"
		return 1
	fi
}
# check_status NAME STATUS COMMAND...
check_status() {
	local name=$1 want=$2
	shift 2
	tap_run "$@"
	if [ "$tap_status" -eq "$want" ]; then ok "$name"; else
		not_ok "$name (status $want expected)"
		tap_explain "$@"
		return 1
	fi
}
# check_fails NAME COMMAND...: it fails, by an exit status of its own, not by a signal.
check_fails() {
	local name=$1
	shift
	tap_run "$@"
	if [ "$tap_status" -ne 0 ] && [ "$tap_status" -lt 124 ]; then ok "$name"; else
		not_ok "$name (failure expected)"
		tap_explain "$@"
		return 1
	fi
}
# check_output NAME PATTERN COMMAND...: it succeeds and a line of stdout or stderr matches the extended
# regular expression.
check_output() {
	local name=$1 pattern=$2
	shift 2
	if tap_run "$@" && cat "$T/out" "$T/err" | grep -Eq -- "$pattern"; then ok "$name"; else
		not_ok "$name (expected: $pattern)"
		tap_explain "$@"
		return 1
	fi
}
# is NAME GOT WANT
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else
		not_ok "$1"
		diag "got:  $2"
		diag "want: $3"
		return 1
	fi
}
# same_file NAME GOT WANT
same_file() {
	if cmp -s "$2" "$3"; then ok "$1"; else
		not_ok "$1"
		diag "$(cmp "$2" "$3" 2>&1)"
		return 1
	fi
}

# need PROGRAM...: the whole test is skipped when one is missing.
need() {
	local program
	for program; do
		command -v "$program" >/dev/null 2>&1 || [ -x "$program" ] ||
			skip_all "$program is not there"
	done
}
# The system's Python, where there is one: what another's shim costs is several times what a test asks of it.
if [ -x /usr/bin/python3 ]; then
	python3() { /usr/bin/python3 "$@"; }
fi
# python_with MODULE: a Python that has it; a host may have several.
python_with() {
	local python
	for python in /usr/bin/python3 "$(type -P python3)"; do
		"$python" -c "import $1" 2>/dev/null && echo "$python" && return
	done
	return 1
}
need_root() { [ "$(id -u)" -eq 0 ] || skip_all "needs root"; }

# ---- waiting ----
# wait_until SECONDS COMMAND...: true as soon as the command is.
wait_until() {
	local deadline=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}
socket_listens() { [ -S "$1" ] && awk -v p="$1" '$8 == p && $4 == "00010000" { f = 1 } END { exit !f }' /proc/net/unix; }
port_listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
wait_for_socket() { wait_until "${2:-10}" socket_listens "$1"; }
wait_for_port() { wait_until "${2:-10}" port_listens "$1"; }
wait_for_exit() { wait_until "${2:-10}" eval "! kill -0 $1"; }
wait_for_file() { wait_until "${2:-10}" test -e "$1"; }

# free_port: a TCP port of 127.0.0.1 that nothing listens on; below the kernel's ephemeral range.
free_port() {
	local port
	while :; do
		port=$((10240 + (RANDOM * 32768 + RANDOM) % 22000))
		port_listens "$port" || break
	done
	echo "$port"
}

# background COMMAND...: starts it in a process group of its own (COMMAND may be a function, whose program is
# a child of the shell's copy), stops it at exit; its pid is in $background_pid.
background() {
	set -m
	"$@" &
	set +m
	background_pid=$!
	at_exit "stop_background $background_pid"
}
# stop_background PID: all of the group.
stop_background() {
	kill -- "-$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# ---- keyclave ----
# keyclave_env: a state of its own in $T/state, for everything that this test starts from now on. A daemon that
# is started on demand gets /dev/null for stderr: here it writes its log to $T/daemon.log.
keyclave_env() {
	export KEYCLAVE_STATE_DIR=$T/state KEYCLAVE_DAEMON=$T/keyclaved
	export KEYCLAVE_CONF=$T/keyclave.conf
	printf '#!/bin/sh\nexec "%s" "$@" 2>>"%s"\n' "$KC_DAEMON" "$T/daemon.log" >"$KEYCLAVE_DAEMON"
	chmod 0755 "$KEYCLAVE_DAEMON"
	tap_daemon_log=$T/daemon.log
	unset KEYCLAVE_ENDPOINT
	[ -e "$KEYCLAVE_CONF" ] || : >"$KEYCLAVE_CONF"
	export OPENSSL_MODULES=$KC_PROVIDER_DIR
}

# host COMMAND...: runs a program that is not ours and that loads our module or provider. In a
# sanitizer's build the run time has to come first; leaks are the host's own affair.
host() {
	if [ -n "${KC_SANITIZER_PRELOAD:-}" ]; then
		LD_PRELOAD=$KC_SANITIZER_PRELOAD \
			ASAN_OPTIONS="detect_leaks=0:verify_asan_link_order=0:${ASAN_OPTIONS:-}" "$@"
	else
		"$@"
	fi
}

# daemon_faults LOG: lines of a daemon's log that tell of a fault of its own. Clients do not see one: the keeper
# starts another worker, and they resume. Only SIGKILL is a test's doing.
daemon_faults() {
	grep -E 'Sanitizer|runtime error|free\(\)|malloc\(|ended with code|killed by signal ([0-8]|9[0-9]|[1-8][0-9])' "$1"
}
# A check of its own, since a test that goes on well says nothing of it.
tap_daemon_check() {
	[ -n "$tap_daemon_log" ] || return 0
	# What it says at its end too: the thread sanitizer counts there.
	tap_stop_daemons
	if [ -e "$tap_daemon_log" ] && daemon_faults "$tap_daemon_log" >/dev/null; then
		not_ok "the daemon had no fault"
		diag_file "$tap_daemon_log" 200
	else
		ok "the daemon had no fault"
	fi
	tap_daemon_log=
}

# tap_daemon_pids: processes with a file below $T open, or with a unix socket bound below it. Found by
# what they hold, since a daemon started on demand is nobody's child.
tap_daemon_pids() {
	local inodes
	inodes=$(awk -v t="$T/" 'index($8, t) == 1 { printf "socket:[%s]\n", $7 }' /proc/net/unix)
	find /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%h %l\n' 2>/dev/null |
		awk -v t="$T/" -v inodes="$inodes" -v self="$$" '
			BEGIN { n = split(inodes, a, "\n"); for (i = 1; i <= n; i++) want[a[i]] = 1 }
			{ split($1, p, "/"); rest = substr($0, length($1) + 2) }
			p[3] != self && (index(rest, t) == 1 || rest in want) { print p[3] }' | sort -un
}
# tap_keeper, tap_worker: the keeper holds the socket and has one child, the worker.
tap_keeper() {
	local pid
	for pid in $(tap_daemon_pids); do
		[ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$KC_DAEMON")" ] || continue
		[ -n "$(<"/proc/$pid/task/$pid/children")" ] && echo "$pid" && return
	done
}
tap_worker() { tr -d ' ' <"/proc/$(tap_keeper)/task/$(tap_keeper)/children"; }
# tap_stop_daemons: TERM, then KILL for those that are still there two seconds later. Only keyclaved.
tap_stop_daemons() {
	local pid signal
	for signal in TERM KILL; do
		local pids=()
		for pid in $(tap_daemon_pids); do
			case $(readlink "/proc/$pid/exe" 2>/dev/null) in
			*keyclaved*) pids+=("$pid") ;;
			esac
		done
		[ ${#pids[@]} -gt 0 ] || return 0
		kill -"$signal" "${pids[@]}" 2>/dev/null
		wait_until 2 eval "! kill -0 ${pids[*]}"
	done
}
